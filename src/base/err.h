/* SPDX-License-Identifier: BSD-3-Clause */
/* err.h - how a function says that it failed, and why.
 *
 * A function that can fail returns `enum sp_rc` and takes `struct sp_err *err` last. On SP_OK it
 * has written all its outputs and has not touched `err`. On anything else it has written none of
 * its outputs, has released whatever it had acquired, and has filled `err`.
 *
 * Errors live in the caller's frame and never allocate: reporting "out of memory" or "disk full"
 * cannot itself fail, and there is nothing to free on the error path.
 *
 *     struct sp_err err = SP_ERR_INIT;
 *     if (sp_journal_open(path, &journal, &err))
 *         return sp_err_wrap(&err, "opening journal %s", path);
 *
 * Library code never prints and never exits. It returns; the command line decides what to show.
 */
#pragma once

#include "base/defs.h"

#include <errno.h>
#include <stdarg.h>

enum sp_rc {
    SP_OK = 0,
    SP_INVALID,   /* the caller's or the user's input breaks a rule; err->text says which */
    SP_NOT_FOUND, /* what was asked for is not there; often an answer, not a fault */
    SP_EXISTS,    /* it is there already */
    SP_LIMIT,     /* a documented limit was reached */
    SP_CORRUPT,   /* stored bytes are not what their name promises */
    SP_BUSY,      /* somebody else holds it; trying again may work */
    SP_IO,        /* the operating system refused; err->sys_errno says why */
};

struct sp_err {
    enum sp_rc code;
    int sys_errno;  /* errno at the failure, or 0 */
    char text[800]; /* "outer: inner: cause", always terminated; "..." at the end if cut */
};

#define SP_ERR_INIT ((struct sp_err){ .code = SP_OK })

/* Fill `err` and return `code`, so that a failure is one statement: `return sp_fail(...)`. */
enum sp_rc sp_fail(struct sp_err *err, enum sp_rc code, const char *fmt, ...) SP_PRINTF(3, 4);
enum sp_rc sp_failv(struct sp_err *err, enum sp_rc code, const char *fmt, va_list args)
    SP_PRINTF(3, 0);

/* The same for a failed system call: reads errno, appends its text (always in English, so that
 * tests and bug reports agree), and picks the code from it
 * (ENOENT: SP_NOT_FOUND, EEXIST: SP_EXISTS, EAGAIN/EBUSY: SP_BUSY, everything else: SP_IO). */
enum sp_rc sp_fail_errno(struct sp_err *err, const char *fmt, ...) SP_PRINTF(2, 3);

/* Put "context: " in front of the text of an error on its way up and return its code. */
enum sp_rc sp_err_wrap(struct sp_err *err, const char *fmt, ...) SP_PRINTF(2, 3);

#ifdef __clang_analyzer__
/* The analyzer looks into no other file, so that for it each of these may return SP_OK, and a
 * caller then goes on with outputs nobody wrote. The comma tells it that they never do. */
#    define sp_fail(err, code, ...) ((void)sp_fail((err), (code), __VA_ARGS__), (code))
#    define sp_fail_errno(...)      ((void)sp_fail_errno(__VA_ARGS__), SP_IO)
#    define sp_err_wrap(...)        ((void)sp_err_wrap(__VA_ARGS__), SP_INVALID)
#endif

/* A short stable word for a code, for logs and for the exit-status table: "not-found". */
const char *sp_rc_name(enum sp_rc code);
