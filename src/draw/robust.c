/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/robust.h"

#include <math.h>
#include <stdlib.h>

#define MAD_TO_SIGMA 1.482602218505602 /* 1 / normal quantile of 3/4 */

static void swap(float *a, float *b)
{
    float old = *a;

    *a = *b;
    *b = old;
}

/* Rearrange so that values[k] is what sorting would put there, smaller ones before it (Hoare). */
static float select_kth(float *values, size_t count, size_t k)
{
    size_t low = 0;
    size_t high = count - 1;

    while (low < high) {
        float pivot = values[low + (high - low) / 2];
        size_t i = low;
        size_t j = high;
        while (i <= j) {
            while (values[i] < pivot)
                i++;
            while (values[j] > pivot)
                j--;
            if (i > j)
                break;
            swap(&values[i++], &values[j]);
            if (j == 0)
                break;
            j--;
        }
        if (k <= j && j < high)
            high = j;
        else if (k >= i)
            low = i;
        else
            break;
    }
    return values[k];
}

/* `count` is 1 or more. */
static double median_of(float *values, size_t count)
{
    double upper = (double)select_kth(values, count, count / 2);

    if (count % 2 == 1)
        return upper;
    float below = values[0];
    for (size_t i = 1; i < count / 2; i++)
        below = fmaxf(below, values[i]);
    return ((double)below + upper) / 2;
}

/* The finite values, owned by the caller; NULL after filling `err`. */
static float *copy_finite(const float *values, size_t count, size_t *out_count, struct sp_err *err)
{
    sp_auto_free float *copy = sp_try_alloc(count ? count : 1, sizeof *copy);
    size_t len = 0;

    if (!copy) {
        (void)sp_fail(err, SP_LIMIT, "no memory for the statistics of %zu values", count);
        return NULL;
    }
    for (size_t i = 0; i < count; i++)
        if (isfinite(values[i]))
            copy[len++] = values[i];
    if (len == 0) {
        (void)sp_fail(err, SP_NOT_FOUND, "there is no finite value");
        return NULL;
    }
    *out_count = len;
    return SP_TAKE(copy);
}

enum sp_rc sp_robust_measure(const float *values,
                             size_t count,
                             struct sp_robust *out,
                             struct sp_err *err)
{
    struct sp_robust stats = { .low = (double)INFINITY, .high = -(double)INFINITY };

    sp_auto_free float *copy = copy_finite(values, count, &stats.count, err);

    if (!copy)
        return err->code;
    for (size_t i = 0; i < stats.count; i++) {
        stats.low = fmin(stats.low, (double)copy[i]);
        stats.high = fmax(stats.high, (double)copy[i]);
    }
    stats.median = median_of(copy, stats.count);
    for (size_t i = 0; i < stats.count; i++)
        copy[i] = fabsf(copy[i] - (float)stats.median);
    stats.sigma = MAD_TO_SIGMA * median_of(copy, stats.count);
    *out = stats;
    return SP_OK;
}

enum sp_rc sp_robust_percentile(const float *values,
                                size_t count,
                                double percent,
                                double *out,
                                struct sp_err *err)
{
    size_t len = 0;

    if (!(percent >= 0 && percent <= 100))
        return sp_fail(err, SP_INVALID, "percentile %g is not between 0 and 100", percent);
    sp_auto_free float *copy = copy_finite(values, count, &len, err);
    if (!copy)
        return err->code;
    double rank = percent / 100 * (double)(len - 1);
    size_t below = (size_t)rank;
    double low = (double)select_kth(copy, len, below);
    double high = below + 1 < len ? (double)select_kth(copy, len, below + 1) : low;
    *out = low + (rank - (double)below) * (high - low);
    return SP_OK;
}
