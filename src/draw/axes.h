/* SPDX-License-Identifier: BSD-3-Clause */
/* axes.h - where ticks stand, and what is written at them. */
#pragma once

#include "base/buf.h"

#define SP_TICKS_MAX 64

struct sp_ticks {
    double step; /* distance of neighbours; 0 for uneven ticks */
    double at[SP_TICKS_MAX];
    size_t len;
};

/* Multiples of 1, 2 or 5 times a power of ten within [low, high], about `wanted` of them. */
void sp_ticks_decimal(double low, double high, int wanted, struct sp_ticks *out);

/* The same for angles in degrees, in steps that people use: of right ascension whole fractions of
 * hours, minutes and seconds of time, of declination those of degrees and arc. */
void sp_ticks_hours(double low, double high, int wanted, struct sp_ticks *out);
void sp_ticks_degrees(double low, double high, int wanted, struct sp_ticks *out);

/* Ticks for a scale that `place` maps to 0..1 (rising): 0 and 1, 2, 5 times powers of ten of either
 * sign, none nearer to another than `gap` on that scale; rounder numbers win. */
typedef double (*sp_place_fn)(double value, void *arg);
void sp_ticks_uneven(double low,
                     double high,
                     double gap,
                     sp_place_fn place,
                     void *arg,
                     struct sp_ticks *out);

/* Append an angle in degrees as time or arc, with just the fields and digits that multiples of
 * `step` (degrees) need: "06ʰ02ᵐ", "−45°30′", "23ʰ59ᵐ59.5ˢ". Right ascension is brought to 0..24
 * hours. Rounding carries over: never 60 seconds. */
void sp_axes_hours(struct sp_buf *out, double degrees, double step);
void sp_axes_degrees(struct sp_buf *out, double degrees, double step);

/* Append a decimal with just the digits that multiples of `step` need (0: as few as possible). */
void sp_axes_decimal(struct sp_buf *out, double value, double step);
