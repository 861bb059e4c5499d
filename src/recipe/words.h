/* SPDX-License-Identifier: BSD-3-Clause */
/* words.h - the words of the recipe language: for `spoor help --words`, the manual and editors.
 *
 * Each comes from the table that the program itself reads recipes with, so none can be missing.
 */
#pragma once

#include <stddef.h>

struct sp_word_list {
    const char *kind;              /* "field of a cab" */
    const char *(*word)(size_t i); /* NULL behind the last */
};

/* All lists, and how many in *count. */
const struct sp_word_list *sp_word_lists(size_t *count);

/* --- what the tables know, each beside its table ------------------------------------------- */

const char *sp_cab_field_name(size_t i);
const char *sp_management_field_name(size_t i);
const char *sp_effects_field_name(size_t i);
const char *sp_column_field_name(size_t i);
const char *sp_flavour_name(size_t i);
const char *sp_recipe_field_name(size_t i);
const char *sp_step_field_name(size_t i);
const char *sp_loop_field_name(size_t i);
const char *sp_param_field_name(size_t i);
const char *sp_path_policy_name(size_t i);
const char *sp_policy_name(size_t i);
const char *sp_dtype_name(size_t i);
const char *sp_wrangler_action_name(size_t i);
const char *sp_config_section_name(size_t i);
