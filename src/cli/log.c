/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/journalview.h"
#include "cli/question.h"
#include "engine/printout.h"
#include "sys/file.h"

#include <stdio.h>

struct log_args {
    bool help;
    bool path;
    const char *run;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct log_args),
    SP_OPT_TEXT("r", "run", struct log_args, run, "RUN", "of this run (default: the newest)"),
    SP_OPT_FLAG("p", "path", struct log_args, path, "print the names of the files only"),
    SP_OPT_END,
};

static int show_step(struct sp_printouts *printouts,
                     const struct sp_step_summary *step,
                     bool path_only)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_printout printout;

    if (step->refused) { /* nothing was started */
        if (!path_only)
            (void)printf("==> " SP_STR_FMT " could not start: " SP_STR_FMT "\n",
                         SP_STR_ARG(step->task), SP_STR_ARG(step->why));
        return SP_EXIT_DONE;
    }
    sp_printouts_find(printouts, step, &printout);
    /* A tool that said nothing has no file. */
    if (path_only) {
        if (printout.path.len)
            (void)printf("%s\n", printout.path.ptr);
        return SP_EXIT_DONE;
    }
    (void)printf("==> " SP_STR_FMT, SP_STR_ARG(step->task));
    if (step->reused)
        (void)printf(" (in run " SP_STR_FMT ")", SP_STR_ARG(printout.run));
    (void)printf("\n$ " SP_STR_FMT "\n", SP_STR_ARG(printout.command));
    if (printout.path.len && sp_file_read(printout.path.ptr, &text, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_FAILED;
    }
    if (printout.path.len)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    return SP_EXIT_DONE;
}

/* Steps that were reused or could not start printed nothing in this run; who asks for them by name
 * wants to see what they printed when they ran, or why they did not. */
static bool is_shown(const struct sp_step_summary *step, const char *wanted)
{
    if (step->skipped)
        return false;
    return wanted ? sp_journal_is_meant(step->task, wanted) : !step->reused && !step->refused;
}

static int show_steps(struct sp_printouts *printouts, const char *wanted, bool path_only)
{
    const struct sp_run_summary *run = printouts->run;
    int status = SP_EXIT_DONE;
    size_t shown = 0;

    for (size_t i = 0; i < run->step_count; i++) {
        if (!is_shown(&run->steps[i], wanted))
            continue;
        shown++;
        int shown_status = show_step(printouts, &run->steps[i], path_only);
        status = SP_MAX(status, shown_status);
    }
    return shown || !wanted ? status : sp_journal_no_such_step(run, wanted);
}

static int show(const struct sp_question *question, bool path_only)
{
    struct sp_session_options none = { 0 };
    struct sp_printouts printouts;
    struct sp_session session;

    sp_session_init(&session, &none);
    sp_printouts_open(&session, &question->workspace, &question->run, &printouts);
    int status = show_steps(&printouts, question->word, path_only);
    sp_printouts_close(&printouts);
    sp_session_fini(&session);
    return status;
}

static int run_log(const struct sp_cli_command *self, int argc, char **argv)
{
    struct log_args args = { 0 };
    sp_auto_question struct sp_question question;

    int status = sp_question_read(&question, self, argc, argv, &args);
    if (status < 0) /* events tell whose result was reused */
        status = sp_question_pick(&question, args.run,
                                  question.word ? SP_HISTORY_SPOTS : SP_HISTORY_OUTLINE);
    return status < 0 ? show(&question, args.path) : status;
}

const struct sp_cli_command sp_command_log = {
    .usage = {
        .name = "spoor log",
        .summary = "show what the tools of a run printed",
        .synopsis = "[--run RUN] [STEP]",
        .description = "STEP is a label, a full name or a pattern; without it all steps that ran are shown. Of a "
                       "step\nthat was reused, what it printed when its result was made.",
        .options = options,
        .examples = "  spoor log image\n"
                    "      output of the step 'image' of the newest run, every iteration\n"
                    "  spoor log --run 20261121-112755 'demo.*'\n"
                    "      all steps of an earlier run that match",
    },
    .run = run_log,
};
