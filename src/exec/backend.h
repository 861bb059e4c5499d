/* SPDX-License-Identifier: BSD-3-Clause */
/* backend.h - what a place that runs steps has to be able to do.
 *
 * A backend turns a `struct sp_job` into something that runs: a child process, a container, a
 * Slurm job, a Kubernetes pod. The engine knows backends only through this table; nothing outside
 * src/exec/<name>/ may name one.
 *
 *            submit            observe           observe
 *   READY ------------> QUEUED --------> RUNNING --------> DONE
 *     |                   |                 |                ^
 *     |  submit fails     +--- cancel ------+--- cancel -----+
 *     +------------------------------------------------------+
 *
 * Rules for every implementation
 *  1. No call blocks. Work that takes time is started here and reported later through `observer`,
 *     from the event loop, never from inside the call that started it.
 *  2. Every submitted job is reported DONE exactly once, also when it is cancelled or lost, and
 *     after all of its output lines.
 *  3. `cancel` is a wish: it may come twice, or after DONE; both are no-ops. It first asks
 *     politely (interrupt), after 5 s firmly (terminate), after 10 s kills.
 *  4. After a crash of the engine, `adopt` is offered each handle that was recorded and not yet
 *     DONE. A backend that cannot find the job again says SP_NOT_FOUND and the engine re-submits.
 *  5. Of a backend that does not adopt, the next engine asks `is_alive` for each such handle and
 *     ends what still runs with `kill`, before it touches what those jobs were writing.
 *  6. SP_JOB_RUNNING is reported once, before the first line of output and before DONE.
 *
 * All calls and all reports happen on the event-loop thread.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include "exec/job.h"

struct sp_backend; /* one configured instance; its layout is private to the implementation */
struct sp_loop;    /* sys/loop.h */

/* What the planner may assume. A missing capability is found at validation, not at run time. */
enum sp_backend_caps {
    SP_BACKEND_SHARED_FS = 1 << 0,    /* the job sees our file system under the same paths */
    SP_BACKEND_CONTAINERS = 1 << 1,   /* honours an image */
    SP_BACKEND_ADOPTS = 1 << 2,       /* running jobs survive an engine restart */
    SP_BACKEND_LIVE_OUTPUT = 1 << 3,  /* output arrives while the job runs */
    SP_BACKEND_ENFORCES_MEM = 1 << 4, /* a job over its memory request is stopped */
    SP_BACKEND_CONFINES = 1 << 5,     /* honours a box; nothing that a job starts outlives it */
};

enum sp_job_state {
    SP_JOB_READY,
    SP_JOB_QUEUED,
    SP_JOB_RUNNING,
    SP_JOB_DONE
};

/* The backend's own name for a submitted job, stable across restarts: a pid with its start time,
 * a Slurm job id, a pod uid. */
struct sp_handle {
    char text[96];
};

/* What a job has used; zero when unknown. */
struct sp_usage_stats {
    sp_nsec wall, cpu_user, cpu_system;
    uint64_t peak_memory;             /* bytes, largest sum over the job's processes seen */
    uint64_t read_bytes, write_bytes; /* to and from storage or page cache, as rchar and wchar */
};

/* What a failure is owed to: whether it makes sense to try again, and with what. Of a submit that
 * fails, SP_NOT_FOUND and SP_INVALID are owed to the job, everything else to the infrastructure. */
enum sp_failure_class {
    SP_FAILURE_NONE,          /* it has not failed, or it was cancelled */
    SP_FAILURE_TOOL,          /* everything but what follows */
    SP_FAILURE_RESOURCE,      /* memory, disk, processes or time ran out: more may help */
    SP_FAILURE_INFRASTRUCTURE /* the box or container could not be made or emptied, the daemon or
                                 the registry did not answer, the job was lost: waiting may help */
};

