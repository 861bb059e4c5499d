/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/ask.h"

#include "sys/capture.h"
#include "sys/spawn.h"

#include <sys/wait.h>
#include <unistd.h>

int sp_ask(const char *const *argv, int timeout_ms, struct sp_buf *out, struct sp_buf *said)
{
    const struct sp_spawn what = { .argv = argv, .env = (const char *const *)environ, .cwd = "/" };
    struct sp_err err = SP_ERR_INIT;
    struct sp_process process;
    int status;

    if (sp_spawn(&what, &process, &err)) {
        sp_buf_adds(said, err.text);
        return -1;
    }
    if (!sp_capture(&process, timeout_ms * SP_NSEC_PER_MS, out, said, &status)) {
        sp_buf_adds(said, "no answer");
        return -1;
    }
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
