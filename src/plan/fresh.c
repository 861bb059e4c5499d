/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/fresh.h"

#include "base/nearest.h"

#include "plan/literal.h"
#include "plan/paths.h"
#include "plan/refs.h"
#include "plan/select.h"
#include "value/text.h"

struct look {
    struct sp_walk *walk;
    const struct sp_frame *frame;
    struct sp_str task;
    struct sp_str newest_path;
    sp_nsec newest;   /* of the inputs; 0: times do not matter */
    bool will_change; /* an input is yet to be made */
    bool fine;        /* outputs so far */
};

static void say(struct sp_walk *walk, const char *fmt, ...) SP_PRINTF(2, 3);

static void say(struct sp_walk *walk, const char *fmt, ...)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    va_list args;

    if (walk->mode != SP_MODE_RUN || !walk->log)
        return;
    va_start(args, fmt);
    sp_buf_addv(&text, fmt, args);
    va_end(args);
    walk->log(walk->log_arg, SP_LOG_INFO, sp_buf_str(&text), 0);
}

/* Name of the step under way with the counters of loops, as in positions. */
static struct sp_str task_of(const struct sp_frame *frame)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    const struct sp_dict *info = frame->states[step->index].info;
    const struct sp_value *name = info ? sp_dict_get(info, "taskname") : NULL;

    return name ? name->text : step->fqname;
}

/* --- one file ------------------------------------------------------------------------------ */

static void look_at_input(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct look *look = arg;
    const struct sp_world *outside = look->walk->outside;

    if (param->is_output || param->skip_freshness_checks || !sp_param_is_file_type(param))
        return;
    if (sp_map_has(&look->walk->promised, path))
        look->will_change = true;
    sp_nsec mtime = outside->mtime(outside->arg, path);
    if (mtime <= look->newest)
        return;
    look->newest = mtime;
    look->newest_path = path;
}

static void refuse(struct look *look,
                   const struct sp_param *param,
                   struct sp_str path,
                   const char *why)
{
    look->fine = false;
    say(look->walk, SP_STR_FMT " = " SP_STR_FMT " %s", SP_STR_ARG(param->name), SP_STR_ARG(path),
        why);
}

static void look_at_output(void *arg, const struct sp_param *param, struct sp_str path)
{
    struct look *look = arg;
    const struct sp_world *outside = look->walk->outside;
    const struct sp_past *past = look->walk->past;

    if (!param->is_output || !sp_param_is_file_type(param) || !look->fine)
        return;
    if (outside->kind(outside->arg, path) == SP_PATH_NONE) {
        if (param->must_exist != SP_NO)
            refuse(look, param, path, "doesn't exist");
        return;
    }
    sp_nsec mtime = outside->mtime(outside->arg, path);
    if (look->newest && !param->skip_freshness_checks && mtime < look->newest)
        refuse(look, param, path, "is not fresh");
    else if (past && past->is_unfinished(past->arg, look->task, mtime))
        refuse(look, param, path, "was left behind by an attempt that did not end well");
}

/* --- the step ------------------------------------------------------------------------------ */

static bool is_remote(struct sp_value value)
{
    return sp_is_text(value) && sp_str_find_str(value.text, SP_STR("://")) != SIZE_MAX;
}

/* How many file outputs have a value that can be looked at; those that must not be empty lists but
 * are, make it not fine. */
static size_t count_outputs(struct look *look)
{
    const struct sp_schema *schema = sp_frame_schema(look->frame);
    size_t count = 0;

    SP_DICT_EACH(entry, look->frame->step_params)
    {
        const struct sp_param *param = sp_schema_find(schema, entry->key);
        if (!param || !param->is_output || !sp_param_is_file_type(param) ||
            !sp_is_value(entry->value) || is_remote(entry->value))
            continue;
        count++;
        if (param->must_exist == SP_YES && sp_is_list(entry->value) && !entry->value.list->len &&
            look->fine)
            refuse(look, param, SP_STR("[]"), "is empty");
    }
    return count;
}

static const char *const never_words[] = { "", "None", "none", "False", "false" };

static enum sp_skip_answer unknown_condition(struct sp_walk *walk,
                                             const struct sp_step_node *step,
                                             struct sp_str text)
{
    struct sp_nearest nearest = SP_NEAREST(text);

    sp_diag_error(walk->diags, SP_DIAG_VALUE, step->step->skip_if_formula.origin,
                  "skip_if_outputs of step '" SP_STR_FMT "' gives '" SP_STR_FMT
                  "'; it must be 'exist' or 'fresh', or UNSET",
                  SP_STR_ARG(step->fqname), SP_STR_ARG(text));
    sp_nearest_offer(&nearest, SP_STR("exist"));
    sp_nearest_offer(&nearest, SP_STR("fresh"));
    sp_diag_hint_nearest(walk->diags, &nearest);
    return SP_SKIP_FAILED;
}

