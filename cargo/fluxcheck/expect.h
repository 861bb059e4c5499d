/* SPDX-License-Identifier: BSD-3-Clause */
/* expect.h - the noise that theory promises for an image. */
#pragma once

#include "fits/fits.h"

/* NAN, 0 or NULL where nothing was given. */
struct expect_wish {
    double noise;     /* Jy/beam with natural weights, as known from elsewhere */
    double sefd;      /* Jy, of one receptor */
    int64_t antennas; /* all their baselines; or: */
    int64_t baselines;
    const char *time;      /* "1h" */
    const char *bandwidth; /* "10MHz" */
    int64_t receptors;     /* that Stokes I is the mean of: 2 (XX and YY) or 1 */
};

/* Noise with natural weights from the radiometer equation, SEFD / sqrt(2 receptors N_bl t B), in
 * Jy/beam; NAN when neither the noise nor an SEFD was given. `exposure` is N_bl t B in s Hz as
 * summed over a Measurement Set, used when no antennas or baselines were given; 0: not known.
 * SP_INVALID: something is missing. */
enum sp_rc expect_natural(const struct expect_wish *wish,
                          double exposure,
                          double *out,
                          struct sp_err *err) SP_MUST_USE;
