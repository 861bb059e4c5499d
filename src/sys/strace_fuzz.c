/* SPDX-License-Identifier: BSD-3-Clause */
/* The input is what strace has written. Property: names are absolute and without "." and "..". */
#include "sys/strace.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(void *arg, enum sp_touch touch, struct sp_str path)
{
    (void)arg;
    if (touch > SP_TOUCH_MISSED || !sp_str_starts(path, "/"))
        abort();
    for (struct sp_str rest = sp_str_slice(path, 1, path.len); rest.ptr;) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if (sp_str_is(part, ".") || sp_str_is(part, "..") || (!part.len && path.len > 1))
            abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_strace *trace = sp_strace_new(SP_STR("/work"), check, NULL);

    for (struct sp_str rest = { (const char *)data, size }; rest.ptr;)
        sp_strace_line(trace, sp_str_cut(&rest, '\n'));
    sp_strace_free(trace);
    return 0;
}
