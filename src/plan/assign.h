/* SPDX-License-Identifier: BSD-3-Clause */
/* assign.h - `assign` and `assign_based_on` of recipes and steps (spec stimela2.md 4.6).
 *
 * Both are sorted out once, when nodes are built: nested forms are flattened, each entry knows
 * what it addresses, and entries are put in an order in which each comes after those that its
 * formula refers to. Evaluating them is part of the walk.
 */
#pragma once

#include "base/map.h"

#include "lang/diag.h"
#include "value/value.h"

struct sp_recipe_node;
struct sp_step_node;
struct sp_nodes;
struct sp_frame;
struct sp_walk;

enum sp_assign_kind {
    SP_ASSIGN_VARIABLE, /* recipe.name */
    SP_ASSIGN_OWN,      /* an input or output of the recipe: its default */
    SP_ASSIGN_STEP,     /* label.param */
    SP_ASSIGN_CONFIG,   /* config.a.b */
    SP_ASSIGN_LOG,      /* log.name */
};

struct sp_assignment {
    enum sp_assign_kind kind;
    struct sp_str name;        /* as written, flattened: "config.opts.x" */
    struct sp_str key;         /* behind the prefix: "opts.x" */
    struct sp_step_node *step; /* SP_ASSIGN_STEP */
    struct sp_value value;     /* as written */
    uint32_t origin;
};

struct sp_assignment_list {
    struct sp_assignment *items;
    size_t len, capacity; /* arena */
};

struct sp_assign_case {
    struct sp_str label;
    struct sp_assignment_list list;
};

struct sp_assign_base {
    struct sp_str name;
    uint32_t origin;
    struct sp_assign_case *cases;
    size_t case_count;
};

struct sp_assignments {
    struct sp_assignment_list always;
    struct sp_assign_base *bases;
    size_t base_count;
    /* Something in here can change from one step to the next without any recipe parameter or
     * variable being changed: `info`, `previous`, files. */
    bool is_volatile;
};

/* Note every name that `assign` and `assign_based_on` may set; before aliases are joined. */
void sp_assign_collect(struct sp_nodes *nodes,
                       const struct sp_dict *assign,
                       const struct sp_dict *based_on,
                       struct sp_map *names);

/* Sort out both; after aliases were joined. Either may be NULL. */
void sp_assign_compile(struct sp_nodes *nodes,
                       struct sp_recipe_node *node,
                       const struct sp_dict *assign,
                       const struct sp_dict *based_on,
                       struct sp_assignments *out);

/* Evaluate and carry out: those of the recipe (at the start of a recipe, an iteration, a step), if
 * anything that they depend on may have changed; those of a step. False: there are errors in
 * diags. */
bool sp_assign_recipe(struct sp_walk *walk, struct sp_frame *frame);
bool sp_assign_step(struct sp_walk *walk, struct sp_frame *frame, const struct sp_step_node *step);
