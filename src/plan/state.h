/* SPDX-License-Identifier: BSD-3-Clause */
/* state.h - where a walk is: a stack of recipes under way.
 *
 * Every recipe that was entered and not yet left has a frame. A frame holds all that changes; the
 * nodes hold what was written. Nothing recurses: sp_walk_next looks at the innermost frame, does
 * the next thing, and may push or pop a frame.
 *
 *   ENTER --> LOOP --> STEP --> (skipped) ----------------------------> STEP ...
 *               |        |----> RUN --> WAIT --> DONE (a cab) --------> STEP ...
 *               |        |----> INSIDE --> DONE (a nested recipe) ----> STEP ...
 *               |--> SCATTER --> LEAVE
 *               +--> LEAVE
 *
 * Modes: CHECK looks for mistakes before anything runs and shows no actions; DRY shows what would
 * run; RUN is the real thing. CHECK and DRY pretend that every tool works.
 */
#pragma once

#include "plan/node.h"
#include "plan/pathorder.h"
#include "plan/walk.h"

enum sp_walk_mode {
    SP_MODE_CHECK,
    SP_MODE_DRY,
    SP_MODE_RUN
};

enum sp_phase {
    SP_PHASE_ENTER,   /* evaluate parameters and assignments of the recipe */
    SP_PHASE_LOOP,    /* begin the first or next iteration, or the end */
    SP_PHASE_STEP,    /* begin the next step */
    SP_PHASE_RUN,     /* the step was announced: its preamble; hand out its task, or go inside */
    SP_PHASE_WAIT,    /* until sp_walk_done */
    SP_PHASE_INSIDE,  /* a nested recipe is on top */
    SP_PHASE_DONE,    /* the step has run: look at its outputs */
    SP_PHASE_SCATTER, /* the iterations are walks of their own: until all are back */
    SP_PHASE_LEAVE,
};

/* What a recipe keeps about one of its steps while it is under way. */
struct sp_step_state {
    struct sp_dict *params; /* raw values, aliases handed down; NULL: as in the node */
    struct sp_dict *info;   /* namespace `info`; NULL until it is needed */
};

struct sp_frame {
    struct sp_frame *outer;
    struct sp_frame *moved; /* renew.c: where it is now */
    struct sp_recipe_node *node;
    enum sp_phase phase;

    struct sp_dict *supplied; /* what the caller gave: raw (outermost) or validated */
    struct sp_dict *params;   /* own parameters, evaluated */
    struct sp_dict *vars;     /* namespace `recipe`: parameters and variables */
    struct sp_dict *results;  /* namespace `steps` */
    struct sp_dict *previous;
    struct sp_dict *info;
    struct sp_dict *log; /* opts.log as it stands in this recipe, not evaluated */
    struct sp_dict *own; /* defaults that assignments gave to own parameters before `params` */
    struct sp_scope scope;
    struct sp_step_state *states; /* one a step */
    bool stale;                   /* assignments must be evaluated again */
    bool entering;                /* own parameters are not evaluated yet */
    bool conditional;             /* whether it runs at all depends on a `skip` */
    bool vague;                   /* a step has run whose results are not all declared */

    /* the loop */
    const struct sp_list *over;    /* NULL: not a loop */
    size_t iteration;              /* from 0: of the next one, in SP_PHASE_LOOP */
    int64_t scatter;               /* 0: one after the other; so many at a time; -1: all */
    struct sp_frame *pristine;     /* scattered, but walked one after the other: before the first */
    struct sp_dict *config, *deep; /* of `pristine`: what the walk had then */
    struct sp_gather *gather;      /* SP_PHASE_SCATTER: what came back */
    struct sp_str worker;          /* counters of the scattered loops around: ".2.0" */
    struct sp_str taskname;        /* of the recipe, with the counters of its loops */
    struct sp_str loop_status;
    struct sp_dict *elements; /* output_elements so far: name -> list */

    /* the step under way */
    size_t step;
    const struct sp_cab *cab;        /* with the schema for its parameters; NULL for a recipe */
    struct sp_dict *step_params;     /* its parameters, evaluated */
    struct sp_dict *step_log;        /* opts.log for it */
    const struct sp_dict *shown_log; /* the same, evaluated; NULL until it is asked for */
    struct sp_list *make_dirs;
    bool failed; /* the step, when it comes to SP_PHASE_DONE */
};

