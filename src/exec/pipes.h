/* SPDX-License-Identifier: BSD-3-Clause */
/* pipes.h - the pipes between Spoor and the process of ours that sees to a job: the job's output,
 * what that process has to tell, and what it is told (its end: Spoor has died). */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct sp_process; /* sys/spawn.h */

struct sp_pipe {
    int reader, writer; /* -1: not open, or somebody else's now */
};

enum {
    SP_PIPE_OUT, /* of the job */
    SP_PIPE_ERR,
    SP_PIPE_STATUS, /* messages to Spoor */
    SP_PIPE_LEASH,  /* signal numbers from Spoor */
    SP_PIPES
};

/* All are closed on exec. On failure some are open. */
enum sp_rc sp_pipes_open(struct sp_pipe pipes[static SP_PIPES], struct sp_err *err) SP_MUST_USE;

/* The other side has started: its ends of the output, of the status and of the leash are Spoor's,
 * and do not block when they are read. */
void sp_pipes_take(struct sp_pipe pipes[static SP_PIPES],
                   pid_t pid,
                   struct sp_process *out,
                   int *status,
                   int *leash);

/* Whatever is open. */
void sp_pipes_close(struct sp_pipe pipes[static SP_PIPES]);
