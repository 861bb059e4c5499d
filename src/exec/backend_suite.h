/* SPDX-License-Identifier: BSD-3-Clause */
/* backend_suite.h - what every backend must do: the rules of backend.h as tests. For test
 * programs only; the jobs are small shell scripts. */
#pragma once

#include "exec/backend.h"

struct sp_backend_suite {
    const struct sp_backend_ops *ops;

    /* Make the backend impatient, since tests do not wait: hundredths instead of whole seconds.
     * NULL: tests that would need it are skipped. */
    void (*hasten)(struct sp_backend *backend);

    /* Of jobs that ask for none; with a root for a backend that runs nothing else. May be NULL. */
    const struct sp_box *box;
    bool ends_with_first; /* nothing outlives the first process of a job, nor is seen to */
    bool is_remote;       /* nothing is known of what jobs use */
};

/* Runs all tests and prints them as TAP; what main() returns. */
int sp_backend_suite_run(const struct sp_backend_suite *suite);
