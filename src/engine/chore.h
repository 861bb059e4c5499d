/* SPDX-License-Identifier: BSD-3-Clause */
/* chore.h - a program that works for us for a while: its output goes to a log and, line by line, to
 * whoever wants to show how far it is. It is interrupted with us. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

struct sp_chore {
    const char *const *argv;
    const char *const *env; /* the whole environment */
    int log_fd;             /* borrowed; -1: none */
    struct sp_buf *out;     /* what it prints goes here, not to the log; NULL: to the log too */
    void (*line)(void *arg, struct sp_str text); /* NULL: nobody looks */
    void *arg;
};

/* SP_NOT_FOUND: there is no such program. SP_BUSY: interrupted. SP_INVALID: it has failed; the text
 * is the line of its output that says why, as far as one can tell. */
enum sp_rc sp_chore_run(const struct sp_chore *chore, struct sp_err *err) SP_MUST_USE;
