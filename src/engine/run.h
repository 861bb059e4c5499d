/* SPDX-License-Identifier: BSD-3-Clause */
/* run.h - run what a session has picked, from the first step to the last.
 *
 * The engine walks the recipe (plan/walk.h), runs each task on a backend, keeps the journal and
 * the log files, and tells a watcher what happens. It prints nothing.
 *
 * States of a run, each noted in the journal before the next begins:
 *
 *   preflight -> images -> run-start -> { step-start -> step-end | step-skip }* -> run-end
 *
 * Another run may be going in the workspace: then this one is refused, or waits for it before it
 * looks at anything. Before run-start everything that can be checked has been checked, the images
 * of all steps have been fetched, and nothing has been written but the workspace. Killing the
 * engine at any instant leaves a journal without run-end; the next run in that workspace notes and
 * reports it.
 */
#pragma once

#include "engine/session.h"
#include "exec/backend.h"

enum sp_run_event_kind {
    SP_RUN_START, /* total is known */
    SP_RUN_NOTE,  /* text at level: LOG(...) in formulas, findings, left-over runs */
    SP_RUN_ENTER, /* a recipe begins */
    SP_RUN_ITERATION,
    SP_RUN_STEP,   /* a tool is about to start: position, task */
    SP_RUN_OUTPUT, /* one line of its output: text, level, partial */
    SP_RUN_TICK,   /* twice a second: usage so far */
    SP_RUN_DONE,   /* it has ended: usage, success, text = why it failed */
    SP_RUN_REUSED, /* a step need not run: text = the run in which its result was made */
    SP_RUN_SKIP,   /* a step is skipped: text = why */
    SP_RUN_LEAVE,  /* a recipe has ended well: outputs */
    SP_RUN_END,    /* success, wall in usage; interrupted */
};

struct sp_run_event {
    enum sp_run_event_kind kind;
    const struct sp_position *position; /* NULL for START and END */
    const struct sp_task *task;         /* STEP to DONE */
    struct sp_str text;
    enum sp_log_level level;
    bool partial; /* OUTPUT: a progress bar, the next line replaces it */
    bool marks_failure, marks_success, highlighted; /* OUTPUT: by a wrangler */
    size_t done, total; /* tool runs; total from preflight, 0 when not known */
    size_t reused;      /* of those done: not run again */
    struct sp_usage_stats usage;
    bool success;
    bool interrupted;
    bool unselected;               /* SKIP: the selection leaves it out */
    bool refused;                  /* DONE: it has failed before its tool was started */
    const struct sp_dict *outputs; /* LEAVE */
    struct sp_str run_id;
    struct sp_str log_dir;        /* END: where the logs of the outermost recipe are */
    const char *event;            /* name in the journal, or NULL: not an event of the journal */
    const struct sp_dict *record; /* its fields */
};

struct sp_images_watch;
struct sp_repeat_request;

typedef void (*sp_run_fn)(void *arg, const struct sp_run_event *event);

struct sp_run_options {
    sp_run_fn watch; /* may be NULL */
    void *arg;
    int argc; /* the command line, for the journal */
    char **argv;
    const struct sp_images_watch *images; /* told while images are fetched; may be NULL */
    const char *logger;                   /* name in log records; NULL: "SPOOR" */
    const char *name;  /* of the session, for a log file of its own; NULL: there is none */
    const char *rerun; /* the run that this one repeats; NULL: none */
    bool verbose;      /* what goes to the logs is told as notes, too */
    bool fresh;        /* nothing is reused */
    bool on_top;       /* every file as it is, also what this recipe has made of it before */
    const char *edits; /* refuse, adopt, restore (engine/head.h); NULL: as configured */
    sp_nsec wait;      /* for another run in the workspace: so long at most; negative: for ever */
    const struct sp_repeat_request *request; /* borrowed; to be known again (repeat.h); NULL: not */
};

struct sp_run_result {
    struct sp_str id; /* of the run; empty when it did not get so far */
    bool interrupted;
    bool workspace_failed; /* the fault lies with .spoor (exit status 4) */
    bool backend_failed;   /* there is none of that name, or it does not work (exit status 3) */
    bool nothing;          /* the selection leaves no step: nothing was run, not even begun */
    size_t done, skipped;
    size_t reused;                 /* of those done: results that were there */
    struct sp_str log_dir;         /* of the outermost recipe; lives as long as the session */
    const struct sp_dict *outputs; /* of the outermost recipe, too; NULL: there are none */
};

/* SP_OK: every step ended well. Otherwise err says in a line what went wrong; session->diags has
 * the findings. `result` is filled in any case. */
enum sp_rc sp_run(struct sp_session *session,
                  const struct sp_run_options *options,
                  struct sp_run_result *result,
                  struct sp_err *err) SP_MUST_USE;
