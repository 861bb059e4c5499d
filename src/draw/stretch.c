/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/stretch.h"

#include "base/nearest.h"

#include "draw/robust.h"

#include <math.h>

#define LOG_DECADES 3.0 /* how deep the logarithmic stretch looks below its upper end */

static const char *const names[] = {
    [SP_STRETCH_ASINH] = "asinh",
    [SP_STRETCH_LINEAR] = "linear",
    [SP_STRETCH_SQRT] = "sqrt",
    [SP_STRETCH_LOG] = "log",
};

enum sp_rc sp_stretch_kind_get(struct sp_str name, enum sp_stretch_kind *out, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    for (size_t i = 0; i < SP_COUNT(names); i++) {
        sp_nearest_offer(&nearest, sp_str_of(names[i]));
        if (sp_str_is(name, names[i])) {
            *out = (enum sp_stretch_kind)i;
            return SP_OK;
        }
    }
    return sp_nearest_fail(&nearest, "there are asinh, linear, sqrt and log", err, SP_NOT_FOUND,
                           "no stretch '" SP_STR_FMT "'", SP_STR_ARG(name));
}

/* --- limits ------------------------------------------------------------------------------- */

static enum sp_rc limits_by_percentile(const float *values,
                                       size_t count,
                                       double percentile,
                                       struct sp_stretch *out,
                                       struct sp_err *err)
{
    double tail = (100 - percentile) / 2;
    enum sp_rc rc = sp_robust_percentile(values, count, tail, &out->low, err);

    return rc ? rc : sp_robust_percentile(values, count, 100 - tail, &out->high, err);
}

static enum sp_rc limits_by_noise(const float *values,
                                  size_t count,
                                  const struct sp_robust *stats,
                                  struct sp_stretch *out,
                                  struct sp_err *err)
{
    bool wide = out->kind == SP_STRETCH_ASINH || out->kind == SP_STRETCH_LOG;
    double tail = stats->high;

    out->low = fmax(stats->low, stats->median - 4 * stats->sigma);
    out->high = stats->high;
    if (wide || stats->sigma <= 0)
        return SP_OK;
    enum sp_rc rc = sp_robust_percentile(values, count, 99.9, &tail, err);
    out->high = fmin(stats->high, fmax(tail, stats->median + 15 * stats->sigma));
    return rc;
}

/* An image of one value gets an interval around it. */
static void widen(struct sp_stretch *out)
{
    double half = out->low != 0 ? fabs(out->low) / 2 : 0.5;

    if (out->low < out->high)
        return;
    out->low -= half;
    out->high = out->low + 2 * half;
}

enum sp_rc sp_stretch_fit(const float *values,
                          size_t count,
                          const struct sp_stretch_wish *wish,
                          struct sp_stretch *out,
                          struct sp_err *err)
{
    struct sp_stretch stretch = { .kind = wish->kind };
    struct sp_robust stats;

    enum sp_rc rc = sp_robust_measure(values, count, &stats, err);
    if (rc)
        return rc;
    rc = isnan(wish->percentile)
             ? limits_by_noise(values, count, &stats, &stretch, err)
             : limits_by_percentile(values, count, wish->percentile, &stretch, err);
    if (rc)
        return rc;
    widen(&stretch);
    if (!isnan(wish->low))
        stretch.low = wish->low;
    if (!isnan(wish->high))
        stretch.high = wish->high;
    if (!(stretch.low < stretch.high))
        return sp_fail(err, SP_INVALID,
                       "the lower limit of the colours, %g, is not below the upper one, %g",
                       stretch.low, stretch.high);
    stretch.soft = stats.sigma > 0 ? 3 * stats.sigma : (stretch.high - stretch.low) / 100;
    *out = stretch;
    return SP_OK;
}

/* --- use ---------------------------------------------------------------------------------- */

double sp_stretch_apply(const struct sp_stretch *s, double value)
{
    double clamped = fmin(fmax(value, s->low), s->high);
    double share = (clamped - s->low) / (s->high - s->low);
    double bend = pow(10, LOG_DECADES);

    switch (s->kind) {
    case SP_STRETCH_LINEAR: return share;
    case SP_STRETCH_SQRT: return sqrt(share);
    case SP_STRETCH_LOG: return log1p(bend * share) / log1p(bend);
    case SP_STRETCH_ASINH: break;
    }
    double from = asinh(s->low / s->soft);
    return (asinh(clamped / s->soft) - from) / (asinh(s->high / s->soft) - from);
}
