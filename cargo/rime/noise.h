/* SPDX-License-Identifier: BSD-3-Clause */
/* noise.h - thermal noise that does not depend on who computes it.
 *
 * Visibility number `i` of a Measurement Set, i = (row * nchan + chan) * ncorr + corr, has its own
 * place in the stream of random numbers of a seed. So the same seed gives the same noise, bit for
 * bit, for any number of threads, any tiling and any variant of the kernels.
 */
#pragma once

#include "rime/rime.h"

/* Standard deviation of the real and of the imaginary part, Jy: sefd / sqrt(2 width interval). */
double rime_noise_sigma(double sefd, double width, double interval);

/* Two floats (real and imaginary part, mean 0, deviation 1) for each of the visibilities
 * [first, first + count). `out` has room for 2 * count floats. */
void rime_normals(const struct rime_variant *variant,
                  uint64_t seed,
                  uint64_t first,
                  size_t count,
                  float *out);

/* Deviation of row i, channel c: scale[c], over sqrt(interval[i]) where intervals are given. */
struct rime_noise {
    uint64_t seed;
    int nchan, ncorr;
    const float *scale; /* [nchan], borrowed: Jy, or Jy sqrt(s) */
};

/* The scale of a channel for a SEFD: Jy sqrt(s). */
float rime_noise_scale(double sefd, double width);

/* Add noise to rows [row, row + count) of the Measurement Set. `interval` [count] in seconds, or
 * NULL where scale[] is all; `vis` [count][nchan][ncorr] complex. Thread-safe. */
void rime_noise_add(const struct rime_variant *variant,
                    const struct rime_noise *noise,
                    int64_t row,
                    int64_t count,
                    const double *interval,
                    float *vis);
