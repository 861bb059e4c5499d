/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/processors.h"

#include "base/tap.h"

int main(void)
{
    struct sp_processors all = { { 0 } };
    cpu_set_t mine, sets[2];

    if (sched_getaffinity(0, sizeof mine, &mine) < 0)
        return 1;
    int count = CPU_COUNT(&mine);
    tap_ok(!sp_processors_take(&all, 0, &sets[0]), "0 is no limit");
    tap_ok(!sp_processors_take(&all, count, &sets[0]), "all there are is no limit");
    tap_ok(!sp_processors_take(&all, 1e9, &sets[0]), "more than there are is no limit");
    if (count < 2) {
        tap_skip("one processor only");
        return tap_done();
    }
    tap_ok(sp_processors_take(&all, 0.5, &sets[0]) && CPU_COUNT(&sets[0]) == 1,
           "a part of one is one");
    tap_ok(sp_processors_take(&all, 1, &sets[1]) && CPU_COUNT(&sets[1]) == 1, "one is one");
    CPU_AND(&mine, &sets[0], &sets[1]);
    tap_ok(CPU_COUNT(&mine) == 0, "two boxes have different ones");
    sp_processors_give(&all, &sets[0]);
    tap_ok(sp_processors_take(&all, 1, &mine) && CPU_EQUAL(&mine, &sets[0]),
           "what was given back is taken next");
    return tap_done();
}
