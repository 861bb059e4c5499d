/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/processors.h"

/* CPU_SETSIZE: none is left. */
static size_t least_used(const struct sp_processors *all, const cpu_set_t *allowed)
{
    size_t best = CPU_SETSIZE;

    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, allowed) && (best == CPU_SETSIZE || all->boxes[i] < all->boxes[best]))
            best = i;
    return best;
}

bool sp_processors_take(struct sp_processors *all, double count, cpu_set_t *out)
{
    cpu_set_t allowed;

    if (count <= 0 || sched_getaffinity(0, sizeof allowed, &allowed) < 0 ||
        count >= CPU_COUNT(&allowed))
        return false;
    CPU_ZERO(out);
    for (unsigned taken = 0; taken < count; taken++) {
        size_t best = least_used(all, &allowed);
        if (best == CPU_SETSIZE)
            break;
        CPU_CLR(best, &allowed);
        CPU_SET(best, out);
        all->boxes[best]++;
    }
    return true;
}

void sp_processors_give(struct sp_processors *all, const cpu_set_t *set)
{
    for (size_t i = 0; i < CPU_SETSIZE; i++)
        if (CPU_ISSET(i, set) && all->boxes[i])
            all->boxes[i]--;
}
