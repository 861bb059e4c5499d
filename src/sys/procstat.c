/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/procstat.h"

#include "base/vec.h"

#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

/* A line of /proc/<pid>/stat: 52 numbers of at most 20 digits and a name of at most 64 bytes;
 * "io", "status" and "smaps_rollup" are below 2 KiB. */
#define PROC_FILE_MAX 4096

#define GENERATIONS_MAX 64 /* how deep below a job's first process we look */

/* Whole text of /proc/<pid>/<name>; false when it is not there or not ours to read. */
static bool read_proc(pid_t pid, const char *name, char text[static PROC_FILE_MAX])
{
    char path[64]; /* "/proc/" + 10 digits + "/smaps_rollup" */
    size_t len = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    for (;;) {
        ssize_t got = read(fd, text + len, PROC_FILE_MAX - 1 - len);
        if (got < 0)
            return false;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    text[len] = '\0';
    return len > 0;
}

/* Number behind "name:" at the start of a line, 0 when it is not there. */
static uint64_t find_number(const char *text, const char *name)
{
    size_t len = strlen(name);

    for (const char *line = text; line; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, name, len) == 0)
            return strtoull(line + len, NULL, 10);
    }
    return 0;
}

/* --- one process --------------------------------------------------------------------------- */

static sp_nsec ticks_to_nsec(uint64_t ticks)
{
    static long per_second;

    if (per_second == 0)
        per_second = sysconf(_SC_CLK_TCK);
    return (sp_nsec)(ticks * (uint64_t)(SP_NSEC_PER_SEC / per_second));
}

/* proc(5), from the third field on; the second is the program's name in parentheses and may
 * contain anything, parentheses included. */
static bool parse_stat(const char *text, struct sp_procstat *out)
{
    enum {
        PPID = 4,
        PGRP = 5,
        UTIME = 14,
        STIME,
        CUTIME,
        CSTIME,
        START = 22,
        RSS = 24
    };

    uint64_t field[RSS + 1] = { 0 };
    const char *at = strrchr(text, ')');

    if (!at || at[1] != ' ' || at[2] == '\0')
        return false;
    out->state = at[2];
    at += 3;
    for (int i = PPID; i <= RSS; i++) {
        char *end;
        field[i] = strtoull(at, &end, 10); /* negative ones (tty, priority) are not used */
        if (end == at)
            return false;
        at = end;
    }
    out->pid = (pid_t)strtoull(text, NULL, 10);
    out->ppid = (pid_t)field[PPID];
    out->pgrp = (pid_t)field[PGRP];
    out->start = field[START];
    out->cpu_user = ticks_to_nsec(field[UTIME] + field[CUTIME]);
    out->cpu_system = ticks_to_nsec(field[STIME] + field[CSTIME]);
    out->rss = field[RSS] * (uint64_t)sysconf(_SC_PAGESIZE);
    return true;
}

bool sp_procstat_read(pid_t pid, struct sp_procstat *out)
{
    char text[PROC_FILE_MAX];
    struct sp_procstat stat;

    if (!read_proc(pid, "stat", text) || !parse_stat(text, &stat))
        return false;
    *out = stat;
    return true;
}

struct sp_proc_name sp_proc_name(pid_t pid)
{
    char text[PROC_FILE_MAX];
    char path[32]; /* "/proc/" + 10 digits + "/cmdline" */
    struct sp_proc_name name = { "" };

    (void)snprintf(path, sizeof path, "/proc/%d/cmdline", (int)pid);
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    for (ssize_t i = 0; i < got - 1; i++) /* the words end with NUL */
        if ((unsigned char)text[i] < ' ')
            text[i] = ' ';
    text[SP_MAX(got, 0)] = '\0';
    (void)snprintf(name.text, sizeof name.text, text[0] ? "%d (%.60s)" : "%d", (int)pid, text);
    return name;
}

bool sp_procio_read(pid_t pid, struct sp_procio *out)
{
    char text[PROC_FILE_MAX];

    if (!read_proc(pid, "io", text))
        return false;
    *out = (struct sp_procio){ find_number(text, "rchar:"), find_number(text, "wchar:") };
    return true;
}

/* --- all processes ------------------------------------------------------------------------- */

static int compare_pids(const void *a, const void *b)
{
    const struct sp_procstat *x = a;
    const struct sp_procstat *y = b;

    return (x->pid > y->pid) - (x->pid < y->pid);
}

