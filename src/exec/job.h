/* SPDX-License-Identifier: BSD-3-Clause */
/* job.h - one step made concrete: what a backend is asked to run. */
#pragma once

#include "base/defs.h"

#include <stddef.h>

struct sp_box;   /* exec/box.h */
struct sp_limit; /* sys/limit.h */

/* Immutable while it runs; everything borrowed, valid until DONE has been reported. */
struct sp_job {
    const char *name;              /* full name of the step: "demo.image.1" */
    const char *const *argv;       /* NULL-terminated; argv[0] is looked up in PATH of `env` */
    const char *const *env;        /* NULL-terminated "NAME=value": the whole environment */
    const char *cwd;               /* absolute */
    const struct sp_limit *limits; /* soft resource limits; NULL: none */
    size_t limit_count;
    const char *mark; /* value of SPOOR_JOB in `env` (sys/procmark.h): of this job alone; or NULL */
    const struct sp_box *box; /* what it may touch, for backends that confine; NULL: nothing */
};
