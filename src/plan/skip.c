/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/skip.h"

#include "plan/paths.h"
#include "plan/select.h"
#include "value/text.h"

/* --- skip ---------------------------------------------------------------------------------- */

static const char *const yes_words[] = { "True", "true", "1" };
static const char *const no_words[] = { "", "False", "false", "0", "None", "none" };

static bool is_word(struct sp_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_is(text, words[i]))
            return true;
    return false;
}

bool sp_skip_is_certain(const struct sp_step_node *step)
{
    struct sp_value skip = step->step->skip;

    if (step->disabled || step->unskip || skip.kind == SP_NULL)
        return step->disabled;
    if (sp_is_text(skip))
        return is_word(skip.text, yes_words, SP_COUNT(yes_words));
    return sp_truth(skip);
}

static enum sp_skip_answer answer(struct sp_walk *walk,
                                  bool yes,
                                  struct sp_value skip,
                                  struct sp_str *reason)
{
    if (yes)
        *reason = sp_arena_printf(walk->arena, "skip is '" SP_STR_FMT "'",
                                  SP_STR_ARG(sp_value_text(walk->arena, skip)));
    return yes ? SP_SKIP_YES : SP_SKIP_NO;
}

/* The reference takes any text that is not empty for "yes", also "False". */
static enum sp_skip_answer by_text(struct sp_walk *walk,
                                   const struct sp_step_node *step,
                                   struct sp_value skip,
                                   struct sp_str result,
                                   struct sp_str *reason)
{
    if (!is_word(result, no_words, SP_COUNT(no_words)))
        return answer(walk, true, skip, reason);
    if (result.len) {
        sp_diag_warning(walk->diags, SP_DIAG_SKIP_TEXT, skip.origin,
                        "skip of step '" SP_STR_FMT "' gives the text '" SP_STR_FMT
                        "', which Stimela takes for true",
                        SP_STR_ARG(step->fqname), SP_STR_ARG(result));
        sp_diag_hint(walk->diags, "it counts as false here; write a formula: skip: =recipe.name");
    }
    return SP_SKIP_NO;
}

static enum sp_skip_answer evaluate(struct sp_walk *walk,
                                    struct sp_frame *frame,
                                    struct sp_value skip,
                                    struct sp_str *reason)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct sp_eval eval = sp_frame_eval(walk, frame);
    struct sp_eval_fault fault;

    if (!sp_eval_check(walk->arena, skip.text, &fault))
        return SP_SKIP_FAILED; /* said before anything ran: syntax.c */
    struct sp_value value = sp_eval_value(&eval, skip);
    struct sp_str what =
        sp_arena_printf(walk->arena, "skip of step '" SP_STR_FMT "'", SP_STR_ARG(step->fqname));

    if (value.kind == SP_UNSET)
        return SP_SKIP_NO;
    if (sp_frame_reject(walk, value, skip.origin, what.ptr))
        return SP_SKIP_FAILED;
    if (!sp_is_value(value))
        return SP_SKIP_NO; /* only a run can tell: it may well run */
    bool formula = sp_str_starts(skip.text, "=") && !sp_str_starts(skip.text, "==");
    if (formula || !sp_is_text(value))
        return answer(walk, sp_truth(value), skip, reason);
    return by_text(walk, step, skip, value.text, reason);
}

enum sp_skip_answer sp_skip_wanted(struct sp_walk *walk,
                                   struct sp_frame *frame,
                                   struct sp_str *reason)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct sp_value skip = step->step->skip;

    if (step->disabled) {
        *reason = SP_STR("not selected");
        return SP_SKIP_YES;
    }
    if (step->unskip || skip.kind == SP_NULL || walk->mode == SP_MODE_CHECK)
        return SP_SKIP_NO;
    if (!sp_is_text(skip))
        return answer(walk, sp_truth(skip), skip, reason);
    if (is_word(skip.text, yes_words, SP_COUNT(yes_words)))
        return answer(walk, true, skip, reason);
    if (is_word(skip.text, no_words, 4))
        return SP_SKIP_NO;
    if (sp_is_expression(skip))
        return evaluate(walk, frame, skip, reason);
    sp_diag_warning(walk->diags, SP_DIAG_SKIP_TEXT, skip.origin,
                    "skip of step '" SP_STR_FMT "' is the text '" SP_STR_FMT
                    "', which counts as true",
                    SP_STR_ARG(step->fqname), SP_STR_ARG(skip.text));
    return answer(walk, true, skip, reason);
}

