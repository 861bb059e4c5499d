/* SPDX-License-Identifier: BSD-3-Clause */
/* apply.c - assignments evaluated and carried out; declared in assign.h. */
#include "base/nearest.h"

#include "plan/state.h"
#include "plan/validate.h"
#include "recipe/setting.h"
#include "value/text.h"

/* One round of evaluation, for a recipe or for a step of it. */
struct round {
    struct sp_walk *walk;
    struct sp_frame *frame;
    struct sp_dict *log; /* where log.X goes */
    const char *owner;
    bool is_step;
    bool lenient; /* own parameters are still as written: another round will tell what is wrong */
    size_t errors;
};

static bool same(const struct sp_value *old, struct sp_value value)
{
    return old && old->kind == value.kind && sp_is_value(value) && sp_value_eq(*old, value);
}

/* --- one entry ----------------------------------------------------------------------------- */

/* Parts of a nested variable that the command line has set ("d.e") outlive its assignment. */
static void keep_fixed_parts(struct round *round, struct sp_str name)
{
    struct sp_eval eval = sp_frame_eval(round->walk, round->frame);

    eval.tolerant = true;
    SP_DICT_EACH(fixed, round->walk->fixed)
    {
        if (fixed->key.len > name.len && fixed->key.ptr[name.len] == '.' &&
            sp_str_eq(sp_str_slice(fixed->key, 0, name.len), name))
            sp_frame_set_var(round->walk, round->frame, fixed->key,
                             sp_eval_value(&eval, fixed->value));
    }
}

static void set_variable(struct round *round,
                         const struct sp_assignment *entry,
                         struct sp_value value)
{
    if (sp_dict_find(round->walk->fixed, entry->name) && !round->frame->outer)
        return;
    if (value.kind == SP_DICT)
        value = sp_value_copy(round->walk->arena, value);
    sp_frame_set_var(round->walk, round->frame, entry->name, value);
    if (value.kind == SP_DICT && !round->frame->outer)
        keep_fixed_parts(round, entry->name);
}

/* An own parameter: what the caller gave wins. */
static void set_own(struct round *round, const struct sp_assignment *entry, struct sp_value value)
{
    struct sp_frame *frame = round->frame;
    const struct sp_param *param = sp_schema_find(&frame->node->schema, entry->name);

    if (sp_dict_find(frame->supplied, entry->name) || !param)
        return;
    if (frame->entering) {
        sp_dict_set_at(round->walk->arena, frame->own, param->name, entry->origin, value);
        sp_dict_set(round->walk->arena, frame->vars, param->name, value);
        return;
    }
    if (same(sp_dict_find(frame->vars, param->name), value))
        return;
    if (!sp_validate_one(round->walk, frame, param, &value))
        round->errors++;
    sp_dict_set(round->walk->arena, frame->params, param->name, value);
    sp_dict_set(round->walk->arena, frame->vars, param->name, value);
    const struct sp_alias *alias = sp_map_find(&frame->node->aliases, param->name);
    if (alias)
        sp_frame_push_alias(round->walk, frame, alias, value);
}

/* A parameter of a step further down: it is set when the recipe around that step is entered. */
static void set_deep(struct round *round,
                     struct sp_step_node *step,
                     struct sp_str name,
                     const struct sp_assignment *entry,
                     struct sp_value value)
{
    struct sp_walk *walk = round->walk;
    struct sp_param *param = sp_step_node_param(walk->nodes, step, name);
    struct sp_str rest;

    if (!param) {
        step = step->recipe ? sp_recipe_node_step(step->recipe, name, &rest) : NULL;
        if (step)
            set_deep(round, step, rest, entry, value);
        return;
    }
    const struct sp_value *known = sp_dict_find(walk->deep, step->fqname);
    struct sp_value params = sp_dict_new(walk->arena);
    if (known)
        params.dict = sp_dict_clone(walk->arena, known->dict);
    sp_dict_set_at(walk->arena, params.dict, param->name, entry->origin, value);
    sp_dict_set(walk->arena, walk->deep, step->fqname, params);
}

static void set_step(struct round *round, const struct sp_assignment *entry, struct sp_value value)
{
    struct sp_walk *walk = round->walk;
    struct sp_str full = sp_arena_join(walk->arena, entry->step->fqname, ".", entry->key);

    if (sp_map_has(&walk->fixed_step, full))
        return;
    if (!sp_is_value(value))
        value = entry->value; /* not known yet: the step may know more */
    if (sp_step_node_param(walk->nodes, entry->step, entry->key))
        sp_dict_set_at(walk->arena, sp_frame_step_params(walk, round->frame, entry->step),
                       entry->key, entry->origin, value);
    else
        set_deep(round, entry->step, entry->key, entry, value);
}

static void set_config(struct round *round,
                       const struct sp_assignment *entry,
                       struct sp_value value)
{
    struct sp_err err = SP_ERR_INIT;

    if (!sp_is_value(value) || same(sp_dict_walk(round->walk->config->root, entry->key), value))
        return;
    if (sp_config_set(round->walk->config, entry->key, value, &err)) {
        sp_diag_error(round->walk->diags, SP_DIAG_ASSIGN, entry->origin, "%s: %s", round->owner,
                      err.text);
        round->errors++;
    }
}

