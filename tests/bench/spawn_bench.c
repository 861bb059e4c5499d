/* SPDX-License-Identifier: BSD-3-Clause */
/* spawn_bench.c - what the backend "native" costs on top of starting a process.
 *
 * Runs `true` 200 times (or as often as the first argument says), one after the other, twice:
 * with nothing but posix_spawn and waitpid, and through submit and the event loop, which adds two
 * pipes, the splitting of lines, a handle, timers, and the usage of the process. Both in turns of
 * 20, so that both see the same machine; prints microseconds a process and the ratio. */
#include "base/clock.h"

#include "exec/backend.h"
#include "sys/loop.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

enum {
    TURN = 20
};

static const char *const argv_true[] = { "/bin/true", NULL };
static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };

static bool run_bare(void)
{
    pid_t pid;
    int status;

    return posix_spawn(&pid, argv_true[0], NULL, NULL, (char *const *)argv_true,
                       (char *const *)env) == 0 &&
           waitpid(pid, &status, 0) == pid && status == 0;
}

struct shell {
    struct sp_loop *loop;
    struct sp_backend *backend;
    const struct sp_backend_ops *ops;
    bool done;
    int status;
};

static void on_report(void *arg, const struct sp_report *report)
{
    struct shell *shell = arg;

    shell->done = report->state == SP_JOB_DONE;
    shell->status = report->exit_status;
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    (void)arg;
    (void)stream;
    (void)text;
    (void)partial;
}

static bool run_job(struct shell *shell)
{
    static const char *const argv[] = { "true", NULL };
    const struct sp_job job = { "bench", argv, env, "/" };
    const struct sp_observer observer = { shell, on_report, on_line };
    struct sp_handle handle;
    struct sp_err err = SP_ERR_INIT;

    shell->done = false;
    if (shell->ops->submit(shell->backend, &job, &observer, &handle, &err)) {
        printf("%s\n", err.text);
        return false;
    }
    while (!shell->done)
        (void)sp_loop_turn(shell->loop, -1);
    return shell->status == 0;
}

static bool measure(struct shell *shell, int count)
{
    sp_nsec bare = 0;
    sp_nsec ours = 0;

    for (int turn = 0; turn < count / TURN; turn++) {
        sp_nsec start = sp_clock_monotonic();
        for (int i = 0; i < TURN; i++) {
            if (!run_bare())
                return false;
        }
        sp_nsec middle = sp_clock_monotonic();
        for (int i = 0; i < TURN; i++) {
            if (!run_job(shell))
                return false;
        }
        bare += middle - start;
        ours += sp_clock_monotonic() - middle;
    }
    int runs = count / TURN * TURN;
    printf("%d x true: posix_spawn + waitpid %.0f us, backend native %.0f us, ratio %.2f\n", runs,
           (double)bare / 1e3 / runs, (double)ours / 1e3 / runs, (double)ours / (double)bare);
    return true;
}

int main(int argc, char **argv)
{
    struct shell shell = { .ops = sp_backend_find("native") };
    struct sp_err err = SP_ERR_INIT;
    int count = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 200;

    if (count < TURN || sp_loop_new(&shell.loop, &err) ||
        shell.ops->open(shell.loop, &shell.backend, &err)) {
        printf("cannot run: %s\n", err.text);
        return 1;
    }
    bool passed = run_bare() && run_job(&shell) && measure(&shell, count);
    shell.ops->close(shell.backend);
    sp_loop_free(shell.loop);
    return passed ? 0 : 1;
}
