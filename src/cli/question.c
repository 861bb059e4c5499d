/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/question.h"

#include "cli/journalview.h"

int sp_question_read(struct sp_question *question,
                     const struct sp_cli_command *self,
                     int argc,
                     char **argv,
                     void *args)
{
    sp_auto_words struct sp_words words = { 0 };

    *question = (struct sp_question){ .arena = sp_arena_new() };
    int status = sp_command_parse(self, argc, argv, args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 1);
    if (words.len)
        question->word = words.items[0];
    return status;
}

int sp_question_pick(struct sp_question *question, const char *id, enum sp_history_detail detail)
{
    return sp_journal_pick(question->arena, id, detail, &question->workspace, &question->run);
}

void sp_question_fini(struct sp_question *question)
{
    sp_arena_free(question->arena);
}
