/* SPDX-License-Identifier: BSD-3-Clause */
/* measure.h - what has become of the sources of a catalogue in an image.
 *
 * The shape of the beam (convolved with that of an extended source) is fitted at the place of each
 * source, with its neighbours subtracted, in turns until nothing moves.
 */
#pragma once

#include "base/arena.h"

#include "fits/catalogue.h"
#include "fluxcheck/gaussfit.h"

enum source_state {
    SOURCE_MEASURED,
    SOURCE_OUTSIDE, /* not in the image, or on blank pixels */
    SOURCE_LOST,    /* the fit failed or ran away by more than a beam */
};

/* Angles in radians, fluxes in Jy. */
struct source_result {
    enum source_state state;
    double catalogue_flux; /* at the frequency of the image */
    double flux, flux_error;
    double snr;                  /* peak over measured noise */
    double offset, offset_error; /* distance from the catalogue's place; its expected rms */
};

struct image_result {
    const char *path;
    const struct fits_image *image;
    struct source_result *sources; /* as many as the catalogue has, in its order */
    double noise;                  /* Jy/beam, robust, where no source is */
    double residual_noise;         /* the same of the residual image; NAN without one */
    double expected_noise;         /* from theory; NAN if not known */
};

struct measure_wish {
    enum gauss_shape shape;
};

/* Fill sources and noise of *out (memory from `arena`) from out->image, which must have sky and
 * beam: SP_INVALID says what is missing. */
enum sp_rc measure_image(struct sp_arena *arena,
                         const struct sky_model *model,
                         const struct measure_wish *wish,
                         struct image_result *out,
                         struct sp_err *err) SP_MUST_USE;
