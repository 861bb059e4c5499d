/* SPDX-License-Identifier: BSD-3-Clause */
/* spawn.h - start a program.
 *
 * Through posix_spawn(3), which shares our memory with the child until it runs the program: the
 * cost does not grow with our size. Descriptors 0, 1 and 2 must be open in our process.
 *
 * The child gets a process group of its own (Ctrl-C in the terminal reaches us, not it; kill(-pid)
 * reaches it and its helpers), an empty signal mask, and the default action for the signals that
 * we or our shell may have changed; an ignored SIGHUP stays ignored, so that nohup works through
 * us. All descriptors but 0, 1 and 2 are closed, also those that a library or whoever started us
 * forgot to mark close-on-exec.
 *
 * If we die, the child lives on: the kernel's parent-death signal cannot be asked for through
 * posix_spawn and would reach the first process only. See exec/backend.h for what is done instead.
 */
#pragma once

#include "base/err.h"

#include <stddef.h>
#include <sys/types.h>

struct sp_limit; /* sys/limit.h */

struct sp_spawn {
    const char *const *argv;       /* argv[0] is looked up in PATH of `env` */
    const char *const *env;        /* the whole environment */
    const char *cwd;               /* NULL: ours */
    int stdin_fd;                  /* borrowed; 0 or less: /dev/null */
    const struct sp_limit *limits; /* soft resource limits of the child; borrowed */
    size_t limit_count;            /* SP_LIMITS_MAX at most */
};

/* A running child. `stdout_fd` and `stderr_fd` are the reading, non-blocking ends of pipes; the
 * caller owns them. The child must be reaped with one of the wait calls. */
struct sp_process {
    pid_t pid;
    int stdout_fd, stderr_fd;
};

/* Our own soft limits are changed for the moment of the start: not for several threads.
 *
 * SP_NOT_FOUND: there is no such program, or its interpreter is missing. SP_INVALID: the working
 * directory is missing, or the file is not executable code. SP_LIMIT: the command line is too
 * long. */
enum sp_rc sp_spawn(const struct sp_spawn *what, struct sp_process *out, struct sp_err *err)
    SP_MUST_USE;

/* Why a program that was found could not be started: `code` is the errno of execve(2). For
 * whoever starts it in another way. */
enum sp_rc sp_spawn_explain(const struct sp_spawn *what,
                            const char *path,
                            int code,
                            struct sp_err *err);
