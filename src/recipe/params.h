/* SPDX-License-Identifier: BSD-3-Clause */
/* params.h - a set of parameter values checked against a schema (spec stimela2.md 2.6-2.8). */
#pragma once

#include "lang/eval.h"
#include "recipe/schema.h"

enum sp_params_flags {
    SP_PARAMS_UNKNOWN = 1 << 0,       /* unknown names are findings */
    SP_PARAMS_REQUIRED = 1 << 1,      /* missing required ones are findings */
    SP_PARAMS_INPUTS_EXIST = 1 << 2,  /* input files must be there unless must_exist is false */
    SP_PARAMS_OUTPUTS_EXIST = 1 << 3, /* outputs with must_exist must be there */
    SP_PARAMS_MKDIR = 1 << 4,         /* collect the directories to make */
    SP_PARAMS_STRICT = 1 << 5,        /* what cannot be evaluated is a finding */
    SP_PARAMS_INPUTS = 1 << 6,        /* look at inputs and named outputs */
    /* Look at the other outputs; with OUTPUTS_EXIST (after a run) at all outputs, and a required
     * one that the run should have given a value is missed as well. Neither INPUTS nor OUTPUTS
     * means both. */
    SP_PARAMS_OUTPUTS = 1 << 7,
    /* Something runs before, which may make files that it does not declare: an input that is not
     * there is a warning. */
    SP_PARAMS_MAY_APPEAR = 1 << 8,
};

struct sp_params_check {
    struct sp_arena *arena;
    const struct sp_world *world;
    struct sp_diags *diags;
    const struct sp_schema *schema;
    const struct sp_dict *defaults; /* of the cab or recipe, flattened; beats the schema's */
    const char *owner;              /* full name for messages: "demo.image" */
    unsigned flags;
    /* Paths that earlier steps will make: count as existing although they are not there yet.
     * Text keys; may be NULL. */
    const struct sp_map *promised;
    /* Filled for SP_PARAMS_MKDIR: texts, may be NULL before. */
    struct sp_list *make_dirs;
    /* Where to point for what is not there: the step or command line; 0: the schema. */
    uint32_t origin;
    /* What to give to `spoor doc` to see the parameters; NULL: not said. */
    const char *doc_name;
};

/* Fill in implicit values and defaults, evaluate (eval->scope's `current` is set to `params`
 * while this runs), normalise paths, coerce to dtypes, check choices and existence. `params` is
 * changed in place: results, in order; what cannot be known yet, or is in error, becomes
 * UNRESOLVED. With STRICT, UNRESOLVED is an error too unless eval->tolerant. Paths that were
 * validated before are not evaluated again. Returns the number of errors added to diags. */
size_t sp_params_validate(struct sp_params_check *check,
                          struct sp_eval *eval,
                          struct sp_dict *params);

/* One path as the language rewrites it (spec 2.6 step 3): "~" expanded, links resolved, relative
 * to cwd when inside it. Remote URIs are returned as they are with *remote true. */
struct sp_str sp_path_normalise(struct sp_arena *arena,
                                const struct sp_world *world,
                                struct sp_str text,
                                bool *remote);
