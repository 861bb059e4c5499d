/* SPDX-License-Identifier: BSD-3-Clause */
/* robust.h - statistics that a few bright sources do not disturb. */
#pragma once

#include "base/err.h"

struct sp_robust {
    size_t count; /* finite values */
    double median;
    double sigma;     /* 1.4826 times the median distance from the median */
    double low, high; /* the extreme finite values */
};

/* SP_NOT_FOUND if no value is finite, SP_LIMIT without memory for a copy. */
enum sp_rc sp_robust_measure(const float *values,
                             size_t count,
                             struct sp_robust *out,
                             struct sp_err *err) SP_MUST_USE;

/* The value below which `percent` (0 to 100) of the finite values lie, linearly interpolated. */
enum sp_rc sp_robust_percentile(const float *values,
                                size_t count,
                                double percent,
                                double *out,
                                struct sp_err *err) SP_MUST_USE;
