/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pipes.h"

#include "base/fault.h"

#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <unistd.h>

enum sp_rc sp_pipes_open(struct sp_pipe pipes[static SP_PIPES], struct sp_err *err)
{
    int pair[2];

    for (size_t i = 0; i < SP_PIPES; i++)
        pipes[i] = (struct sp_pipe){ -1, -1 };
    for (size_t i = 0; i < SP_PIPES; i++) {
        if (SP_FAULT("box.pipe", EMFILE) || pipe2(pair, O_CLOEXEC) < 0)
            return sp_fail_errno(err, "create a pipe");
        pipes[i] = (struct sp_pipe){ pair[0], pair[1] };
    }
    return SP_OK;
}

static int take(int *end)
{
    (void)fcntl(*end, F_SETFL, O_NONBLOCK);
    return sp_take_fd(end);
}

void sp_pipes_take(struct sp_pipe pipes[static SP_PIPES],
                   pid_t pid,
                   struct sp_process *out,
                   int *status,
                   int *leash)
{
    *status = take(&pipes[SP_PIPE_STATUS].reader);
    *leash = sp_take_fd(&pipes[SP_PIPE_LEASH].writer);
    *out = (struct sp_process){ pid, take(&pipes[SP_PIPE_OUT].reader),
                                take(&pipes[SP_PIPE_ERR].reader) };
}

void sp_pipes_close(struct sp_pipe pipes[static SP_PIPES])
{
    for (size_t i = 0; i < SP_PIPES; i++) {
        sp_fd_closep(&pipes[i].reader);
        sp_fd_closep(&pipes[i].writer);
    }
}
