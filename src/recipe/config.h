/* SPDX-License-Identifier: BSD-3-Clause */
/* config.h - CONFIG: everything that was loaded, split by meaning (spec stimela2.md 1.1, 1.9,
 * 1.11).
 *
 * Composed documents are added in order; their top-level keys are `images`, `lib`, `cabs`, `opts`,
 * `vars`, `run` (configuration), `DEFAULT` (name of the default recipe or cab), and recipes. Cabs
 * and recipes are turned into typed objects only when somebody asks for them.
 */
#pragma once

#include "recipe/cab.h"
#include "recipe/recipe.h"

struct sp_config {
    struct sp_arena *arena;
    struct sp_diags *diags;
    struct sp_dict *root;       /* what `config.` sees: images lib cabs opts vars run */
    struct sp_map cabs;         /* name -> struct sp_cab *, those asked for so far */
    struct sp_map recipes;      /* name -> struct sp_recipe * */
    struct sp_list *top_level;  /* names of recipes found at top level, in order (texts) */
    struct sp_str default_name; /* DEFAULT, or empty */

    /* private */
    struct sp_map
        loading; /* recipes whose steps are being read: a recipe must not contain itself */
    struct sp_map owned_cabs; /* everything that was made, by a number: to be given back */
    struct sp_map owned_recipes;
};

void sp_config_init(struct sp_config *config, struct sp_arena *arena, struct sp_diags *diags);
void sp_config_fini(struct sp_config *config);

/* Add one composed document (a mapping). Findings: unknown sections, wrong types. */
void sp_config_add(struct sp_config *config, struct sp_value document);

/* The cab called `name`; NULL when there is none (no finding). */
struct sp_cab *sp_config_cab(struct sp_config *config, struct sp_str name);

/* A cab written inside a step; NULL as from sp_cab_load. The configuration gives it back. */
struct sp_cab *sp_config_inline_cab(struct sp_config *config,
                                    struct sp_str name,
                                    struct sp_value value);

/* A recipe was made; the configuration gives it back. For sp_recipe_load. */
void sp_config_own_recipe(struct sp_config *config, struct sp_recipe *recipe);

/* The recipe called `name`, or a dotted path from CONFIG ("lib.recipes.x"); NULL if none. */
struct sp_recipe *sp_config_recipe(struct sp_config *config, struct sp_str name);

/* A setting under `opts` ("log.dir" or "opts.log.dir"), or NULL. */
const struct sp_value *sp_config_option(const struct sp_config *config, const char *path);

/* Set a dotted setting ("opts.log.dir") as -s and -c do. SP_INVALID: no such section. */
enum sp_rc sp_config_set(struct sp_config *config,
                         struct sp_str path,
                         struct sp_value value,
                         struct sp_err *err) SP_MUST_USE;
