/* SPDX-License-Identifier: BSD-3-Clause */
/* procmark.h - processes that carry a mark in their environment.
 *
 * Children inherit it, whatever group or session they make for themselves, and it is there from the
 * first instruction on: so they are found also when whoever started them died before it could write
 * down their numbers. A program that empties its environment gets away. */
#pragma once

#include "base/defs.h"

#include "sys/procstat.h"

#include <sys/types.h>

#define SP_PROCMARK     "SPOOR_RUN"
#define SP_PROCMARK_JOB "SPOOR_JOB"

/* End (SIGKILL) every other process on this machine with SPOOR_RUN=`mark`, and wait until it is
 * gone. Returns how many there were; *stubborn is one that still is there after some seconds (not
 * ours, or stuck in the kernel), or 0. */
size_t sp_procmark_end(const char *mark, pid_t *stubborn);

/* A job whose processes are looked for. */
struct sp_procmark_job {
    pid_t group;
    uint64_t start;   /* of its first process, as in sp_procstat */
    const char *mark; /* value of SPOOR_JOB in its environment; NULL: it has none */
};

/* Which of `all` belong to the job: members of its group, those that carry its mark, and what these
 * have started. Zombies do not count. Replaces the contents of `out`. */
void sp_procmark_find(const struct sp_proclist *all,
                      const struct sp_procmark_job *job,
                      struct sp_proclist *out);

/* Wait until nothing of a process group but zombies is left; false if that takes too long. */
bool sp_procmark_await_group(pid_t group);
