/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/axes.h"

#include "base/tap.h"

#include <math.h>

typedef void (*ticks_fn)(double low, double high, int wanted, struct sp_ticks *out);

static const struct {
    const char *name;
    ticks_fn make;
    double low, high;
    int wanted;
    double step;
    size_t len;
    double first;
} ticks[] = {
    { "decimal", sp_ticks_decimal, 0, 10, 5, 2, 6, 0 },
    { "decimal with slack", sp_ticks_decimal, 0.1, 0.7, 6, 0.1, 7, 0.1 },
    { "decimal below zero", sp_ticks_decimal, -0.03, 0.04, 7, 0.01, 8, -0.03 },
    { "decimal, large", sp_ticks_decimal, 1e9, 1.5e9, 5, 1e8, 6, 1e9 },
    { "decimal, empty", sp_ticks_decimal, 3, 3, 5, 0, 0, 0 },
    { "decimal, backwards", sp_ticks_decimal, 4, 3, 5, 0, 0, 0 },
    { "decimal, NaN", sp_ticks_decimal, (double)NAN, 3, 5, 0, 0, 0 },
    { "decimal, none wanted", sp_ticks_decimal, 0, 1, 0, 0, 0, 0 },
    { "hours: 2 min over 2.4 deg", sp_ticks_hours, 88.8, 91.2, 6, 0.5, 5, 89 },
    { "hours: over 0 h", sp_ticks_hours, -1.2, 1.2, 6, 0.5, 5, -1 },
    { "hours: seconds", sp_ticks_hours, 90, 90.1, 6, 5.0 / 240, 5, 90 },
    { "hours: parts of a second", sp_ticks_hours, 90, 90.001, 5, 0.05 / 240, 5, 90 },
    { "hours: all sky", sp_ticks_hours, 0, 360, 6, 90, 5, 0 },
    { "degrees: quarters", sp_ticks_degrees, -45.85, -44.15, 7, 0.25, 7, -45.75 },
    { "degrees: arc minutes", sp_ticks_degrees, 0.01, 0.1, 6, 1.0 / 60, 6, 1.0 / 60 },
    { "degrees: parts of a second", sp_ticks_degrees, 0, 0.0001, 4, 0.1 / 3600, 4, 0 },
    { "degrees: all sky", sp_ticks_degrees, -90, 90, 6, 30, 7, -90 },
};

static void test_ticks(void)
{
    for (size_t i = 0; i < SP_COUNT(ticks); i++) {
        struct sp_ticks got;
        ticks[i].make(ticks[i].low, ticks[i].high, ticks[i].wanted, &got);
        bool passed =
            got.len == ticks[i].len && fabs(got.step - ticks[i].step) < 1e-12 * (1 + got.step);
        if (passed && got.len > 0)
            passed = fabs(got.at[0] - ticks[i].first) < 1e-9;
        if (!tap_ok(passed, "ticks: %s", ticks[i].name))
            printf("# got %zu in steps of %.12g from %.12g\n", got.len, got.step, got.at[0]);
    }
}

/* However odd the interval, there is never room for more than the table holds. */
static void test_many(void)
{
    struct sp_ticks got;
    bool fine = true;

    for (int power = -9; power < 7; power++) {
        double high = 1.7 * pow(10, power);
        sp_ticks_hours(-high, high, 1000, &got);
        fine &= got.len <= SP_TICKS_MAX;
        sp_ticks_degrees(-high, high, 1000, &got);
        fine &= got.len <= SP_TICKS_MAX;
        sp_ticks_decimal(-high, high, 1000, &got);
        fine &= got.len <= SP_TICKS_MAX;
    }
    tap_ok(fine, "the number of ticks is bounded");
}

static double place_log(double value, void *arg)
{
    (void)arg;
    return asinh(value / 0.2) / asinh(1000 / 0.2);
}

static void test_uneven(void)
{
    struct sp_ticks got;
    bool rising = true;
    bool has_hundred = false;

    sp_ticks_uneven(-0.3, 1000, 0.06, place_log, NULL, &got);
    for (size_t i = 0; i < got.len; i++) {
        rising &= i == 0 || place_log(got.at[i], NULL) - place_log(got.at[i - 1], NULL) >= 0.06;
        has_hundred |= got.at[i] == 100;
    }
    tap_ok(rising && has_hundred && got.len > 6 && got.len < 17, "uneven ticks: %zu, none too near",
           got.len);
    sp_ticks_uneven(5, 5, 0.06, place_log, NULL, &got);
    tap_ok(got.len == 0, "uneven ticks of nothing");
}

static const struct {
    void (*add)(struct sp_buf *out, double value, double step);
    double value, step;
    const char *text;
} labels[] = {
    { sp_axes_hours, 90, 0.5, "06ʰ00ᵐ" },
    { sp_axes_hours, 90.5, 0.5, "06ʰ02ᵐ" },
    { sp_axes_hours, -0.25, 0.25, "23ʰ59ᵐ" },
    { sp_axes_hours, 360, 15, "00ʰ" },
    { sp_axes_hours, 345, 15, "23ʰ" },
    { sp_axes_hours, 720 + 15, 15, "01ʰ" },
    { sp_axes_hours, 90 + 5.0 / 240, 5.0 / 240, "06ʰ00ᵐ05ˢ" },
    { sp_axes_hours, 90 - 0.5 / 240, 0.5 / 240, "05ʰ59ᵐ59.5ˢ" },
    { sp_axes_hours, 90 - 1e-12, 0.25 / 60, "06ʰ00ᵐ00ˢ" },
    { sp_axes_degrees, -45.25, 0.25, "−45°15′" },
    { sp_axes_degrees, -0.25, 0.25, "−00°15′" },
    { sp_axes_degrees, 0, 0.25, "00°00′" },
    { sp_axes_degrees, -1e-13, 0.25, "00°00′" },
    { sp_axes_degrees, 30, 10, "+30°" },
    { sp_axes_degrees, 89.99999999999, 1.0 / 3600, "+90°00′00″" },
    { sp_axes_degrees, 12 + 34.0 / 60 + 56.25 / 3600, 0.05 / 3600, "+12°34′56.25″" },
    { sp_axes_decimal, 0.5, 0.1, "0.5" },
    { sp_axes_decimal, 2, 1, "2" },
    { sp_axes_decimal, 1, 0.25, "1.00" },
    { sp_axes_decimal, -0.1, 0, "−0.1" },
    { sp_axes_decimal, 200, 0, "200" },
    { sp_axes_decimal, 0, 0, "0" },
    { sp_axes_decimal, 0.002, 0, "0.002" },
};

static void test_labels(void)
{
    for (size_t i = 0; i < SP_COUNT(labels); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        labels[i].add(&got, labels[i].value, labels[i].step);
        if (!tap_ok(sp_str_is(sp_buf_str(&got), labels[i].text), "label %s", labels[i].text))
            printf("# got %s\n", got.ptr);
    }
}

int main(void)
{
    test_ticks();
    test_many();
    test_uneven();
    test_labels();
    return tap_done();
}
