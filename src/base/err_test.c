/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/err.h"

#include "base/tap.h"

#include <string.h>

static void test_fail(void)
{
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_fail(&err, SP_INVALID, "no %s in '%s'", "x", "y") == SP_INVALID, "returns its code");
    tap_ok(err.code == SP_INVALID && strcmp(err.text, "no x in 'y'") == 0, "text is printed");
    tap_ok(sp_err_wrap(&err, "step %d", 3) == SP_INVALID, "wrap keeps the code");
    tap_ok(strcmp(err.text, "step 3: no x in 'y'") == 0, "wrap puts its context in front");
}

static void test_errno(void)
{
    static const struct {
        int number;
        enum sp_rc code;
        const char *text;
    } cases[] = {
        { ENOENT, SP_NOT_FOUND, "open f: No such file or directory" },
        { EEXIST, SP_EXISTS, "open f: File exists" },
        { EAGAIN, SP_BUSY, "open f: Resource temporarily unavailable" },
        { EBUSY, SP_BUSY, "open f: Device or resource busy" },
        { ENOSPC, SP_IO, "open f: No space left on device" },
        { 99999, SP_IO, "open f: unknown error" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_err err = SP_ERR_INIT;
        errno = cases[i].number;
        enum sp_rc rc = sp_fail_errno(&err, "open %s", "f");
        bool passed = rc == cases[i].code && err.sys_errno == cases[i].number &&
                      strcmp(err.text, cases[i].text) == 0;
        if (!tap_ok(passed, "errno %d is %s", cases[i].number, sp_rc_name(cases[i].code)))
            printf("# got %s, '%s'\n", sp_rc_name(rc), err.text);
    }
}

/* The text that just fits is whole; one byte more is cut and marked. */
static void test_cut(void)
{
    struct sp_err err = SP_ERR_INIT;
    const int fits = (int)sizeof err.text - 1;

    (void)sp_fail(&err, SP_IO, "%*s", fits, "x");
    tap_ok(strlen(err.text) == (size_t)fits && err.text[fits - 1] == 'x', "exact fit is whole");
    (void)sp_fail(&err, SP_IO, "%*s", fits + 1, "x");
    tap_ok(strcmp(err.text + fits - 3, "...") == 0, "one more is marked as cut");
    (void)sp_err_wrap(&err, "outer");
    tap_ok(strncmp(err.text, "outer: ", 7) == 0 && strcmp(err.text + fits - 3, "...") == 0,
           "wrapping a full text cuts its end, not the context");
}

int main(void)
{
    test_fail();
    test_errno();
    test_cut();
    return tap_done();
}
