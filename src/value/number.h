/* SPDX-License-Identifier: BSD-3-Clause */
/* number.h - floating-point numbers as decimal digits.
 *
 * The one place that decides how a float is written; text.c and format.c arrange the digits.
 */
#pragma once

#include "base/buf.h"

/* 0.d1d2d3... x 10^point, without sign. */
struct sp_digits {
    char digits[24]; /* 17 are always enough */
    int count;
    int point;
};

/* The fewest digits that read back as the same (finite) number, without trailing zeros; "0" with
 * point 1 for zero. */
void sp_digits_shortest(double number, struct sp_digits *out);

/* Append a float as Python's repr() does: "1.0", "1e-07", "1e+16", "nan", "-inf". */
void sp_float_repr(double number, struct sp_buf *out);
