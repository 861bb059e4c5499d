/* SPDX-License-Identifier: BSD-3-Clause */
/* workers.h - a fixed number of threads that share out the pieces of one job at a time.
 *
 *     workers_start(workers, &job);     returns at once; the caller may read and write files
 *     ...
 *     workers_wait(workers);            all pieces are done
 *
 * Pieces must not depend on each other; which thread takes which is not defined. This is the only
 * place of the cargo programs with threads and locks.
 */
#pragma once

#include "base/err.h"

struct workers;

struct workers_job {
    int64_t pieces;
    void (*run)(int64_t piece, void *arg);
    void *arg;
};

/* `count` threads, at least one. The caller owns *out. */
enum sp_rc workers_new(int count, struct workers **out, struct sp_err *err) SP_MUST_USE;

/* Ends the threads (after the job in progress); accepts NULL. */
void workers_free(struct workers *workers);

/* Hand out a job; the one before must have been waited for. `job` is copied. */
void workers_start(struct workers *workers, const struct workers_job *job);

/* Returns at once when there is no job. */
void workers_wait(struct workers *workers);

/* Number of processors that this process may use. */
int workers_available(void);

static inline void workers_freep(struct workers **workers)
{
    workers_free(*workers);
}

#define rime_auto_workers SP_CLEANUP(workers_freep)
