/* SPDX-License-Identifier: BSD-3-Clause */
#include "datadiff/tally.h"

#include <math.h>
#include <stdarg.h>
#include <stdio.h>

static double distance(double before, double after)
{
    bool was = !isnan(before), is = !isnan(after);

    if (was != is)
        return (double)INFINITY;
    if (!was || (isinf(before) && isinf(after) && signbit(before) == signbit(after)))
        return 0;
    return fabs(after - before);
}

bool tally_number(struct tally *tally, double before, double after)
{
    double away = distance(before, after);

    tally->is_number = true;
    tally->total++;
    if (isfinite(before))
        tally->peak = fmax(tally->peak, fabs(before));
    if (!(away > 0))
        return false;
    bool is_first = tally->count++ == 0;
    if (!is_first && away <= tally->largest)
        return false;
    tally->largest = away;
    return true;
}

bool tally_equality(struct tally *tally, bool same)
{
    tally->total++;
    return !same && tally->count++ == 0;
}

void tally_note_place(struct tally *tally, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)vsnprintf(tally->place, sizeof tally->place, fmt, args);
    va_end(args);
}

double tally_needs(const struct tally *tally, double absolute)
{
    if (!tally->count)
        return 0;
    if (!tally->is_number)
        return (double)tally->count / (double)tally->total;
    double beyond = tally->largest - absolute;
    if (beyond <= 0)
        return 0;
    return tally->peak > 0 ? beyond / tally->peak : (double)INFINITY;
}

bool tally_is_within(const struct tally *tally, double relative, double absolute)
{
    return tally_needs(tally, absolute) <= relative;
}
