/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "cli/command.h"
#include "cli/journalview.h"
#include "cli/table.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct runs_args {
    bool help;
    bool json;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct runs_args),
    SP_OPT_FLAG(NULL, "json", struct runs_args, json, "print one JSON document"),
    SP_OPT_END,
};

static void add_run(struct sp_table *table, const struct sp_run_summary *run)
{
    sp_nsec wall = (sp_nsec)(run->wall * 1e9);

    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->id));
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->recipe));
    sp_table_add(table, "%s", sp_run_state_name(run->state));
    sp_table_add(table, "%zu", run->done - run->failed);
    sp_table_add(table, "%s", run->wall > 0 ? sp_clock_duration(wall).text : "");
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->why));
}

/* A run that cannot be read is a row too: one bad journal must not hide the others. */
static void list_runs(const struct sp_workspace *workspace, bool json)
{
    static const struct sp_column columns[] = {
        { "run", false },       { "recipe", false }, { "state", false },
        { "steps done", true }, { "time", true },    { "why", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value list = sp_list_new(workspace->arena);
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    for (size_t i = 0; i < count; i++) {
        struct sp_run_summary run = { .id = ids[i] };
        struct sp_err err = SP_ERR_INIT;
        if (sp_history_run(workspace, ids[i], &run, &err)) {
            run.state = SP_RUN_LOST;
            run.why = sp_arena_str(workspace->arena, sp_str_of(err.text));
        }
        add_run(table, &run);
        sp_list_add(workspace->arena, list.list, sp_history_value(workspace->arena, &run));
    }
    if (json)
        sp_json_encode(list, SP_JSON_PRETTY, &text);
    else
        sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                        sp_tty_colour(STDOUT_FILENO), &text);
    (void)printf("%s%s", text.ptr, json ? "\n" : "");
}

static int run_runs(const struct sp_cli_command *self, int argc, char **argv)
{
    struct runs_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_workspace workspace;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 0);
    if (status >= 0)
        return status;
    if (sp_workspace_read(arena, ".", &workspace, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_FAILED;
    }
    list_runs(&workspace, args.json);
    return SP_EXIT_DONE;
}

const struct sp_cli_command sp_command_runs = {
    .usage = {
        .name = "spoor runs",
        .summary = "list the runs of this workspace",
        .synopsis = "[--json]",
        .description = "The workspace is the current directory; its runs are kept in .spoor/runs/.",
        .options = options,
    },
    .run = run_runs,
};
