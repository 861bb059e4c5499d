/* SPDX-License-Identifier: BSD-3-Clause */
/* program.h - what every native tool says and how it ends: complaints, help, version, statuses.
 *
 * Libraries return errors; only programs print them. A program describes itself in one
 * `struct sp_usage` (base/option.h), and its name in messages is taken from there. Each function
 * that returns a status is the last thing that its caller does: `return program_help(&usage);`.
 */
#pragma once

#include "base/option.h"

enum program_status {
    PROGRAM_DONE = 0,
    PROGRAM_FAILED = 1,       /* the work could not be done, or a check did not pass */
    PROGRAM_USAGE = 2,        /* the command line asks for something impossible */
    PROGRAM_INTERRUPTED = 130 /* as a shell reports a program that SIGINT ended */
};

/* Print "name: what went wrong" on standard error; returns `status`. */
int program_complain(const struct sp_usage *usage, const struct sp_err *err, int status);

/* The same for a command line that cannot be meant; returns PROGRAM_USAGE. */
int program_refuse(const struct sp_usage *usage, const char *fmt, ...) SP_PRINTF(2, 3);

/* Print `text` on standard output; PROGRAM_FAILED with a complaint if it does not get there. */
int program_print(const struct sp_usage *usage, const struct sp_buf *text);

/* --help, as wide as the terminal; --version: "name version". */
int program_help(const struct sp_usage *usage);
int program_version(const struct sp_usage *usage);
