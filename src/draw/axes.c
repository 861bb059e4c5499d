/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/axes.h"

#include <inttypes.h>
#include <math.h>
#include <stdlib.h>

#define HOUR_IN_DEGREES 15.0

/* --- even ticks --------------------------------------------------------------------------- */

/* The multiples of `step` in the interval; `step` is doubled while they are too many. */
static void fill_multiples(double low, double high, double step, struct sp_ticks *out)
{
    *out = (struct sp_ticks){ 0 };
    if (!(low <= high) || !(step > 0) || !isfinite(step))
        return;
    while ((high - low) / step > SP_TICKS_MAX - 2)
        step *= 2;
    out->step = step;
    double slack = 1e-9 * step;
    double first = ceil((low - slack) / step);
    while (out->len < SP_TICKS_MAX && (first + (double)out->len) * step <= high + slack) {
        double n = first + (double)out->len;
        out->at[out->len++] = n == 0 ? 0 : n * step;
    }
}

/* The smallest of 1, 2, 5 times a power of ten that is not below `least`. */
static double round_up(double least)
{
    static const double leads[] = { 1, 2, 5, 10 };
    double power = pow(10, floor(log10(least)));

    for (size_t i = 0; i < SP_COUNT(leads); i++)
        if (leads[i] * power >= least * (1 - 1e-9))
            return leads[i] * power;
    return 10 * power;
}

void sp_ticks_decimal(double low, double high, int wanted, struct sp_ticks *out)
{
    *out = (struct sp_ticks){ 0 };
    if (low < high && wanted > 0)
        fill_multiples(low, high, round_up((high - low) / wanted), out);
}

/* Steps of sexagesimal scales, in seconds; finer ones are decimal. */
static double sexagesimal_step(double least, const double *steps, size_t count)
{
    if (least < steps[0])
        return round_up(least);
    for (size_t i = 0; i < count; i++)
        if (steps[i] >= least * (1 - 1e-9))
            return steps[i];
    return steps[count - 1];
}

void sp_ticks_hours(double low, double high, int wanted, struct sp_ticks *out)
{
    static const double steps[] = { 1,   2,   5,    10,   15,   20,   30,    60,    120,  300,
                                    600, 900, 1200, 1800, 3600, 7200, 10800, 21600, 43200 };
    double second = HOUR_IN_DEGREES / 3600;

    *out = (struct sp_ticks){ 0 };
    if (!(low < high) || wanted < 1)
        return;
    double least = (high - low) / wanted / second;
    fill_multiples(low, high, sexagesimal_step(least, steps, SP_COUNT(steps)) * second, out);
}

void sp_ticks_degrees(double low, double high, int wanted, struct sp_ticks *out)
{
    static const double steps[] = { 1,     2,     5,     10,    15,     20,    30,   60,
                                    120,   300,   600,   900,   1200,   1800,  3600, 7200,
                                    18000, 36000, 54000, 72000, 108000, 162000 };
    double second = 1.0 / 3600;

    *out = (struct sp_ticks){ 0 };
    if (!(low < high) || wanted < 1)
        return;
    double least = (high - low) / wanted / second;
    fill_multiples(low, high, sexagesimal_step(least, steps, SP_COUNT(steps)) * second, out);
}

/* --- uneven ticks ------------------------------------------------------------------------- */

struct uneven {
    double low, high, gap;
    sp_place_fn place;
    void *arg;
    struct sp_ticks *out;
};

static void offer(struct uneven *u, double value)
{
    struct sp_ticks *out = u->out;

    if (value < u->low || value > u->high || out->len == SP_TICKS_MAX)
        return;
    for (size_t i = 0; i < out->len; i++)
        if (fabs(u->place(out->at[i], u->arg) - u->place(value, u->arg)) < u->gap)
            return;
    out->at[out->len++] = value;
}

static int compare(const void *a, const void *b)
{
    double x = *(const double *)a;
    double y = *(const double *)b;

    return (x > y) - (x < y);
}

