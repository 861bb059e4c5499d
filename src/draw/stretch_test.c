/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/stretch.h"

#include "base/tap.h"

#include "draw/robust.h"

#include <math.h>
#include <stdlib.h>

#define COUNT 20001
#define NONE  ((double)NAN) /* not given */

/* A fixed sequence that looks normal enough: sum of twelve uniform numbers. */
static float next_normal(uint64_t *state)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*state >> 11) / (double)(UINT64_C(1) << 53);
    }
    return (float)sum;
}

static void fill_noise(float *values, size_t count)
{
    uint64_t state = 1;

    for (size_t i = 0; i < count; i++)
        values[i] = next_normal(&state);
}

static int compare(const void *a, const void *b)
{
    float x = *(const float *)a;
    float y = *(const float *)b;

    return (x > y) - (x < y);
}

/* Against sorting, for many lengths and with ties. */
static void test_percentiles(void)
{
    bool fine = true;

    for (size_t count = 1; count < 200; count++) {
        float values[200];
        float sorted[200];
        struct sp_err err = SP_ERR_INIT;
        struct sp_robust stats;
        fill_noise(values, count);
        for (size_t i = 0; i < count; i++)
            values[i] = rintf(values[i] * 3);
        memcpy(sorted, values, sizeof sorted);
        qsort(sorted, count, sizeof *sorted, compare);
        for (size_t k = 0; k < count; k++) {
            double got = NONE;
            double percent = count == 1 ? 50 : 100.0 * (double)k / (double)(count - 1);
            fine &= sp_robust_percentile(values, count, percent, &got, &err) == SP_OK;
            fine &= fabs(got - (double)sorted[k]) < 1e-9;
        }
        fine &= sp_robust_measure(values, count, &stats, &err) == SP_OK;
        double middle = ((double)sorted[(count - 1) / 2] + (double)sorted[count / 2]) / 2;
        fine &= stats.median == middle && stats.low == (double)sorted[0];
    }
    tap_ok(fine, "percentiles and median as by sorting");
}

static void test_robust(void)
{
    static float values[COUNT];
    struct sp_err err = SP_ERR_INIT;
    struct sp_robust stats = { .count = 7 };

    fill_noise(values, COUNT);
    for (size_t i = 0; i < COUNT; i += 100)
        values[i] = i % 200 ? NAN : 1e6F;
    enum sp_rc rc = sp_robust_measure(values, COUNT, &stats, &err);
    tap_ok(rc == SP_OK && fabs(stats.sigma - 1) < 0.05 && fabs(stats.median) < 0.03 &&
               stats.high == 1e6 && stats.count == COUNT - 100,
           "sources and blanks do not disturb: sigma %.3f, median %.3f, %zu values", stats.sigma,
           stats.median, stats.count);
    float blank[] = { NAN, INFINITY, NAN };
    stats.count = 7;
    tap_ok(sp_robust_measure(blank, 3, &stats, &err) == SP_NOT_FOUND && stats.count == 7,
           "nothing finite");
    tap_ok(sp_robust_measure(blank, 0, &stats, &err) == SP_NOT_FOUND, "nothing at all");
    double value = 5;
    tap_ok(sp_robust_percentile(values, COUNT, 101, &value, &err) == SP_INVALID && value == 5 &&
               sp_robust_percentile(values, COUNT, (double)NAN, &value, &err) == SP_INVALID,
           "percentiles are between 0 and 100");
}

static const struct {
    const char *name;
    struct sp_stretch_wish wish;
    enum sp_rc rc;
    double low, high; /* within 5 per cent */
} fits[] = {
    { "asinh to the highest", { SP_STRETCH_ASINH, NONE, NONE, NONE }, SP_OK, -3.78, 1000 },
    { "linear to 15 sigma", { SP_STRETCH_LINEAR, NONE, NONE, NONE }, SP_OK, -3.78, 15 },
    { "given limits", { SP_STRETCH_SQRT, -1, 2, NONE }, SP_OK, -1, 2 },
    { "given lower limit", { SP_STRETCH_ASINH, 0.5, NONE, NONE }, SP_OK, 0.5, 1000 },
    { "percentile", { SP_STRETCH_LINEAR, NONE, NONE, 68.27 }, SP_OK, -1, 1 },
    { "all", { SP_STRETCH_LINEAR, NONE, NONE, 100 }, SP_OK, NONE, 1000 },
    { "limits the wrong way", { SP_STRETCH_LINEAR, 2, 1, NONE }, SP_INVALID, 0, 0 },
    { "limits without distance", { SP_STRETCH_LINEAR, 2, 2, NONE }, SP_INVALID, 0, 0 },
    { "percentile 200", { SP_STRETCH_LINEAR, NONE, NONE, 300 }, SP_INVALID, 0, 0 },
};

static bool is_near(double got, double want)
{
    return isnan(want) || fabs(got - want) <= 0.05 * fabs(want);
}

static void test_limits(void)
{
    static float values[COUNT];

    fill_noise(values, COUNT);
    values[77] = 1000;
    for (size_t i = 0; i < SP_COUNT(fits); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_stretch got = { .low = 77 };
        enum sp_rc rc = sp_stretch_fit(values, COUNT, &fits[i].wish, &got, &err);
        bool passed = rc == fits[i].rc && rc == err.code;
        if (rc == SP_OK)
            passed = passed && is_near(got.low, fits[i].low) && is_near(got.high, fits[i].high);
        else
            passed = passed && got.low == 77;
        if (!tap_ok(passed, "limits: %s", fits[i].name))
            printf("# got %s %g .. %g %s\n", sp_rc_name(rc), got.low, got.high, err.text);
    }
}

static void test_constant(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_stretch_wish wish = { SP_STRETCH_ASINH, NONE, NONE, NONE };
    struct sp_stretch got;
    float zeros[9] = { 0 };
    float threes[9] = { 3, 3, 3, 3, 3, 3, 3, 3, 3 };

    tap_ok(sp_stretch_fit(zeros, 9, &wish, &got, &err) == SP_OK && got.low < 0 && got.high > 0,
           "an image of zeros");
    tap_ok(sp_stretch_fit(threes, 9, &wish, &got, &err) == SP_OK && got.low < 3 && got.high > 3 &&
               fabs(sp_stretch_apply(&got, 3)) <= 1,
           "an image of one value");
}

static void test_apply(void)
{
    const char *const names[] = { "asinh", "linear", "sqrt", "log" };

    for (size_t i = 0; i < SP_COUNT(names); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_stretch s = { .low = -1, .high = 9, .soft = 0.3 };
        bool rising = sp_stretch_kind_get(sp_str_of(names[i]), &s.kind, &err) == SP_OK;
        double before = -1;
        for (int step = 0; step <= 40; step++) {
            double here = sp_stretch_apply(&s, -1 + 0.25 * step);
            rising &= here > before;
            before = here;
        }
        tap_ok(rising && sp_stretch_apply(&s, -1) == 0 && fabs(before - 1) < 1e-12 &&
                   sp_stretch_apply(&s, -100) == 0 && fabs(sp_stretch_apply(&s, 100) - 1) < 1e-12,
               "%s rises from 0 to 1 and is clamped", names[i]);
    }
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;
    enum sp_stretch_kind kind = SP_STRETCH_LOG;

    test_percentiles();
    test_robust();
    test_limits();
    test_constant();
    test_apply();
    tap_ok(sp_stretch_kind_get(SP_STR("asihn"), &kind, &err) == SP_NOT_FOUND &&
               kind == SP_STRETCH_LOG && strstr(err.text, "asinh"),
           "%s", err.text);
    return tap_done();
}
