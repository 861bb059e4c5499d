/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/validate.h"

#include "plan/refs.h"

#define BEFORE_RUN (SP_PARAMS_INPUTS_EXIST | SP_PARAMS_MKDIR)

/* Flags for inputs and named outputs before a step. Evaluation is tolerant in CHECK and DRY, so
 * that STRICT means there: what can never be resolved. */
static unsigned flags_before(const struct sp_walk *walk, const struct sp_validation *validation)
{
    unsigned flags = SP_PARAMS_UNKNOWN | (validation->is_recipe ? 0 : SP_PARAMS_REQUIRED);

    if (validation->loose)
        return 0;
    if (validation->unneeded)
        flags = 0;
    if (walk->mode != SP_MODE_CHECK)
        flags |= BEFORE_RUN;
    if (walk->planning || (walk->mode == SP_MODE_DRY && walk->something_ran))
        flags |= SP_PARAMS_MAY_APPEAR;
    if (walk->mode == SP_MODE_RUN || !validation->conditional)
        flags |= SP_PARAMS_STRICT;
    if (!validation->make_dirs)
        flags &= ~(unsigned)SP_PARAMS_MKDIR;
    return flags;
}

static struct sp_params_check new_check(struct sp_walk *walk,
                                        const struct sp_validation *validation,
                                        struct sp_diags *diags)
{
    struct sp_arena *scratch = walk->scratch;

    return (struct sp_params_check){
        .arena = scratch,
        .world = &walk->world,
        .diags = diags,
        .schema = validation->schema,
        .defaults = validation->defaults,
        .owner = sp_arena_cstr(scratch, validation->owner),
        .promised = &walk->promised,
        .make_dirs = validation->make_dirs,
        .origin = validation->origin,
        .doc_name = validation->doc_name.len ? sp_arena_cstr(scratch, validation->doc_name) : NULL,
    };
}

static void refill(struct sp_walk *walk, const struct sp_validation *validation)
{
    struct sp_dict *params = validation->params;

    *params = (struct sp_dict){ 0 };
    SP_DICT_EACH(entry, validation->raw)
    sp_dict_set_at(walk->scratch, params, entry->key, entry->origin, entry->value);
}

static size_t evaluate_before(struct sp_walk *walk,
                              struct sp_frame *frame,
                              const struct sp_validation *validation,
                              struct sp_diags *diags,
                              bool blind)
{
    struct sp_params_check check = new_check(walk, validation, diags);
    struct sp_eval eval = sp_frame_eval(walk, frame);
    unsigned flags = flags_before(walk, validation);

    eval.arena = walk->scratch;
    if (validation->loose)
        eval.tolerant = true;
    eval.skips_are_final = !validation->loose && !validation->conditional;
    if (blind)
        eval.world = NULL;
    refill(walk, validation);
    if (validation->make_dirs)
        validation->make_dirs->len = 0;
    sp_refs_postpone(walk, frame, validation->params);
    check.flags = flags | SP_PARAMS_INPUTS;
    size_t errors = sp_params_validate(&check, &eval, validation->params);
    check.flags = (flags & SP_PARAMS_MKDIR) | SP_PARAMS_OUTPUTS;
    eval.tolerant = true;
    return errors + sp_params_validate(&check, &eval, validation->params);
}

/* Evaluation works in scratch memory: what is to stay is copied. Keys are those of the schema or of
 * the raw values, and stay anyway. */
static void keep(struct sp_walk *walk, struct sp_dict *params)
{
    struct sp_dict kept = { 0 };

    SP_DICT_EACH(entry, params)
    sp_dict_set_at(walk->arena, &kept, entry->key, entry->origin,
                   sp_value_copy(walk->arena, entry->value));
    *params = kept;
}

static void keep_texts(struct sp_walk *walk, struct sp_list *texts)
{
    struct sp_list kept = { 0 };

    if (!texts)
        return;
    SP_LIST_EACH(text, texts)
    sp_list_add(walk->arena, &kept, sp_value_copy(walk->arena, *text));
    *texts = kept;
}

/* Findings are collected apart first: whether there are any decides, also when the same were found
 * before (an iteration ago, say) and are not shown again. */
static size_t tell(struct sp_walk *walk, const struct sp_diags *found)
{
    for (size_t i = 0; i < found->len; i++) {
        const struct sp_diag *diag = &found->items[i];
        if (diag->severity == SP_ERROR_FOUND)
            sp_diag_error(walk->diags, diag->code, diag->origin, "%s", diag->text);
        else
            sp_diag_warning(walk->diags, diag->code, diag->origin, "%s", diag->text);
        if (diag->hint)
            sp_diag_hint(walk->diags, "%s", diag->hint);
    }
    return found->errors;
}

