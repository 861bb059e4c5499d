/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/procmark.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/vec.h"

#include "sys/file.h"
#include "sys/procstat.h"

#include <signal.h>
#include <unistd.h>

#define PATIENCE (5 * SP_NSEC_PER_SEC)
#define PAUSE    (5 * SP_NSEC_PER_MS)

#define KERNEL     2 /* its threads have no environment */
#define EXEC_TRIES 10
#define EXEC_PAUSE SP_NSEC_PER_MS

static bool has_mark(pid_t pid, struct sp_str entry)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    char path[32]; /* "/proc/" + 10 digits + "/environ" */

    (void)snprintf(path, sizeof path, "/proc/%d/environ", (int)pid);
    /* It is empty for the moment in which a process becomes another program. */
    for (int i = 0; i < EXEC_TRIES && text.len == 0; i++) {
        if (i)
            (void)nanosleep(&(struct timespec){ .tv_nsec = EXEC_PAUSE }, NULL);
        if (sp_file_read(path, &text, &err))
            return false; /* gone, or somebody else's */
    }
    for (struct sp_str rest = sp_buf_str(&text); rest.ptr;)
        if (sp_str_eq(sp_str_cut(&rest, '\0'), entry))
            return true;
    return false;
}

static bool is_there(const struct sp_procstat *process)
{
    struct sp_procstat now;

    return sp_procstat_read(process->pid, &now) && now.start == process->start &&
           now.state != 'Z' && now.state != 'X';
}

/* Wait until none of them is left; what is left stays in the list. */
static void await(struct sp_proclist *list)
{
    sp_nsec until = sp_clock_monotonic() + PATIENCE;

    while (list->len) {
        while (list->len && !is_there(&list->items[list->len - 1]))
            list->len--;
        if (!list->len || sp_clock_monotonic() >= until)
            return;
        (void)nanosleep(&(struct timespec){ .tv_nsec = PAUSE }, NULL);
    }
}

/* Those of `all` that have the mark are killed, and appended to `killed`. */
static void kill_marked(const struct sp_proclist *all,
                        struct sp_str entry,
                        struct sp_proclist *killed)
{
    for (size_t i = 0; i < all->len; i++) {
        const struct sp_procstat *process = &all->items[i];
        if (process->pid == getpid() || process->state == 'Z' || !has_mark(process->pid, entry))
            continue;
        (void)kill(process->pid, SIGKILL);
        *SP_VEC_ADD(killed) = *process;
    }
}

size_t sp_procmark_end(const char *mark, pid_t *stubborn)
{
    sp_auto_buf struct sp_buf entry = SP_BUF(SP_BUF_SMALL);
    sp_auto_proclist struct sp_proclist all = { 0 };
    sp_auto_proclist struct sp_proclist killed = { 0 };
    size_t count = 0;

    sp_buf_addf(&entry, SP_PROCMARK "=%s", mark);
    *stubborn = 0;
    for (size_t found = 1; found && !killed.len; count += found) {
        /* What they have started meanwhile is found the next time. */
        sp_proclist_scan(&all);
        kill_marked(&all, sp_buf_str(&entry), &killed);
        found = killed.len;
        await(&killed);
    }
    if (killed.len)
        *stubborn = killed.items[0].pid;
    return count;
}

/* --- what belongs to a job ----------------------------------------------------------------- */

static bool has_parent(const struct sp_proclist *list, pid_t parent)
{
    for (size_t i = 0; i < list->len; i++)
        if (list->items[i].pid == parent)
            return true;
    return false;
}

static bool is_in(const struct sp_proclist *list, const struct sp_procstat *process)
{
    return has_parent(list, process->pid);
}

void sp_procmark_find(const struct sp_proclist *all,
                      const struct sp_procmark_job *job,
                      struct sp_proclist *out)
{
    sp_auto_buf struct sp_buf entry = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&entry, SP_PROCMARK_JOB "=%s", job->mark ? job->mark : "");
    out->len = 0;
    for (size_t before = SIZE_MAX; before != out->len;) {
        before = out->len;
        for (size_t i = 0; i < all->len; i++) {
            const struct sp_procstat *process = &all->items[i];
            if (process->state == 'Z' || process->state == 'X' || process->start < job->start ||
                is_in(out, process))
                continue;
            if (process->pgrp == job->group || has_parent(out, process->ppid) ||
                (!before && job->mark && process->ppid != KERNEL &&
                 has_mark(process->pid, sp_buf_str(&entry))))
                *SP_VEC_ADD(out) = *process;
        }
    }
}

bool sp_procmark_await_group(pid_t group)
{
    sp_auto_proclist struct sp_proclist all = { 0 };
    sp_auto_proclist struct sp_proclist members = { 0 };

    sp_proclist_scan(&all);
    for (size_t i = 0; i < all.len; i++)
        if (all.items[i].pgrp == group)
            *SP_VEC_ADD(&members) = all.items[i];
    await(&members);
    return members.len == 0;
}
