/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/skip.h"

#include "plan/refs.h"
#include "value/text.h"

static const char *const yes_words[] = { "True", "true", "1" };
static const char *const no_words[] = { "", "False", "false", "0", "None", "none" };

static bool is_word(struct sp_str text, const char *const *words, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_is(text, words[i]))
            return true;
    return false;
}

/* Is it a constant that says yes? */
static bool skips(struct sp_value skip)
{
    if (sp_is_text(skip))
        return is_word(skip.text, yes_words, SP_COUNT(yes_words));
    return skip.kind != SP_NULL && sp_truth(skip);
}

bool sp_skip_is_certain(const struct sp_step_node *step)
{
    return step->disabled || (!step->unskip && skips(step->step->skip));
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
    if (!sp_is_value(value)) { /* only a run can tell: it may well run */
        struct sp_str owner =
            sp_arena_printf(walk->arena, SP_STR_FMT ".skip", SP_STR_ARG(step->fqname));
        return sp_refs_reject(walk, frame, skip, owner) ? SP_SKIP_FAILED : SP_SKIP_NO;
    }
    bool formula = sp_str_starts(skip.text, "=") && !sp_str_starts(skip.text, "==");
    if (formula || !sp_is_text(value))
        return answer(walk, sp_truth(value), skip, reason);
    return by_text(walk, step, skip, value.text, reason);
}

static void say_unskipped(const struct sp_walk *walk, const struct sp_step_node *step)
{
    struct sp_value skip = step->step->skip;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (walk->mode != SP_MODE_RUN || !walk->log ||
        (skip.kind == SP_NULL && step->step->skip_if_outputs == SP_SKIP_NEVER))
        return;
    sp_buf_addf(&text, "unskipping step '" SP_STR_FMT "' which is normally %s",
                SP_STR_ARG(step->step->label), skips(skip) ? "skipped" : "conditionally skipped");
    if (!skips(skip) && !sp_is_expression(skip) && step->step->skip_if_outputs == SP_SKIP_NEVER)
        return; /* "skip: false" */
    walk->log(walk->log_arg, SP_LOG_WARNING, sp_buf_str(&text), 0);
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
    if (step->unskip)
        say_unskipped(walk, step);
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
