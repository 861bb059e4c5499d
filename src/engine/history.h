/* SPDX-License-Identifier: BSD-3-Clause */
/* history.h - what earlier runs did: folds over their journals. */
#pragma once

#include "engine/workspace.h"
#include "value/value.h"

enum sp_run_state {
    SP_RUN_GOING,
    SP_RUN_SUCCEEDED,
    SP_RUN_FAILED,
    SP_RUN_INTERRUPTED,
    SP_RUN_LOST
};

/* What the journal has of a step (doc/design/journal.md). */
enum sp_step_event {
    SP_STEP_START,
    SP_STEP_KEY,
    SP_STEP_END,
    SP_STEP_OUTPUTS,
    SP_STEP_VERSIONS,
    SP_STEP_EVENTS
};

/* Where an event stands in the journal; size 0: there is none. */
struct sp_step_spot {
    uint64_t seq, offset, size;
};

struct sp_step_summary {
    struct sp_str task, cab, loop, worker, why, output, log, command;
    bool skipped, ended, success;
    bool unselected;              /* skipped because the selection leaves it out */
    bool refused;                 /* it failed before a tool was started */
    bool reused;                  /* no tool was started: the result of an earlier run was taken */
    double started;               /* seconds after the start of the run */
    double wall, cpu;             /* seconds */
    uint64_t memory, read, write; /* bytes */

    /* The events of it, for all that is not above; NULL: there is none. */
    const struct sp_dict *start, *key, *end, *outputs, *versions;
    struct sp_step_spot spots[SP_STEP_EVENTS]; /* of SP_HISTORY_SPOTS */
};

struct sp_run_summary {
    struct sp_str id, recipe, time, cwd, why, host;
    enum sp_run_state state;
    double wall;                   /* seconds; so far for a run that is going */
    size_t total;                  /* tool runs expected, 0 when not known */
    struct sp_step_summary *steps; /* arena; in order, skipped ones included */
    size_t step_count;
    size_t done, skipped, failed, unselected; /* of tool runs: reused ones are not among them */
    size_t reused;
    struct sp_value selection;       /* the options that chose steps: a mapping, or null */
    struct sp_value outputs;         /* of the outermost recipe: a mapping, or null */
    struct sp_value programs;        /* that steps ran: a mapping from name to identity */
    struct sp_value environment;     /* variables asked for, null: not set; a mapping, or null */
    const struct sp_dict *start;     /* the event run-start; NULL: there is none yet */
    struct sp_value edits, restores; /* events: lists */
};

/* Of a run with many steps the events take much more time and memory than the rest. */
enum sp_history_detail {
    SP_HISTORY_OUTLINE, /* no events of steps */
    SP_HISTORY_SPOTS,   /* none either, but sp_history_load finds those of one step after another */
    SP_HISTORY_EVENTS,
};

/* Read one run. SP_NOT_FOUND with the nearest id. */
enum sp_rc sp_history_run(const struct sp_workspace *workspace,
                          struct sp_str id,
                          enum sp_history_detail detail,
                          struct sp_run_summary *out,
                          struct sp_err *err) SP_MUST_USE;

/* The events of the steps of a run that was read with SP_HISTORY_SPOTS. The caller owns *out, and
 * closes it with sp_journal_picker_close. */
struct sp_journal_picker;
enum sp_rc sp_history_open(const struct sp_workspace *workspace,
                           const struct sp_run_summary *run,
                           struct sp_journal_picker **out,
                           struct sp_err *err) SP_MUST_USE;

/* *out is the step with its events, which live in `arena`. */
enum sp_rc sp_history_load(struct sp_journal_picker *picker,
                           const struct sp_step_summary *step,
                           struct sp_arena *arena,
                           struct sp_step_summary *out,
                           struct sp_err *err) SP_MUST_USE;

/* The run that a person means by `name`: an id, the beginning of exactly one, "last", or "last~1"
 * for the one before. SP_NOT_FOUND with the nearest id; SP_INVALID: several begin so. */
enum sp_rc sp_history_find(const struct sp_workspace *workspace,
                           struct sp_str name,
                           struct sp_str *id,
                           struct sp_err *err) SP_MUST_USE;

/* Id of the newest run; empty if there is none. */
struct sp_str sp_history_last(const struct sp_workspace *workspace);

/* Of a run whose journal has no end: is it going, or was its spoor killed? */
enum sp_run_state sp_history_open_state(const struct sp_workspace *workspace);

/* The words under `name` as a command line for a shell; empty if there are none. */
struct sp_str sp_history_command(struct sp_arena *arena,
                                 const struct sp_dict *dict,
                                 const char *name);

/* "done", "failed", ... */
const char *sp_run_state_name(enum sp_run_state state);

/* "done", "reused", "failed", "skipped", "running", or "unfinished": its spoor was killed. */
const char *sp_step_state_name(const struct sp_run_summary *run,
                               const struct sp_step_summary *step);

/* The same facts as a value, for --json; the outline is without the steps. */
struct sp_value sp_history_outline(struct sp_arena *arena, const struct sp_run_summary *run);
struct sp_value sp_history_value(struct sp_arena *arena, const struct sp_run_summary *run);
