/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/verify.h"

#include "base/clock.h"

#include "cli/journalview.h"
#include "cli/question.h"
#include "value/json.h"

#include <stdio.h>

struct verify_args {
    bool help;
    bool json;
    bool keep;
    int64_t sample;
    const char *run;
    const char *tolerance;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct verify_args),
    SP_OPT_TEXT("r", "run", struct verify_args, run, "RUN", "of this run (default: the newest)"),
    SP_OPT_INT("n",
               "sample",
               struct verify_args,
               sample,
               "N",
               "only N of the steps that STEP means, chosen by chance"),
    SP_OPT_TEXT(
        "t",
        "tolerance",
        struct verify_args,
        tolerance,
        "R|'R A'|exact",
        "how much results may differ: R times their peak, or A (default: as the cabs say in "
        "recompute.compare, else exact)"),
    SP_OPT_FLAG("k", "keep", struct verify_args, keep, "leave the copies in .spoor/verify"),
    SP_OPT_FLAG(NULL, "json", struct verify_args, json, "print one JSON document"),
    SP_OPT_END,
};

struct view {
    const struct sp_run_summary *run;
    struct sp_arena *arena;
    const struct verify_args *args;
    struct sp_map wanted; /* tasks */
    struct sp_list *told;
};

/* --- which steps --------------------------------------------------------------------------- */

static void choose_all(struct view *view, const char *wanted)
{
    for (size_t i = 0; i < view->run->step_count; i++) {
        const struct sp_step_summary *step = &view->run->steps[i];
        if (wanted ? sp_journal_is_meant(step->task, wanted) : step->key && !step->skipped)
            sp_map_set(&view->wanted, step->task, view);
    }
}

/* Each run of this another choice: the more often, the more is seen. */
static void choose_some(struct view *view, size_t count)
{
    uint64_t state = (uint64_t)sp_clock_realtime();

    while (view->wanted.len > count) {
        state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        size_t at = (size_t)((state >> 33) % view->wanted.len);
        sp_map_remove(&view->wanted, view->wanted.entries[at].key);
    }
}

static bool is_wanted(void *arg, struct sp_str task)
{
    const struct view *view = arg;

    return sp_map_has(&view->wanted, task);
}

/* --- showing ------------------------------------------------------------------------------- */

static void show(struct sp_arena *arena, const struct sp_dict *event)
{
    const struct sp_value *lines = sp_dict_get(event, "lines");

    (void)printf(SP_STR_FMT ": " SP_STR_FMT "\n", SP_STR_ARG(sp_dict_text(event, "task")),
                 SP_STR_ARG(sp_verified_text(arena, event)));
    if (lines && lines->kind == SP_LIST)
        SP_LIST_EACH(line, lines->list)
    (void)printf("  " SP_STR_FMT "\n", SP_STR_ARG(line->text));
    (void)fflush(stdout);
}

static void on_told(void *arg, const struct sp_dict *event)
{
    struct view *view = arg;

    if (view->args->json)
        sp_list_add(view->arena, view->told,
                    (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)event });
    else
        show(view->arena, event);
}

static int finish(const struct view *view, const struct sp_verify_result *result)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (view->args->json) {
        sp_json_encode((struct sp_value){ .kind = SP_LIST, .list = view->told }, SP_JSON_PRETTY,
                       &text);
        (void)printf("%s\n", text.ptr);
    } else {
        (void)printf("%zu the same, %zu differ, %zu not verified\n", result->counts[SP_VERIFY_SAME],
                     result->counts[SP_VERIFY_DIFFERS], result->counts[SP_VERIFY_UNKNOWN]);
    }
    if (result->interrupted)
        return SP_EXIT_INTERRUPTED;
    return result->counts[SP_VERIFY_DIFFERS] || !result->counts[SP_VERIFY_SAME] ? SP_EXIT_FAILED
                                                                                : SP_EXIT_DONE;
}

static int verify_steps(const struct sp_workspace *workspace, struct view *view, const char *wanted)
{
    struct sp_tolerance tolerance = { 0 };
    struct sp_verify_options asked = {
        .workspace = workspace,
        .run = view->run,
        .wanted = is_wanted,
        .told = on_told,
        .arg = view,
        .tolerance = view->args->tolerance ? &tolerance : NULL,
        .keep = view->args->keep,
    };
    struct sp_verify_result result;
    struct sp_err err = SP_ERR_INIT;

    if (view->args->tolerance &&
        sp_tolerance_parse(sp_str_of(view->args->tolerance), &tolerance, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_USAGE;
    }
    choose_all(view, wanted);
    if (!view->wanted.len && wanted)
        return sp_journal_no_such_step(view->run, wanted);
    if (view->args->sample > 0)
        choose_some(view, (size_t)view->args->sample);
    enum sp_rc rc = sp_verify(&asked, &result, &err);
    if (rc == SP_OK)
        return finish(view, &result);
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_BUSY || rc == SP_IO ? SP_EXIT_STORE : SP_EXIT_FAILED;
}

static int run_verify(const struct sp_cli_command *self, int argc, char **argv)
{
    struct verify_args args = { 0 };
    sp_auto_question struct sp_question question;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0)
        status = sp_question_pick(&question, args.run, SP_HISTORY_EVENTS);
    if (status >= 0)
        return status;
    struct view view = { .run = &question.run,
                         .arena = question.arena,
                         .args = &args,
                         .told = sp_list_new(question.arena).list };
    status = verify_steps(&question.workspace, &view, question.word);
    sp_map_fini(&view.wanted);
    return status;
}

const struct sp_cli_command sp_command_verify = {
    .usage = {
        .name = "spoor verify",
        .summary = "run a step again on copies, and compare with what is remembered",
        .synopsis = "[OPTIONS] [STEP]",
        .description = "The step runs as in that run, on copies (clones) of what it read then, in .spoor/verify; data\n"
                       "and results in the workspace are not touched. What comes out is compared byte by byte, then by\n"
                       "what the bytes mean (time stamps and histories apart), then by value. Exit status 0: the same\n"
                       "within the tolerance, 1: not, or it cannot be told. 'spoor why' knows the outcome afterwards.",
        .options = options,
        .examples = "  spoor verify image\n"
                    "      does the step 'image' of the newest run give the same again?\n"
                    "  spoor verify --run last~1 --sample 3 --tolerance 1e-5\n"
                    "      three steps of the run before, to 1e-5 of the peak",
    },
    .run = run_verify,
};
