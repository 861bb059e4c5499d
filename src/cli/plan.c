/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "cli/planview.h"

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct sp_load_args, help, "show this help"),
    SP_OPT_FLAG(NULL, "json", struct sp_load_args, json, "print one JSON document"),
    SP_SELECT_OPTIONS,
    SP_ASSIGN_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

static int plan(const struct sp_cli_command *self, struct sp_session *session, const void *given)
{
    const struct sp_load_args *args = given;

    (void)self;
    return sp_show_plan(session, &(struct sp_plan_options){ .json = args->json });
}

static int run_plan(const struct sp_cli_command *self, int argc, char **argv)
{
    struct sp_load_args args = { 0 };

    return sp_command_act(self, argc, argv, &args, plan);
}

const struct sp_cli_command sp_command_plan = {
    .usage = {
        .name = "spoor plan",
        .summary = "show what would run, with full command lines",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Walks through the recipe as 'run' does, but runs nothing, and touches nothing. Of "
                       "each step it\nsays whether it would run, and why, or whether its result is "
                       "known already. Values that only a run\ncan give (outputs parsed from the log "
                       "of a tool that would run, files found by GLOB) are shown\nas unresolved. "
                       "Files and programs that this machine lacks are "
                       "warnings here, errors\nfor 'check' and 'run'.",
        .options = options,
        .examples = "  spoor plan recipe.yml ms=my.ms\n"
                    "      the steps and command lines of that run\n"
                    "  spoor plan --json recipe.yml | jq '.steps[].argv'\n"
                    "      the same for a program\n"
                    "  spoor plan --json recipe.yml | jq -r '.steps[] | select(.state == \"runs\") | .task'\n"
                    "      which steps have something to do",
    },
    .run = run_plan,
};