/* --- skip_if_outputs
 * ----------------------------------------------------------------------------------- */

struct times {
    const struct sp_walk *walk;
    sp_nsec newest;   /* of the inputs; 0: times do not matter */
    bool will_change; /* an input is yet to be made */
    bool fine;        /* outputs so far */
};

static void look_at_input(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct times *times = arg;
    const struct sp_world *outside = times->walk->outside;

    if (param->is_output || param->skip_freshness_checks || !sp_param_is_file_type(param))
        return;
    if (sp_map_has(&times->walk->promised, path))
        times->will_change = true;
    times->newest = SP_MAX(times->newest, outside->mtime(outside->arg, path));
}

static void look_at_output(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct times *times = arg;
    const struct sp_world *outside = times->walk->outside;

    if (!param->is_output || !sp_param_is_file_type(param))
        return;
    if (outside->kind(outside->arg, path) == SP_PATH_NONE) {
        if (param->must_exist != SP_NO)
            times->fine = false;
        return;
    }
    if (times->newest && !param->skip_freshness_checks &&
        outside->mtime(outside->arg, path) < times->newest)
        times->fine = false;
}

/* How many file outputs have a value; those that must not be empty lists but are, make it not
 * fine. */
static size_t count_outputs(const struct sp_schema *schema,
                            const struct sp_dict *params,
                            struct times *times)
{
    size_t count = 0;

    SP_DICT_EACH(entry, params)
    {
        const struct sp_param *param = sp_schema_find(schema, entry->key);
        if (!param || !param->is_output || !sp_param_is_file_type(param) ||
            !sp_is_value(entry->value))
            continue;
        count++;
        if (param->must_exist == SP_YES && sp_is_list(entry->value) && !entry->value.list->len)
            times->fine = false;
    }
    return count;
}

static bool is_disabled(const struct sp_walk *walk, const struct sp_step_node *step)
{
    bool fresh = step->step->skip_if_outputs == SP_SKIP_FRESH;
    const struct sp_value *off =
        sp_config_option(walk->config, fresh ? "disable_skips.fresh" : "disable_skips.exist");
    const struct sp_selection *selection = walk->selection;
    bool ignored = selection && (fresh ? selection->ignore_fresh : selection->ignore_exist);

    return step->unskip || ignored || (off && sp_truth(*off));
}

static void warn_no_outputs(struct sp_walk *walk, const struct sp_step_node *step)
{
    sp_diag_warning(walk->diags, SP_DIAG_NO_FILES, step->step->origin,
                    "step '" SP_STR_FMT "' has skip_if_outputs, but no file outputs to look at",
                    SP_STR_ARG(step->fqname));
    sp_diag_hint(walk->diags, "Stimela always skips such a step; here it runs");
}

bool sp_skip_by_outputs(struct sp_walk *walk, struct sp_frame *frame, struct sp_str *reason)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct times times = { .walk = walk, .fine = true };

    if (step->step->skip_if_outputs == SP_SKIP_NEVER || walk->mode == SP_MODE_CHECK ||
        is_disabled(walk, step))
        return false;
    if (step->step->skip_if_outputs == SP_SKIP_FRESH)
        sp_paths_each(sp_frame_schema(frame), frame->step_params, look_at_input, &times);
    sp_paths_each(sp_frame_schema(frame), frame->step_params, look_at_output, &times);
    size_t outputs = count_outputs(sp_frame_schema(frame), frame->step_params, &times);
    if (!outputs)
        warn_no_outputs(walk, step);
    if (!times.fine || !outputs || times.will_change)
        return false;
    *reason = SP_STR("all required outputs are OK, skipping this step");
    return true;
}
