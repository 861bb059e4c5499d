/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "cli/profileview.h"
#include "cli/question.h"
#include "cli/table.h"
#include "sys/tty.h"
#include "value/json.h"
#include "value/text.h"

#include <stdio.h>
#include <unistd.h>

struct status_args {
    bool help;
    bool json;
    bool profile;
    bool unroll_loops;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct status_args),
    SP_OPT_FLAG(NULL, "json", struct status_args, json, "print one JSON document"),
    SP_OPT_FLAG("p",
                "profile",
                struct status_args,
                profile,
                "show what recipes and steps have used, summed up: averages, totals, peaks"),
    SP_OPT_FLAG(NULL,
                "unroll-loops",
                struct status_args,
                unroll_loops,
                "in the profile, a row for each iteration of a loop"),
    SP_OPT_END,
};

static void add_step(struct sp_table *table,
                     const struct sp_run_summary *run,
                     const struct sp_step_summary *step)
{
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(step->task));
    sp_table_add(table, "%s", sp_step_state_name(run, step));
    if (step->ended && !step->refused && !step->reused) {
        sp_table_add(table, "%s", sp_clock_duration((sp_nsec)(step->wall * 1e9)).text);
        sp_table_add(table, "%s", sp_share_text(step->cpu, step->wall).text);
        sp_table_add(table, "%s", sp_size_text(step->memory).text);
        sp_table_add(table, "%s", sp_size_text(step->read).text);
        sp_table_add(table, "%s", sp_size_text(step->write).text);
    } else {
        for (int i = 0; i < 5; i++)
            sp_table_add(table, "%s", "");
    }
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(step->why));
}

/* As on a command line. */
static void add_option(struct sp_str name, struct sp_value value)
{
    if (!sp_is_list(value))
        (void)printf(" --" SP_STR_FMT, SP_STR_ARG(name));
    else
        SP_LIST_EACH(word, value.list)
    if (sp_is_text(*word))
        (void)printf(" --" SP_STR_FMT " " SP_STR_FMT, SP_STR_ARG(name), SP_STR_ARG(word->text));
}

static void print_selection(const struct sp_run_summary *run)
{
    if (run->selection.kind == SP_DICT) {
        (void)printf("selection:");
        SP_DICT_EACH(entry, run->selection.dict)
        add_option(entry->key, entry->value);
        (void)printf("\n");
    }
    if (run->unselected)
        (void)printf("%zu step%s not selected\n", run->unselected, run->unselected == 1 ? "" : "s");
}

static void print_status(const struct sp_run_summary *run)
{
    static const struct sp_column columns[] = {
        { "step", false },  { "result", false }, { "time", true },    { "cpu", true },
        { "memory", true }, { "read", true },    { "written", true }, { "why", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    (void)printf("run " SP_STR_FMT " of '" SP_STR_FMT "': %s, %zu of ", SP_STR_ARG(run->id),
                 SP_STR_ARG(run->recipe), sp_run_state_name(run->state), run->done - run->failed);
    if (run->total)
        (void)printf("%zu", run->total);
    else
        (void)printf("?");
    (void)printf(" tool runs done");
    if (run->reused)
        (void)printf(", %zu reused", run->reused);
    if (run->wall > 0)
        (void)printf(", %s", sp_clock_duration((sp_nsec)(run->wall * 1e9)).text);
    (void)printf("\n");
    print_selection(run);
    for (size_t i = 0; i < run->step_count; i++)
        if (!run->steps[i].unselected)
            add_step(table, run, &run->steps[i]);
    sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                    sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(text.ptr, stdout);
    if (run->outputs.kind != SP_DICT)
        return;
    SP_DICT_EACH(entry, run->outputs.dict)
    {
        sp_buf_clear(&text);
        sp_value_brief(entry->value, 1000, &text);
        (void)printf(SP_STR_FMT ": %s\n", SP_STR_ARG(entry->key), text.ptr);
    }
}

static int show_profile(const struct sp_workspace *workspace,
                        const struct sp_run_summary *run,
                        const struct status_args *args)
{
    struct sp_profile profile = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (sp_profile_run(workspace, run->id, args->unroll_loops, &profile, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_STORE;
    }
    if (args->json) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
        sp_json_encode(sp_profile_value(workspace->arena, &profile), SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
        return SP_EXIT_DONE;
    }
    (void)printf("run " SP_STR_FMT " of '" SP_STR_FMT "': %s\n", SP_STR_ARG(run->id),
                 SP_STR_ARG(run->recipe), sp_run_state_name(run->state));
    sp_profile_show(&profile, INT64_MAX, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                    sp_tty_colour(STDOUT_FILENO));
    return SP_EXIT_DONE;
}

static int run_status(const struct sp_cli_command *self, int argc, char **argv)
{
    struct status_args args = { 0 };
    sp_auto_question struct sp_question question;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0)
        status = sp_question_pick(&question, question.word, SP_HISTORY_OUTLINE);
    if (status >= 0)
        return status;
    if (args.profile)
        return show_profile(&question.workspace, &question.run, &args);
    if (args.json) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
        sp_json_encode(sp_history_value(question.arena, &question.run), SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else {
        print_status(&question.run);
    }
    return SP_EXIT_DONE;
}

const struct sp_cli_command sp_command_status = {
    .usage = {
        .name = "spoor status",
        .summary = "show the steps of a run: results, times, memory",
        .synopsis = "[--json] [RUN]",
        .description = "Without RUN: the newest one, also while it is going. 'spoor runs' lists all. RUN is an id, the\n"
                       "beginning of one, 'last', or 'last~1' for the run before.",
        .options = options,
        .examples = "  spoor status\n"
                    "      the newest run, or the one that is going\n"
                    "  spoor status --profile last~1\n"
                    "      what the steps of the run before have used",
    },
    .run = run_status,
};
