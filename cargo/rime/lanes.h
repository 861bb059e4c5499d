/* SPDX-License-Identifier: BSD-3-Clause */
/* lanes.h - vectors of RIME_LANES floats, and the elementary functions on them.
 *
 * Written with GNU vector extensions, so that one source serves every instruction set; included
 * only by the kernel sources, which are compiled once a variant with RIME_LANES set to the number
 * of floats in a native register. Doubles come as two native registers (struct vd).
 *
 * Lanes never mix: what comes out of a lane depends on what went into that lane alone. Results
 * for a row are therefore the same whichever rows share its vector. Keep it so.
 */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#if RIME_LANES != 4 && RIME_LANES != 8 && RIME_LANES != 16
#    error "RIME_LANES must be 4, 8 or 16"
#endif

#define VECTOR(type, bytes) type __attribute__((vector_size(bytes)))
#define INLINE              static inline __attribute__((always_inline))

typedef VECTOR(float, 4 * RIME_LANES) vf;
typedef VECTOR(int32_t, 4 * RIME_LANES) vi;
typedef VECTOR(float, 2 * RIME_LANES) half_f;
typedef VECTOR(double, 4 * RIME_LANES) half_d;
typedef VECTOR(int64_t, 4 * RIME_LANES) half_l;

/* RIME_LANES doubles. */
struct vd {
    half_d lo, hi;
};

/* Adding and subtracting 1.5 * 2^52 (1.5 * 2^23) rounds to the nearest whole number, and leaves
 * that number in the low bits of the sum. Holds as long as nobody builds this with -ffast-math. */
#define ROUND_D 0x1.8p52
#define ROUND_F 0x1.8p23F

#define PI_D  3.14159265358979323846
#define LN2_D 0.69314718055994530942

INLINE struct vd vd_set(double a)
{
    half_d zero = { 0 };
    return (struct vd){ zero + a, zero + a };
}

INLINE struct vd vd_load(const double *from)
{
    struct vd v;
    __builtin_memcpy(&v, from, sizeof v);
    return v;
}

INLINE struct vd vd_scale(struct vd v, double a)
{
    return (struct vd){ v.lo * a, v.hi * a };
}

INLINE struct vd vd_mul(struct vd a, struct vd b)
{
    return (struct vd){ a.lo * b.lo, a.hi * b.hi };
}

/* a * s + b */
INLINE struct vd vd_add_scaled(struct vd b, struct vd a, double s)
{
    return (struct vd){ a.lo * s + b.lo, a.hi * s + b.hi };
}

