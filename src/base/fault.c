/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

unsigned sp_fault_armed_count;
static const char *fired_site;
static const char *only_site; /* NULL: any */
static bool is_deadly;
static int list_fd = -1; /* where arrivals are written; nothing fails then */

bool sp_fault_hit(const char *site, int number)
{
    if (list_fd >= 0) {
        (void)dprintf(list_fd, "%s\n", site);
        return false;
    }
    if (only_site && strcmp(only_site, site) != 0)
        return false;
    if (--sp_fault_armed_count != 0)
        return false;
    if (is_deadly)
        (void)raise(SIGKILL);
    fired_site = site;
    errno = number;
    return true;
}

void sp_fault_arm(unsigned nth)
{
    sp_fault_armed_count = nth;
    fired_site = NULL;
    only_site = NULL;
    is_deadly = false;
}

void sp_fault_arm_kill(const char *name, unsigned nth)
{
    sp_fault_arm(nth);
    only_site = strcmp(name, "*") != 0 ? name : NULL;
    is_deadly = true;
}

/* "store.rename:3" */
static bool arm_text(const char *text, bool deadly)
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
    is_deadly = deadly;
    return true;
}

static bool arm_list(const char *path)
{
    list_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    sp_fault_armed_count = 1;
    return list_fd >= 0;
}

const char *sp_fault_arm_environment(void)
{
    const char *deadly = getenv("SPOOR_FAULT_KILL");
    const char *failing = getenv("SPOOR_FAULT");
    const char *list = getenv("SPOOR_FAULT_LIST");

    if (deadly && !arm_text(deadly, true))
        return "SPOOR_FAULT_KILL";
    if (failing && !arm_text(failing, false))
        return "SPOOR_FAULT";
    return list && !arm_list(list) ? "SPOOR_FAULT_LIST" : NULL;
}

const char *sp_fault_fired(void)
{
    return fired_site;
}
