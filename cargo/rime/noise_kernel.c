/* SPDX-License-Identifier: BSD-3-Clause */
/* noise_kernel.c - normal deviates from Philox4x32-10 by the method of Box and Muller.
 *
 * Compiled once a variant, always without contraction into fused multiply-adds: every operation
 * then is a correctly rounded one, and all variants and machines give the same bits.
 */
#include "rime/kernel.h"
#include "rime/lanes.h"
#include "rime/philox.h"

#include <string.h>

void RIME_NORMALS(uint64_t seed, uint64_t first, size_t count, float *out);

/* Words of RIME_LANES blocks, word by word. */
struct words {
    uint32_t w[4][RIME_LANES];
};

/* The same rounds as philox(), lane by lane in loops that the compiler turns into vectors. */
static void draw(uint64_t seed, uint64_t first, struct words *out)
{
    uint32_t a[RIME_LANES], b[RIME_LANES], c[RIME_LANES], d[RIME_LANES];
    uint32_t key0 = (uint32_t)seed, key1 = (uint32_t)(seed >> 32);

    for (int i = 0; i < RIME_LANES; i++) {
        const uint64_t block = first + (uint64_t)i;
        a[i] = (uint32_t)block;
        b[i] = (uint32_t)(block >> 32);
        c[i] = 0;
        d[i] = PHILOX_NOISE;
    }
    for (int round = 0; round < PHILOX_ROUNDS; round++) {
        for (int i = 0; i < RIME_LANES; i++) {
            const uint32_t high0 = (uint32_t)(((uint64_t)PHILOX_M0 * a[i]) >> 32);
            const uint32_t high1 = (uint32_t)(((uint64_t)PHILOX_M1 * c[i]) >> 32);
            const uint32_t low0 = PHILOX_M0 * a[i];
            const uint32_t low1 = PHILOX_M1 * c[i];

            a[i] = high1 ^ b[i] ^ key0;
            b[i] = low1;
            c[i] = high0 ^ d[i] ^ key1;
            d[i] = low0;
        }
        key0 += PHILOX_W0;
        key1 += PHILOX_W1;
    }
    memcpy(out->w[0], a, sizeof a);
    memcpy(out->w[1], b, sizeof b);
    memcpy(out->w[2], c, sizeof c);
    memcpy(out->w[3], d, sizeof d);
}

INLINE vf to_float(vi v)
{
    return __builtin_convertvector(v, vf);
}

INLINE vf square_root(vf v)
{
    vf root;
    for (int i = 0; i < RIME_LANES; i++)
        root[i] = __builtin_sqrtf(v[i]);
    return root;
}

/* Natural logarithm of 0 < x <= 1 (Cephes logf): relative error 1e-7. */
INLINE vf logarithm(vf x)
{
    vi bits = (vi)x;
    vi exponent = ((bits >> 23) & 0xff) - 126;
    vf m = (vf)((bits & 0x007fffff) | 0x3f000000); /* 0.5 <= m < 1 */
    vi low = (vi)(m < 0.707106781186547524F);

    exponent = exponent + low; /* low is -1 where true */
    m = m + vf_choose(low, m, (vf){ 0 });
    m = m - 1.0F;
    vf z = m * m;
    vf p = m * 7.0376836292e-2F - 1.1514610310e-1F;

    p = p * m + 1.1676998740e-1F;
    p = p * m - 1.2420140846e-1F;
    p = p * m + 1.4249322787e-1F;
    p = p * m - 1.6668057665e-1F;
    p = p * m + 2.0000714765e-1F;
    p = p * m - 2.4999993993e-1F;
    p = p * m + 3.3333331174e-1F;
    vf e = to_float(exponent);
    vf y = p * m * z + e * -2.12194440e-4F - z * 0.5F;
    return m + y + e * 0.693359375F;
}

/* Two independent normal deviates from two words. */
INLINE void box_muller(vi size, vi turn, vf *re, vf *im)
{
    /* 31 bits of the first word, in the middle of their cells: never zero, 6.7 sigma at most. */
    vf u = (to_float((size >> 1) & 0x7fffffff) + 0.5F) * 0x1p-31F;
    vf radius = square_root(-2.0F * logarithm(u));
    vf quarters = to_float(turn) * 0x1p-30F;
    vf shifted = quarters + ROUND_F;
    struct angle angle = {
        .rest = (quarters - (shifted - ROUND_F)) * (float)(PI_D / 2),
        .quadrant = (vi)shifted & 3,
    };
    struct sincos unit = sincos_of(angle);

    *re = radius * unit.cos;
    *im = radius * unit.sin;
}

static void make_lanes(uint64_t seed, uint64_t first, float out[4 * RIME_LANES])
{
    struct words words;
    vi w[4];
    vf n[4];

    draw(seed, first, &words);
    memcpy(w, &words, sizeof w);
    box_muller(w[0], w[1], &n[0], &n[1]);
    box_muller(w[2], w[3], &n[2], &n[3]);
    for (int i = 0; i < RIME_LANES; i++)
        for (int k = 0; k < 4; k++)
            out[4 * i + k] = n[k][i];
}

void RIME_NORMALS(uint64_t seed, uint64_t first, size_t count, float *out)
{
    float last[4 * RIME_LANES];
    size_t done = 0;

    for (; done + RIME_LANES <= count; done += RIME_LANES)
        make_lanes(seed, first + done, out + 4 * done);
    if (done < count) {
        make_lanes(seed, first + done, last);
        memcpy(out + 4 * done, last, 4 * (count - done) * sizeof *out);
    }
}
