/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/syntax.h"

struct place {
    struct sp_walk *walk;
    struct sp_str owner;
    const char *what;
};

static void check_text(const struct place *place, struct sp_value value)
{
    struct sp_eval_fault fault;

    if (sp_eval_check(place->walk->arena, value.text, &fault))
        return;
    sp_diag_error(place->walk->diags, SP_DIAG_FORMULA, value.origin,
                  "%s of '" SP_STR_FMT "': error parsing formula '" SP_STR_FMT "': " SP_STR_FMT
                  " (at character %zu)",
                  place->what, SP_STR_ARG(place->owner), SP_STR_ARG(value.text),
                  SP_STR_ARG(fault.message), fault.offset + 1);
}

static void check_value(const struct place *place, struct sp_value value)
{
    if (sp_is_text(value))
        check_text(place, value);
    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    check_value(place, *item);
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    check_value(place, entry->value);
}

static void check_dict(struct sp_walk *walk,
                       struct sp_str owner,
                       const char *what,
                       const struct sp_dict *dict)
{
    struct place place = { walk, owner, what };

    if (dict)
        SP_DICT_EACH(entry, dict)
    check_value(&place, entry->value);
}

static void check_recipe(struct sp_walk *walk, const struct sp_recipe_node *node)
{
    const struct sp_recipe *recipe = node->recipe;

    check_dict(walk, node->fqname, "preamble", recipe->preamble);
    check_dict(walk, node->fqname, "epilogue", recipe->epilogue);
    check_dict(walk, node->fqname, "output_elements", recipe->loop.output_elements);
    for (size_t i = 0; i < node->step_count; i++) {
        const struct sp_step_node *step = &node->steps[i];
        struct place place = { walk, step->fqname, "skip" };
        check_value(&place, step->step->skip);
        place.what = "skip_if_outputs";
        check_value(&place, step->step->skip_if_formula);
        check_dict(walk, step->fqname, "preamble", step->step->preamble);
        check_dict(walk, step->fqname, "epilogue", step->step->epilogue);
        if (step->recipe)
            check_recipe(walk, step->recipe);
    }
}

void sp_syntax_check(struct sp_walk *walk)
{
    check_recipe(walk, walk->root);
}
