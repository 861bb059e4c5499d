/* SPDX-License-Identifier: BSD-3-Clause */
/* taskrun.h - one tool run: prepare its directories, start it, listen to it, judge it. */
#pragma once

#include "engine/logbook.h"
#include "engine/run.h"
#include "plan/role.h"
#include "sys/loop.h"

struct sp_taskrun;

struct sp_taskrun_options {
    struct sp_session *session;
    struct sp_arena *arena; /* for the job and the result: lives longer than both */
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    struct sp_logbook *logbook;
    const struct sp_roles *roles;     /* what the task touches, if known; may be NULL */
    const struct sp_effects *effects; /* of its tool; may be NULL */
    struct sp_str scratch;     /* for backends that confine: a directory that is not there yet */
    struct sp_str keep;        /* likewise: directory for files that are not declared */
    sp_nsec timeout;           /* it is ended then; 0: never */
    struct sp_str path;        /* PATH of jobs */
    struct sp_str mark;        /* of the run (sys/procmark.h) */
    struct sp_str output_file; /* raw output goes there, if there is any */
    sp_run_fn watch;           /* gets OUTPUT and TICK; may be NULL */
    void *arg;
    void (*done)(void *arg); /* from the event loop: it is done; may be NULL */
    void *done_arg;
    const struct sp_run_event *base; /* what every event starts from; borrowed */
};

/* Make directories, delete outputs that are to be replaced, start the tool. On failure nothing
 * runs. The caller owns *out. */
enum sp_rc sp_taskrun_start(const struct sp_taskrun_options *options,
                            const struct sp_task *task,
                            struct sp_taskrun **out,
                            struct sp_err *err) SP_MUST_USE;

const struct sp_handle *sp_taskrun_handle(const struct sp_taskrun *run);

/* Ask it to stop; it still has to become done. */
void sp_taskrun_cancel(struct sp_taskrun *run);

/* End it at once, with all its processes; it still has to become done. */
void sp_taskrun_kill(struct sp_taskrun *run);

/* After it is done, once: success by exit status and wranglers; texts live in the arena. */
struct sp_taskrun_result {
    bool success;
    enum sp_failure_class failure;
    const char *why; /* NULL on success: "wsclean returns error code 1 after 0:00:12" */
    int exit_status;
    struct sp_usage_stats usage;
    const char *output_error;       /* why its raw output was not kept whole, or NULL */
    const struct sp_dict *outputs;  /* found by wranglers; may be NULL */
    const struct sp_list *warnings; /* texts; may be NULL */
    struct sp_str warning, remark;  /* of its backend, the latter for the log; empty: none */
    struct sp_str left;             /* what it had left running; empty: nothing */
    bool was_ended;                 /* and would not end by itself */
};

void sp_taskrun_result(struct sp_taskrun *run, struct sp_taskrun_result *out);

/* Accepts NULL. */
void sp_taskrun_free(struct sp_taskrun *run);
