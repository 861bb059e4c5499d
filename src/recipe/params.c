/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/params.h"

#include "base/nearest.h"

#include "recipe/missing.h"
#include "recipe/params_internal.h"
#include "value/text.h"

/* --- shared ------------------------------------------------------------------------------- */

const char *sp_params_full_name(const struct sp_params_check *check, const struct sp_param *param)
{
    return sp_arena_printf(check->arena, "%s%s" SP_STR_FMT, check->owner ? check->owner : "",
                           check->owner && *check->owner ? "." : "", SP_STR_ARG(param->name))
        .ptr;
}

uint32_t sp_params_origin(const struct sp_params_check *check,
                          const struct sp_param *param,
                          const struct sp_value *value)
{
    if (value && value->origin)
        return value->origin;
    return check->origin ? check->origin : param->origin;
}

bool sp_params_selected(const struct sp_params_check *check, const struct sp_param *param)
{
    unsigned flags = check->flags;
    bool first = !param->is_output || sp_param_is_named_output(param);

    if (!(flags & (SP_PARAMS_INPUTS | SP_PARAMS_OUTPUTS)))
        return true;
    if (first && (flags & SP_PARAMS_INPUTS))
        return true;
    bool after_run = flags & SP_PARAMS_OUTPUTS_EXIST;
    return (flags & SP_PARAMS_OUTPUTS) && (!first || (after_run && param->is_output));
}

static const struct sp_param *selected_param(const struct sp_params_check *check,
                                             struct sp_str name)
{
    const struct sp_param *param = sp_schema_find(check->schema, name);

    return param && sp_params_selected(check, param) ? param : NULL;
}

/* --- names -------------------------------------------------------------------------------- */

static void report_unknown(const struct sp_params_check *check, const struct sp_dict_entry *entry)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);
    const char *dot = check->owner && *check->owner ? "." : "";

    SP_MAP_EACH (known, &check->schema->params)
        sp_nearest_offer(&nearest, known->key);
    sp_diag_error(check->diags, SP_DIAG_UNKNOWN_PARAM,
                  entry->origin ? entry->origin : check->origin,
                  "unknown parameter '%s%s" SP_STR_FMT "'", check->owner ? check->owner : "", dot,
                  SP_STR_ARG(entry->key));
    if (!check->doc_name) {
        sp_diag_hint_nearest(check->diags, &nearest);
    } else if (nearest.best.ptr) {
        sp_diag_hint(check->diags,
                     "did you mean '" SP_STR_FMT "'? ('spoor doc %s' shows all parameters)",
                     SP_STR_ARG(nearest.best), check->doc_name);
    } else {
        sp_diag_hint(check->diags, "'spoor doc %s' shows all parameters", check->doc_name);
    }
}

static void check_names(const struct sp_params_check *check, const struct sp_dict *params)
{
    SP_DICT_EACH(entry, params)
    if (!sp_schema_find(check->schema, entry->key))
        report_unknown(check, entry);
}

/* --- implicit values and defaults --------------------------------------------------------- */

/* What stands there may be the outcome of an earlier validation, which keeps the origin. */
static bool is_supplied(const struct sp_params_check *check,
                        const struct sp_param *param,
                        const struct sp_value *value)
{
    if (!(check->flags & SP_PARAMS_UNKNOWN) || !value || !sp_is_value(*value))
        return false;
    if (value->origin && value->origin == param->implicit.origin)
        return false;
    return !sp_value_eq(*value, param->implicit);
}

static void set_implicits(const struct sp_params_check *check, struct sp_dict *params)
{
    SP_MAP_EACH (entry, &check->schema->params) {
        const struct sp_param *param = entry->value;
        if (!param->has_implicit || !sp_params_selected(check, param))
            continue;
        const struct sp_dict_entry *given = sp_dict_entry_of(params, param->name);
        if (is_supplied(check, param, given ? &given->value : NULL)) {
            sp_diag_error(check->diags, SP_DIAG_IMPLICIT,
                          given->value.origin ? given->value.origin : given->origin,
                          "implicit parameter %s was supplied explicitly",
                          sp_params_full_name(check, param));
            sp_diag_hint(check->diags, "its value follows from the other parameters; remove it");
        }
        sp_dict_set(check->arena, params, param->name, param->implicit);
    }
}

