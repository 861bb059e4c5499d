/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/step.h"

#include "plan/access.h"
#include "plan/dryworld.h"
#include "plan/fresh.h"
#include "plan/hooks.h"
#include "plan/literal.h"
#include "plan/placement.h"
#include "plan/settings.h"
#include "plan/skip.h"
#include "plan/validate.h"
#include "plan/variant.h"

static struct sp_validation new_validation(const struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    const struct sp_cab *cab = step->step->cab;

    return (struct sp_validation){
        .schema = sp_frame_schema(frame),
        .defaults = frame->cab ? frame->cab->defaults : step->defaults,
        .owner = step->fqname,
        .raw = frame->states[step->index].params ? frame->states[step->index].params : step->params,
        .params = frame->step_params,
        .make_dirs = cab ? frame->make_dirs : NULL,
        .origin = step->step->origin,
        .doc_name = cab ? step->step->target : SP_STR(""),
        .conditional = frame->conditional || step->step->skip.kind != SP_NULL,
        .unneeded = sp_skip_is_certain(step),
    };
}

/* For a step that is skipped. */
static struct sp_validation loose_validation(const struct sp_frame *frame)
{
    struct sp_validation validation = new_validation(frame);

    validation.loose = true;
    validation.make_dirs = NULL;
    return validation;
}

/* --- results ------------------------------------------------------------------------------- */

/* What an alias stands for is known to the recipe under the alias's name. */
static void pull_alias(struct sp_walk *walk,
                       struct sp_frame *frame,
                       const struct sp_alias *alias,
                       struct sp_value value)
{
    const struct sp_value *known = sp_dict_find(frame->vars, alias->name);
    bool pull = alias->is_output || alias->is_implicit;

    if (value.kind == SP_SKIPPED) {
        struct sp_param *param = sp_schema_find(&frame->node->schema, alias->name);
        if (param)
            param->required = SP_NO;
    }
    if (pull) {
        sp_dict_set(walk->arena, frame->params, alias->name, value);
        sp_dict_set(walk->arena, frame->vars, alias->name, value);
        frame->stale = true;
    } else if (!known && sp_is_value(value)) {
        /* A value that the step itself had: the other steps of the alias take it over. */
        sp_dict_set(walk->arena, frame->vars, alias->name, value);
        sp_frame_push_alias(walk, frame, alias, value);
        frame->stale = true;
    }
}

static void note_results(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);

    SP_MAP_EACH (entry, &step->aliases) {
        const struct sp_value *value = sp_dict_find(frame->step_params, entry->key);
        if (value)
            pull_alias(walk, frame, entry->value, *value);
    }
    frame->previous = frame->step_params;
    if (!frame->node->bare)
        sp_scope_set(&frame->scope, "previous", frame->previous, false);
}

/* Outputs without a value say why they have none. */
static void mark_outputs(struct sp_walk *walk,
                         struct sp_frame *frame,
                         enum sp_kind kind,
                         const char *why)
{
    const struct sp_step_node *step = sp_frame_step(frame);

    SP_MAP_EACH (entry, &sp_frame_schema(frame)->params) {
        const struct sp_param *param = entry->value;
        const struct sp_value *value = sp_dict_find(frame->step_params, param->name);
        if (!param->is_output || (value && sp_is_value(*value)))
            continue;
        sp_dict_set(walk->arena, frame->step_params, param->name,
                    sp_no_value(walk->arena, kind, "output '" SP_STR_FMT "' of %s '" SP_STR_FMT "'",
                                SP_STR_ARG(param->name), why, SP_STR_ARG(step->fqname)));
    }
}

static void forget_unknown(struct sp_walk *walk, struct sp_dict *params)
{
    for (size_t i = params->len; i-- > 0;)
        if (!sp_is_value(params->entries[i].value) && params->entries[i].value.kind != SP_SKIPPED)
            (void)sp_dict_remove(walk->arena, params, params->entries[i].key);
}

static struct sp_dict *outputs_of(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct sp_dict *outputs = sp_dict_new(walk->arena).dict;

    SP_DICT_EACH(entry, frame->step_params)
    {
        const struct sp_param *param = sp_schema_find(sp_frame_schema(frame), entry->key);
        bool found = walk->found && sp_dict_find(walk->found, entry->key);
        if (sp_is_value(entry->value) && (param ? param->is_output : found))
            sp_dict_set_at(walk->arena, outputs, entry->key, entry->origin, entry->value);
    }
    return outputs;
}

/* --- begin --------------------------------------------------------------------------------- */

