/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/procmark.h"

#include "base/tap.h"

#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* A process with the mark that has started one more in a session of its own; both wait to be
 * killed. Returns the first when both are there. */
static pid_t start_pair(const char *mark, int *alive)
{
    int ends[2];
    char both[2];

    if (pipe(ends) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        (void)setenv(SP_PROCMARK, mark, 1);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)close(ends[0]);
        (void)close(ends[1]);
        (void)execl("/bin/sh", "sh", "-c",
                    "setsid sh -c 'echo; exec sleep 1000' & printf x; exec sleep 1000", NULL);
        _exit(127);
    }
    (void)close(ends[1]);
    for (size_t len = 0; len < 2;) {
        ssize_t got = read(ends[0], both + len, 2 - len);
        if (got <= 0)
            return -1;
        len += (size_t)got;
    }
    *alive = ends[0];
    return pid;
}

int main(void)
{
    pid_t stubborn = -1;
    int alive = -1;
    char end;

    tap_ok(sp_procmark_end("nobody@0:0", &stubborn) == 0 && stubborn == 0, "nobody has the mark");
    pid_t pid = start_pair("run@1:2", &alive);
    tap_ok(pid > 0, "two processes with a mark");
    tap_ok(sp_procmark_end("run@1:", &stubborn) == 0, "not part of a mark");
    size_t count = sp_procmark_end("run@1:2", &stubborn);
    tap_ok(count == 2 && stubborn == 0, "both are ended");
    tap_ok(read(alive, &end, 1) == 0, "and gone, also the one in another session");
    int status = 0;
    tap_ok(waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL,
           "killed");
    tap_ok(sp_procmark_await_group(pid), "nothing is left of its group");
    return tap_done();
}
