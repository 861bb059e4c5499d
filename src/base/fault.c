/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "base/str.h"

#include <errno.h>
#include <limits.h>
#include <signal.h>

unsigned sp_fault_armed_count;
static const char *fired_site;
static const char *deadly_site; /* NULL: sites fail, they do not kill */

bool sp_fault_hit(const char *site, int number)
{
    if (deadly_site && strcmp(deadly_site, "*") != 0 && strcmp(deadly_site, site) != 0)
        return false;
    if (--sp_fault_armed_count != 0)
        return false;
    if (deadly_site)
        (void)raise(SIGKILL);
    fired_site = site;
    errno = number;
    return true;
}

void sp_fault_arm(unsigned nth)
{
    sp_fault_armed_count = nth;
    fired_site = NULL;
    deadly_site = NULL;
}

void sp_fault_arm_kill(const char *name, unsigned nth)
{
    sp_fault_arm(nth);
    deadly_site = name;
}

bool sp_fault_arm_text(const char *text)
{
    static char name[64];
    struct sp_str rest = sp_str_of(text);
    struct sp_str site = sp_str_cut(&rest, ':');
    int64_t nth;

    if (!rest.ptr || !sp_str_int(rest, &nth) || nth <= 0 || nth > INT_MAX || site.len == 0 ||
        site.len >= sizeof name)
        return false;
    memcpy(name, site.ptr, site.len);
    name[site.len] = '\0';
    sp_fault_arm_kill(name, (unsigned)nth);
    return true;
}

const char *sp_fault_fired(void)
{
    return fired_site;
}
