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

static int run_plan(const struct sp_cli_command *self, int argc, char **argv)
{
    struct sp_load_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_session session = { 0 };

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0) {
        status = sp_command_load(self, &args, &words, &session);
        if (status < 0)
            status = sp_show_plan(&session, args.json);
        sp_session_fini(&session);
    }
    sp_load_args_fini(&args);
    return status;
}

const struct sp_cli_command sp_command_plan = {
    .usage = {
        .name = "spoor plan",
        .summary = "show what would run, with full command lines",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Walks through the recipe as 'run' does, but runs nothing. Values that only a "
                       "run can\ngive (outputs parsed from a tool's log, files found by GLOB) are "
                       "shown as unresolved.\nFiles and programs that this machine lacks are "
                       "warnings here, errors for 'check' and 'run'.",
        .options = options,
        .examples = "  spoor plan recipe.yml ms=my.ms\n"
                    "      the steps and command lines of that run\n"
                    "  spoor plan --json recipe.yml | jq '.steps[].argv'\n"
                    "      the same for a program",
    },
    .run = run_plan,
};