struct sp_report {
    enum sp_job_state state;
    int exit_status;    /* DONE only: as from waitpid(2), or -1 when the job was lost */
    const char *reason; /* for people, may be NULL; borrowed, valid during the call */
    const char *fault;  /* DONE only: the job has broken a rule, and so has failed whatever
                           its exit status says; for people; NULL: it has not; borrowed */
    enum sp_failure_class failure; /* DONE only */
    const char *warning; /* DONE only: what people should know besides, may be NULL; borrowed */
    const char *remark;  /* the same, for the log only */
    struct sp_usage_stats usage; /* so far; final with DONE */

    /* DONE only: what the job had left running when its first process ended, for people ("process
     * 1234 (sleep 60)", "a process in its box"), or NULL.
     * It is gone now: by itself, or `was_ended`, and then nobody knows what it still meant to
     * write. */
    const char *left;
    bool was_ended;
};

enum sp_stream {
    SP_STDOUT,
    SP_STDERR
};

/* Who wants to know. Calls come from the event loop. */
struct sp_observer {
    void *arg;
    void (*report)(void *arg, const struct sp_report *report);

    /* One line of output without its end; `text` is valid during the call. A line is ended by
     * '\n', or by '\r' (progress bars: `partial` is true, the next line replaces it), is valid
     * UTF-8 (bad bytes are replaced), and is cut in pieces at 16 MiB. */
    void (*line)(void *arg, enum sp_stream stream, struct sp_str text, bool partial);
};

/* One thing that a backend promises about its jobs, on this machine. */
struct sp_backend_feature {
    const char *name; /* "private /tmp" */
    bool enforced;
    const char *means; /* by what: "mount namespace"; if not enforced, why */
};

/* Implemented once a backend. */
struct sp_backend_ops {
    const char *name; /* as written in recipes: "native" */
    bool is_local;    /* it runs the programs of this machine */

    /* Get ready. `loop` outlives the backend. On success the caller owns *out and gives it back
     * with close(). */
    enum sp_rc (*open)(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err);

    /* Jobs of an adopting backend run on; those of others are killed. Nothing is reported any
     * more. Not from an observer. Accepts NULL. */
    void (*close)(struct sp_backend *backend);

    /* Constant after open. Bits of enum sp_backend_caps. */
    unsigned (*caps)(const struct sp_backend *backend);

    /* On success *out names the job; on failure nothing was started and nothing will be reported.
     * SP_NOT_FOUND: there is no such program. */
    enum sp_rc (*submit)(struct sp_backend *backend,
                         const struct sp_job *job,
                         const struct sp_observer *observer,
                         struct sp_handle *out,
                         struct sp_err *err);

    /* NULL unless SP_BACKEND_ADOPTS. */
    enum sp_rc (*adopt)(struct sp_backend *backend,
                        const struct sp_handle *handle,
                        const struct sp_observer *observer,
                        struct sp_err *err);

    void (*cancel)(struct sp_backend *backend, const struct sp_handle *handle);

    /* What a running job uses now. False when it is not known. */
    bool (*usage)(struct sp_backend *backend,
                  const struct sp_handle *handle,
                  struct sp_usage_stats *out);

    /* Does a job of an earlier engine still run? False for handles that mean nothing any more
     * (another boot, another machine, a number that has been given to somebody else). */
    bool (*is_alive)(struct sp_backend *backend, const struct sp_handle *handle);

    /* End such a job at once, with all its processes. Does nothing if it does not run. */
    void (*kill)(struct sp_backend *backend, const struct sp_handle *handle);

    /* Why it cannot be used on this machine, for people; NULL: it can. NULL: it always can. */
    const char *(*refusal)(void);

    /* What it enforces here; ends with a name of NULL. NULL: nothing to tell. */
    const struct sp_backend_feature *(*features)(void);

    /* Remove the files that jobs of engines that died have left: `dir` is the parent of every
     * box->scratch there was, and no job runs. NULL: there are none. */
    enum sp_rc (*reap)(const char *dir, struct sp_err *err);
};

/* The implementations compiled in, terminated by NULL. */
extern const struct sp_backend_ops *const sp_backends[];

/* By name, or NULL. */
const struct sp_backend_ops *sp_backend_find(const char *name);
