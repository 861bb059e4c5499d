/* SPDX-License-Identifier: BSD-3-Clause */
/* walk.h - the way through a recipe, one action at a time.
 *
 * PURE: no files, no clock, no processes; the world is asked through `struct sp_world`. The
 * engine asks for the next action, does it, and tells the outcome; the walk evaluates parameters,
 * aliases, assignments and loops (spec stimela2.md 4, 5). The same walk serves three purposes:
 *
 *   check     sp_walk_new does it first: everything that can be known before anything runs
 *   plan      `dry`: every RUN is answered by sp_walk_done with nothing but success; values that
 *             only a run can give are UNRESOLVED, files that steps will make count as existing
 *   run       the real thing
 *
 *     while (sp_walk_next(walk, &action))
 *         switch (action.kind) { ... case SP_ACTION_RUN: run it; sp_walk_done(walk, &outcome); }
 */
#pragma once

#include "plan/offer.h"
#include "recipe/command.h"
#include "recipe/config.h"
#include "recipe/params.h"

struct sp_walk;
struct sp_selection;

/* What earlier runs in the same place tell about a task (position.taskname). Asked only about steps
 * that may be skipped. */
struct sp_past {
    void *arg;

    /* Was something with this modification time changed by an attempt at the task, or at a step in
     * it, that did not end well? */
    bool (*is_unfinished)(void *arg, struct sp_str task, sp_nsec mtime);

    /* Its outputs when it last ran well, *run the name of that run; NULL: not known. */
    const struct sp_dict *(*outputs)(void *arg, struct sp_str task, struct sp_str *run);
};

struct sp_walk_options {
    struct sp_config *config;
    const struct sp_world *world;
    struct sp_diags *diags;
    struct sp_recipe *recipe; /* exactly one of recipe and cab */
    struct sp_cab *cab;
    const struct sp_dict *params;         /* from the command line: dotted names as written */
    const struct sp_selection *selection; /* which steps; NULL: all (plan/select.h) */
    const struct sp_offer *offers;        /* backends; NULL: which is used does not matter */
    const char *python;                   /* where a cab names no interpreter; NULL: "python" */
    const struct sp_past *past;           /* NULL: there is none */
    bool dry;
    bool planning; /* of a dry walk: what this machine lacks, and values that a recipe asks for in
                      vain, are warnings; the reference finds them when it gets there */
    bool prepare;  /* sp_walk_new only prepares: the caller has checked, or is about to */
    bool parallel; /* give SCATTER; else, and when dry, one iteration after the other */
    size_t spare;  /* bytes of memory that may be garbage between iterations; 0: the default */
    sp_log_fn log; /* LOG(...) in formulas; may be NULL */
    void *log_arg;
};

/* Where in a run an action belongs. Texts are valid until the next call of sp_walk_next. */
struct sp_position {
    struct sp_str fqname;   /* "demo.image" */
    struct sp_str taskname; /* "demo.image.2" inside loops (spec 4.3) */
    struct sp_str label;
    struct sp_str title;            /* name of the cab or recipe */
    struct sp_str info;             /* of the step */
    struct sp_str loop_status;      /* "2/3" of the innermost loop, or empty */
    struct sp_str worker;           /* ".2", ".2.0": counters of scattered loops, or empty */
    int64_t iteration;              /* of the innermost loop, from 0; -1 outside loops */
    unsigned depth;                 /* 0: the outermost recipe, 1: its steps ... */
    size_t step_number, step_count; /* within its recipe, from 1 */
    uint32_t origin;
    /* opts.log as it stands here (dir, name, ext, nest, level), evaluated: for the log file */
    const struct sp_dict *log;
};

enum sp_action_kind {
    SP_ACTION_ENTER,     /* a recipe begins (also the outermost, and nested ones) */
    SP_ACTION_ITERATION, /* one more time through a loop: position.loop_status */
    SP_ACTION_STEP,  /* a step begins, inputs are validated: a cab's, or a nested recipe's that has
                      * a preamble */
    SP_ACTION_RUN,   /* run `task`, then call sp_walk_done */
    SP_ACTION_SKIP,  /* a step is skipped; `reason` says why */
    SP_ACTION_END,   /* a cab step has ended well; `task->outputs` are validated */
    SP_ACTION_FAIL,  /* a step has failed; findings are in diags; the walk is over */
    SP_ACTION_LEAVE, /* a recipe has ended well; `outputs` */
    SP_ACTION_SCATTER, /* iterations that can go on side by side: `count`, `width` */
};

