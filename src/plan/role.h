/* SPDX-License-Identifier: BSD-3-Clause */
/* role.h - the paths of a task, by what it does with them (doc/design/store.md 1, 5).
 *
 *     sp_roles_collect(&request, &roles, &err);
 *     for (i < roles.len)  roles.items[i]     a path, once: read, written or changed
 *     for (i < roles.use_count) roles.uses[i] a place in a parameter that names one of them
 *
 * Rules
 *  1. A path (by its canonical name) has one role, the strongest of its uses: changing over writing
 *     over reading over hidden reading.
 *  2. A parameter changes what it names when it is `writable`, or when the same path is an input
 * and an output of the task. Other inputs are read, other outputs written.
 *  3. A word in a text that names something existing is taken for an input, unless the task writes
 * it or something inside it. What exists is what the world says; it should tell of the state that
 * the task is going to find, not of what later steps have left behind.
 *  4. In an image, words that lead out of the working directory are the tool's own business: they
 * mean what they mean there. So are directories that every box has of its own (plan/inside.h).
 *  5. Remote URIs are values, not paths. An input directory with `mkdir` is a place to put things
 *     in: a value, too.
 */
#pragma once

#include "plan/walk.h"
#include "recipe/effects.h"

enum sp_role_kind {
    SP_ROLE_HIDDEN, /* read; the cab says so, no parameter names it */
    SP_ROLE_READS,
    SP_ROLE_WRITES,
    SP_ROLE_MUTATES
};

struct sp_role {
    enum sp_role_kind kind;
    struct sp_str name; /* of its first use ("ms", "images[2]"); of hidden ones the path */
    struct sp_str path; /* as the task has it */
    struct sp_str real; /* canonical: links resolved, absolute */
    const struct sp_param *param; /* of the first use; NULL: hidden */
    bool is_output;               /* some output parameter names it */
    bool must_exist;              /* ... and it has to be there after the run */
    bool by_text;                 /* found only as a word in a text */
    bool by_table;                /* found only in the table that its first use names */
    bool is_place;                /* a directory whose contents have roles of their own */
    bool is_inside;               /* one of these: "dir/file" */
    /* Columns as declared, sorted; none: the whole table. */
    struct sp_str *reads, *writes;
    size_t read_count, write_count;
};

struct sp_role_use {
    struct sp_str name;           /* "ms", "images[2]" */
    const struct sp_param *param; /* NULL: hidden */
    size_t role;
    bool by_text; /* a word in a text, or in a table: the name says which */
};

struct sp_roles {
    struct sp_role *items; /* in order of their first use */
    size_t len;
    struct sp_role_use *uses; /* in order of the values */
    size_t use_count;
    struct sp_str unbounded;       /* why nobody can tell what the task depends on, for people: then
                                    * nothing is reused; empty: it can be told */
    size_t capacity, use_capacity; /* private */
};

struct sp_roles_request {
    struct sp_arena *arena;
    const struct sp_world *world;
    const struct sp_cab *cab;     /* task->cab: with the schema that goes */
    const struct sp_dict *values; /* before a run task->inputs, after it with task->outputs */
    const struct sp_effects *effects;
    bool in_image; /* it runs in an image */
};

/* Texts are copied into the arena; parameters are the cab's. */
void sp_roles_collect(const struct sp_roles_request *request, struct sp_roles *out);

/* The table of role `child` has its data in the one at `path`: whoever reads (writes) the one reads
 * (writes) the other. A role of its own, unless there is one; `roles` is as sp_roles_collect has
 * made it. */
void sp_roles_add_parent(const struct sp_roles_request *request,
                         struct sp_roles *roles,
                         size_t child,
                         struct sp_str path);

/* The directory of role `place` has something at `path`, relative to it: who reads the directory
 * reads that, who writes or changes the directory may change it. A role of its own, unless there is
 * one. `counts`: it is there when the task starts, and so in its key. */
void sp_roles_add_inside(const struct sp_roles_request *request,
                         struct sp_roles *roles,
                         size_t place,
                         struct sp_str path,
                         bool counts);

/* The role of a canonical path, or NULL. */
const struct sp_role *sp_roles_find(const struct sp_roles *roles, struct sp_str real);

/* task->inputs with the outputs of the ended task over them. */
struct sp_dict *sp_roles_values(struct sp_arena *arena, const struct sp_task *task);

/* Is the task's result something that can be reused? False, with the reason for people: it has
 * neither output nor mutation, or the cab says never, or what it depends on is not known. */
bool sp_roles_reusable(const struct sp_roles_request *request,
                       const struct sp_roles *roles,
                       struct sp_str *why);