static void start_params(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    const struct sp_dict *raw = frame->states[step->index].params;

    frame->step_params = sp_dict_clone(walk->arena, raw ? raw : step->params);
    frame->make_dirs = sp_list_new(walk->arena).list;
    frame->cab = step->cab;
    sp_dict_set(walk->arena, frame->results, step->step->label,
                (struct sp_value){ .kind = SP_DICT, .dict = frame->step_params });
    sp_scope_set(&frame->scope, "current", frame->step_params, true);
    if (frame->node->bare)
        sp_scope_set(&frame->scope, "root", frame->step_params, true);
}

/* Before a run, a formula may yet turn out otherwise. */
static enum sp_kind skipped_kind(const struct sp_walk *walk, const struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    bool open = walk->mode != SP_MODE_RUN && !step->disabled && sp_is_expression(step->step->skip);

    return open ? SP_UNRESOLVED : SP_SKIPPED;
}

static enum sp_step_verdict skip(struct sp_walk *walk, struct sp_frame *frame, bool validated)
{
    struct sp_validation validation = loose_validation(frame);

    if (!validated) {
        (void)sp_variant_choose(walk, frame, validation);
        validation = loose_validation(frame);
        (void)sp_validate_before(walk, frame, &validation);
    }
    if (sp_frame_step(frame)->disabled)
        sp_fresh_recall(walk, frame);
    else
        walk->passed_over = true;
    (void)sp_validate_after(walk, frame, &validation);
    forget_unknown(walk, frame->step_params);
    mark_outputs(walk, frame, skipped_kind(walk, frame),
                 sp_frame_step(frame)->disabled ? "the unselected step" : "the skipped step");
    if (walk->mode == SP_MODE_RUN)
        (void)sp_hooks_epilogue(walk, frame);
    note_results(walk, frame);
    return SP_STEP_SKIPPED;
}

static struct sp_value placeholder(struct sp_walk *walk, struct sp_value value);

static struct sp_value placeholder_list(struct sp_walk *walk, struct sp_value value)
{
    struct sp_value list = value;

    list.list = sp_list_new(walk->arena).list;
    SP_LIST_EACH(item, value.list)
    sp_list_add(walk->arena, list.list, placeholder(walk, *item));
    return list;
}

/* What only a run can know is shown as "?" in command lines before it. */
static struct sp_value placeholder(struct sp_walk *walk, struct sp_value value)
{
    if (sp_is_list(value))
        return placeholder_list(walk, value);
    return sp_is_value(value) || value.kind == SP_UNSET ? value : sp_text(SP_STR("?"));
}

static const struct sp_dict *shown_params(struct sp_walk *walk, const struct sp_frame *frame)
{
    struct sp_dict *shown = frame->step_params;
    const struct sp_schema *schema = sp_frame_schema(frame);

    if (walk->mode == SP_MODE_RUN)
        return shown;
    shown = sp_dict_clone(walk->arena, shown);
    for (size_t i = shown->len; i-- > 0;) {
        struct sp_dict_entry *entry = &shown->entries[i];
        const struct sp_param *param = sp_schema_find(schema, entry->key);
        if (!sp_is_value(entry->value) && param && param->is_output)
            (void)sp_dict_remove(walk->arena, shown, entry->key);
        else
            entry->value = placeholder(walk, entry->value);
    }
    return shown;
}

static bool build_command(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct sp_eval eval = sp_frame_eval(walk, frame);
    struct sp_err err = SP_ERR_INIT;
    struct sp_command_request request = {
        .arena = walk->arena,
        .cab = frame->cab,
        .params = shown_params(walk, frame),
        .eval = &eval,
        .python = walk->python,
        .virtual_env = walk->task.virtual_env,
    };
    enum sp_rc rc = sp_command_build(&request, &walk->task.command, &err);

    if (rc)
        sp_diag_error(walk->diags, SP_DIAG_VALUE, step->step->origin, "step '" SP_STR_FMT "': %s",
                      SP_STR_ARG(step->fqname), err.text);
    return rc == SP_OK;
}

static bool prepare_task(struct sp_walk *walk, struct sp_frame *frame)
{
    walk->task = (struct sp_task){
        .cab = frame->cab,
        .inputs = frame->step_params,
        .make_dirs = frame->make_dirs->len ? frame->make_dirs : NULL,
    };
    sp_access_collect(walk, frame, &walk->task);
    return sp_access_check(walk, frame) && sp_settings(walk, frame, &walk->task.backend) &&
           sp_place(walk, frame) && build_command(walk, frame) && sp_place_command(walk, frame);
}

