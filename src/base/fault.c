/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include <errno.h>
#include <stddef.h>

unsigned sp_fault_armed_count;
static const char *fired_site;

bool sp_fault_hit(const char *site, int number)
{
    if (--sp_fault_armed_count != 0)
        return false;
    fired_site = site;
    errno = number;
    return true;
}

void sp_fault_arm(unsigned nth)
{
    sp_fault_armed_count = nth;
    fired_site = NULL;
}

const char *sp_fault_fired(void)
{
    return fired_site;
}
