/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "recipe/params_internal.h"
#include "value/text.h"

#define SHOWN_MAX 12 /* choices in a hint */

/* Choices are written before dtypes are applied: 1 and "1" are the same choice. */
static bool is_choice(const struct sp_params_check *check,
                      const struct sp_list *choices,
                      struct sp_value value)
{
    SP_LIST_EACH(choice, choices)
    if (sp_value_eq(*choice, value) ||
        sp_str_eq(sp_value_text(check->arena, *choice), sp_value_text(check->arena, value)))
        return true;
    return false;
}

static void hint_choices(const struct sp_params_check *check,
                         const struct sp_list *choices,
                         struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_nearest nearest = SP_NEAREST(sp_value_text(check->arena, value));

    for (size_t i = 0; i < choices->len; i++) {
        struct sp_str choice = sp_value_text(check->arena, choices->items[i]);
        sp_nearest_offer(&nearest, choice);
        if (i < SHOWN_MAX)
            sp_buf_addf(&text, "%s" SP_STR_FMT, i ? ", " : "", SP_STR_ARG(choice));
    }
    if (choices->len > SHOWN_MAX)
        sp_buf_adds(&text, " ...");
    if (nearest.best.ptr)
        sp_diag_hint(check->diags, "did you mean '" SP_STR_FMT "'? The choices are %s",
                     SP_STR_ARG(nearest.best), text.ptr);
    else
        sp_diag_hint(check->diags, "the choices are %s", text.ptr);
}

static void report(const struct sp_params_check *check,
                   const struct sp_param *param,
                   const struct sp_value *value,
                   const char *what,
                   const struct sp_list *choices)
{
    sp_auto_buf struct sp_buf brief = SP_BUF(SP_BUF_SMALL);

    sp_value_brief(*value, 80, &brief);
    sp_diag_error(check->diags, SP_DIAG_CHOICE, sp_params_origin(check, param, value),
                  "'%s': invalid %s '%s'", sp_params_full_name(check, param), what, brief.ptr);
    hint_choices(check, choices, *value);
}

void sp_params_check_choices(const struct sp_params_check *check,
                             const struct sp_param *param,
                             struct sp_value value)
{
    if (!sp_is_value(value) || value.kind == SP_NULL)
        return;
    if (param->choices && !is_choice(check, param->choices, value))
        report(check, param, &value, "value", param->choices);
    if (!param->element_choices)
        return;
    if (!sp_is_list(value)) {
        if (!is_choice(check, param->element_choices, value))
            report(check, param, &value, "value", param->element_choices);
        return;
    }
    SP_LIST_EACH(item, value.list)
    if (sp_is_value(*item) && !is_choice(check, param->element_choices, *item))
        report(check, param, item, "list element", param->element_choices);
}
