/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/passage.h"

#include "plan/hooks.h"
#include "plan/literal.h"
#include "plan/refs.h"
#include "plan/validate.h"
#include "recipe/missing.h"

/* --- in ---------------------------------------------------------------------------------- */

static const struct sp_value *default_of(const struct sp_frame *frame, const struct sp_param *param)
{
    const struct sp_value *value = sp_dict_find(frame->own, param->name);

    if (!value)
        value = sp_dict_find(frame->node->defaults, param->name);
    if (!value && param->has_default)
        value = &param->default_value;
    return value;
}

/* "3" of an int is the number, as far as that can be told already. */
static struct sp_value as_declared(struct sp_walk *walk,
                                   const struct sp_param *param,
                                   struct sp_value value)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value coerced;

    if (!param->dtype || sp_is_expression(value) ||
        sp_dtype_coerce(walk->arena, param->dtype, value, &coerced, &err))
        return value;
    return sp_at(coerced, value.origin);
}

/* Before evaluation the namespace holds what was written, so that assignments can refer to it. */
static void set_raw_vars(struct sp_walk *walk, struct sp_frame *frame)
{
    SP_MAP_EACH (entry, &frame->node->schema.params) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = sp_dict_find(frame->supplied, param->name);
        if (!value)
            value = default_of(frame, param);
        if (value && value->kind != SP_UNSET)
            sp_dict_set(walk->arena, frame->vars, param->name, as_declared(walk, param, *value));
    }
}

static void set_fixed_vars(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_eval eval = sp_frame_eval(walk, frame);

    if (frame->outer)
        return;
    eval.tolerant = true;
    SP_DICT_EACH(entry, walk->fixed)
    sp_frame_set_var(walk, frame, entry->key, sp_eval_value(&eval, entry->value));
    SP_DICT_EACH(option, walk->log_set)
    sp_dict_set(walk->arena, frame->log, option->key, option->value);
}

static void set_vars(struct sp_walk *walk, struct sp_frame *frame)
{
    SP_MAP_EACH (entry, &frame->node->schema.params) {
        const struct sp_value *value = sp_dict_find(frame->params, entry->key);
        if (value)
            sp_dict_set(walk->arena, frame->vars, entry->key, *value);
        else
            (void)sp_dict_remove(walk->arena, frame->vars, entry->key);
    }
}

static struct sp_dict *merged_defaults(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct sp_dict *defaults = sp_dict_clone(walk->arena, frame->node->defaults);

    SP_DICT_EACH(entry, frame->own)
    sp_dict_set_at(walk->arena, defaults, entry->key, entry->origin, entry->value);
    return defaults;
}

/* What depends on a missing parameter is not a mistake of its own. */
static void stand_in(struct sp_walk *walk, struct sp_frame *frame, const struct sp_param *param)
{
    sp_dict_set(walk->arena, frame->params, param->name,
                sp_no_value(walk->arena, SP_UNRESOLVED, "'" SP_STR_FMT "' is missing",
                            SP_STR_ARG(param->name)));
}

/* Required parameters that are missing but not missed, since no step runs that needs them. */
static void note_unneeded(struct sp_walk *walk, const struct sp_frame *frame)
{
    sp_auto_missing_params struct sp_missing_params missing = SP_MISSING_PARAMS;

    SP_MAP_EACH (entry, &frame->node->aliases) {
        const struct sp_alias *alias = entry->value;
        const struct sp_param *param = sp_schema_find(&frame->node->schema, alias->name);
        if (alias->relaxed && param && !sp_dict_find(frame->params, alias->name))
            sp_missing_params_add(&missing, param);
    }
    if (!missing.count)
        return;
    sp_diag_note(walk->diags, SP_DIAG_MISSING_PARAM, frame->node->recipe->origin,
                 "only steps that are skipped or not selected need: %s", missing.names.ptr);
}

