/* SPDX-License-Identifier: BSD-3-Clause */
/* children.h - jobs that are child processes of ours: what the backends of this machine share.
 *
 * A backend of this kind says how a job is started and signalled (struct sp_child_kind), and takes
 * everything else from here.
 *
 * Life of a job: submit starts it; RUNNING is reported in the next turn of the loop. When its first
 * process has ended, that one is left a zombie until both pipes are at their end, so that its
 * number, which is also that of the group, cannot be given to anybody else while we may still have
 * to signal the group. If something that the job has left behind keeps a pipe open, DONE is
 * reported after a second of silence, or after ten seconds in any case.
 *
 * Cancelling sends SIGINT to the job, later SIGTERM, at last SIGKILL. When the first process of a
 * cancelled job has ended, members of the group that still hold its output are given the same
 * time; whatever is left of it then is killed.
 *
 * What a job leaves running (members of its group, what carries its mark, and what these have
 * started) may still be writing: DONE is reported when it is gone. It has five seconds to end by
 * itself, then it gets SIGTERM, five seconds later SIGKILL. A process that has left the group and
 * emptied its environment gets away.
 *
 * Handle: "PID:START:BOOT", with the start time in clock ticks after boot, from /proc. The handle
 * in the journal is how the next engine finds jobs of one that died (is_alive) and ends them
 * (kill).
 *
 * Usage: CPU and input/output as the kernel adds them up for the first process and all children
 * that were waited for; memory is the largest of samples taken after 0.1 s and then every second
 * (less often where sampling itself takes long), and of the peak of the largest single process.
 * A job that ends before the first sample and was never larger than the engine itself has no known
 * peak: 0.
 */
#pragma once

#include "exec/backend.h"

#include <sys/types.h>

struct sp_process;  /* sys/spawn.h */
struct sp_proclist; /* sys/procstat.h */
struct sp_procsum;

/* What a kind of child adds to the report of its end; texts are its own until `forget`. */
struct sp_child_end {
    int status;         /* as from waitpid(2): that of the first process; may be replaced */
    bool cancelled;     /* it was asked to stop */
    const char *reason; /* NULL: as the status says */
    const char *fault;  /* NULL: none; see struct sp_report */
    enum sp_failure_class failure; /* NONE: as the status says */
    const char *warning, *remark;  /* see there; NULL: none */
    const char *left;              /* NULL: nothing; see there, too */
    bool was_ended;
};

struct sp_child_kind {
    /* *own is what the other calls get. The first process has a group of its own. */
    enum sp_rc (*start)(void *arg,
                        const struct sp_job *job,
                        struct sp_process *out,
                        void **own,
                        struct sp_err *err);

    /* Interrupt, terminate: to all of it but what hides. */
    void (*signal)(void *own, pid_t pid, int signo);
    bool signals_kill; /* SIGKILL is asked for in the same way, and takes its time; else the group
                        * gets it */

    /* What runs of the job, where that is not its first process with all below it: *out. May be
     * NULL. */
    void (*measure)(void *own, const struct sp_proclist *all, pid_t pid, struct sp_procsum *out);

    /* What it uses now: why it has to be ended, or NULL. May be NULL. */
    const char *(*oversee)(void *own, const struct sp_procsum *sum);

    /* A line of its output, before it is reported. May be NULL. */
    void (*hear)(void *own, struct sp_str text);

    /* It has ended and nothing of it runs any more. May be NULL. */
    void (*end)(void *own, struct sp_child_end *end);

    /* Accepts NULL. May be NULL. */
    void (*forget)(void *own);
};

/* `arg` is for the kind, and stays the caller's. */
struct sp_backend *sp_children_new(const struct sp_child_kind *kind,
                                   void *arg,
                                   struct sp_loop *loop);

void *sp_children_arg(const struct sp_backend *backend);

/* The calls of struct sp_backend_ops. */
void sp_children_close(struct sp_backend *backend);
enum sp_rc sp_children_submit(struct sp_backend *backend,
                              const struct sp_job *job,
                              const struct sp_observer *observer,
                              struct sp_handle *out,
                              struct sp_err *err) SP_MUST_USE;
void sp_children_cancel(struct sp_backend *backend, const struct sp_handle *handle);
bool sp_children_usage(struct sp_backend *backend,
                       const struct sp_handle *handle,
                       struct sp_usage_stats *out);
bool sp_children_is_alive(struct sp_backend *backend, const struct sp_handle *handle);
void sp_children_kill(struct sp_backend *backend, const struct sp_handle *handle);

/* How long to wait, for tests that cannot. */
struct sp_patience {
    sp_nsec terminate; /* after SIGINT, until SIGTERM */
    sp_nsec kill;      /* after SIGINT, until SIGKILL */
    sp_nsec silence;   /* after the end, while something else holds the pipes */
    sp_nsec linger;    /* after the end, until what is left of it is ended, too */
};

void sp_children_set_patience(struct sp_backend *backend, const struct sp_patience *patience);
