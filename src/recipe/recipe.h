/* SPDX-License-Identifier: BSD-3-Clause */
/* recipe.h - ordered typed steps (spec stimela2.md 4.1, 4.2). Immutable definitions; a run keeps
 * its state in plan/walk. */
#pragma once

#include "recipe/cab.h"

struct sp_config;
struct sp_recipe;

enum sp_skip_if {
    SP_SKIP_NEVER,
    SP_SKIP_EXIST,
    SP_SKIP_FRESH,
    SP_SKIP_ASK /* skip_if_formula gives one of the above, as text */
};

struct sp_step {
    struct sp_str label;
    struct sp_cab *cab; /* exactly one of cab and recipe */
    struct sp_recipe *recipe;
    struct sp_str target; /* name as written after `cab:` or `recipe:`; empty for inline ones */
    const struct sp_dict *params; /* as written; may be NULL, as all dicts here */
    struct sp_str info;
    struct sp_value skip; /* as written; null: no */
    enum sp_skip_if skip_if_outputs;
    struct sp_value skip_if_formula;
    const struct sp_list *tags;
    const struct sp_dict *assign, *assign_based_on;
    struct sp_value backend;
    const struct sp_dict *preamble, *epilogue;
    uint32_t origin; /* of the label */
};

struct sp_for_loop {
    bool present;
    struct sp_str var;
    struct sp_value over; /* list, or the name of an input */
    int64_t scatter;      /* 0 one after another, -1 all at once, n at most n at once */
    struct sp_str display_status;
    const struct sp_dict *output_elements;
    uint32_t origin;
};

struct sp_recipe {
    struct sp_str name;  /* section name: full name of a top-level recipe */
    struct sp_str title; /* `name:` field, else the section name: for messages */
    struct sp_str info;
    const struct sp_dict *extra_info;
    struct sp_schema schema;        /* declared inputs and outputs, without aliases */
    const struct sp_dict *defaults; /* flattened */
    const struct sp_dict *assign, *assign_based_on;
    const struct sp_dict *aliases; /* flattened: alias -> list of target texts */
    struct sp_for_loop loop;
    struct sp_step *steps;
    size_t step_count;
    struct sp_value backend;
    struct sp_str dynamic_schema;
    const struct sp_dict *preamble, *epilogue;
    const struct sp_dict *written; /* all of it, as composed: for how it was written */
    uint32_t origin;
};

/* "exist" or "fresh", and nothing else. */
bool sp_skip_if_parse(struct sp_str text, enum sp_skip_if *out);

/* Build a recipe and, recursively, what its steps refer to. Findings go to config->diags; NULL
 * when `value` is not a mapping. A recipe that contains itself is a finding. The recipe belongs to
 * the configuration. */
struct sp_recipe *sp_recipe_load(struct sp_config *config,
                                 struct sp_str name,
                                 struct sp_value value);

/* Frees what is not in the arena. Accepts NULL. */
void sp_recipe_fini(struct sp_recipe *recipe);
