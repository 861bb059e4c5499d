/* SPDX-License-Identifier: BSD-3-Clause */
#include "program/program.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define WIDTH_UNKNOWN 80

int program_complain(const struct sp_usage *usage, const struct sp_err *err, int status)
{
    (void)fprintf(stderr, "%s: %s\n", usage->name, err->text);
    return status;
}

int program_refuse(const struct sp_usage *usage, const char *fmt, ...)
{
    struct sp_err err = SP_ERR_INIT;
    va_list args;

    va_start(args, fmt);
    (void)sp_failv(&err, SP_INVALID, fmt, args);
    va_end(args);
    return program_complain(usage, &err, PROGRAM_USAGE);
}

int program_print(const struct sp_usage *usage, const struct sp_buf *text)
{
    struct sp_err err = SP_ERR_INIT;

    if (fwrite(text->ptr, 1, text->len, stdout) == text->len && fflush(stdout) == 0)
        return PROGRAM_DONE;
    (void)sp_fail_errno(&err, "cannot write to standard output");
    return program_complain(usage, &err, PROGRAM_FAILED);
}

int program_help(const struct sp_usage *usage)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct winsize size = { 0 };

    (void)ioctl(STDOUT_FILENO, TIOCGWINSZ, &size);
    sp_usage_help(usage, size.ws_col ? size.ws_col : WIDTH_UNKNOWN, &text);
    return program_print(usage, &text);
}

int program_version(const struct sp_usage *usage)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&text, "%s %s\n", usage->name, SPOOR_VERSION);
    return program_print(usage, &text);
}
