/* SPDX-License-Identifier: BSD-3-Clause */
/* program.h - the program itself: its name, the options in front of the command, and which command
 * is meant.
 *
 * The program goes by two names. Called `stimela` (a link to it is enough) it takes Stimela's
 * command line, which differs from Spoor's in one thing: `help` is `doc`. Options and commands
 * are the same for both.
 */
#pragma once

#include "cli/command.h"

/* What stands in front of the command. */
struct sp_program {
    const char *name; /* "spoor" or "stimela" */
    bool is_stimela;
    int argc; /* the whole command line */
    char **argv;
    bool version;
    bool clear_cache;         /* there is none */
    bool boring;              /* neither status line nor colours */
    bool no_display;          /* no status line */
    bool simple_display;      /* one line: it always is */
    struct sp_load_args load; /* include, config, settings, backend, verbose ... */
};

/* Of this process. */
const struct sp_program *sp_program(void);

/* For help, man page and completion. */
extern const struct sp_usage sp_program_usage;

/* Its options, and the list of commands. */
void sp_program_show_help(FILE *stream);

int sp_main(int argc, char **argv);
