/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/rerun.h"

#include "cli/question.h"
#include "cli/running.h"
#include "value/json.h"

#include <stdio.h>

struct rerun_args {
    bool help;
    bool check;
    bool accept;
    bool quiet;
    bool json;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct rerun_args),
    SP_OPT_FLAG(NULL,
                "check",
                struct rerun_args,
                check,
                "only list what is no longer the same; exit status 0: nothing, 1: something"),
    SP_OPT_FLAG(NULL,
                "accept-differences",
                struct rerun_args,
                accept,
                "run also if something is no longer the same"),
    SP_OPT_FLAG("q", "quiet", struct rerun_args, quiet, "do not show the output of the tools"),
    SP_OPT_FLAG(NULL,
                "json",
                struct rerun_args,
                json,
                "print the events of the run, or with --check the differences, as JSON"),
    SP_OPT_END,
};

static void print_differences(const struct sp_list *differences, FILE *stream)
{
    SP_LIST_EACH(difference, differences)
    (void)fprintf(stream, "  " SP_STR_FMT ": " SP_STR_FMT "\n",
                  SP_STR_ARG(sp_dict_text(difference->dict, "kind")),
                  SP_STR_ARG(sp_dict_text(difference->dict, "text")));
}

static void print_restores(const struct sp_rerun *rerun, const char *what)
{
    SP_LIST_EACH(restore, rerun->restores)
    (void)printf("  " SP_STR_FMT ": %s (version %.12s)\n",
                 SP_STR_ARG(sp_dict_text(restore->dict, "path")), what,
                 sp_dict_text(restore->dict, "version").ptr);
}

static int show_check(const struct sp_rerun *rerun, bool json)
{
    bool same = rerun->differences->len == 0;
    struct sp_value dict = sp_dict_new(rerun->arena);
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    if (json) {
        sp_dict_put(rerun->arena, dict.dict, "run", sp_text(rerun->run->id));
        sp_dict_put(rerun->arena, dict.dict, "same", sp_bool(same));
        sp_dict_put(rerun->arena, dict.dict, "restores",
                    (struct sp_value){ .kind = SP_LIST, .list = rerun->restores });
        sp_dict_put(rerun->arena, dict.dict, "differences",
                    (struct sp_value){ .kind = SP_LIST, .list = rerun->differences });
        sp_json_encode(dict, SP_JSON_PRETTY, &text);
        (void)printf("%s\n", text.ptr);
    } else if (same) {
        (void)printf("everything is as it was in run " SP_STR_FMT "%s\n",
                     SP_STR_ARG(rerun->run->id),
                     rerun->restores->len ? ", or can be brought back:" : "");
        print_restores(rerun, "would be brought back from the store");
    } else {
        (void)printf("not as in run " SP_STR_FMT ":\n", SP_STR_ARG(rerun->run->id));
        print_differences(rerun->differences, stdout);
    }
    return same ? SP_EXIT_DONE : SP_EXIT_FAILED;
}

/* -1 to go on. */
static int refuse(const struct sp_rerun *rerun, bool accept)
{
    size_t count = rerun->differences->len;

    if (!count)
        return -1;
    (void)fprintf(stderr, "spoor: not as in run " SP_STR_FMT ":\n", SP_STR_ARG(rerun->run->id));
    print_differences(rerun->differences, stderr);
    if (accept)
        return -1;
    (void)fprintf(stderr, "spoor: nothing was run; --accept-differences runs it all the same\n");
    return SP_EXIT_FAILED;
}

static int run_again(struct sp_rerun *rerun, const struct rerun_args *args)
{
    const char *id = sp_arena_cstr(rerun->arena, rerun->run->id);
    struct sp_running_options running = { .json = args->json, .quiet = args->quiet, .rerun = id };
    struct sp_session session;
    struct sp_err err = SP_ERR_INIT;
    int status = SP_EXIT_FAILED;

    running.verbose = rerun->options.verbose;
    enum sp_rc rc = sp_rerun_session(rerun, &session, &err);
    if (rc == SP_OK)
        rc = sp_rerun_bring(rerun, &session, &err);
    if (rc == SP_OK) {
        if (!args->json)
            print_restores(rerun, "is again what it was then");
        status = sp_running(&session, &running);
    } else {
        sp_show_findings(&session);
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        status = rc == SP_BUSY || rc == SP_IO ? SP_EXIT_STORE : SP_EXIT_FAILED;
    }
    sp_session_fini(&session);
    return status;
}

static int rerun_run(const struct sp_workspace *workspace,
                     const struct sp_run_summary *run,
                     const struct rerun_args *args)
{
    struct sp_rerun *rerun = NULL;
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_rerun_begin(workspace, run, &rerun, &err);
    if (rc) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return rc == SP_IO ? SP_EXIT_STORE : SP_EXIT_FAILED;
    }
    sp_rerun_compare(rerun);
    int status = args->check ? show_check(rerun, args->json) : refuse(rerun, args->accept);
    if (status < 0)
        status = run_again(rerun, args);
    sp_rerun_end(rerun);
    return status;
}

static int run_rerun(const struct sp_cli_command *self, int argc, char **argv)
{
    struct rerun_args args = { 0 };
    sp_auto_question struct sp_question question;
    struct sp_err err = SP_ERR_INIT;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0 && !question.word) {
        (void)sp_fail(&err, SP_INVALID, "say which run: an id, or 'last'");
        status = sp_command_fault(self, &err);
    }
    if (status < 0)
        status = sp_question_pick(&question, question.word, SP_HISTORY_EVENTS);
    return status < 0 ? rerun_run(&question.workspace, &question.run, &args) : status;
}

const struct sp_cli_command sp_command_rerun = {
    .usage = {
        .name = "spoor rerun",
        .summary = "run again what an earlier run has run, with its files as they were",
        .synopsis = "[--check] [--accept-differences] RUN",
        .description = "Recipe and configuration files are those of then, whatever they say today; so are parameters,\n"
                       "settings and the choice of steps. Data that have changed since are brought back from the store,\n"
                       "and stay so ('spoor restore' brings today's back). What is no longer the same (a program, data or\n"
                       "a file that were not kept) is listed, and nothing runs unless --accept-differences is given.",
        .options = options,
        .examples = "  spoor rerun last\n"
                    "      the newest run once more\n"
                    "  spoor rerun --check 20261121-112755\n"
                    "      could it be repeated exactly?",
    },
    .run = run_rerun,
};