/* Before a run, a pattern that matches nothing may match once the steps before have run: then its
 * value is not known, and the evaluation is repeated without a world to look at. */
static size_t evaluate_guessing(struct sp_walk *walk,
                                struct sp_frame *frame,
                                const struct sp_validation *validation,
                                bool blind)
{
    struct sp_diags found;

    walk->glob_was_empty = false;
    sp_diags_init(&found, walk->arena, walk->diags->origins);
    (void)evaluate_before(walk, frame, validation, &found, blind);
    bool again = !blind && walk->mode != SP_MODE_RUN && walk->glob_was_empty && walk->something_ran;
    size_t errors = validation->loose || again ? 0 : tell(walk, &found);
    sp_diags_fini(&found);
    return again ? evaluate_guessing(walk, frame, validation, true) : errors;
}

bool sp_validate_before(struct sp_walk *walk,
                        struct sp_frame *frame,
                        struct sp_validation *validation)
{
    (void)sp_walk_scratch(walk);
    size_t errors = evaluate_guessing(walk, frame, validation, false);
    keep(walk, validation->params);
    keep_texts(walk, validation->make_dirs);
    if (walk->mode != SP_MODE_RUN && !validation->conditional && !validation->loose)
        errors += sp_refs_check(walk, frame, validation, errors > 0);
    return errors == 0;
}

/* Implicit outputs are evaluated afresh: a pattern may match more files than before. */
static void forget_implicit(struct sp_walk *walk, const struct sp_validation *validation)
{
    SP_MAP_EACH (entry, &validation->schema->params) {
        const struct sp_param *param = entry->value;
        if (param->is_output && param->has_implicit)
            (void)sp_dict_remove(walk->arena, validation->params, param->name);
    }
}

bool sp_validate_after(struct sp_walk *walk,
                       struct sp_frame *frame,
                       struct sp_validation *validation)
{
    struct sp_eval eval = sp_frame_eval(walk, frame);
    struct sp_diags found;

    eval.arena = sp_walk_scratch(walk);
    forget_implicit(walk, validation);
    sp_diags_init(&found, walk->arena, walk->diags->origins);
    struct sp_params_check check = new_check(walk, validation, &found);
    check.flags = SP_PARAMS_OUTPUTS;
    if (validation->loose)
        eval.tolerant = true;
    else if (walk->mode == SP_MODE_RUN)
        check.flags |= SP_PARAMS_REQUIRED | SP_PARAMS_STRICT | SP_PARAMS_OUTPUTS_EXIST;
    if (walk->mode != SP_MODE_RUN)
        eval.world = NULL; /* files are not there yet: what depends on them is not known */
    (void)sp_params_validate(&check, &eval, validation->params);
    keep(walk, validation->params);
    size_t errors = validation->loose ? 0 : tell(walk, &found);
    sp_diags_fini(&found);
    return errors == 0;
}

bool sp_validate_one(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const struct sp_param *param,
                     struct sp_value *value)
{
    struct sp_schema schema = { 0 };
    struct sp_dict *params = sp_dict_new(walk->arena).dict;
    struct sp_eval eval = sp_frame_eval(walk, frame);
    const struct sp_namespace *current = sp_scope_find(&frame->scope, SP_STR("current"));
    struct sp_dict *saved = current ? current->dict : frame->vars;
    struct sp_param copy = *param;

    copy.is_output = false; /* select it, whatever it is */
    sp_schema_add(&schema, &copy);
    sp_dict_set_at(walk->arena, params, param->name, value->origin, *value);
    struct sp_validation validation = { .schema = &schema, .owner = frame->node->fqname };
    struct sp_diags found;
    eval.arena = sp_walk_scratch(walk);
    sp_diags_init(&found, walk->arena, walk->diags->origins);
    struct sp_params_check check = new_check(walk, &validation, &found);
    check.flags = SP_PARAMS_INPUTS;
    (void)sp_params_validate(&check, &eval, params);
    keep(walk, params);
    size_t errors = tell(walk, &found);
    sp_diags_fini(&found);
    const struct sp_value *result = sp_dict_find(params, param->name);
    *value = result ? *result : sp_unset();
    sp_schema_fini(&schema);
    sp_scope_set(&frame->scope, "current", saved, true);
    return errors == 0;
}