static void set_log(struct round *round, const struct sp_assignment *entry, struct sp_value value)
{
    if (!round->frame->outer && sp_dict_find(round->walk->log_set, entry->key))
        return;
    if (!sp_dict_find(round->log, entry->key)) {
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        SP_DICT_EACH(known, round->log)
        sp_nearest_offer(&nearest, known->key);
        sp_diag_error(round->walk->diags, SP_DIAG_ASSIGN, entry->origin,
                      "%s: there is no log option '" SP_STR_FMT "'", round->owner,
                      SP_STR_ARG(entry->key));
        sp_diag_hint_nearest(round->walk->diags, &nearest);
        round->errors++;
        return;
    }
    if (sp_str_is(entry->key, "level") && sp_is_value(value) &&
        !sp_setting_check_level(round->walk->diags, "log.level", value, entry->origin)) {
        round->errors++;
        return;
    }
    if (sp_is_value(value)) /* else it is set once it is known, in the first iteration */
        sp_dict_set(round->walk->arena, round->log, entry->key, value);
}

typedef void (*set_fn)(struct round *round,
                       const struct sp_assignment *entry,
                       struct sp_value value);

static const set_fn setters[] = {
    [SP_ASSIGN_VARIABLE] = set_variable, [SP_ASSIGN_OWN] = set_own, [SP_ASSIGN_STEP] = set_step,
    [SP_ASSIGN_CONFIG] = set_config,     [SP_ASSIGN_LOG] = set_log,
};

static bool needs_itself(const struct round *round, const struct sp_assignment *entry)
{
    struct sp_arena *arena = round->walk->arena;
    struct sp_list *refs = sp_list_new(arena).list;

    if (entry->kind != SP_ASSIGN_VARIABLE || !sp_is_text(entry->value))
        return false;
    sp_eval_references(arena, entry->value.text, refs);
    SP_LIST_EACH(ref, refs)
    if (sp_str_starts(ref->text, "recipe.") &&
        sp_str_eq(sp_str_slice(ref->text, strlen("recipe."), ref->text.len), entry->name))
        return true;
    return false;
}

static struct sp_value evaluate(struct round *round, const struct sp_assignment *entry)
{
    struct sp_eval eval = sp_frame_eval(round->walk, round->frame);

    if (!sp_is_expression(entry->value))
        return entry->value;
    eval.for_log = entry->kind == SP_ASSIGN_LOG;
    eval.tolerant = true;
    struct sp_value value = sp_eval_value(&eval, entry->value);
    bool same = value.kind == SP_TEXT && sp_str_starts(entry->value.text, "=") &&
                sp_str_eq(value.text, entry->value.text);
    if (same || (value.kind == SP_ERROR && needs_itself(round, entry)))
        value =
            sp_no_value(round->walk->arena, SP_ERROR, "self-referencing formula or substitution");
    return sp_at(value, entry->value.origin);
}

static void report(struct round *round, const struct sp_assignment *entry, struct sp_value value)
{
    struct sp_str what = sp_arena_printf(round->walk->arena, "assigning '" SP_STR_FMT "' in %s",
                                         SP_STR_ARG(entry->name), round->owner);

    (void)sp_frame_reject(round->walk, value, entry->value.origin, what.ptr);
    round->errors++;
}

static void apply_list(struct round *round, const struct sp_assignment_list *list)
{
    /* First as written, so that texts can refer to later entries. */
    for (size_t i = 0; i < list->len; i++) {
        const struct sp_assignment *entry = &list->items[i];
        if (entry->kind == SP_ASSIGN_VARIABLE)
            set_variable(round, entry, entry->value);
    }
    for (size_t i = 0; i < list->len; i++) {
        const struct sp_assignment *entry = &list->items[i];
        struct sp_value value = evaluate(round, entry);
        if (value.kind == SP_UNSET)
            continue;
        if (value.kind == SP_ERROR && round->lenient)
            value =
                sp_no_value(round->walk->arena, SP_UNRESOLVED, SP_STR_FMT, SP_STR_ARG(value.text));
        if (value.kind == SP_ERROR)
            report(round, entry, value);
        setters[entry->kind](round, entry, value);
    }
}

/* --- assign_based_on
 * ------------------------------------------------------------------------------------- */

static struct sp_value evaluate_base(struct round *round, struct sp_value value)
{
    struct sp_eval eval = sp_frame_eval(round->walk, round->frame);

    eval.tolerant = true;
    return sp_is_expression(value) ? sp_eval_value(&eval, value) : value;
}

/* Own parameters may not be validated yet: "false" of a bool is then still text. */
static struct sp_value as_declared(struct round *round, struct sp_str name, struct sp_value value)
{
    const struct sp_param *param = sp_schema_find(&round->frame->node->schema, name);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value coerced;

    if (!param || !param->dtype || !round->frame->entering ||
        sp_dtype_coerce(round->walk->arena, param->dtype, value, &coerced, &err))
        return value;
    return coerced;
}

