/* SPDX-License-Identifier: BSD-3-Clause */
/* weights.h - how much noisier an image is than one with natural weights.
 *
 * Imaging weights w of N equally good visibilities give the image noise sqrt(sum w^2) / sum w of
 * one visibility's; natural weights give 1 / sqrt(N). Their ratio, sqrt(N sum w^2) / sum w, needs
 * the density of the uv coverage, which no image header tells: it is computed here from the
 * Measurement Set as the imager does it, with the cells of its weighting grid and its robustness
 * (Briggs 1995). For Briggs weights, noise images of wsclean agree within their sampling error of
 * 0.4 %; wsclean's uniform weights are 3 % less noisy than this says.
 *
 * What wsclean calls the effective number of visibilities (WSCENVIS) is sum w / max w; the noise
 * does not follow from it.
 */
#pragma once

#include "fits/fits.h"

struct weights {
    double factor;   /* noise of the image divided by that with natural weights */
    double exposure; /* sum of width times integration over all samples, Hz s */
};

/* For an image made from the unflagged data of the MS at `path`, with the weighting that the
 * image's header names (WSCWEIGH). SP_INVALID: it names none, or one that is not known, or all
 * data are flagged. */
enum sp_rc weights_measure(const char *path,
                           const struct fits_image *image,
                           struct weights *out,
                           struct sp_err *err) SP_MUST_USE;

/* Read "Briggs'(0)", "uniform", "natural" of WSCWEIGH: robustness, +INFINITY for natural,
 * -INFINITY for uniform. */
enum sp_rc weights_parse(struct sp_str text, double *robustness, struct sp_err *err) SP_MUST_USE;
