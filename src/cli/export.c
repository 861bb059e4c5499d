/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/question.h"
#include "engine/crate.h"
#include "engine/depot.h"
#include "value/json.h"

#include <stdio.h>

struct export_args {
    bool help;
    bool json;
    bool data;
    const char *crate;
    const char *name;
    const char *license;
    const char *author;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct export_args),
    SP_OPT_TEXT(NULL,
                "ro-crate",
                struct export_args,
                crate,
                "DIR|FILE.zip",
                "write an RO-Crate 1.1 there; DIR must be new or empty"),
    SP_OPT_FLAG(NULL,
                "data",
                struct export_args,
                data,
                "put in what the run has made as well, as it was when the run ended"),
    SP_OPT_TEXT(NULL, "name", struct export_args, name, "TEXT", "title of the crate"),
    SP_OPT_TEXT(NULL,
                "license",
                struct export_args,
                license,
                "URL|TEXT",
                "terms of use, e.g. https://spdx.org/licenses/CC-BY-4.0"),
    SP_OPT_TEXT(NULL, "author", struct export_args, author, "NAME", "who has run it"),
    SP_OPT_FLAG(NULL, "json", struct export_args, json, "print what was written as JSON"),
    SP_OPT_END,
};

static int show_result(struct sp_arena *arena,
                       const struct sp_run_summary *run,
                       const struct export_args *args)
{
    struct sp_value dict = sp_dict_new(arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!args->json) {
        (void)printf("run " SP_STR_FMT " is in %s\n", SP_STR_ARG(run->id), args->crate);
        return SP_EXIT_DONE;
    }
    sp_dict_put(arena, dict.dict, "run", sp_text(run->id));
    sp_dict_put(arena, dict.dict, "ro-crate", sp_text(sp_str_of(args->crate)));
    sp_json_encode(dict, SP_JSON_PRETTY, &text);
    (void)printf("%s\n", text.ptr);
    return SP_EXIT_DONE;
}

static int export_run(const struct sp_workspace *workspace,
                      const struct sp_run_summary *run,
                      const struct export_args *args)
{
    struct sp_crate_options crate = {
        .name = args->name, .license = args->license, .author = args->author, .data = args->data
    };
    struct sp_session_options none = { 0 };
    struct sp_session session;
    struct sp_err err = SP_ERR_INIT;

    sp_session_init(&session, &none);
    crate.store = sp_arena_cstr(workspace->arena, sp_depot_dir(&session));
    sp_session_fini(&session);
    if (sp_crate_write(workspace, run, &crate, args->crate, &err) == SP_OK)
        return show_result(workspace->arena, run, args);
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return SP_EXIT_FAILED;
}

static int run_export(const struct sp_cli_command *self, int argc, char **argv)
{
    struct export_args args = { 0 };
    sp_auto_question struct sp_question question;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0 && (!args.crate || !*args.crate)) {
        (void)sp_fail(&err, SP_INVALID, "say where to: --ro-crate DIR or --ro-crate FILE.zip");
        status = sp_command_fault(self, &err);
    }
    if (status < 0)
        status = sp_question_pick(&question, question.word, SP_HISTORY_EVENTS);
    return status < 0 ? export_run(&question.workspace, &question.run, &args) : status;
}

const struct sp_cli_command sp_command_export = {
    .usage = {
        .name = "spoor export",
        .summary = "write all about a run in a form that others can read",
        .synopsis = "[OPTIONS] --ro-crate DIR|FILE.zip [RUN]",
        .description = "A research object (https://w3id.org/ro/crate): recipe files, parameters, settings, journal,\n"
                       "logs, what each step read and left, with which program. Without RUN: the newest one.",
        .options = options,
        .examples = "  spoor export last --ro-crate run.zip --license https://spdx.org/licenses/CC-BY-4.0\n"
                    "      an archive to publish beside the images\n"
                    "  spoor export 20261121-112755 --ro-crate crate --data\n"
                    "      a directory, with what the run has made",
    },
    .run = run_export,
};