void sp_proclist_scan(struct sp_proclist *list)
{
    struct sp_procstat stat;
    bool sorted = true;

    list->len = 0;
    DIR *dir = opendir("/proc");
    if (!dir)
        return;
    for (const struct dirent *entry; (entry = readdir(dir));) {
        if (!isdigit((unsigned char)entry->d_name[0]) ||
            !sp_procstat_read((pid_t)strtoul(entry->d_name, NULL, 10), &stat))
            continue;
        sorted = sorted && (list->len == 0 || list->items[list->len - 1].pid < stat.pid);
        *SP_VEC_ADD(list) = stat;
    }
    (void)closedir(dir);
    if (!sorted)
        qsort(list->items, list->len, sizeof *list->items, compare_pids);
}

#define LOOKS_MAX   3
#define NUMBERS_MAX 100 /* to be tried one by one */

/* The number that was given to the newest process; 0 when it cannot be told. */
static pid_t newest_pid(void)
{
    char text[128]; /* "0.20 0.18 0.12 1/80 11206\n" */
    sp_auto_fd int fd = open("/proc/loadavg", O_RDONLY | O_CLOEXEC);
    ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof text - 1);

    text[SP_MAX(got, 0)] = '\0';
    const char *last = strrchr(text, ' ');
    return last ? (pid_t)strtoul(last, NULL, 10) : 0;
}

void sp_proclist_scan_since(struct sp_proclist *list, pid_t first)
{
    struct sp_procstat stat;
    pid_t newest = -1;

    /* One that has started another meanwhile, and has ended, must not be the last that is seen. */
    for (int i = 0; i < LOOKS_MAX && newest_pid() != newest; i++) {
        newest = newest_pid();
        if (newest < first || newest - first > NUMBERS_MAX) {
            sp_proclist_scan(list);
            return;
        }
        list->len = 0;
        for (pid_t pid = first; pid <= newest; pid++)
            if (sp_procstat_read(pid, &stat))
                *SP_VEC_ADD(list) = stat;
    }
}

void sp_proclist_fini(struct sp_proclist *list)
{
    SP_VEC_FINI(list);
}

/* --- jobs ---------------------------------------------------------------------------------- */

static bool belongs(const struct sp_proclist *list, const struct sp_procstat *process, pid_t leader)
{
    for (int i = 0; process && i < GENERATIONS_MAX; i++) {
        if (process->pid == leader || process->pgrp == leader || process->ppid == leader)
            return true;
        if (process->ppid <= 1)
            return false;
        struct sp_procstat parent = { .pid = process->ppid };
        process = bsearch(&parent, list->items, list->len, sizeof parent, compare_pids);
    }
    return false;
}

/* Most resident memory that a process ever had. */
static uint64_t peak_memory(const struct sp_procstat *process)
{
    char text[PROC_FILE_MAX];
    uint64_t peak = read_proc(process->pid, "status", text) ? find_number(text, "VmHWM:") : 0;

    return SP_MAX(peak * 1024, process->rss);
}

/* Resident memory, what is shared divided by the number of those who share it. */
static uint64_t shared_memory(const struct sp_procstat *process)
{
    char text[PROC_FILE_MAX];

    if (!read_proc(process->pid, "smaps_rollup", text))
        return process->rss;
    return find_number(text, "Pss:") * 1024;
}

void sp_proclist_sum(const struct sp_proclist *list, pid_t leader, struct sp_procsum *out)
{
    const struct sp_procstat *first = NULL;
    struct sp_procsum sum = { 0 };

    for (size_t i = 0; i < list->len; i++) {
        const struct sp_procstat *process = &list->items[i];
        struct sp_procio io;
        if (!belongs(list, process, leader))
            continue;
        sum.cpu_user += process->cpu_user;
        sum.cpu_system += process->cpu_system;
        if (sp_procio_read(process->pid, &io)) {
            sum.read_bytes += io.read_bytes;
            sum.write_bytes += io.write_bytes;
        }
        if (process->state == 'Z' || process->state == 'X')
            continue;
        /* The first is looked at only when there is a second: alone, it shares with nobody. */
        if (++sum.processes == 1) {
            first = process;
            continue;
        }
        if (sum.processes == 2)
            sum.memory = shared_memory(first);
        sum.memory += shared_memory(process);
    }
    if (sum.processes == 1)
        sum.memory = peak_memory(first);
    *out = sum;
}

struct sp_boot_id sp_boot_id(void)
{
    struct sp_boot_id id = { "unknown" };
    sp_auto_fd int fd = open("/proc/sys/kernel/random/boot_id", O_RDONLY | O_CLOEXEC);
    char text[sizeof id.text];

    if (fd >= 0 && read(fd, text, sizeof text - 1) == (ssize_t)(sizeof text - 1)) {
        memcpy(id.text, text, sizeof text - 1);
        id.text[sizeof text - 1] = '\0';
    }
    return id;
}