/* Evaluate a condition that is a formula. NO: it does not matter, or only a run can tell. */
static enum sp_skip_answer ask(struct sp_walk *walk, struct sp_frame *frame, enum sp_skip_if *out)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    struct sp_value formula = step->step->skip_if_formula;
    struct sp_eval eval = sp_frame_eval(walk, frame);
    struct sp_value value = sp_eval_value(&eval, formula);
    struct sp_str what = sp_arena_printf(walk->arena, "skip_if_outputs of step '" SP_STR_FMT "'",
                                         SP_STR_ARG(step->fqname));

    if (sp_frame_reject(walk, value, formula.origin, what.ptr))
        return SP_SKIP_FAILED;
    if (value.kind == SP_UNRESOLVED || value.kind == SP_MISSING) {
        struct sp_str owner =
            sp_arena_printf(walk->arena, SP_STR_FMT ".skip_if_outputs", SP_STR_ARG(step->fqname));
        return sp_refs_reject(walk, frame, formula, owner) ? SP_SKIP_FAILED : SP_SKIP_NO;
    }
    if (!sp_is_value(value) || value.kind == SP_NULL || (value.kind == SP_BOOL && !sp_truth(value)))
        return SP_SKIP_NO;
    struct sp_str text = sp_value_text(walk->arena, value);
    if (sp_skip_if_parse(text, out))
        return SP_SKIP_YES;
    for (size_t i = 0; i < SP_COUNT(never_words); i++)
        if (sp_str_is(text, never_words[i]))
            return SP_SKIP_NO;
    return unknown_condition(walk, step, text);
}

static bool is_disabled(const struct sp_walk *walk, const struct sp_step_node *step, bool fresh)
{
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

static bool outputs_are_fine(struct look *look, bool fresh)
{
    const struct sp_step_node *step = sp_frame_step(look->frame);
    const struct sp_dict *params = look->frame->step_params;

    say(look->walk, "checking if file-type outputs of step are %s", fresh ? "fresh" : "exist");
    if (fresh)
        sp_paths_each(sp_frame_schema(look->frame), params, look_at_input, look);
    if (look->newest)
        say(look->walk, "most recently modified input is " SP_STR_FMT,
            SP_STR_ARG(look->newest_path));
    sp_paths_each(sp_frame_schema(look->frame), params, look_at_output, look);
    size_t outputs = count_outputs(look);
    if (!outputs)
        warn_no_outputs(look->walk, step);
    return look->fine && outputs && !look->will_change;
}

enum sp_skip_answer sp_fresh_wanted(struct sp_walk *walk,
                                    struct sp_frame *frame,
                                    struct sp_str *reason)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    enum sp_skip_if condition = step->step->skip_if_outputs;
    struct look look = { .walk = walk, .frame = frame, .task = task_of(frame), .fine = true };

    if (condition == SP_SKIP_NEVER || walk->mode == SP_MODE_CHECK)
        return SP_SKIP_NO;
    if (condition == SP_SKIP_ASK) {
        enum sp_skip_answer answer = ask(walk, frame, &condition);
        if (answer != SP_SKIP_YES)
            return answer;
    }
    bool fresh = condition == SP_SKIP_FRESH;
    if (is_disabled(walk, step, fresh) || !outputs_are_fine(&look, fresh))
        return SP_SKIP_NO;
    *reason = SP_STR("all required outputs are OK, skipping this step");
    return SP_SKIP_YES;
}

/* --- values of another time ---------------------------------------------------------------- */

/* Outputs that only a run can give, and that nobody has given. */
static bool is_lost(const struct sp_frame *frame, const struct sp_param *param)
{
    const struct sp_value *value = sp_dict_find(frame->step_params, param->name);

    return param->is_output && !param->has_implicit && !sp_param_is_file_type(param) &&
           !(value && sp_is_value(*value));
}

void sp_fresh_recall(struct sp_walk *walk, struct sp_frame *frame)
{
    const struct sp_past *past = walk->past;
    const struct sp_dict *known = NULL;
    struct sp_str run = SP_STR("");
    bool asked = false;

    SP_MAP_EACH (entry, &sp_frame_schema(frame)->params) {
        const struct sp_param *param = entry->value;
        if (!past || !is_lost(frame, param))
            continue;
        if (!asked)
            known = past->outputs(past->arg, task_of(frame), &run);
        asked = true;
        const struct sp_value *value = known ? sp_dict_find(known, param->name) : NULL;
        if (!value)
            continue;
        sp_dict_set(walk->arena, frame->step_params, param->name,
                    sp_literal(walk->arena, sp_value_copy(walk->arena, *value)));
        say(walk, "output '" SP_STR_FMT "' of the skipped step is that of run " SP_STR_FMT,
            SP_STR_ARG(param->name), SP_STR_ARG(run));
    }
}
