/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/journalview.h"
#include "cli/question.h"
#include "engine/verified.h"
#include "plan/key.h"
#include "value/json.h"

#include <stdio.h>

struct why_args {
    bool help;
    bool json;
    const char *run;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct why_args),
    SP_OPT_TEXT("r", "run", struct why_args, run, "RUN", "in this run (default: the newest)"),
    SP_OPT_FLAG(NULL, "json", struct why_args, json, "print one JSON document"),
    SP_OPT_END,
};

static const struct sp_list *reasons_of(const struct sp_step_summary *step)
{
    const struct sp_value *why = step->key ? sp_dict_get(step->key, "why") : NULL;

    return why && why->kind == SP_LIST ? why->list : NULL;
}

/* "ran", "was reused" ... with what comes behind. */
static void show_step(struct sp_arena *arena, const struct sp_step_summary *step)
{
    const struct sp_list *reasons = reasons_of(step);
    struct sp_str task = step->task;

    if (step->skipped) {
        (void)printf(SP_STR_FMT ": skipped: " SP_STR_FMT "\n", SP_STR_ARG(task),
                     SP_STR_ARG(step->why));
        return;
    }
    if (step->reused) {
        (void)printf(SP_STR_FMT ": did not run: nothing that it depends on has changed, " SP_STR_FMT
                                "\n",
                     SP_STR_ARG(task), SP_STR_ARG(step->why));
        return;
    }
    if (step->refused) {
        (void)printf(SP_STR_FMT ": could not start: " SP_STR_FMT "\n", SP_STR_ARG(task),
                     SP_STR_ARG(step->why));
        return;
    }
    if (!reasons || !reasons->len) {
        (void)printf(SP_STR_FMT ": ran; nothing was remembered in this run (opts.store.enable)\n",
                     SP_STR_ARG(task));
        return;
    }
    (void)printf(SP_STR_FMT ": %s because\n", SP_STR_ARG(task),
                 sp_dict_get(step->key, "key") ? "ran" : "ran, and always will,");
    reasons = sp_preimage_sum_up(arena, reasons);
    SP_LIST_EACH(line, reasons)
    (void)printf("  " SP_STR_FMT "\n", SP_STR_ARG(line->text));
}

/* Whether it gives the same each time, as far as anybody has tried. */
static void show_verified(struct sp_arena *arena, const struct sp_dict *event)
{
    if (event)
        (void)printf("  verified " SP_STR_FMT ": %s" SP_STR_FMT "\n",
                     SP_STR_ARG(sp_str_slice(sp_dict_text(event, "time"), 0, 10)),
                     sp_verified_outcome(event) == SP_VERIFY_DIFFERS
                         ? "its cab does not give the same each time: "
                         : "",
                     SP_STR_ARG(sp_verified_text(arena, event)));
}

/* A list of one. */
static const struct sp_list *alone(struct sp_arena *arena, struct sp_str text)
{
    struct sp_value list = sp_list_new(arena);

    sp_list_add(arena, list.list, sp_text(text));
    return list.list;
}

static struct sp_value step_value(struct sp_arena *arena,
                                  const struct sp_step_summary *step,
                                  const struct sp_dict *verified)
{
    struct sp_value value = sp_dict_new(arena);
    const struct sp_list *reasons = step->refused ? alone(arena, step->why) : reasons_of(step);

    sp_dict_put(arena, value.dict, "task", sp_text(step->task));
    sp_dict_put(arena, value.dict, "ran",
                sp_bool(!step->skipped && !step->reused && !step->refused));
    sp_dict_put(arena, value.dict, "reused", sp_bool(step->reused));
    sp_dict_put(arena, value.dict, "skipped", sp_bool(step->skipped));
    sp_dict_put(arena, value.dict, "refused", sp_bool(step->refused));
    if (step->key) {
        sp_dict_put_text(arena, value.dict, "key", sp_dict_text(step->key, "key"));
        sp_dict_put_text(arena, value.dict, "of", sp_dict_text(step->key, "of"));
    }
    if (reasons)
        sp_dict_put(arena, value.dict, "why",
                    (struct sp_value){ .kind = SP_LIST, .list = (struct sp_list *)reasons });
    if (verified)
        sp_dict_put(arena, value.dict, "verified",
                    (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)verified });
    return value;
}

static int show(const struct sp_question *question, bool json)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    const struct sp_run_summary *run = &question->run;
    const char *wanted = question->word;
    struct sp_arena *arena = question->arena;
    const struct sp_list *verified = sp_verified_read(&question->workspace);
    struct sp_value list = sp_list_new(arena);
    size_t shown = 0;

    for (size_t i = 0; i < run->step_count; i++) {
        const struct sp_step_summary *step = &run->steps[i];
        if (wanted ? !sp_journal_is_meant(step->task, wanted) : step->unselected)
            continue;
        shown++;
        if (json)
            sp_list_add(arena, list.list, step_value(arena, step, sp_verified_of(verified, step)));
        else
            show_step(arena, step);
        if (!json)
            show_verified(arena, sp_verified_of(verified, step));
    }
    if (wanted && !shown)
        return sp_journal_no_such_step(run, wanted);
    if (!shown && !json)
        (void)printf("run " SP_STR_FMT " came to no step%s" SP_STR_FMT "\n", SP_STR_ARG(run->id),
                     run->why.len ? ": " : "", SP_STR_ARG(run->why));
    if (json) {
        sp_json_encode(list, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    }
    return SP_EXIT_DONE;
}

static int run_why(const struct sp_cli_command *self, int argc, char **argv)
{
    struct why_args args = { 0 };
    sp_auto_question struct sp_question question;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0)
        status = sp_question_pick(&question, args.run, SP_HISTORY_EVENTS);
    return status < 0 ? show(&question, args.json) : status;
}

const struct sp_cli_command sp_command_why = {
    .usage = {
        .name = "spoor why",
        .summary = "say why a step ran, or why it did not have to",
        .synopsis = "[--run RUN] [STEP]",
        .description = "A step runs when something that its result depends on is not what it was: "
                       "its parameters, its\ncab, its program, or the data that it reads. STEP is a "
                       "label, a full name or a pattern; without\nit all steps are shown.",
        .options = options,
        .examples = "  spoor why image\n"
                    "      why the step 'image' ran in the newest run\n"
                    "  spoor why --run last~1 'demo.*'\n"
                    "      all steps of the run before that match",
    },
    .run = run_why,
};
