/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/local/local.h"

#include "exec/children.h"
#include "sys/spawn.h"

#include <signal.h>

static enum sp_rc start(void *arg,
                        const struct sp_job *job,
                        struct sp_process *out,
                        void **own,
                        struct sp_err *err)
{
    const struct sp_spawn spawn = {
        .argv = job->argv,
        .env = job->env,
        .cwd = job->cwd,
        .limits = job->limits,
        .limit_count = job->limit_count,
    };

    (void)arg;
    *own = NULL;
    return sp_spawn(&spawn, out, err);
}

static void signal_group(void *own, pid_t pid, int signo)
{
    (void)own;
    (void)kill(-pid, signo);
    (void)kill(-pid, SIGCONT); /* or a stopped one would never notice */
}

static const struct sp_child_kind kind = { .start = start, .signal = signal_group };

static enum sp_rc local_open(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
{
    (void)err;
    *out = sp_children_new(&kind, NULL, loop);
    return SP_OK;
}

static unsigned local_caps(const struct sp_backend *backend)
{
    (void)backend;
    return SP_BACKEND_SHARED_FS | SP_BACKEND_LIVE_OUTPUT;
}

const struct sp_backend_ops sp_local_backend = {
    .name = "native",
    .is_local = true,
    .open = local_open,
    .close = sp_children_close,
    .caps = local_caps,
    .submit = sp_children_submit,
    .adopt = NULL,
    .cancel = sp_children_cancel,
    .usage = sp_children_usage,
    .is_alive = sp_children_is_alive,
    .kill = sp_children_kill,
};
