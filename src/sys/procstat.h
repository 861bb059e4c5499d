/* SPDX-License-Identifier: BSD-3-Clause */
/* procstat.h - what processes use, read from /proc.
 *
 * Which processes belong to a job is decided by one scan of /proc for all jobs together: the
 * members of the job's process group and all descendants of its first process, so that neither a
 * helper with a group of its own nor one whose parent has gone is missed. A scan reads one small
 * file a process (about 10 us each); task/<tid>/children would have to be read for every thread,
 * is not built into every kernel, and does not know the orphans.
 */
#pragma once

#include "base/defs.h"

#include <sys/types.h>

struct sp_procstat {
    pid_t pid, ppid, pgrp;
    char state;       /* 'R' 'S' 'D' 'Z' ... as in proc(5) */
    uint64_t start;   /* clock ticks after boot; with the pid names a process for ever */
    sp_nsec cpu_user; /* own, and of children that it has waited for */
    sp_nsec cpu_system;
    uint64_t rss; /* bytes */
};

/* False when there is no such process. */
bool sp_procstat_read(pid_t pid, struct sp_procstat *out);

/* What it was started as, for people: "12345 (sleep 10)". */
struct sp_proc_name {
    char text[96];
};

struct sp_proc_name sp_proc_name(pid_t pid);

/* Bytes passed to read(2) and write(2) and their like by the process and by children that it has
 * waited for. Works on a zombie. False when it cannot be read (not ours, gone). */
struct sp_procio {
    uint64_t read_bytes, write_bytes;
};

bool sp_procio_read(pid_t pid, struct sp_procio *out);

/* All processes of the machine, in order of their number. */
struct sp_proclist {
    struct sp_procstat *items;
    size_t len;
    size_t capacity;
};

/* Replace the contents by what runs now. */
void sp_proclist_scan(struct sp_proclist *list);

/* The same for what has been started since process `first` was, in the last half a second: numbers
 * are given out in order, and nobody uses all of them up in that time. Where few have been, that is
 * a hundred times as fast. Threads may be among them. */
void sp_proclist_scan_since(struct sp_proclist *list, pid_t first);

void sp_proclist_fini(struct sp_proclist *list);
#define sp_auto_proclist SP_CLEANUP(sp_proclist_fini)

/* What a job uses at this moment. Memory that several of its processes share is counted once
 * (proportional set size) where that can be read. */
struct sp_procsum {
    unsigned processes; /* zombies left out */
    uint64_t memory;    /* bytes; for a single process the most it ever had */
    sp_nsec cpu_user, cpu_system;
    uint64_t read_bytes, write_bytes;
};

/* Over the job whose first process and process group is `leader`. All zero when none is left.
 * Counting shared memory walks page tables: on processes of many gigabytes it takes long enough
 * that callers should look at the clock (see exec/local/local.c). */
void sp_proclist_sum(const struct sp_proclist *list, pid_t leader, struct sp_procsum *out);

/* Identifies this boot of this machine: pids and start times mean nothing beyond it. */
struct sp_boot_id {
    char text[37];
};

struct sp_boot_id sp_boot_id(void);
