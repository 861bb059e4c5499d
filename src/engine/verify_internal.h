/* SPDX-License-Identifier: BSD-3-Clause */
/* verify_internal.h - what the files of verify share. */
#pragma once

#include "engine/product.h"
#include "engine/rerun.h"
#include "engine/supply.h"
#include "engine/taskrun.h"
#include "engine/verify.h"
#include "exec/backend.h"
#include "recipe/effects.h"

struct sp_verify {
    const struct sp_verify_options *options;
    struct sp_verify_result *out;
    struct sp_arena *arena;
    struct sp_rerun *rerun;
    struct sp_session session;
    struct sp_supplier supplier;
    struct sp_effects_library library;
    struct sp_map steps; /* task -> const struct sp_step_summary * */
    struct sp_str dir;   /* .spoor/verify, absolute */
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    struct sp_taskrun *task; /* under way; NULL: none */
    bool done;
};

/* One path of the task, and where it is in the scratch directory. */
struct sp_replica {
    struct sp_role role;
    struct sp_str place; /* absolute; where it is in the workspace for what is read in place */
    bool in_place;
    struct sp_tree before; /* what lstat says of the real one */
};

/* One step that is verified. */
struct sp_trial {
    struct sp_verify *verify;
    struct sp_arena *arena;
    const struct sp_action *action;
    const struct sp_step_summary *step;
    const struct sp_product *product;
    const struct sp_effects *effects;
    struct sp_replica *replicas;
    size_t len;
    struct sp_str work; /* stands for the workspace */
    enum sp_sameness outcome;
    double relative;
    size_t compared;
    const char *failed;  /* why the tool failed */
    const char *unknown; /* why it cannot be told */
    struct sp_list *lines;
};

/* verify_scratch.c: make the scratch directory; false: trial->unknown says why not. */
bool sp_trial_prepare(struct sp_trial *trial);

/* The trial cannot be held, and why; always false. */
bool sp_trial_give_up(struct sp_trial *trial, struct sp_str why);

/* Is the path in the directory `dir`? */
bool sp_trial_is_below(struct sp_str path, struct sp_str dir);

/* What is at this canonical path is read there: false (given up) when the record does not have it,
 * or it is no longer what it was then. */
bool sp_trial_stays(struct sp_trial *trial, struct sp_str real);

struct sp_copy {
    struct sp_str real;  /* where it was in the run */
    struct sp_str place; /* where the copy is */
    bool changes;        /* the step writes to it */
};

/* verify_links.c: let what leads out of the copy lead to the right place; false: given up. */
bool sp_trial_check_copy(struct sp_trial *trial, const struct sp_copy *copy);

/* A text of the command line or the environment with places of the scratch directory in it. */
struct sp_str sp_trial_translate(const struct sp_trial *trial, struct sp_str text);

/* Where something lies that the task names, or the record. */
struct sp_str sp_trial_place(const struct sp_trial *trial, struct sp_str role, struct sp_str path);

/* verify_outcome.c: compare what has come out. */
void sp_trial_judge(struct sp_trial *trial, const struct sp_dict *values);

/* What is told of it. */
struct sp_dict *sp_trial_event(struct sp_trial *trial);
