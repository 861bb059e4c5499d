/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"
#include "base/nearest.h"

#include "cli/command.h"
#include "cli/table.h"
#include "engine/catalogue.h"
#include "sys/tty.h"
#include "value/json.h"

#include <stdio.h>
#include <unistd.h>

struct runs_args {
    bool help;
    bool json;
    int64_t limit;
    const char *wrote;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct runs_args),
    SP_OPT_INT("n", "limit", struct runs_args, limit, "N", "only the newest N runs"),
    SP_OPT_TEXT(
        NULL,
        "wrote",
        struct runs_args,
        wrote,
        "PATH",
        "only runs of which a step has made or changed this path, written as in the recipe"),
    SP_OPT_FLAG(NULL, "json", struct runs_args, json, "print one JSON document"),
    SP_OPT_END,
};

static void add_run(struct sp_table *table, const struct sp_run_summary *run)
{
    sp_nsec wall = (sp_nsec)(run->wall * 1e9);

    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->id));
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->recipe));
    sp_table_add(table, "%s", sp_run_state_name(run->state));
    sp_table_add(table, "%zu", run->done);
    sp_table_add(table, "%zu", run->reused);
    sp_table_add(table, "%zu", run->failed);
    sp_table_add(table, "%s", run->wall > 0 ? sp_clock_duration(wall).text : "");
    sp_table_add(table, SP_STR_FMT, SP_STR_ARG(run->why));
}

static void show_table(const struct sp_run_summary *runs, size_t count)
{
    static const struct sp_column columns[] = {
        { "run", false },   { "recipe", false }, { "state", false }, { "steps run", true },
        { "reused", true }, { "failed", true },  { "time", true },   { "why", false },
    };
    sp_auto_table struct sp_table *table = sp_table_new(columns, SP_COUNT(columns));
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < count; i++)
        add_run(table, &runs[i]);
    sp_table_format(table, sp_tty_is(STDOUT_FILENO) ? sp_tty_width(STDOUT_FILENO) : 0,
                    sp_tty_colour(STDOUT_FILENO), &text);
    (void)fputs(text.ptr, stdout);
}

static void show_json(struct sp_arena *arena, const struct sp_run_summary *runs, size_t count)
{
    struct sp_value list = sp_list_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    for (size_t i = 0; i < count; i++)
        sp_list_add(arena, list.list, sp_history_outline(arena, &runs[i]));
    sp_json_encode(list, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
}

/* There may be no run of that recipe because there is no such recipe. */
static int no_such_recipe(const struct sp_workspace *workspace, struct sp_str recipe)
{
    struct sp_catalogue_filter all = { .limit = 0 };
    struct sp_nearest nearest = SP_NEAREST(recipe);
    struct sp_run_summary *runs = NULL;
    struct sp_err err = SP_ERR_INIT;
    size_t count = 0;

    if (sp_catalogue_ask(workspace, &all, &runs, &count, &err) == SP_OK) {
        for (size_t i = 0; i < count; i++)
            sp_nearest_offer(&nearest, runs[i].recipe);
        (void)sp_nearest_fail(&nearest, "'spoor runs' lists all runs", &err, SP_NOT_FOUND,
                              "no run of a recipe '" SP_STR_FMT "'", SP_STR_ARG(recipe));
    }
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return SP_EXIT_FAILED;
}

static int list_runs(const struct sp_workspace *workspace,
                     const struct runs_args *args,
                     struct sp_str recipe)
{
    struct sp_catalogue_filter filter = { .recipe = recipe,
                                          .wrote = sp_str_of(args->wrote),
                                          .limit = (size_t)args->limit };
    struct sp_run_summary *runs = NULL;
    struct sp_err err = SP_ERR_INIT;
    size_t count = 0;

    if (sp_catalogue_ask(workspace, &filter, &runs, &count, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_STORE;
    }
    if (!count && recipe.len && !filter.wrote.len)
        return no_such_recipe(workspace, recipe);
    if (args->json)
        show_json(workspace->arena, runs, count);
    else if (!count && filter.wrote.len)
        (void)printf("no run here has made or changed '%s'\n", args->wrote);
    else
        show_table(runs, count);
    return SP_EXIT_DONE;
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
        status = sp_command_refuse_words(self, &words, 1);
    if (status < 0 && args.limit < 0) {
        (void)sp_fail(&err, SP_INVALID, "--limit: a number of runs, from 1");
        status = sp_command_fault(self, &err);
    }
    if (status >= 0)
        return status;
    if (sp_workspace_read(arena, ".", &workspace, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_FAILED;
    }
    return list_runs(&workspace, &args, sp_str_of(words.len ? words.items[0] : NULL));
}

const struct sp_cli_command sp_command_runs = {
    .usage = {
        .name = "spoor runs",
        .summary = "list the runs of this workspace",
        .synopsis = "[--json] [--limit N] [--wrote PATH] [RECIPE]",
        .description = "The workspace is the current directory; its runs are kept in .spoor/runs/. With RECIPE: only\n"
                       "runs of that recipe or cab. Steps are counted by how often their tools ran, how often an\n"
                       "earlier result was taken, and how often they failed.",
        .options = options,
        .examples = "  spoor runs -n 10 selfcal\n"
                    "      the newest ten runs of 'selfcal'\n"
                    "  spoor runs --wrote my.ms\n"
                    "      who has changed it?",
    },
    .run = run_runs,
};
