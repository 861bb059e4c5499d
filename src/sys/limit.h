/* SPDX-License-Identifier: BSD-3-Clause */
/* limit.h - resource limits of the kernel, see getrlimit(2). */
#pragma once

#include "base/err.h"
#include "base/nearest.h"
#include "base/str.h"

#include <stddef.h>
#include <sys/resource.h>

struct sp_limit {
    int resource; /* RLIMIT_NOFILE ... */
    rlim_t soft;
};

#define SP_LIMITS_MAX 16 /* the kernel has as many */

/* "NOFILE" -> RLIMIT_NOFILE, or -1; then all names have been offered to `nearest`. */
int sp_limit_find(struct sp_str name, struct sp_nearest *nearest);

/* Set soft limits of our own and note the former ones in `before`, for sp_limits_restore. Those
 * that cannot be set are an error, and nothing is changed. */
enum sp_rc sp_limits_set(const struct sp_limit *limits,
                         size_t count,
                         struct sp_limit *before,
                         struct sp_err *err) SP_MUST_USE;
void sp_limits_restore(const struct sp_limit *before, size_t count);

/* For a running process: best effort. */
void sp_limits_set_of(int pid, const struct sp_limit *limits, size_t count);
