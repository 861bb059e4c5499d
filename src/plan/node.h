/* SPDX-License-Identifier: BSD-3-Clause */
/* node.h - recipes and steps put in their places.
 *
 * A recipe definition may be used by several steps; each use is a node with a full name, its own
 * parameter values, and a schema to which the parameters of its steps are joined through aliases
 * (spec stimela2.md 4.4, 4.7). The tree is built before anything is evaluated and then changes
 * only by values that a person or an assignment puts into steps.
 *
 * Rules
 *  1. A parameter of a step is driven by at most one alias of the enclosing recipe.
 *  2. Parameters of steps that nothing sets are parameters of the recipe, called "step.param".
 *     Those that are required stand in the schema from the start; the others are added when
 *     somebody names them, since tools have hundreds.
 */
#pragma once

#include "plan/assign.h"
#include "recipe/config.h"
#include "recipe/dynamic.h"

struct sp_step_node;
struct sp_recipe_node;

struct sp_alias_target {
    struct sp_step_node *step;
    struct sp_str param;
};

struct sp_alias {
    struct sp_str name;
    struct sp_alias_target *targets;
    size_t target_count;
    size_t target_capacity; /* private */
    bool is_output;
    bool is_implicit; /* the value comes from the step and is never handed down */
    bool relaxed;     /* was required, but only by steps that never run */
    uint32_t origin;
};

struct sp_step_node {
    const struct sp_step *step;
    struct sp_recipe_node *owner;
    struct sp_recipe_node *recipe; /* NULL for a cab */
    struct sp_str fqname;
    size_t index;                   /* within the owner, from 0 */
    const struct sp_cab *cab;       /* with the schema for what is written; NULL for a recipe */
    const struct sp_schema *schema; /* of the cab or nested recipe; empty when neither is there */
    const struct sp_dict *defaults; /* may be NULL */
    struct sp_dict *params;         /* flattened: as written, then what was put in from outside */
    struct sp_map aliases;          /* own parameter -> struct sp_alias * of the owner */
    struct sp_assignments assign;
    bool disabled; /* skipped whatever its `skip` says: for the selection of steps */
    bool unskip;   /* `skip` and `skip_if_outputs` do not count: likewise */
};

struct sp_recipe_node {
    const struct sp_recipe *recipe;
    struct sp_step_node *parent; /* the step that it is; NULL for the outermost */
    struct sp_str fqname;
    struct sp_schema schema; /* declared parameters and aliases */
    struct sp_dict *defaults;
    struct sp_step_node *steps;
    size_t step_count;
    struct sp_map by_label; /* label -> struct sp_step_node * */
    struct sp_map aliases;  /* name -> struct sp_alias * */
    struct sp_map assigned; /* names that some assignment may set: text only, values are not NULL */
    struct sp_assignments assign;
    bool bare; /* a cab that is run alone, as the only step of no recipe */
};

/* What building needs; one for a walk. */
struct sp_nodes {
    struct sp_arena *arena;
    struct sp_diags *diags;
    struct sp_dynamic *dynamic; /* for cabs whose schema depends on their parameters */
    size_t count; /* steps so far: recipes that contain each other twice grow exponentially */
};

/* Build the tree under `recipe`. Findings go to nodes->diags. NULL when there are too many steps.
 */
struct sp_recipe_node *sp_node_build(struct sp_nodes *nodes,
                                     const struct sp_recipe *recipe,
                                     struct sp_str fqname,
                                     struct sp_step_node *parent);

/* A cab as the only step of nothing. */
struct sp_recipe_node *sp_node_build_cab(struct sp_nodes *nodes, struct sp_cab *cab);

/* Give the tables of a tree back; the nodes are the arena's. Accepts NULL. */
void sp_nodes_fini(struct sp_recipe_node *root);

/* The parameter `name` of a step (recipe); one that only a nested step has is added to the schema
 * on the way. NULL when there is none. */
struct sp_param *sp_step_node_param(struct sp_nodes *nodes,
                                    struct sp_step_node *step,
                                    struct sp_str name);
struct sp_param *sp_recipe_node_param(struct sp_nodes *nodes,
                                      struct sp_recipe_node *node,
                                      struct sp_str name);

/* Does the schema of the step depend on a parameter whose value is not known before it is
 * evaluated? */
bool sp_step_node_is_vague(const struct sp_step_node *step, const struct sp_dict *params);

/* Choose the schema of a cab again: for these values besides those that are set. */
void sp_step_node_adapt(struct sp_nodes *nodes,
                        struct sp_step_node *step,
                        const struct sp_dict *params);

/* Set a parameter of a step, or of a step deeper down ("inner.param"). False: no such parameter. */
bool sp_step_node_set(struct sp_nodes *nodes,
                      struct sp_step_node *step,
                      struct sp_str name,
                      struct sp_value value);

/* The step with the longest label that `name` begins with, followed by a dot; *rest is what is
 * behind it. NULL when there is none. */
struct sp_step_node *sp_recipe_node_step(const struct sp_recipe_node *node,
                                         struct sp_str name,
                                         struct sp_str *rest);

/* Add every parameter of every step that nothing sets: for documentation and completion. */
void sp_recipe_node_expand(struct sp_nodes *nodes, struct sp_recipe_node *node);

/* Offer every name that a person could set. */
struct sp_nearest;
void sp_recipe_node_offer(const struct sp_recipe_node *node, struct sp_nearest *nearest);

/* A text that is evaluated: a formula or a substitution. */
bool sp_is_expression(struct sp_value value);