static const struct sp_value *default_of(const struct sp_params_check *check,
                                         const struct sp_param *param)
{
    const struct sp_value *own =
        check->defaults ? sp_dict_find(check->defaults, param->name) : NULL;

    if (own)
        return own;
    return param->has_default ? &param->default_value : NULL;
}

/* All defaults of the selected parameters; those not supplied are added to `params`. */
static struct sp_dict *add_defaults(const struct sp_params_check *check, struct sp_dict *params)
{
    struct sp_dict *defaults = sp_dict_new(check->arena).dict;

    SP_MAP_EACH (entry, &check->schema->params) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = default_of(check, param);
        if (!value || param->has_implicit || !sp_params_selected(check, param))
            continue;
        sp_dict_set(check->arena, defaults, param->name, *value);
        if (!sp_dict_find(params, param->name))
            sp_dict_set(check->arena, params, param->name, *value);
    }
    return defaults;
}

/* --- evaluation --------------------------------------------------------------------------- */

/* A path, or a list of them, that was validated before. */
static bool is_settled(struct sp_value value)
{
    if (!sp_is_list(value))
        return value.kind == SP_PATH;
    SP_LIST_EACH(item, value.list)
    if (item->kind != SP_PATH)
        return false;
    return value.list->len > 0;
}

static void evaluate(const struct sp_params_check *check,
                     struct sp_eval *eval,
                     struct sp_dict *params,
                     const struct sp_dict *defaults)
{
    struct sp_dict *part = sp_dict_new(check->arena).dict;

    SP_DICT_EACH(entry, params)
    if (selected_param(check, entry->key) && !is_settled(entry->value))
        sp_dict_set_at(check->arena, part, entry->key, entry->origin, entry->value);
    struct sp_dict *names = sp_dict_clone(check->arena, part);
    sp_eval_params(eval, part, defaults);
    SP_DICT_EACH(entry, names)
    {
        const struct sp_value *value = sp_dict_find(part, entry->key);
        if (value)
            sp_dict_set(check->arena, params, entry->key, *value);
        else
            (void)sp_dict_remove(check->arena, params, entry->key);
    }
}

static void report_no_value(const struct sp_params_check *check,
                            const struct sp_eval *eval,
                            const struct sp_param *param,
                            const struct sp_value *value)
{
    static const struct {
        enum sp_diag_code code;
        const char *what;
    } reports[] = {
        [SP_MISSING] = { SP_DIAG_SUBSTITUTION, "" },
        [SP_UNRESOLVED] = { SP_DIAG_SUBSTITUTION, "unresolved {}-substitution(s): " },
        [SP_SKIPPED] = { SP_DIAG_EVALUATION, "not available, because a step was skipped: " },
        [SP_ERROR] = { SP_DIAG_EVALUATION, "" },
    };

    if (!(check->flags & SP_PARAMS_STRICT) || (value->kind == SP_UNRESOLVED && eval->tolerant))
        return;
    if ((size_t)value->kind >= SP_COUNT(reports) || !reports[value->kind].what)
        return;
    sp_diag_error(check->diags, reports[value->kind].code, sp_params_origin(check, param, value),
                  "'%s': %s" SP_STR_FMT, sp_params_full_name(check, param),
                  reports[value->kind].what, SP_STR_ARG(value->text));
    if (value->kind == SP_MISSING && param->required != SP_YES &&
        sp_str_find_str(value->text, SP_STR("did you mean")) == SIZE_MAX)
        sp_diag_hint(check->diags, "IFSET(...) around it leaves the parameter out instead");
}

static void settle(const struct sp_params_check *check,
                   const struct sp_eval *eval,
                   struct sp_dict *params)
{
    SP_DICT_EACH(entry, params)
    {
        const struct sp_param *param = selected_param(check, entry->key);
        struct sp_value *value = &entry->value;
        if (!param || sp_is_value(*value) || value->kind == SP_UNSET)
            continue;
        report_no_value(check, eval, param, value);
        if (value->kind == SP_MISSING || value->kind == SP_ERROR)
            value->kind = SP_UNRESOLVED;
    }
}

