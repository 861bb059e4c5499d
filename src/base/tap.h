/* SPDX-License-Identifier: BSD-3-Clause */
/* tap.h - the test protocol: one "ok" line a check, a count at the end. For test programs only. */
#pragma once

#include "base/defs.h"

#include <stdarg.h>
#include <stdio.h>

static unsigned tap_count;
static unsigned tap_failed;

/* Report one check and return it, so that details can follow a failure:
 *     if (!tap_ok(got == want, "%s", name)) printf("# got %d\n", got); */
static inline SP_PRINTF(2, 3) bool tap_ok(bool passed, const char *fmt, ...)
{
    va_list args;
    char text[4096]; /* a longer one is cut */

    tap_count++;
    tap_failed += !passed;
    va_start(args, fmt);
    (void)vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    printf("%sok %u - ", passed ? "" : "not ", tap_count);
    for (const char *c = text; *c; c++)
        if (*c == '\n')
            (void)fputs("\\n", stdout); /* the protocol goes by lines */
        else
            (void)putchar(*c);
    printf("\n");
    return passed;
}

/* Say why a test cannot run here; counts as passed. */
static inline void tap_skip(const char *why)
{
    tap_count++;
    printf("ok %u # SKIP %s\n", tap_count, why);
}

/* Last statement of main: `return tap_done();` */
static inline int tap_done(void)
{
    printf("1..%u\n", tap_count);
    return tap_failed ? 1 : 0;
}
