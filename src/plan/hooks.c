/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/hooks.h"

#include "plan/refs.h"
#include "value/text.h"

struct hook {
    struct sp_walk *walk;
    struct sp_frame *frame;
    const char *name;    /* "preamble" */
    struct sp_str owner; /* full name */
    struct sp_str label;
    bool may_skip;
};

static void say(const struct hook *hook, struct sp_str text)
{
    if (hook->walk->log && hook->walk->mode == SP_MODE_RUN)
        hook->walk->log(hook->walk->log_arg, SP_LOG_CRITICAL, text, SP_LOG_SUMMARY);
}

static bool refuse(const struct hook *hook, uint32_t origin, struct sp_str text)
{
    say(hook, text);
    sp_diag_error(hook->walk->diags, SP_DIAG_EVALUATION, origin, "'" SP_STR_FMT "': " SP_STR_FMT,
                  SP_STR_ARG(hook->owner), SP_STR_ARG(text));
    return false;
}

/* Before a run, a step that may be skipped need not find all names. */
static bool misnames(const struct hook *hook, struct sp_value expression)
{
    struct sp_str owner =
        sp_arena_printf(hook->walk->arena, SP_STR_FMT ".%s", SP_STR_ARG(hook->owner), hook->name);

    return !hook->may_skip && sp_refs_reject(hook->walk, hook->frame, expression, owner);
}

static bool holds(const struct hook *hook, struct sp_value expression)
{
    struct sp_walk *walk = hook->walk;
    struct sp_eval eval = sp_frame_eval(walk, hook->frame);

    walk->glob_was_empty = false;
    struct sp_value value = sp_eval_value(&eval, expression);
    if (eval.aborted)
        return refuse(hook, expression.origin, sp_is_value(value) ? SP_STR("ABORT") : value.text);
    bool unknown = !sp_is_value(value) && value.kind != SP_ERROR && value.kind != SP_UNSET;
    if (walk->mode != SP_MODE_RUN && (unknown || walk->glob_was_empty))
        return !misnames(hook, expression);
    if (sp_is_value(value) && sp_truth(value))
        return true;
    if (!sp_is_value(value) && value.kind != SP_UNSET) /* it says of what */
        return refuse(hook, expression.origin,
                      sp_arena_printf(walk->arena, "%s: " SP_STR_FMT ": " SP_STR_FMT, hook->name,
                                      SP_STR_ARG(hook->label), SP_STR_ARG(value.text)));
    struct sp_str shown = sp_value_text(walk->arena, value);
    return refuse(hook, expression.origin,
                  sp_arena_printf(
                      walk->arena, "%s: " SP_STR_FMT ": '" SP_STR_FMT "' evaluates to " SP_STR_FMT,
                      hook->name, SP_STR_ARG(hook->label),
                      SP_STR_ARG(sp_value_text(walk->arena, expression)), SP_STR_ARG(shown)));
}

static bool run_label(struct hook *hook, struct sp_str label, struct sp_value expressions)
{
    hook->label = label;
    if (expressions.kind == SP_NULL)
        return true;
    if (!sp_is_list(expressions))
        return holds(hook, expressions);
    SP_LIST_EACH(expression, expressions.list)
    if (!holds(hook, *expression))
        return false;
    return true;
}

static bool run(struct hook *hook, const struct sp_dict *base, const struct sp_dict *own)
{
    const struct sp_dict *hooks = base ? base : own;

    if (!hooks || hook->walk->mode == SP_MODE_CHECK)
        return true;
    if (base && own) {
        struct sp_dict *merged = sp_dict_clone(hook->walk->arena, base);
        SP_DICT_EACH(entry, own)
        sp_dict_set_at(hook->walk->arena, merged, entry->key, entry->origin, entry->value);
        hooks = merged;
    }
    SP_DICT_EACH(entry, hooks)
    if (!run_label(hook, entry->key, entry->value))
        return false;
    return true;
}

bool sp_hooks_preamble(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step *step = sp_frame_step(frame)->step;
    struct hook hook = { walk,       frame,
                         "preamble", sp_frame_step(frame)->fqname,
                         SP_STR(""), .may_skip = step->skip.kind != SP_NULL };

    return run(&hook, step->cab ? step->cab->preamble : step->recipe->preamble, step->preamble);
}

bool sp_hooks_epilogue(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_step *step = sp_frame_step(frame)->step;
    struct hook hook = { walk, frame, "epilogue", sp_frame_step(frame)->fqname, SP_STR("") };

    if (walk->mode != SP_MODE_RUN)
        return true; /* it judges what a run has done */
    return run(&hook, step->cab ? step->cab->epilogue : step->recipe->epilogue, step->epilogue);
}

bool sp_hooks_recipe(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const char *name,
                     const struct sp_dict *hooks)
{
    struct hook hook = { walk, frame, name, frame->node->fqname, SP_STR("") };

    return run(&hook, hooks, NULL);
}
