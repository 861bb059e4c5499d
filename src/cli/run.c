/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/planview.h"
#include "cli/program.h"
#include "cli/running.h"
#include "engine/repeat.h"
#include "recipe/setting.h"
#include "sys/file.h"
#include "sys/witness.h"
#include "value/json.h"

#include <stdio.h>

struct run_args {
    struct sp_load_args load;
    bool dry_run;
    bool quiet;
    bool dump_config;
    bool fresh, resume, on_top;
    const char *edits;
    const char *wait;
    int64_t profile; /* depth; -1: as configured */
    struct sp_repeat_request request;
};

/* Whoever asks for more than a run gets a run. */
static bool is_plain(const struct run_args *args)
{
    return !sp_program()->is_stimela && !args->load.json && !args->load.verbose &&
           !args->dump_config && !args->fresh && !args->on_top && !args->edits && !args->wait &&
           args->profile < 0;
}

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct run_args, load.help, "show this help"),
    SP_OPT_FLAG("d",
                "dry-run",
                struct run_args,
                dry_run,
                "show what would run, with full command lines, and run nothing"),
    SP_OPT_FLAG("q",
                "quiet",
                struct run_args,
                quiet,
                "do not show the output of the tools (the logs have it)"),
    SP_OPT_FLAG("v",
                "verbose",
                struct run_args,
                load.verbose,
                "show and log details, as 'spoor -v run' does"),
    SP_OPT_FLAG(NULL,
                "json",
                struct run_args,
                load.json,
                "print the events of the run as JSON, one a line, and nothing else"),
    SP_OPT_INT("p",
               "profile",
               struct run_args,
               profile,
               "DEPTH",
               "how many levels of steps the table of times and sizes has; 0: no table"),
    SP_OPT_FLAG("dc",
                "dump-config",
                struct run_args,
                dump_config,
                "write all of the configuration to stimela.recipe.config.yaml in opts.log.dir"),
    SP_OPT_FLAG(NULL,
                "fresh",
                struct run_args,
                fresh,
                "run every step, also those whose result is known"),
    SP_OPT_FLAG(NULL,
                "resume",
                struct run_args,
                resume,
                "run only what has not been done yet: it is what always happens"),
    SP_OPT_FLAG(NULL,
                "on-top",
                struct run_args,
                on_top,
                "start from the files as they are, also from what this recipe made of them before"),
    SP_OPT_TEXT(NULL,
                "edits",
                struct run_args,
                edits,
                "WHAT",
                "results that were changed by hand: refuse (stop), adopt (use them), restore"),
    SP_OPT_MAYBE("wait",
                 struct run_args,
                 wait,
                 "SECONDS",
                 "if another run is going in this workspace, wait until it has ended; so long at "
                 "most (default: as long as it takes)"),
    SP_SELECT_OPTIONS,
    SP_ASSIGN_OPTIONS,
    SP_LOAD_OPTIONS,
    SP_OPT_END,
};

/* Settings that have an option of their own. */
static void apply_options(struct sp_session *session, const struct run_args *args)
{
    struct sp_err err = SP_ERR_INIT;

    if (args->profile >= 0 && sp_config_set(&session->config, SP_STR("opts.profile.print_depth"),
                                            sp_int(args->profile), &err))
        sp_diag_error(&session->diags, SP_DIAG_UNKNOWN_KEY, 0, "%s", err.text);
}

/* In JSON, which is YAML. */
static int dump_config(struct sp_session *session, struct sp_str dir)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value root = { .kind = SP_DICT, .dict = session->config.root };
    struct sp_str path =
        sp_arena_printf(session->arena, SP_STR_FMT "/stimela.recipe.config.yaml", SP_STR_ARG(dir));
    struct sp_err err = SP_ERR_INIT;

    sp_json_encode(root, SP_JSON_PRETTY, &text);
    sp_buf_addc(&text, '\n');
    enum sp_rc rc = sp_make_dirs(dir.ptr, &err);
    if (rc == SP_OK)
        rc = sp_file_write(path.ptr, sp_buf_str(&text), &err);
    if (rc == SP_OK)
        return SP_EXIT_DONE;
    (void)fprintf(stderr, "%s: %s\n", sp_program()->name, err.text);
    return SP_EXIT_FAILED;
}

