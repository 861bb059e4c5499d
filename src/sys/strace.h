/* SPDX-License-Identifier: BSD-3-Clause */
/* strace.h - which files a program uses, as the program strace sees it. The only file that knows
 * how to call it and what it prints.
 *
 *     argv = sp_strace_wrap(arena, "/usr/bin/strace", "trace.txt", argv)
 *     ...                                             run that
 *     trace = sp_strace_new(cwd, on_touch, arg);
 *     sp_strace_line(trace, line)                     each line of trace.txt
 *     sp_strace_free(trace)
 *
 * Relative names are resolved against the directory that the process was in then: strace tells it
 * with most calls; else it follows from chdir, and from which process has started which.
 */
#pragma once

#include "base/arena.h"
#include "base/str.h"

enum sp_touch {
    SP_TOUCH_READ,   /* opened for reading; a program that was started */
    SP_TOUCH_WRITE,  /* made, changed, renamed there, removed */
    SP_TOUCH_MISSED, /* looked for, and not there */
};

/* `path` is absolute, without "." and ".."; links are resolved where strace tells so (what was
 * opened); valid during the call. */
typedef void (*sp_touch_fn)(void *arg, enum sp_touch touch, struct sp_str path);

struct sp_strace;

struct sp_strace *sp_strace_new(struct sp_str cwd, sp_touch_fn fn, void *arg);

/* One line, without its end. What it does not understand it leaves out: lines may be cut. */
void sp_strace_line(struct sp_strace *trace, struct sp_str line);

/* Accepts NULL. */
void sp_strace_free(struct sp_strace *trace);

/* The words that run `argv` under `program`, which writes to `file`. */
const char **sp_strace_wrap(struct sp_arena *arena,
                            const char *program,
                            const char *file,
                            const char *const *argv);
