/* SPDX-License-Identifier: BSD-3-Clause */
/* command.h - a cab and its parameters as an argument vector (spec stimela2.md 3.2-3.8). */
#pragma once

#include "lang/eval.h"
#include "recipe/cab.h"

struct sp_command {
    const char **argv; /* NULL-terminated, arena */
    size_t argc;
    const char *const *env;         /* NULL-terminated additions "NAME=value", arena */
    struct sp_str display;          /* for people: words quoted where needed, code abbreviated */
    struct sp_str short_name;       /* first word, function name or "[python]": for messages */
    struct sp_wranglers *wranglers; /* of the flavour itself (yield lines, CASA errors); or NULL */
    /* What reaches the tool and is neither in the cab as written nor a parameter: its texts with
     * substitutions as they came out, settings of CASA. */
    const struct sp_list *resolved;
};

/* What a command is made of. */
struct sp_command_request {
    struct sp_arena *arena;
    const struct sp_cab *cab;
    const struct sp_dict *params; /* validated values */
    struct sp_eval *eval;         /* substitutes in command and args */
    const char *python;           /* where a cab names no interpreter; NULL: "python" */
    struct sp_str virtual_env;    /* its interpreter is used; empty: none */
};

enum sp_rc sp_command_build(const struct sp_command_request *request,
                            struct sp_command *out,
                            struct sp_err *err) SP_MUST_USE;

/* Frees what is not in the arena (the wranglers). */
void sp_command_fini(struct sp_command *command);

/* Split like a POSIX shell: quotes and backslashes, nothing expanded. SP_INVALID: open quote. */
enum sp_rc sp_shell_split(struct sp_arena *arena,
                          struct sp_str text,
                          struct sp_list *words,
                          struct sp_err *err) SP_MUST_USE;

/* Append `word` quoted for a POSIX shell if it needs it. */
void sp_shell_quote(struct sp_str word, struct sp_buf *out);

/* Append the texts of a list as one command line for a POSIX shell. */
void sp_shell_join(const struct sp_list *words, struct sp_buf *out);