/* One cab made concrete. */
struct sp_task {
    const struct sp_cab *cab;
    struct sp_dict *inputs;  /* all validated parameters, in order */
    struct sp_dict *outputs; /* after sp_walk_done: validated outputs */
    struct sp_command command;
    const struct sp_list *make_dirs; /* to make before; texts; may be NULL */
    const struct sp_list *remove;    /* existing outputs to delete before; may be NULL */
    const struct sp_list *writes;    /* paths that it will make or change: outputs and writables */
    struct sp_value backend;         /* merged settings (spec 7.1), evaluated; a mapping */
    struct sp_str backend_name;      /* the one that was chosen; empty without offers */
    struct sp_str virtual_env;       /* directory; empty: none */
    const struct sp_dict *limits;    /* backend.rlimits; may be NULL */
    bool is_wrapped;                 /* the first word is Slurm's, not the cab's */
};

struct sp_action {
    enum sp_action_kind kind;
    const struct sp_position *position;
    struct sp_task *task;          /* RUN, END; STEP, FAIL (may be NULL) */
    bool at_step;                  /* FAIL: of a step, not of a recipe as a whole */
    struct sp_str reason;          /* SKIP */
    bool unselected;               /* SKIP: because of the selection */
    const struct sp_dict *outputs; /* LEAVE */
    size_t count, width;           /* SCATTER: iterations; how many at a time at most */
};

struct sp_outcome {
    bool success;
    const char *why;               /* on failure: "exit code 3"; borrowed */
    const struct sp_dict *outputs; /* values found by wranglers; may be NULL */
};

/* Prepare (finalize, aliases) and check everything that can be checked, unless the options say
 * otherwise. Findings are in diags; SP_INVALID when there are errors. The caller owns *out also
 * then (for reading positions). */
enum sp_rc sp_walk_new(const struct sp_walk_options *options,
                       struct sp_walk **out,
                       struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_walk_free(struct sp_walk *walk);

/* False when the walk is over (after FAIL, or after LEAVE of the outermost recipe). What `out`
 * points to is valid until the next call. */
bool sp_walk_next(struct sp_walk *walk, struct sp_action *out);

/* Did the selection leave no step of the outermost recipe? Then there is nothing to do. */
bool sp_walk_has_nothing(const struct sp_walk *walk);

/* At the end of a dry walk that was only prepared: check what it has not looked at, such as skipped
 * steps and the inside of loops over nothing. A dry walk and this find together what sp_walk_new
 * finds, and need one way through the recipe where it needs two. */
void sp_walk_check_rest(struct sp_walk *walk);

/* Answer to RUN. */
void sp_walk_done(struct sp_walk *walk, const struct sp_outcome *outcome);

/* Answer to SCATTER: for each of the `count` iterations, in any order and with any number of them
 * under way, open a walk, go through it, give it back. Then go on with `walk`, which must not be
 * touched in between and which takes its results from the iterations in their order.
 *
 *     child = sp_walk_fork(walk, i);  while (sp_walk_next(child, &action)) ...
 *     sp_walk_join(walk, child, why);
 *
 * The iteration has a copy of all that it may change, so those under way do not see each other;
 * it may scatter again. */
struct sp_walk *sp_walk_fork(struct sp_walk *walk, size_t iteration);

/* Take over what the iteration gave and free it. `why`: what made it fail, for the message; NULL
 * when it ended well. An iteration that is never joined counts as failed. */
void sp_walk_join(struct sp_walk *walk, struct sp_walk *child, const char *why);

/* The parameters that a person may set on the outermost recipe or cab, aliases and automatic
 * ones included: for `doc`, completion and messages. */
const struct sp_schema *sp_walk_schema(const struct sp_walk *walk);