static bool missing_params(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_recipe *recipe = frame->node->recipe;
    sp_auto_missing_params struct sp_missing_params missing = SP_MISSING_PARAMS;

    SP_MAP_EACH (entry, &frame->node->schema.params) {
        const struct sp_param *param = entry->value;
        bool wanted = !param->is_output || sp_param_is_named_output(param);
        if (param->required != SP_YES || !wanted || param->has_implicit ||
            sp_dict_find(frame->params, param->name))
            continue;
        sp_missing_params_add(&missing, param);
        stand_in(walk, frame, param);
    }
    note_unneeded(walk, frame);
    if (!missing.count)
        return false;
    /* Of several, none is the place. */
    sp_diag_error(walk->diags, SP_DIAG_MISSING_PARAM,
                  missing.count == 1 ? missing.origin : recipe->origin,
                  "recipe '" SP_STR_FMT "' is missing %zu required parameter(s): %s",
                  SP_STR_ARG(frame->node->fqname), missing.count, missing.names.ptr);
    sp_diag_hint(walk->diags, "%s", missing.hint.ptr);
    return true;
}

#define CIRCLE_MAX 50 /* names in a circle */

/* Does a formula need the value of `name`, maybe through others that are not evaluated yet? */
static bool needs(struct sp_walk *walk,
                  const struct sp_frame *frame,
                  struct sp_value value,
                  struct sp_str name,
                  unsigned depth)
{
    struct sp_list *refs = sp_list_new(walk->arena).list;

    if (depth > CIRCLE_MAX || !sp_is_expression(value) || sp_refs_is_guarded(value.text))
        return false;
    sp_eval_references(walk->arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    {
        struct sp_str inner = ref->text;
        if (!sp_str_starts(inner, "recipe."))
            continue;
        inner = sp_str_slice(inner, strlen("recipe."), inner.len);
        const struct sp_value *next = sp_dict_find(frame->vars, inner);
        if (sp_str_eq(inner, name) || (next && !sp_str_eq(next->text, value.text) &&
                                       needs(walk, frame, *next, name, depth + 1)))
            return true;
    }
    return false;
}

/* Said here, where names are known; what evaluation makes of it would say less. */
static const struct sp_dict *without_circles(struct sp_walk *walk,
                                             const struct sp_frame *frame,
                                             const struct sp_dict *supplied)
{
    struct sp_dict *raw = sp_dict_clone(walk->arena, supplied);

    SP_MAP_EACH (entry, &frame->node->schema.params) {
        const struct sp_value *value = sp_dict_find(frame->vars, entry->key);
        if (!value || !sp_is_text(*value) || !needs(walk, frame, *value, entry->key, 0))
            continue;
        sp_diag_error(walk->diags, SP_DIAG_EVALUATION, value->origin,
                      "'" SP_STR_FMT "." SP_STR_FMT
                      "': self-referencing formula or substitution: it needs its own value",
                      SP_STR_ARG(frame->node->fqname), SP_STR_ARG(entry->key));
        sp_dict_set(walk->arena, raw, entry->key,
                    sp_no_value(walk->arena, SP_UNRESOLVED, "a circle of formulas"));
    }
    return raw;
}

/* Own parameters of the outermost recipe, or of a nested one whose assignments changed defaults. */
static bool validate(struct sp_walk *walk, struct sp_frame *frame, const struct sp_dict *raw)
{
    struct sp_validation validation = {
        .schema = &frame->node->schema,
        .defaults = merged_defaults(walk, frame),
        .owner = frame->node->fqname,
        .raw = raw,
        .params = frame->params,
        .origin = frame->node->recipe->origin,
        .conditional = frame->conditional,
        .is_recipe = true,
    };
    bool valid = sp_validate_before(walk, frame, &validation);
    if (!frame->outer && walk->mode != SP_MODE_RUN)
        valid = !missing_params(walk, frame) && valid;
    return valid;
}

static const struct sp_dict *with_own(struct sp_walk *walk,
                                      const struct sp_frame *frame,
                                      const struct sp_dict *validated)
{
    struct sp_dict *raw = sp_dict_clone(walk->arena, validated);

    SP_DICT_EACH(entry, frame->own)
    sp_dict_set_at(walk->arena, raw, entry->key, entry->origin, entry->value);
    return raw;
}

static void push_aliases(struct sp_walk *walk, struct sp_frame *frame)
{
    SP_MAP_EACH (entry, &frame->node->aliases) {
        const struct sp_value *value = sp_dict_find(frame->params, entry->key);
        const struct sp_value *given = sp_dict_find(frame->supplied, entry->key);
        if (value)
            sp_frame_push_alias(walk, frame, entry->value, *value);
        else if (given && given->kind == SP_UNSET)
            sp_frame_push_alias(walk, frame, entry->value, *given);
    }
}

bool sp_passage_enter(struct sp_walk *walk, struct sp_frame *frame, const struct sp_dict *validated)
{
    bool ok = true;

    sp_frame_set_info(walk, frame, NULL);
    frame->params = sp_dict_new(walk->arena).dict;
    if (frame->node->bare) {
        frame->entering = false;
        return true;
    }
    if (validated) {
        frame->params = sp_dict_clone(walk->arena, validated);
        set_vars(walk, frame);
    } else {
        set_raw_vars(walk, frame);
    }
    set_fixed_vars(walk, frame);
    ok = sp_assign_recipe(walk, frame);
    if (!validated)
        ok = validate(walk, frame, without_circles(walk, frame, frame->supplied)) && ok;
    else if (frame->own->len)
        ok = validate(walk, frame, with_own(walk, frame, validated)) && ok;
    sp_scope_set(&frame->scope, "current", frame->params, true);
    set_vars(walk, frame);
    frame->entering = false;
    frame->stale = true;
    if (!validated)
        ok = sp_assign_recipe(walk, frame) && ok; /* now with the parameters as declared */
    push_aliases(walk, frame);
    if (ok && !frame->outer)
        ok = sp_hooks_recipe(walk, frame, "preamble", frame->node->recipe->preamble);
    return ok;
}

/* --- out ----------------------------------------------------------------------------------- */

static struct sp_dict *outputs_of(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct sp_dict *outputs = sp_dict_new(walk->arena).dict;

    SP_DICT_EACH(entry, frame->params)
    {
        const struct sp_param *param = sp_schema_find(&frame->node->schema, entry->key);
        if (param && param->is_output && entry->value.kind != SP_UNSET)
            sp_dict_set_at(walk->arena, outputs, entry->key, entry->origin, entry->value);
    }
    return outputs;
}

/* An output of a step that was skipped is an error only for who uses it. */
static void take_out_skipped(struct sp_walk *walk, struct sp_frame *frame, struct sp_dict *skipped)
{
    for (size_t i = frame->params->len; i-- > 0;) {
        const struct sp_dict_entry *entry = &frame->params->entries[i];
        if (entry->value.kind != SP_SKIPPED)
            continue;
        sp_dict_set(walk->arena, skipped, entry->key, entry->value);
        (void)sp_dict_remove(walk->arena, frame->params, entry->key);
    }
}

/* Outputs are values, however much one may look like an expression. */
static void quote_outputs(struct sp_walk *walk, struct sp_frame *frame)
{
    SP_DICT_EACH(entry, frame->params)
    {
        const struct sp_param *param = sp_schema_find(&frame->node->schema, entry->key);
        if (param && param->is_output)
            entry->value = sp_literal(walk->arena, entry->value);
    }
}

static void set_elements(struct sp_walk *walk, struct sp_frame *frame)
{
    if (frame->elements)
        SP_DICT_EACH(entry, frame->elements)
    sp_dict_set_at(walk->arena, frame->params, entry->key, entry->origin, entry->value);
}

bool sp_passage_leave(struct sp_walk *walk, struct sp_frame *frame, struct sp_dict **outputs)
{
    struct sp_validation validation = {
        .schema = &frame->node->schema,
        .defaults = frame->node->defaults,
        .owner = frame->node->fqname,
        .raw = frame->params,
        .params = frame->params,
        .origin = frame->node->recipe->origin,
    };
    struct sp_dict *skipped = sp_dict_new(walk->arena).dict;

    *outputs = sp_dict_new(walk->arena).dict;
    if (frame->node->bare)
        return true;
    sp_frame_set_info(walk, frame, NULL);
    set_elements(walk, frame);
    take_out_skipped(walk, frame, skipped);
    quote_outputs(walk, frame);
    sp_scope_set(&frame->scope, "current", frame->params, true);
    bool ok = sp_validate_after(walk, frame, &validation);
    SP_DICT_EACH(entry, skipped)
    sp_dict_set(walk->arena, frame->params, entry->key, entry->value);
    set_vars(walk, frame);
    if (ok && !frame->outer && walk->mode == SP_MODE_RUN)
        ok = sp_hooks_recipe(walk, frame, "epilogue", frame->node->recipe->epilogue);
    *outputs = outputs_of(walk, frame);
    return ok;
}
