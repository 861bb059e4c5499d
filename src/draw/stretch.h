/* SPDX-License-Identifier: BSD-3-Clause */
/* stretch.h - from pixel values to the 0..1 of a colour map.
 *
 * A stretch rises evenly from 0 at `low` to 1 at `high`. asinh is linear within `soft` of zero and
 * logarithmic beyond, so that one picture shows the noise and a source a thousand times brighter.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum sp_stretch_kind {
    SP_STRETCH_ASINH,
    SP_STRETCH_LINEAR,
    SP_STRETCH_SQRT,
    SP_STRETCH_LOG,
};

struct sp_stretch {
    enum sp_stretch_kind kind;
    double low, high; /* low < high */
    double soft;      /* asinh: where it turns logarithmic, same unit; > 0 */
};

/* What the user asked for; NAN where nothing. */
struct sp_stretch_wish {
    enum sp_stretch_kind kind;
    double low, high;
    double percentile; /* cut this share symmetrically: 99 cuts half a per cent at both ends */
};

/* SP_NOT_FOUND with the nearest name. */
enum sp_rc sp_stretch_kind_get(struct sp_str name, enum sp_stretch_kind *out, struct sp_err *err)
    SP_MUST_USE;

/* Choose limits from the finite values. Without wishes: from 4 sigma below the median (but not
 * below the lowest value) to the highest value for asinh and log, which can show it all, and to
 * the larger of 15 sigma and the 99.9th percentile for linear and sqrt.
 * SP_NOT_FOUND: no finite value. SP_INVALID: the wishes leave no interval. */
enum sp_rc sp_stretch_fit(const float *values,
                          size_t count,
                          const struct sp_stretch_wish *wish,
                          struct sp_stretch *out,
                          struct sp_err *err) SP_MUST_USE;

/* Clamped to 0..1. Not for NaN. */
double sp_stretch_apply(const struct sp_stretch *stretch, double value);
