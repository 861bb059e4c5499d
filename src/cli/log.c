/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/command.h"
#include "cli/journalview.h"
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

static int show_step(const struct sp_step_summary *step, bool path_only)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    char *path = strndup(step->output.ptr, step->output.len);
    sp_auto_free char *owned = path;

    /* A tool that said nothing has no file. */
    bool silent = sp_file_kind(owned) == SP_FILE_NONE;
    if (path_only) {
        if (!silent)
            (void)printf("%s\n", owned);
        return SP_EXIT_DONE;
    }
    (void)printf("==> " SP_STR_FMT "\n$ " SP_STR_FMT "\n", SP_STR_ARG(step->task),
                 SP_STR_ARG(step->command));
    if (!silent && sp_file_read(owned, &text, &err)) {
        (void)fprintf(stderr, "spoor: %s\n", err.text);
        return SP_EXIT_FAILED;
    }
    if (!silent)
        (void)fwrite(text.ptr, 1, text.len, stdout);
    return SP_EXIT_DONE;
}

static int show_steps(const struct sp_run_summary *run, const char *wanted, bool path_only)
{
    int status = SP_EXIT_DONE;
    size_t shown = 0;

    for (size_t i = 0; i < run->step_count; i++) {
        const struct sp_step_summary *step = &run->steps[i];
        if (step->skipped || step->refused || step->reused ||
            (wanted && !sp_journal_is_meant(step->task, wanted)))
            continue;
        shown++;
        int shown_status = show_step(step, path_only);
        status = SP_MAX(status, shown_status);
    }
    return shown || !wanted ? status : sp_journal_no_such_step(run, wanted);
}

static int run_log(const struct sp_cli_command *self, int argc, char **argv)
{
    struct log_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_workspace workspace;
    struct sp_run_summary run;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 1);
    if (status >= 0)
        return status;
    status = sp_journal_pick(arena, args.run, SP_HISTORY_OUTLINE, &workspace, &run);
    if (status >= 0)
        return status;
    return show_steps(&run, words.len ? words.items[0] : NULL, args.path);
}

const struct sp_cli_command sp_command_log = {
    .usage = {
        .name = "spoor log",
        .summary = "show what the tools of a run printed",
        .synopsis = "[--run RUN] [STEP]",
        .description = "STEP is a label, a full name or a pattern; without it all steps are shown.",
        .options = options,
        .examples = "  spoor log image\n"
                    "      output of the step 'image' of the newest run, every iteration\n"
                    "  spoor log --run 20261121-112755 'demo.*'\n"
                    "      all steps of an earlier run that match",
    },
    .run = run_log,
};