enum sp_step_verdict sp_step_begin(struct sp_walk *walk,
                                   struct sp_frame *frame,
                                   struct sp_str *reason)
{
    const struct sp_step_node *step = sp_frame_step(frame);

    sp_command_fini(&walk->task.command);
    walk->task = (struct sp_task){ 0 };
    walk->found = NULL;
    frame->shown_log = NULL;
    sp_frame_set_info(walk, frame, step);
    bool assigned = sp_assign_recipe(walk, frame);
    assigned = sp_assign_step(walk, frame, step) && assigned;
    start_params(walk, frame);
    if (!assigned)
        return SP_STEP_FAILED;
    if (!step->step->cab && !step->recipe)
        return SP_STEP_FAILED; /* said when it was loaded */
    enum sp_skip_answer answer = sp_skip_wanted(walk, frame, reason);
    if (answer == SP_SKIP_YES)
        return skip(walk, frame, false);
    if (answer != SP_SKIP_FAILED && !sp_variant_choose(walk, frame, new_validation(frame)))
        return SP_STEP_FAILED;
    struct sp_validation validation = new_validation(frame);
    bool valid = sp_validate_before(walk, frame, &validation);
    sp_scope_set(&frame->scope, "current", frame->step_params, true);
    if (!valid || answer == SP_SKIP_FAILED)
        return SP_STEP_FAILED;
    if (sp_skip_is_certain(step)) /* in CHECK: looked at, but it need not be complete */
        return skip(walk, frame, true);
    answer = sp_fresh_wanted(walk, frame, reason);
    if (answer == SP_SKIP_FAILED)
        return SP_STEP_FAILED;
    if (answer == SP_SKIP_YES) {
        sp_fresh_recall(walk, frame);
        return skip(walk, frame, true);
    }
    walk->task = (struct sp_task){ .cab = frame->cab, .inputs = frame->step_params };
    return SP_STEP_RUNS;
}

bool sp_step_needs_notice(const struct sp_step_node *node)
{
    const struct sp_step *step = node->step;

    return !node->recipe || step->preamble || step->recipe->preamble;
}

bool sp_step_prepare(struct sp_walk *walk, struct sp_frame *frame)
{
    return sp_hooks_preamble(walk, frame) &&
           (sp_frame_step(frame)->recipe || prepare_task(walk, frame));
}

/* --- end ----------------------------------------------------------------------------------- */

static void pretend(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);

    if (walk->mode == SP_MODE_RUN)
        return;
    walk->something_ran = true;
    sp_dryworld_promise(walk, sp_frame_schema(frame), frame->step_params);
    if (step->step->cab && step->step->cab->wranglers)
        frame->vague = true;
}

static bool check_made(struct sp_walk *walk, struct sp_frame *frame)
{
    return walk->mode != SP_MODE_RUN || sp_access_check_made(walk, frame);
}

static bool finish(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_validation validation = new_validation(frame);

    pretend(walk, frame);
    validation.make_dirs = NULL;
    if (!check_made(walk, frame) || !sp_validate_after(walk, frame, &validation))
        return false;
    sp_scope_set(&frame->scope, "current", frame->step_params, true);
    if (!sp_hooks_epilogue(walk, frame))
        return false;
    if (walk->mode != SP_MODE_RUN)
        mark_outputs(walk, frame, SP_UNRESOLVED, "the step that has not run,");
    walk->task.outputs = outputs_of(walk, frame);
    note_results(walk, frame);
    return true;
}

bool sp_step_finish(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_schema *schema = sp_frame_schema(frame);

    if (walk->found)
        SP_DICT_EACH(entry, walk->found)
    sp_dict_set(walk->arena, frame->step_params, entry->key,
                sp_schema_find(schema, entry->key) ? sp_literal(walk->arena, entry->value)
                                                   : entry->value);
    return finish(walk, frame);
}

bool sp_step_finish_recipe(struct sp_walk *walk,
                           struct sp_frame *frame,
                           const struct sp_dict *outputs)
{
    SP_DICT_EACH(entry, outputs)
    sp_dict_set_at(walk->arena, frame->step_params, entry->key, entry->origin, entry->value);
    pretend(walk, frame);
    if (!sp_hooks_epilogue(walk, frame))
        return false;
    note_results(walk, frame);
    return true;
}

void sp_step_give_up(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);

    pretend(walk, frame);
    if (!step->step->cab && !step->recipe)
        frame->vague = true; /* nobody knows what it would have given */
    mark_outputs(walk, frame, SP_UNRESOLVED, "the step that cannot run,");
    note_results(walk, frame);
}
