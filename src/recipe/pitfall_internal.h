/* SPDX-License-Identifier: BSD-3-Clause */
/* pitfall_internal.h - the search for pitfalls: its state, and its parts by what they look at. */
#pragma once

#include "recipe/pitfall.h"

struct sp_pitfalls {
    const struct sp_pitfall_search *search;
    struct sp_arena *arena;
    struct sp_str file;     /* of what is checked: notes are about this file only */
    struct sp_map seen;     /* recipes and cabs that were looked at */
    struct sp_map mentions; /* second names of references: "x" of recipe.x */
    struct sp_map suspects; /* variable -> struct sp_pitfall_suspect * */

    /* where the search is */
    const struct sp_recipe *recipe; /* NULL within a cab */
    const struct sp_schema *schema; /* what `current` is; may be NULL */
    bool binary;                    /* within a cab of flavour binary */
    bool conditions;                /* in a preamble or epilogue: True is a fine result */
    struct sp_map names;            /* everything that `recipe.` can have */
    struct sp_map labels;           /* of its steps -> struct sp_step * */
};

/* A variable that nearly has the name of an input. */
struct sp_pitfall_suspect {
    uint32_t origin;
    struct sp_str input;
};

/* Add a finding; its severity is that of its kind. False: this kind is not wanted here, and there
 * is nothing to give a hint on. */
bool sp_pitfall(struct sp_pitfalls *p,
                enum sp_diag_code code,
                uint32_t origin,
                const char *fmt,
                ...) SP_PRINTF(4, 5);

/* The same at byte `at` of the text of a value. */
uint32_t sp_pitfall_place(struct sp_pitfalls *p, struct sp_value text, size_t at, size_t length);

/* --- pitfall_formula.c: formulas, substitutions, and what was meant as one. Lists and mappings
 * are looked into. */
void sp_pitfall_value(struct sp_pitfalls *p, struct sp_value value);
void sp_pitfall_values(struct sp_pitfalls *p, const struct sp_dict *dict);
void sp_pitfall_hooks(struct sp_pitfalls *p,
                      const struct sp_dict *preamble,
                      const struct sp_dict *epilogue);

/* --- pitfall_name.c: "recipe.a-recipe.b" and the like. `text` is what the reference stands in,
 * `at` where it begins. */
struct sp_reference;
void sp_pitfall_name(struct sp_pitfalls *p, struct sp_value text, const struct sp_reference *ref);

/* --- pitfall_schema.c: inputs and outputs. `written` is the cab or recipe as composed, `policies`
 * those of the cab (or NULL). */
void sp_pitfall_schema(struct sp_pitfalls *p,
                       const struct sp_dict *written,
                       const struct sp_schema *schema,
                       const struct sp_policies *policies);

/* --- pitfall_step.c: what a step or its recipe sets. */
void sp_pitfall_step(struct sp_pitfalls *p, const struct sp_step *step);
void sp_pitfall_recipe(struct sp_pitfalls *p);
