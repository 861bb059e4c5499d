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

static void test_find(void)
{
    sp_auto_proclist struct sp_proclist all = { 0 };
    sp_auto_proclist struct sp_proclist found = { 0 };
    int ends[2];
    char letters[3];

    if (pipe(ends) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0) {
        (void)setpgid(0, 0);
        (void)setenv(SP_PROCMARK_JOB, "run@1:2/r.a", 1);
        (void)dup2(ends[1], STDOUT_FILENO);
        (void)execl("/bin/sh", "sh", "-c",
                    "sh -c 'printf g; exec sleep 1000' & "
                    "env -u SPOOR_JOB sh -c 'printf e; exec sleep 1000' & "
                    "setsid sh -c 'printf s; exec sleep 1000' & exit 0",
                    NULL);
        _exit(127);
    }
    for (size_t i = 0; i < 3; i++)
        if (read(ends[0], letters + i, 1) != 1)
            return;
    sp_proclist_scan_since(&all, pid);
    bool sees_self = false;
    for (size_t i = 0; i < all.len; i++)
        sees_self |= all.items[i].pid == pid;
    tap_ok(sees_self && all.len >= 4, "what has been started since a process was, with it");
    sp_proclist_scan(&all);
    struct sp_procmark_job job = { .group = pid, .mark = "run@1:2/r.a" };
    sp_procmark_find(&all, &job, &found);
    tap_ok(found.len == 3, "a group, and who has left it");
    job.mark = NULL;
    sp_procmark_find(&all, &job, &found);
    tap_ok(found.len == 2, "without a mark, the group");
    job = (struct sp_procmark_job){ .group = 1 << 30, .mark = "run@1:2/r" };
    sp_procmark_find(&all, &job, &found);
    tap_ok(found.len == 0, "not by a part of the mark");
    job = (struct sp_procmark_job){ .group = pid, .mark = "run@1:2/r.a", .start = UINT64_MAX };
    sp_procmark_find(&all, &job, &found);
    tap_ok(found.len == 0, "nor what is older");
    job = (struct sp_procmark_job){ .group = pid, .mark = "run@1:2/r.a" };
    sp_procmark_find(&all, &job, &found);
    for (size_t i = 0; i < found.len; i++) {
        struct sp_proc_name name = sp_proc_name(found.items[i].pid);
        tap_ok(strstr(name.text, "sleep 1000") != NULL, "%s has a name", name.text);
        (void)kill(found.items[i].pid, SIGKILL);
    }
    (void)waitpid(pid, NULL, 0);
    (void)close(ends[0]);
    (void)close(ends[1]);
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
    test_find();
    return tap_done();
}
