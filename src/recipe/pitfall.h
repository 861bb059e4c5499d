/* SPDX-License-Identifier: BSD-3-Clause */
/* pitfall.h - what is valid, but hardly what was meant, or means something else in Stimela.
 *
 * A look at the definitions as they are written: parameters, formulas, steps. Nothing is
 * evaluated, so that a finding does not depend on the values of a run. Each kind has a code
 * R07xx (lang/diag.h). Linear in the size of the recipe.
 *
 * Warnings say that something does not do what it seems to do. Notes say that it works here and
 * not in Stimela; they are only about what stands in the file of the recipe or cab itself, not
 * about the libraries that it includes.
 */
#pragma once

#include "recipe/config.h"

enum sp_pitfall_flags {
    SP_PITFALLS_RESULTS = 1 << 0, /* those that make results wrong */
    SP_PITFALLS_OTHER = 1 << 1,   /* all others */
};

struct sp_pitfall_search {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags *diags;         /* where findings go */
    const struct sp_recipe *recipe; /* exactly one of recipe and cab */
    const struct sp_cab *cab;
    const struct sp_dict *params;   /* from the command line; may be NULL */
    const struct sp_dict *settings; /* `opts`: may refer to variables; may be NULL */
    unsigned flags;
};

void sp_pitfalls_find(const struct sp_pitfall_search *search);
