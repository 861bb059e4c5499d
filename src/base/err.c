/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err.h"

#include <stdio.h>
#include <string.h>

#ifdef __clang_analyzer__ /* here the functions themselves are wanted */
#    undef sp_fail
#    undef sp_fail_errno
#    undef sp_err_wrap
#endif

static void mark_if_cut(char *text, size_t size, int wanted)
{
    if (wanted >= 0 && (size_t)wanted < size)
        return;
    memcpy(text + size - 4, "...", 4);
}

enum sp_rc sp_failv(struct sp_err *err, enum sp_rc code, const char *fmt, va_list args)
{
    err->code = code;
    err->sys_errno = 0;
    int wanted = vsnprintf(err->text, sizeof err->text, fmt, args);
    mark_if_cut(err->text, sizeof err->text, wanted);
    return code;
}

enum sp_rc sp_fail(struct sp_err *err, enum sp_rc code, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)sp_failv(err, code, fmt, args);
    va_end(args);
    return code;
}

static enum sp_rc code_of_errno(int number)
{
    static const struct {
        int number;
        enum sp_rc code;
    } table[] = {
        { ENOENT, SP_NOT_FOUND },
        { EEXIST, SP_EXISTS },
        { EAGAIN, SP_BUSY },
        { EBUSY, SP_BUSY },
    };

    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (table[i].number == number)
            return table[i].code;
    return SP_IO;
}

enum sp_rc sp_fail_errno(struct sp_err *err, const char *fmt, ...)
{
    int number = errno;
    char context[sizeof err->text];
    va_list args;

    va_start(args, fmt);
    int wanted = vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    mark_if_cut(context, sizeof context, wanted);

    const char *cause = strerrordesc_np(number);
    (void)sp_fail(err, code_of_errno(number), "%s: %s", context, cause ? cause : "unknown error");
    err->sys_errno = number;
    return err->code;
}

enum sp_rc sp_err_wrap(struct sp_err *err, const char *fmt, ...)
{
    char inner[sizeof err->text];
    char context[sizeof err->text];
    va_list args;

    va_start(args, fmt);
    int wanted = vsnprintf(context, sizeof context, fmt, args);
    va_end(args);
    mark_if_cut(context, sizeof context, wanted);

    memcpy(inner, err->text, sizeof inner);
    wanted = snprintf(err->text, sizeof err->text, "%s: %s", context, inner);
    mark_if_cut(err->text, sizeof err->text, wanted);
    return err->code;
}

const char *sp_rc_name(enum sp_rc code)
{
    static const char *const names[] = {
        [SP_OK] = "ok",         [SP_INVALID] = "invalid", [SP_NOT_FOUND] = "not-found",
        [SP_EXISTS] = "exists", [SP_LIMIT] = "limit",     [SP_CORRUPT] = "corrupt",
        [SP_BUSY] = "busy",     [SP_IO] = "io",
    };

    return (size_t)code < SP_COUNT(names) ? names[code] : "unknown";
}