/* opts.log.dir as it is written, unless it depends on what only a run knows. */
static struct sp_str plain_log_dir(const struct sp_session *session)
{
    const struct sp_value *dir = sp_config_option(&session->config, "log.dir");

    if (!dir || !sp_is_text(*dir) || !dir->text.len || sp_str_find(dir->text, '{') != SIZE_MAX)
        return SP_STR(".");
    return sp_arena_str(session->arena, dir->text);
}

/* "--wait", "--wait=10"; NULL: it was not given. */
static bool read_wait(const char *text, sp_nsec *out)
{
    double seconds = -1;

    if (!text)
        return true;
    if (*text && (!sp_str_float(sp_str_of(text), &seconds) || !(seconds > 0) || seconds > 1e9))
        return false;
    *out = (sp_nsec)(seconds * 1e9);
    return true;
}

/* -1 to go on. */
static int check_options(const struct sp_cli_command *self,
                         const struct run_args *args,
                         sp_nsec *wait)
{
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = SP_OK;

    if (!read_wait(args->wait, wait))
        rc = sp_fail(&err, SP_INVALID, "--wait=%s: how many seconds?", args->wait);
    if (rc == SP_OK && args->edits)
        rc = sp_setting_check_as("opts.store.edits", "--edits", sp_text(sp_str_of(args->edits)),
                                 &err);
    return rc ? sp_command_fault(self, &err) : -1;
}

static int run_loaded(const struct sp_cli_command *self,
                      struct sp_session *session,
                      const void *given)
{
    const struct run_args *args = given;
    sp_nsec wait = 0;

    int status = check_options(self, args, &wait);
    if (status >= 0)
        return status;
    apply_options(session, args);
    if (args->dump_config && dump_config(session, plain_log_dir(session)))
        return SP_EXIT_FAILED;
    if (args->dry_run)
        return sp_show_plan(session, &(struct sp_plan_options){
                                         .json = args->load.json,
                                         .fresh = args->fresh,
                                         .on_top = args->on_top,
                                         .edits = args->edits,
                                     });
    return sp_running(session, &(struct sp_running_options){
                                   .json = args->load.json,
                                   .quiet = args->quiet,
                                   .verbose = args->load.verbose,
                                   .profile = args->profile >= 0,
                                   .fresh = args->fresh,
                                   .on_top = args->on_top,
                                   .edits = args->edits,
                                   .wait = wait,
                                   .request = is_plain(args) ? &args->request : NULL,
                               });
}

static int run_run(const struct sp_cli_command *self, int argc, char **argv)
{
    struct run_args args = { .profile = -1 };

    if (argc < 2) {
        sp_command_show_help(&self->usage, stderr);
        return SP_EXIT_USAGE;
    }
    sp_repeat_ask(&args.request, sp_program()->argc, sp_program()->argv);
    if (sp_running_repeated(&args.request))
        return SP_EXIT_DONE;
    sp_witness_begin();
    return sp_command_act(self, argc, argv, &args, run_loaded);
}

const struct sp_cli_command sp_command_run = {
    .usage = {
        .name = "spoor run",
        .summary = "run a recipe or a single cab",
        .synopsis = "[OPTIONS] FILE... [RECIPE] [NAME=VALUE...]",
        .description = "Everything that can be checked is checked before the first tool starts. "
                       "Parameters are\nNAME=VALUE with YAML values; NAME==FORMULA gives a formula. "
                       "Logs go to log-RECIPE.STEP.txt,\nthe journal of the run to .spoor/runs/. "
                       "Ctrl-C stops the running tool and says what was left.",
        .options = options,
        .examples = "  spoor run recipe.yml\n"
                    "      run the only recipe in that file\n"
                    "  spoor run recipe.yml image ms=my.ms robust=[0,-2]\n"
                    "      run the recipe 'image' of it with two inputs set\n"
                    "  spoor run --wait recipe.yml\n"
                    "      when the run that is going on here has ended\n"
                    "  spoor run simms msname=new.ms telescope=meerkat\n"
                    "      run one cab of the library, without a recipe",
    },
    .run = run_run,
};