INLINE vf join(half_f lo, half_f hi)
{
#if RIME_LANES == 4
    return __builtin_shufflevector(lo, hi, 0, 1, 2, 3);
#elif RIME_LANES == 8
    return __builtin_shufflevector(lo, hi, 0, 1, 2, 3, 4, 5, 6, 7);
#else
    return __builtin_shufflevector(lo, hi, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
#endif
}

INLINE vf vd_to_float(struct vd v)
{
    return join(__builtin_convertvector(v.lo, half_f), __builtin_convertvector(v.hi, half_f));
}

/* Where the bits of `mask` are set `yes`, elsewhere `no`. */
INLINE vf vf_choose(vi mask, vf yes, vf no)
{
    return (vf)(((vi)yes & mask) | ((vi)no & ~mask));
}

INLINE vf vf_abs(vf v)
{
    return (vf)((vi)v & 0x7fffffff);
}

INLINE bool vi_any(vi mask)
{
    int32_t any = 0;
    for (int i = 0; i < RIME_LANES; i++)
        any |= mask[i];
    return any != 0;
}

/* An angle: quadrant (0 to 3) and what remains, in radians within pi/4 of zero. */
struct angle {
    vf rest;
    vi quadrant;
};

struct sincos {
    vf sin, cos;
};

INLINE void reduce_half(half_d turns, half_d *rest, half_d *quadrant)
{
    half_d quarters = turns * 4.0;
    half_d whole = (quarters + ROUND_D) - ROUND_D;
    half_d fours = (whole * 0.25 + ROUND_D) - ROUND_D;

    *rest = quarters - whole;
    *quadrant = whole - 4.0 * fours;
}

/* The reduction is done in double: 10^8 turns keep eight digits. */
INLINE struct angle angle_of_turns(struct vd turns)
{
    struct vd rest, quadrant;

    reduce_half(turns.lo, &rest.lo, &quadrant.lo);
    reduce_half(turns.hi, &rest.hi, &quadrant.hi);
    return (struct angle){
        .rest = vd_to_float(vd_scale(rest, PI_D / 2)), /* rounded once: steps repeat this error */
        .quadrant = (vi)(vd_to_float(quadrant) + ROUND_F) & 3,
    };
}

/* Minimax polynomials of Cephes (sinf, cosf): error below 1e-7. */
INLINE struct sincos sincos_of(struct angle a)
{
    vf x = a.rest;
    vf z = x * x;
    vf s = z * -1.9515295891e-4F + 8.3321608736e-3F;
    vf c = z * 2.443315711809948e-5F + -1.388731625493765e-3F;

    s = s * z + -1.6666654611e-1F;
    s = (s * z) * x + x;
    c = c * z + 4.166664568298827e-2F;
    c = c * z + -0.5F;
    c = c * z + 1.0F;

    vi swap = -(a.quadrant & 1);
    vi sin_sign = (a.quadrant & 2) << 30;
    vi cos_sign = ((a.quadrant + 1) & 2) << 30;
    return (struct sincos){
        .sin = (vf)((vi)vf_choose(swap, c, s) ^ sin_sign),
        .cos = (vf)((vi)vf_choose(swap, s, c) ^ cos_sign),
    };
}

#define EXP_ZERO                                                                    \
    (-60.0) /* below this exp() is 0: 1e-26, and no denormal floats, which are slow \
             */

INLINE half_d exp_half(half_d x)
{
    half_l zero = (half_l)(x < EXP_ZERO);
    x = (half_d)((half_l)x & ~zero);

    half_d shifted = x * (1 / LN2_D) + ROUND_D;
    half_d whole = shifted - ROUND_D;
    half_d r = (x - whole * 0x1.62e42feep-1) - whole * 0x1.a39ef35793c76p-33;
    half_d sum = r * (1 / 39916800.0) + 1 / 3628800.0;

    sum = sum * r + 1 / 362880.0;
    sum = sum * r + 1 / 40320.0;
    sum = sum * r + 1 / 5040.0;
    sum = sum * r + 1 / 720.0;
    sum = sum * r + 1 / 120.0;
    sum = sum * r + 1 / 24.0;
    sum = sum * r + 1 / 6.0;
    sum = sum * r + 0.5;
    sum = sum * r + 1.0;
    sum = sum * r + 1.0;
    half_l power = ((half_l)shifted << 52) + ((int64_t)1023 << 52);
    return (half_d)((half_l)(sum * (half_d)power) & ~zero);
}

/* exp(x) for x below 700, 0 below EXP_ZERO. Relative error below 1e-13. */
INLINE struct vd vd_exp(struct vd x)
{
    return (struct vd){ exp_half(x.lo), exp_half(x.hi) };
}

#define SINC_SMALL 1.5F /* up to here the series is used; next term 2e-8 */

/* sin(x)/x for |x| <= SINC_SMALL. */
INLINE vf sinc_series(vf x)
{
    vf z = x * x;
    vf s = z * (float)(-1.0 / 39916800) + (float)(1.0 / 362880);

    s = s * z + (float)(-1.0 / 5040);
    s = s * z + (float)(1.0 / 120);
    s = s * z + (float)(-1.0 / 6);
    return s * z + 1.0F;
}

/* sin(x)/x for x = 2 pi turns, of any size. */
INLINE vf sinc_turns(struct vd turns)
{
    vf x = vd_to_float(vd_scale(turns, 2 * PI_D));
    vi small = (vi)(vf_abs(x) <= SINC_SMALL);
    vf one = (vf){ 0 } + 1.0F;
    vf sin = sincos_of(angle_of_turns(turns)).sin;

    return vf_choose(small, sinc_series(x), sin / vf_choose(small, one, x));
}
