/* SPDX-License-Identifier: BSD-3-Clause */
/* processors.h - which processors of this machine a box may keep busy: as many as it was given,
 * those that the fewest other boxes have. Programs that count them see as many. */
#pragma once

#include "base/defs.h"

#include <sched.h>
#include <stdbool.h>

struct sp_processors {
    unsigned boxes[CPU_SETSIZE]; /* how many have each */
};

/* Choose `count` of them, rounded up. False: there are no more than that; nothing has to be given
 * back. */
bool sp_processors_take(struct sp_processors *all, double count, cpu_set_t *out);

void sp_processors_give(struct sp_processors *all, const cpu_set_t *set);
