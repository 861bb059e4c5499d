/* SPDX-License-Identifier: BSD-3-Clause */
/* question.h - what `why`, `log`, `show` ... are asked: about one run of this workspace, and with
 * at most one word.
 *
 *     sp_auto_question struct sp_question question;
 *     int status = sp_question_read(&question, self, argc, argv, &args);
 *     if (status < 0)
 *         status = sp_question_pick(&question, args.run, SP_HISTORY_EVENTS);
 *     return status < 0 ? answer(&question, &args) : status;
 */
#pragma once

#include "cli/command.h"
#include "engine/history.h"

struct sp_question {
    struct sp_arena *arena; /* owned; what is read lives in it */
    const char *word; /* of argv: a run or a step, as the command has it; NULL: there is none */
    struct sp_workspace workspace;
    struct sp_run_summary run;
};

/* Parse the command line; another word than the first is a fault of usage. -1 to go on, else the
 * exit status (help or fault shown). `args` begins with `bool help`. */
int sp_question_read(struct sp_question *question,
                     const struct sp_cli_command *self,
                     int argc,
                     char **argv,
                     void *args);

/* Read the workspace and the run that `id` means (NULL: the newest). -1 to go on, else the exit
 * status; the fault has been shown. */
int sp_question_pick(struct sp_question *question, const char *id, enum sp_history_detail detail);

void sp_question_fini(struct sp_question *question);
#define sp_auto_question SP_CLEANUP(sp_question_fini)
