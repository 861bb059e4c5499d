/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/program.h"

#include "sys/tty.h"

#include <stdio.h>

/* A process has one command line. */
static struct sp_program program = { .name = "spoor" };

const struct sp_program *sp_program(void)
{
    return &program;
}

static const struct sp_option options[] = {
    SP_OPT_FLAG("h", "help", struct sp_program, load.help, "show this help"),
    SP_OPT_FLAG(NULL, "version", struct sp_program, version, "show the version"),
    SP_OPT_TEXT("b",
                "backend",
                struct sp_program,
                load.backend,
                "NAME",
                "where tools run: set opts.backend.select"),
    SP_OPT_WORDS("c",
                 "config",
                 struct sp_program,
                 load.config,
                 "FILE",
                 "load this configuration file too; may be repeated"),
    SP_OPT_WORDS("s",
                 "set",
                 struct sp_program,
                 load.settings,
                 "A.B=VALUE",
                 "change a setting, e.g. opts.log.dir=logs; may be repeated"),
    SP_OPT_FLAG(NULL,
                "no-sys-config",
                struct sp_program,
                load.no_system_config,
                "load no start-up configuration: neither stimela.conf nor spoor.conf, wherever "
                "they are"),
    SP_OPT_WORDS("I",
                 "include",
                 struct sp_program,
                 load.include,
                 "DIR",
                 "look for included files and Python packages in DIR first; may be repeated"),
    SP_OPT_FLAG("v", "verbose", struct sp_program, load.verbose, "show and log details"),
    SP_OPT_FLAG("B", "boring", struct sp_program, boring, "neither status line nor colours"),
    SP_OPT_FLAG("dd", "disable-display", struct sp_program, no_display, "no status line"),
    SP_OPT_FLAG("sd",
                "simplify-display",
                struct sp_program,
                simple_display,
                "a status of one line, as it always is"),
    SP_OPT_FLAG("C",
                "clear-cache",
                struct sp_program,
                clear_cache,
                "accepted: there is no cache of configuration to clear"),
    SP_OPT_END,
};

const struct sp_usage sp_program_usage = {
    .name = "spoor",
    .summary = "run radio-astronomy pipelines written as recipes",
    .synopsis = "[OPTIONS] COMMAND [ARGUMENT...]",
    .options = options,
    .examples = "  spoor run recipe.yml ms=my.ms\n"
                "      run the recipe, setting one of its inputs\n"
                "  spoor plan recipe.yml\n"
                "      show the command lines that would run, run nothing\n"
                "  spoor doc wsclean\n"
                "      what parameters does that cab have?",
};

void sp_program_show_help(FILE *stream)
{
    sp_command_show_help(&sp_program_usage, stream);
    (void)fprintf(stream, "\ncommands:\n");
    for (size_t i = 0; sp_commands[i]; i++)
        (void)fprintf(stream, "  %-12s %s\n", sp_command_word(sp_commands[i]),
                      sp_commands[i]->usage.summary);
    (void)fprintf(stream, "\n'%s COMMAND --help' explains a command.\n", program.name);
}

static int fault(const struct sp_err *err)
{
    (void)fprintf(stderr, "%s: %s\nTry '%s --help'.\n", program.name, err->text, program.name);
    return SP_EXIT_USAGE;
}

static int show_version(void)
{
    if (program.is_stimela) /* in the words of the other: scripts look for a version of Stimela */
        (void)printf("stimela, version 2.2 (spoor " SPOOR_VERSION ")\n");
    else
        (void)printf("spoor " SPOOR_VERSION "\n");
    return SP_EXIT_DONE;
}

/* --- which command ------------------------------------------------------------------------- */

static const struct {
    const char *alias, *word;
    bool stimela_only; /* spoor has a command of that name */
} aliases[] = {
    { "exec", "run", false },
    { "help", "doc", true },
    { "cleanup", "clean", false },
};

static const char *real_word(const char *word)
{
    for (size_t i = 0; i < SP_COUNT(aliases); i++)
        if (strcmp(word, aliases[i].alias) == 0 && (program.is_stimela || !aliases[i].stimela_only))
            return aliases[i].word;
    return word;
}

static void set_name(const char *called)
{
    const char *slash = called ? strrchr(called, '/') : NULL;
    const char *base = slash ? slash + 1 : called;

    program.is_stimela = base && strcmp(base, "stimela") == 0;
    program.name = program.is_stimela ? "stimela" : "spoor";
}

static int run_command(int argc, char **argv)
{
    const struct sp_cli_command *command;
    struct sp_err err = SP_ERR_INIT;
    int used = 0;

    if (sp_option_parse_front(options, argc, argv, &program, &used, &err))
        return fault(&err);
    if (program.boring)
        sp_tty_be_plain();
    if (program.version)
        return show_version();
    if (program.load.help || used == argc) {
        sp_program_show_help(program.load.help ? stdout : stderr);
        return program.load.help ? SP_EXIT_DONE : SP_EXIT_USAGE;
    }
    if (sp_command_get(real_word(argv[used]), &command, &err))
        return fault(&err);
    return command->run(command, argc - used, argv + used);
}

int sp_main(int argc, char **argv)
{
    set_name(argc > 0 ? argv[0] : NULL);
    program.argc = argc;
    program.argv = argv;
    int status = run_command(argc, argv);
    sp_load_args_fini(&program.load);
    return status;
}