static struct sp_value find_base(struct round *round, struct sp_str name)
{
    const struct sp_frame *frame = round->frame;
    const struct sp_value *value = sp_dict_find(frame->vars, name);

    if (!value)
        value = sp_dict_walk(frame->vars, name);
    if (!value && sp_str_starts(name, "config."))
        value = sp_dict_walk(round->walk->config->root, sp_str_slice(name, 7, name.len));
    if (!value)
        return sp_no_value(round->walk->arena, SP_MISSING, "none");
    return as_declared(round, name, evaluate_base(round, *value));
}

static const struct sp_assign_case *find_case(const struct sp_assign_base *base,
                                              struct sp_str label)
{
    for (size_t i = 0; i < base->case_count; i++)
        if (sp_str_eq(base->cases[i].label, label))
            return &base->cases[i];
    return NULL;
}

static bool is_known(const struct round *round, struct sp_str name)
{
    const struct sp_recipe_node *node = round->frame->node;

    return sp_schema_find(&node->schema, name) || sp_map_has(&node->assigned, name) ||
           sp_str_starts(name, "config.");
}

static void no_base(struct round *round, const struct sp_assign_base *base)
{
    struct sp_nearest nearest = SP_NEAREST(base->name);

    if ((round->walk->mode == SP_MODE_CHECK || round->errors) && is_known(round, base->name))
        return;
    round->errors++;
    if (is_known(round, base->name)) {
        sp_diag_error(round->walk->diags, SP_DIAG_ASSIGN, base->origin,
                      "assign_based_on: a value for '" SP_STR_FMT "' was not supplied",
                      SP_STR_ARG(base->name));
        return;
    }
    sp_recipe_node_offer(round->frame->node, &nearest);
    sp_diag_error(round->walk->diags, SP_DIAG_ASSIGN, base->origin,
                  "assign_based_on: '" SP_STR_FMT "' is not a known variable",
                  SP_STR_ARG(base->name));
    sp_diag_hint_nearest(round->walk->diags, &nearest);
}

static void no_case(struct round *round, const struct sp_assign_base *base, struct sp_str text)
{
    struct sp_nearest nearest = SP_NEAREST(text);

    for (size_t i = 0; i < base->case_count; i++)
        sp_nearest_offer(&nearest, base->cases[i].label);
    sp_diag_error(round->walk->diags, SP_DIAG_ASSIGN, base->origin,
                  "assign_based_on: neither the '" SP_STR_FMT "=" SP_STR_FMT
                  "' case nor a DEFAULT case is defined",
                  SP_STR_ARG(base->name), SP_STR_ARG(text));
    sp_diag_hint_nearest(round->walk->diags, &nearest);
    round->errors++;
}

static void apply_base(struct round *round, const struct sp_assign_base *base)
{
    const struct sp_for_loop *loop = &round->frame->node->recipe->loop;
    struct sp_value value = find_base(round, base->name);

    if (!sp_is_value(value) || value.kind == SP_NULL) {
        bool waits = loop->present && sp_str_eq(loop->var, base->name);
        bool later = value.kind == SP_UNRESOLVED &&
                     (round->frame->entering || round->walk->mode != SP_MODE_RUN);
        if (!waits && !later)
            no_base(round, base);
        return;
    }
    struct sp_str text = sp_value_text(round->walk->arena, value);
    const struct sp_assign_case *found = find_case(base, text);
    if (!found)
        found = find_case(base, SP_STR("DEFAULT"));
    if (found)
        apply_list(round, &found->list);
    else
        no_case(round, base, text);
}

/* --- rounds -------------------------------------------------------------------------------- */

static bool apply(struct round *round, const struct sp_assignments *assignments)
{
    apply_list(round, &assignments->always);
    for (size_t i = 0; i < assignments->base_count; i++)
        apply_base(round, &assignments->bases[i]);
    return round->errors == 0;
}

bool sp_assign_recipe(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_assignments *assignments = &frame->node->assign;
    struct sp_str owner = frame->node->fqname;
    struct round round = {
        .walk = walk,
        .frame = frame,
        .log = frame->log,
        .lenient = frame->entering && !frame->outer,
    };

    if (!frame->stale && !assignments->is_volatile)
        return true;
    frame->stale = false;
    if (!assignments->always.len && !assignments->base_count)
        return true;
    round.owner = sp_arena_printf(walk->arena, "recipe '" SP_STR_FMT "'", SP_STR_ARG(owner)).ptr;
    return apply(&round, assignments);
}

bool sp_assign_step(struct sp_walk *walk, struct sp_frame *frame, const struct sp_step_node *step)
{
    const struct sp_assignments *assignments = &step->assign;
    struct round round = { .walk = walk, .frame = frame, .is_step = true };

    frame->step_log = frame->log;
    if (!assignments->always.len && !assignments->base_count)
        return true;
    frame->step_log = sp_dict_clone(walk->arena, frame->log);
    round.log = frame->step_log;
    round.owner =
        sp_arena_printf(walk->arena, "step '" SP_STR_FMT "'", SP_STR_ARG(step->fqname)).ptr;
    frame->stale = true; /* the recipe's own assignments hold again after the step */
    return apply(&round, assignments);
}
