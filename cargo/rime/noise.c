/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/noise.h"

#include <math.h>

#define PIECE 1024 /* visibilities at a time; even */

double rime_noise_sigma(double sefd, double width, double interval)
{
    return sefd / sqrt(2 * fabs(width) * interval);
}

float rime_noise_scale(double sefd, double width)
{
    return (float)(sefd / sqrt(2 * fabs(width)));
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

/* Where in [row][chan][corr] a sample is. */
struct place {
    int64_t row;
    int chan, corr;
};

/* Scale `count` normals and add them, beginning at `place`, which moves on. */
static void add_piece(const struct rime_noise *noise,
                      const double *interval,
                      struct place *place,
                      size_t count,
                      const float *normals,
                      float *vis)
{
    size_t i = 0;

    while (i < count) {
        const float factor = interval ? (float)(1 / sqrt(interval[place->row])) : 1;

        for (; i < count && place->chan < noise->nchan; place->chan++) {
            const float sigma = noise->scale[place->chan] * factor;

            for (; i < count && place->corr < noise->ncorr; place->corr++, i++) {
                vis[2 * i] += sigma * normals[2 * i];
                vis[2 * i + 1] += sigma * normals[2 * i + 1];
            }
            if (place->corr < noise->ncorr)
                return;
            place->corr = 0;
        }
        if (place->chan < noise->nchan)
            return;
        place->chan = 0;
        place->row++;
    }
}

void rime_noise_add(const struct rime_variant *variant,
                    const struct rime_noise *noise,
                    int64_t row,
                    int64_t count,
                    const double *interval,
                    float *vis)
{
    const size_t row_samples = (size_t)noise->nchan * (size_t)noise->ncorr;
    const size_t total = (size_t)count * row_samples;
    const uint64_t first = (uint64_t)row * row_samples;
    struct place place = { 0 };
    float normals[2 * PIECE];

    for (size_t done = 0; done < total; done += PIECE) {
        const size_t n = SP_MIN(total - done, (size_t)PIECE);

        rime_normals(variant, noise->seed, first + done, n, normals);
        add_piece(noise, interval, &place, n, normals, vis + 2 * done);
    }
}