void sp_ticks_uneven(double low,
                     double high,
                     double gap,
                     sp_place_fn place,
                     void *arg,
                     struct sp_ticks *out)
{
    static const double leads[] = { 1, 5, 2 }; /* most wanted first */
    struct uneven u = { low, high, gap, place, arg, out };
    double largest = fmax(fabs(low), fabs(high));

    *out = (struct sp_ticks){ 0 };
    if (!(low < high) || !isfinite(largest))
        return;
    int top = (int)floor(log10(largest));
    offer(&u, 0);
    for (size_t i = 0; i < SP_COUNT(leads); i++) {
        for (int power = top; power > top - 8; power--) {
            offer(&u, leads[i] * pow(10, power));
            offer(&u, -leads[i] * pow(10, power));
        }
    }
    qsort(out->at, out->len, sizeof out->at[0], compare);
}

/* --- labels ------------------------------------------------------------------------------- */

/* Digits behind the point that multiples of `step` need, at most 9. */
static int digits_for(double step)
{
    double scaled = step;

    for (int digits = 0; digits < 9; digits++) {
        if (fabs(scaled - rint(scaled)) < 1e-6 * fmax(scaled, 1e-3))
            return digits;
        scaled *= 10;
    }
    return 9;
}

/* A sexagesimal number in the smallest unit that is written. */
struct fields {
    int count;     /* 1: hours or degrees alone, 2: with minutes, 3: with seconds */
    int digits;    /* of the seconds */
    int64_t whole; /* of units, rounded */
    int64_t scale; /* units in one hour or degree */
};

static struct fields split(double value, double step)
{
    struct fields f = { .count = 3 };
    double seconds = step * 3600;

    if (fabs(step - rint(step)) < 1e-7)
        f.count = 1;
    else if (fabs(step * 60 - rint(step * 60)) < 1e-6)
        f.count = 2;
    f.digits = f.count == 3 ? digits_for(seconds) : 0;
    f.scale = f.count == 1 ? 1 : f.count == 2 ? 60 : 3600 * (int64_t)lrint(pow(10, f.digits));
    f.whole = llrint(value * (double)f.scale);
    return f;
}

static void add_fields(struct sp_buf *out,
                       const struct fields *f,
                       int64_t whole,
                       const char *const signs[3])
{
    int64_t units = whole % f->scale;

    sp_buf_addf(out, "%02" PRId64 "%s", whole / f->scale, signs[0]);
    if (f->count == 2)
        sp_buf_addf(out, "%02" PRId64 "%s", units, signs[1]);
    if (f->count < 3)
        return;
    int64_t minute = f->scale / 60;
    int64_t second = f->scale / 3600;
    sp_buf_addf(out, "%02" PRId64 "%s%02" PRId64, units / minute, signs[1],
                units % minute / second);
    if (f->digits > 0)
        sp_buf_addf(out, ".%0*" PRId64, f->digits, units % second);
    sp_buf_adds(out, signs[2]);
}

void sp_axes_hours(struct sp_buf *out, double degrees, double step)
{
    static const char *const signs[] = { "ʰ", "ᵐ", "ˢ" };
    struct fields f = split(degrees / HOUR_IN_DEGREES, step / HOUR_IN_DEGREES);
    int64_t day = 24 * f.scale;

    add_fields(out, &f, (f.whole % day + day) % day, signs);
}

void sp_axes_degrees(struct sp_buf *out, double degrees, double step)
{
    static const char *const signs[] = { "°", "′", "″" };
    struct fields f = split(degrees, step);

    sp_buf_adds(out, f.whole < 0 ? "−" : f.whole > 0 ? "+" : "");
    add_fields(out, &f, llabs(f.whole), signs);
}

void sp_axes_decimal(struct sp_buf *out, double value, double step)
{
    int digits = digits_for(step > 0 ? step : fabs(value));

    if (value < 0)
        sp_buf_adds(out, "−");
    sp_buf_addf(out, "%.*f", digits, fabs(value));
}
