/* SPDX-License-Identifier: BSD-3-Clause */
/* call.h - the command lines with which a program is asked for the container of a job. */
#pragma once

#include "exec/binds.h"
#include "exec/job.h"

struct sp_argv {
    const char **items; /* NULL-terminated once it is finished */
    size_t len, capacity;
};

struct sp_call {
    struct sp_arena *arena;
    const struct sp_job *job;         /* with a box, and that with a root */
    const struct sp_scratch *scratch; /* NULL: none */
    struct sp_binds binds;
    const char *program; /* full path */
    const char *name;    /* of the container */

    struct sp_argv run;
    struct sp_argv env; /* of the program, beside what Spoor has; none as a rule */
};

void sp_argv_add(struct sp_argv *words, const char *word);
void sp_argv_add_all(struct sp_argv *words, const char *const *more); /* `more` may be NULL */
void sp_argv_fini(struct sp_argv *words);

/* Word of `run` made as by printf. */
void sp_call_addf(struct sp_call *call, const char *fmt, ...) SP_PRINTF(2, 3);

/* One field of a list with commas, quoted where it has to be. */
const char *sp_call_csv(struct sp_call *call, const char *key, const char *value);

/* What podman and docker have in common: no rights, a read-only root, network, name, mounts,
 * variables, limits. SP_INVALID: a limit that they do not know. */
enum sp_rc sp_call_add_common(struct sp_call *call, struct sp_err *err) SP_MUST_USE;

/* Limits on memory, processors and processes: those of a group where `grouped`, else of each
 * process. */
void sp_call_add_limits(struct sp_call *call, bool grouped);

/* Variables of the job, and HOME if there is none. */
struct sp_argv sp_call_variables(const struct sp_call *call);
