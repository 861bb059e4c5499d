/* SPDX-License-Identifier: BSD-3-Clause */
/* local.h - the backend "native": jobs are child processes on this machine.
 *
 * Each job is a process group of its own, with /dev/null as its input and two pipes as its output.
 *
 * Life of a job: submit starts it; RUNNING is reported in the next turn of the loop. When its first
 * process has ended, that one is left a zombie until both pipes are at their end, so that its
 * number, which is also that of the group, cannot be given to anybody else while we may still have
 * to signal the group. If something that the job has left behind keeps a pipe open, DONE is
 * reported after a second of silence, or after ten seconds in any case.
 *
 * Cancelling sends SIGINT to the group, later SIGTERM, at last SIGKILL. When the first process of a
 * cancelled job has ended, members of the group that still hold its output are given the same
 * time; whatever is left of it then is killed.
 *
 * What a job leaves running (members of its group, what carries its mark, and what these have
 * started) may still be writing: DONE is reported when it is gone. It has five seconds to end by
 * itself, then it gets SIGTERM, five seconds later SIGKILL. A process that has left the group and
 * emptied its environment gets away.
 *
 * Handle: "PID:START:BOOT", with the start time in clock ticks after boot, from /proc. If the
 * engine dies (even of SIGKILL) its jobs live on; their output goes nowhere, and they get SIGPIPE
 * when they write. The handle in the journal is how the next engine finds them (is_alive) and ends
 * them (kill).
 *
 * Usage: CPU and input/output as the kernel adds them up for the first process and all children
 * that were waited for; memory is the largest of samples taken after 0.1 s and then every second
 * (less often where sampling itself takes long), and of the peak of the largest single process.
 * A job that ends before the first sample and was never larger than the engine itself has no known
 * peak: 0.
 */
#pragma once

#include "exec/backend.h"

extern const struct sp_backend_ops sp_local_backend;

/* How long to wait, for tests that cannot. */
struct sp_local_patience {
    sp_nsec terminate; /* after SIGINT, until SIGTERM */
    sp_nsec kill;      /* after SIGINT, until SIGKILL */
    sp_nsec silence;   /* after the end, while something else holds the pipes */
    sp_nsec linger;    /* after the end, until what is left of it is ended, too */
};

void sp_local_set_patience(struct sp_backend *backend, const struct sp_local_patience *patience);