/* --- required ----------------------------------------------------------------------------- */

static bool is_wanted(const struct sp_params_check *check, const struct sp_param *param)
{
    if (param->required != SP_YES || !sp_params_selected(check, param))
        return false;
    /* Only a run can give the value of an output that is not named by the caller. */
    return !param->is_output || sp_param_is_named_output(param) ||
           (check->flags & SP_PARAMS_OUTPUTS_EXIST);
}

static void check_required(const struct sp_params_check *check, const struct sp_dict *params)
{
    sp_auto_missing_params struct sp_missing_params missing = SP_MISSING_PARAMS;
    const struct sp_param *first = NULL;

    SP_MAP_EACH (entry, &check->schema->params) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = sp_dict_find(params, param->name);
        if ((value && value->kind != SP_UNSET) || !is_wanted(check, param))
            continue;
        sp_missing_params_add(&missing, param);
        first = first ? first : param;
    }
    if (!first)
        return;
    sp_diag_error(check->diags, SP_DIAG_MISSING_PARAM,
                  check->origin ? check->origin : first->origin,
                  "%s%smissing required parameters: %s", check->owner ? check->owner : "",
                  check->owner && *check->owner ? ": " : "", missing.names.ptr);
    sp_diag_hint(check->diags, "%s", missing.hint.ptr);
}

/* --- values ------------------------------------------------------------------------------- */

/* A null that the schema itself gives as default says "nothing" whatever the type is. */
static bool is_default_null(const struct sp_params_check *check,
                            const struct sp_param *param,
                            struct sp_value value)
{
    const struct sp_value *known = default_of(check, param);

    return value.kind == SP_NULL && known && known->kind == SP_NULL;
}

static bool coerce(const struct sp_params_check *check,
                   const struct sp_param *param,
                   struct sp_value *value)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value result;

    if (sp_dtype_coerce(check->arena, param->dtype, *value, &result, &err)) {
        sp_diag_error(check->diags, SP_DIAG_VALUE, sp_params_origin(check, param, value),
                      "'%s': %s", sp_params_full_name(check, param), err.text);
        return false;
    }
    *value = result;
    if (!sp_param_is_file_type(param))
        sp_params_rewrite_paths(check, value);
    return true;
}

static void check_value(struct sp_params_check *check,
                        const struct sp_param *param,
                        struct sp_value *value)
{
    if (!sp_is_value(*value) || is_default_null(check, param, *value))
        return;
    bool ok = !sp_param_is_file_type(param) || sp_params_check_paths(check, param, value);
    if (!ok || !coerce(check, param, value)) {
        *value = sp_at(sp_no_value(check->arena, SP_UNRESOLVED, "invalid value"), value->origin);
        return;
    }
    sp_params_check_choices(check, param, *value);
    if ((check->flags & SP_PARAMS_MKDIR) && param->is_output && sp_param_is_file_type(param))
        sp_params_collect_dirs(check, param, *value);
}

size_t sp_params_validate(struct sp_params_check *check,
                          struct sp_eval *eval,
                          struct sp_dict *params)
{
    size_t errors = check->diags->errors;
    struct sp_namespace *current = sp_scope_find(eval->scope, SP_STR("current"));
    struct sp_dict *outer = current ? current->dict : NULL;

    if (check->flags & SP_PARAMS_UNKNOWN)
        check_names(check, params);
    sp_scope_set(eval->scope, "current", params, true);
    set_implicits(check, params);
    evaluate(check, eval, params, add_defaults(check, params));
    settle(check, eval, params);
    if (check->flags & SP_PARAMS_REQUIRED)
        check_required(check, params);
    SP_DICT_EACH(entry, params)
    {
        const struct sp_param *param = selected_param(check, entry->key);
        if (param)
            check_value(check, param, &entry->value);
    }
    if (outer)
        sp_scope_set(eval->scope, "current", outer, true);
    return check->diags->errors - errors;
}
