/* SPDX-License-Identifier: BSD-3-Clause */
/* retry.h - how often a step is tried, and for how long (opts.backend.retries, .timeout).
 *
 * Whether it is tried again goes by what the failure is owed to (exec/backend.h): each class has a
 * number of retries of its own. The pauses grow: 1 s, 2 s, 4 s ... so that a server that was busy
 * is not asked at once again.
 */
#pragma once

#include "base/defs.h"

#include "exec/backend.h"
#include "plan/walk.h"

#define SP_FAILURE_CLASSES (SP_FAILURE_INFRASTRUCTURE + 1)

struct sp_retry_policy {
    unsigned retries[SP_FAILURE_CLASSES];
    sp_nsec timeout; /* of one attempt; 0: none */
};

/* Of the backend settings of a step. SP_INVALID: they are wrong. */
enum sp_rc sp_retry_policy_read(const struct sp_task *task,
                                struct sp_retry_policy *out,
                                struct sp_err *err) SP_MUST_USE;

/* A step under way. */
struct sp_retry {
    struct sp_retry_policy policy;
    unsigned attempt;                  /* the one under way, from 1; 0: none yet */
    unsigned used[SP_FAILURE_CLASSES]; /* retries */
    struct sp_list *failed;            /* {why, failure, wall} of those before */
    const char *refused;               /* why there is no other, though one is left; or NULL */
};

/* Is another attempt left after such a failure? Then it counts as used, *of is the number of
 * attempts that there may be, and *pause how long to wait. */
bool sp_retry_next(struct sp_retry *retry,
                   enum sp_failure_class failure,
                   unsigned *of,
                   sp_nsec *pause);

/* "tool", "resource", "infrastructure"; "" for SP_FAILURE_NONE. */
const char *sp_failure_name(enum sp_failure_class failure);

/* A job could not be started, with this errno (0: none): what is that owed to? */
enum sp_failure_class sp_failure_of_start(const struct sp_err *err);
