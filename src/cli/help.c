/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/program.h"
#include "lang/eval.h"
#include "lang/examples.h"
#include "recipe/words.h"

#include <stdio.h>

struct help_args {
    bool help;
    bool man;
    bool functions;
    bool operators;
    bool words;
    bool diagnostics;
};

static const struct sp_option options[] = {
    SP_HELP_OPTION(struct help_args),
    SP_OPT_FLAG(NULL, "man", struct help_args, man, "print the man page (roff)"),
    SP_OPT_FLAG(NULL,
                "functions",
                struct help_args,
                functions,
                "list the functions that formulas can use, with examples"),
    SP_OPT_FLAG(NULL,
                "operators",
                struct help_args,
                operators,
                "list the operators of formulas, from weak to strong"),
    SP_OPT_FLAG(NULL, "words", struct help_args, words, "list the words of the recipe language"),
    SP_OPT_FLAG(NULL, "diagnostics", struct help_args, diagnostics, "list the codes of findings"),
    SP_OPT_END,
};

static void add_man_parts(struct sp_buf *text, const struct sp_cli_command *command)
{
    sp_buf_adds(text, ".SH COMMANDS\n");
    for (size_t i = 0; command->parts[i]; i++)
        sp_buf_addf(text, ".TP\n.BR spoor-%s-%s (1)\n%s\n", sp_command_word(command),
                    sp_command_part_word(command->parts[i]), command->parts[i]->usage.summary);
}

/* `command` NULL: the program. */
static int show_man(const struct sp_cli_command *command)
{
    const struct sp_usage *usage = command ? &command->usage : &sp_program_usage;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    sp_buf_adds(&text, ".TH ");
    sp_usage_page_name(usage, &text);
    sp_buf_adds(&text, " 1 \"\" \"spoor " SPOOR_VERSION "\"\n");
    sp_usage_man(usage, &text);
    if (command && command->parts)
        add_man_parts(&text, command);
    if (!command) {
        sp_buf_adds(&text, ".SH COMMANDS\n");
        for (size_t i = 0; sp_commands[i]; i++)
            sp_buf_addf(&text, ".TP\n.BR spoor-%s (1)\n%s\n", sp_command_word(sp_commands[i]),
                        sp_commands[i]->usage.summary);
    }
    (void)fputs(text.ptr, stdout);
    return SP_EXIT_DONE;
}

static int show_functions(void)
{
    size_t count;
    const struct sp_function_help *functions = sp_eval_functions(&count);
    const struct sp_example *examples = sp_function_examples(&count);

    for (size_t i = 0; i < count; i++)
        (void)printf("%s(%s)\n    %s\n    =%s  gives  %s\n", functions[i].name,
                     functions[i].arguments, functions[i].summary, examples[i].formula,
                     examples[i].result);
    return SP_EXIT_DONE;
}

static int show_operators(void)
{
    size_t count;
    const struct sp_example *examples = sp_operator_examples(&count);

    for (size_t i = 0; i < count; i++)
        (void)printf("%s\n    %s\n    =%s  gives  %s\n", examples[i].name, examples[i].summary,
                     examples[i].formula, examples[i].result);
    return SP_EXIT_DONE;
}

static int show_words(void)
{
    size_t count;
    const struct sp_word_list *lists = sp_word_lists(&count);

    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; lists[i].word(k); k++)
            (void)printf("%s: %s\n", lists[i].kind, lists[i].word(k));
    return SP_EXIT_DONE;
}

static int show_diagnostics(void)
{
#define ROW(name, code, title) name,

    static const enum sp_diag_code all[] = { SP_DIAG_CODES(ROW) };

#undef ROW

    for (size_t i = 0; i < SP_COUNT(all); i++)
        (void)printf("%s  %s\n", sp_diag_code_text(all[i]), sp_diag_code_title(all[i]));
    return SP_EXIT_DONE;
}

static int run_help(const struct sp_cli_command *self, int argc, char **argv)
{
    struct help_args args = { 0 };
    sp_auto_words struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;

    int status = sp_command_parse(self, argc, argv, &args, &words);
    if (status < 0)
        status = sp_command_refuse_words(self, &words, 2);
    if (status >= 0)
        return status;
    if (args.functions)
        return show_functions();
    if (args.operators)
        return show_operators();
    if (args.words)
        return show_words();
    if (args.diagnostics)
        return show_diagnostics();
    const struct sp_cli_command *command = NULL;
    if (words.len && sp_command_get(words.items[0], &command, &err))
        return sp_command_fault(self, &err);
    if (words.len == 2 && !command->parts) {
        (void)sp_fail(&err, SP_INVALID, "unexpected '%s'", words.items[1]);
        return sp_command_fault(self, &err);
    }
    if (words.len == 2 && sp_command_get_part(command, words.items[1], &command, &err))
        return sp_command_fault(self, &err);
    if (args.man)
        return show_man(command);
    char help[] = "--help";
    char *help_argv[] = { argv[0], help, NULL };
    if (command)
        return command->run(command, 2, help_argv);
    sp_program_show_help(stdout);
    return SP_EXIT_DONE;
}

const struct sp_cli_command sp_command_help = {
    .usage = {
        .name = "spoor help",
        .summary = "explain a command, or list functions, operators, words or codes of findings",
        .synopsis = "[--man] [COMMAND [COMMAND]] | --functions | --operators | --words | --diagnostics",
        .options = options,
        .examples = "  spoor help run\n"
                    "      the same as spoor run --help\n"
                    "  spoor help --functions\n"
                    "      what formulas can call",
    },
    .run = run_help,
};
