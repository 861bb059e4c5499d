/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/words.h"

#include "base/defs.h"

/* Keys that start with an underscore, handled while documents are composed. */
static const char *directive_name(size_t i)
{
    static const char *const names[] = { "_include", "_use", "_scrub", "_requires", "_contingent" };

    return i < SP_COUNT(names) ? names[i] : NULL;
}

static const struct sp_word_list lists[] = {
    { "directive", directive_name },
    { "section", sp_config_section_name },
    { "dtype", sp_dtype_name },
    { "field of a parameter", sp_param_field_name },
    { "path policy", sp_path_policy_name },
    { "policy", sp_policy_name },
    { "field of a cab", sp_cab_field_name },
    { "field of management", sp_management_field_name },
    { "field of recompute", sp_effects_field_name },
    { "field of recompute.columns", sp_column_field_name },
    { "flavour", sp_flavour_name },
    { "wrangler action", sp_wrangler_action_name },
    { "field of a recipe", sp_recipe_field_name },
    { "field of a step", sp_step_field_name },
    { "field of for_loop", sp_loop_field_name },
};

const struct sp_word_list *sp_word_lists(size_t *count)
{
    *count = SP_COUNT(lists);
    return lists;
}
