/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/oom.h"

#include "base/tap.h"

int main(void)
{
    static const struct {
        const char *text;
        uint64_t want;
    } rows[] = {
        { "", 0 },
        { "oom_kill 0\n", 0 },
        { "oom_kill 7", 7 },
        { "nr_free_pages 12\noom_kill 3\ndrop_pagecache 0\n", 3 },
        { "oom_kill_disable 0\nunder_oom 0\noom_kill 2\n", 2 },
        { "low 0\nhigh 0\nmax 5\noom 4\noom_kill 1\noom_group_kill 9\n", 1 },
        { "oom_kill many\n", 0 },
        { "oom_kill -1\n", 0 },
        { "xoom_kill 4\n", 0 },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        tap_ok(sp_oom_parse(sp_str_of(rows[i].text)) == rows[i].want, "'%s'", rows[i].text);
    uint64_t first = sp_oom_kills();
    tap_ok(sp_oom_kills() >= first, "it does not become less");
    tap_ok(sp_memory_total() > (uint64_t)1 << 20, "there is memory");
    return tap_done();
}
