/* SPDX-License-Identifier: BSD-3-Clause */
/* workers.h - the same work on many files, by several threads that share nothing but a counter.
 *
 * The order in which items are done is not defined, what comes out must not depend on it.
 */
#pragma once

#include "base/err.h"

/* Do item number `at`. Called from several threads, each item once. */
typedef enum sp_rc (*sp_work_fn)(void *arg, size_t at, struct sp_err *err);

/* Do the items 0 ... count - 1. After a failure no further items are begun; the first failure is
 * returned when all threads have ended. One thread, in order, while faults are armed. */
enum sp_rc sp_workers_run(size_t count, sp_work_fn work, void *arg, struct sp_err *err) SP_MUST_USE;
