/* SPDX-License-Identifier: BSD-3-Clause */
/* gaussfit.h - fit a two-dimensional Gaussian to a few pixels (Levenberg-Marquardt).
 *
 * A Gaussian is peak * exp(-(xx dx^2 + 2 xy dx dy + yy dy^2) / 2). Its shape is the inverse of the
 * covariance matrix, which has no angle that could become undefined when it is round.
 */
#pragma once

#include "base/err.h"

struct gaussian {
    double peak;       /* unit of the image */
    double x, y;       /* pixels */
    double xx, xy, yy; /* 1 / pixels^2; xx > 0 and xx yy > xy^2 */
};

/* A copied part of an image. NaN where there is nothing to be fitted. */
struct patch {
    int64_t x0, y0; /* pixel numbers of its first column and row */
    int width, height;
    double *values; /* rows from the bottom */
};

enum gauss_shape {
    GAUSS_SHAPE_FIXED,
    GAUSS_SHAPE_FREE
};

/* Standard deviations; of the peak, of the position. */
struct gauss_errors {
    double peak, x, y;
};

double gaussian_at(const struct gaussian *g, double x, double y);

/* Integral divided by that of `unit` with peak 1: the flux density in an image of that beam. */
double gaussian_flux(const struct gaussian *g, const struct gaussian *beam);

/* Change `*fit` from its start value to the best fit to the pixels where the start value is above
 * `level` times its peak. SP_NOT_FOUND: too few pixels, or it does not converge; `*fit` is then as
 * it was. */
enum sp_rc gauss_fit(const struct patch *patch,
                     enum gauss_shape shape,
                     double level,
                     struct gaussian *fit,
                     struct sp_err *err) SP_MUST_USE;

/* Errors of a fit with fixed shape to the pixels where `fit` is above `level` times its peak, in
 * noise of the given standard deviation that is correlated between pixels like `beam` (as that of
 * an interferometer's image is): the exact covariance of the unweighted least-squares solution. */
struct gauss_errors gauss_errors(const struct gaussian *fit,
                                 const struct gaussian *beam,
                                 double noise,
                                 double level);
