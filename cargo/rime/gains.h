/* SPDX-License-Identifier: BSD-3-Clause */
/* gains.h - diagonal gain errors that swing with time, one for each antenna and feed.
 *
 *   g(t) = (1 + a sin(2 pi t / T_a + alpha)) exp(i b sin(2 pi t / T_b + beta))
 *
 * Amplitudes a and b, periods and starting phases are drawn, uniformly within the limits given,
 * from a seed: the same seed gives the same gains. V_pq becomes g_p V_pq conj(g_q).
 */
#pragma once

#include "base/err.h"

struct rime_span {
    double min, max;
};

struct rime_gain_limits {
    struct rime_span amplitude;        /* relative error a: 0.1 is 10 % */
    struct rime_span amplitude_period; /* seconds */
    struct rime_span phase;            /* radians */
    struct rime_span phase_period;     /* seconds */
};

/* Everything borrowed, and only during rime_gains_new. */
struct rime_gain_setup {
    const struct rime_gain_limits *limits;
    uint64_t seed;
    int nantenna;
    const int *corr_type; /* casacore Stokes codes */
    int ncorr;
};

struct rime_gains;

/* SP_INVALID: a span that ends before it begins, negative, a period of zero, or a correlation
 * that is not of feeds (RR..LL, XX..YY). The caller owns *out. */
enum sp_rc rime_gains_new(const struct rime_gain_setup *setup,
                          struct rime_gains **out,
                          struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void rime_gains_free(struct rime_gains *gains);

/* Gain of a feed (0 or 1) of an antenna: real and imaginary part. */
void rime_gain_at(const struct rime_gains *gains, int antenna, int feed, double time, double g[2]);

/* Rows that gains are applied to; everything borrowed. */
struct rime_gain_rows {
    int64_t count;
    const double *time;                 /* [count] */
    const int32_t *antenna1, *antenna2; /* [count] */
    int nchan;
    float *vis; /* [count][nchan][ncorr] complex; changed in place */
};

/* Thread-safe. */
void rime_gains_apply(const struct rime_gains *gains, const struct rime_gain_rows *rows);

static inline void rime_gains_freep(struct rime_gains **gains)
{
    rime_gains_free(*gains);
}

#define rime_auto_gains SP_CLEANUP(rime_gains_freep)