struct sp_walk {
    struct sp_arena *base;    /* a forked walk shares it */
    struct sp_arena *arena;   /* see above */
    struct sp_arena *scratch; /* for what does not outlive a step; see sp_walk_scratch */
    size_t spare, live;       /* bytes: garbage allowed; in use when it was last renewed */
    struct sp_config *source; /* as it was given */
    struct sp_config *config; /* `view` once something is walked: assignments change it */
    struct sp_config view;
    struct sp_dict *deep;  /* set by assignments in steps of nested recipes: fqname -> mapping */
    struct sp_world world; /* what the language sees: knows what steps will make */
    const struct sp_world *outside; /* the world as it is */
    struct sp_diags *diags;
    const struct sp_offer *offers; /* may be NULL */
    const char *python;
    struct sp_eval_cache *cache;
    const struct sp_selection *selection; /* may be NULL */
    const struct sp_past *past;           /* may be NULL */
    sp_log_fn log;
    void *log_arg;
    enum sp_walk_mode mode;
    bool planning; /* see sp_walk_options */

    struct sp_nodes *nodes;
    struct sp_recipe_node *root;
    struct sp_dict *params;   /* own parameters of the outermost recipe from the command line */
    struct sp_dict *fixed;    /* variables set on the command line: assignments do not touch them */
    struct sp_dict *log_set;  /* log options set on the command line */
    struct sp_map fixed_step; /* "fqname.param" set on the command line */

    struct sp_frame *top;
    struct sp_dict *root_vars; /* namespace `root` */
    struct sp_map promised;    /* paths that steps before will make */
    struct sp_path_order promised_order;
    struct sp_map kinds;      /* paths looked at before a run -> what is there; see dryworld.c */
    struct sp_map real_paths; /* the same -> their absolute form */
    bool something_ran;       /* a step has pretended to run: files may appear */
    bool glob_was_empty;      /* set by `world` */
    bool passed_over;         /* dry: there are steps that were not looked at as CHECK does */
    size_t findings;          /* in diags, when it began */
    bool mistakes;            /* before a run: some step or recipe cannot run */
    bool over;
    bool parallel;
    struct sp_frame *fork; /* the loop of which this walk is one iteration, or NULL */
    size_t fork_index;
    bool finished; /* the iteration has ended well */

    struct sp_position position;
    struct sp_task task;
    struct sp_outcome outcome;
    struct sp_dict *found; /* copy of what wranglers found */
    char *why;             /* copy of the reason of a failure; owned */
};

/* Memory for the evaluation of one set of parameters: given back a few steps later, so that long
 * loops do not grow. What is to be kept must be copied. */
struct sp_arena *sp_walk_scratch(struct sp_walk *walk);

/* --- frame.c ------------------------------------------------------------------------------------
 */

/* Put a recipe on top. `supplied` is what the caller gave by name; it is kept. */
struct sp_frame *sp_frame_push(struct sp_walk *walk,
                               struct sp_recipe_node *node,
                               struct sp_dict *supplied);
void sp_frame_pop(struct sp_walk *walk);

/* Another one like `origin`, in which an iteration can do as it likes; not on top of anything. */
struct sp_frame *sp_frame_fork(struct sp_walk *walk, const struct sp_frame *origin);

/* The step under way. */
struct sp_step_node *sp_frame_step(const struct sp_frame *frame);

/* The schema that goes for its parameters. */
const struct sp_schema *sp_frame_schema(const struct sp_frame *frame);

/* The raw parameters of a step, the frame's own copy: may be changed. */
struct sp_dict *sp_frame_step_params(struct sp_walk *walk,
                                     struct sp_frame *frame,
                                     const struct sp_step_node *step);

/* Namespaces `info` and `self` tell of this step, or of the recipe itself (step NULL). */
void sp_frame_set_info(struct sp_walk *walk,
                       struct sp_frame *frame,
                       const struct sp_step_node *step);

/* For evaluation in the frame; CHECK and DRY are tolerant. */
struct sp_eval sp_frame_eval(struct sp_walk *walk, struct sp_frame *frame);

/* Set a parameter or variable of the recipe; "a.b" goes into the mapping `a` if there is no
 * parameter of that name. */
void sp_frame_set_var(struct sp_walk *walk,
                      struct sp_frame *frame,
                      struct sp_str name,
                      struct sp_value value);

/* Hand a value down to the steps that an alias stands for; UNSET takes it away. */
void sp_frame_push_alias(struct sp_walk *walk,
                         struct sp_frame *frame,
                         const struct sp_alias *alias,
                         struct sp_value value);

/* Fill walk->position for the recipe itself (step NULL) or a step of it. */
void sp_frame_locate(struct sp_walk *walk, struct sp_frame *frame, const struct sp_step_node *step);

/* Add a finding for a value that cannot be used; false for one that can. In CHECK and DRY what
 * only a run can know can be used. */
bool sp_frame_reject(struct sp_walk *walk,
                     struct sp_value value,
                     uint32_t origin,
                     const char *what);
