/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/noise.h"

#include <math.h>

#define PIECE 512 /* visibilities at a time; even */

double rime_noise_sigma(double sefd, double width, double interval)
{
    return sefd / sqrt(2 * fabs(width) * interval);
}

/* The kernels make whole blocks of two visibilities. */
void rime_normals(const struct rime_variant *variant,
                  uint64_t seed,
                  uint64_t first,
                  size_t count,
                  float *out)
{
    float block[4];

    if (count > 0 && first % 2 != 0) {
        variant->normals(seed, first / 2, 1, block);
        memcpy(out, block + 2, 2 * sizeof *out);
        out += 2;
        first++;
        count--;
    }
    variant->normals(seed, first / 2, count / 2, out);
    if (count % 2 != 0) {
        variant->normals(seed, (first + count) / 2, 1, block);
        memcpy(out + 2 * (count - 1), block, 2 * sizeof *out);
    }
}

static void add_row(const struct rime_variant *variant,
                    const struct rime_noise *noise,
                    int64_t row,
                    double interval,
                    float *vis)
{
    const size_t total = (size_t)noise->nchan * (size_t)noise->ncorr;
    const uint64_t first = (uint64_t)row * total;
    float normals[2 * PIECE];

    for (size_t done = 0; done < total; done += PIECE) {
        const size_t n = SP_MIN(total - done, (size_t)PIECE);

        rime_normals(variant, noise->seed, first + done, n, normals);
        for (size_t i = 0; i < n; i++) {
            const size_t chan = (done + i) / (size_t)noise->ncorr;
            const float sigma =
                (float)(noise->sefd > 0
                            ? rime_noise_sigma(noise->sefd, noise->width[chan], interval)
                            : noise->sigma);
            vis[2 * (done + i)] += sigma * normals[2 * i];
            vis[2 * (done + i) + 1] += sigma * normals[2 * i + 1];
        }
    }
}

void rime_noise_add(const struct rime_variant *variant,
                    const struct rime_noise *noise,
                    int64_t row,
                    int64_t count,
                    const double *interval,
                    float *vis)
{
    const size_t stride = 2 * (size_t)noise->nchan * (size_t)noise->ncorr;

    for (int64_t i = 0; i < count; i++)
        add_row(variant, noise, row + i, interval ? interval[i] : 0, vis + (size_t)i * stride);
}
