/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "base/tap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What ends a child that goes by a, b, a: the signal, or 0. */
static int end_of_walk(const char *armed)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        if (!sp_fault_arm_text(armed))
            _exit(2);
        (void)SP_FAULT("a", EIO);
        (void)SP_FAULT("b", EIO);
        _exit(SP_FAULT("a", EIO) ? 3 : 0);
    }
    (void)waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

int main(void)
{
    tap_ok(!SP_FAULT("a", EIO) && !sp_fault_fired(), "nothing is armed");
    sp_fault_arm(2);
    tap_ok(!SP_FAULT("a", EIO) && SP_FAULT("b", ENOSPC) && errno == ENOSPC, "the second fails");
    tap_ok(strcmp(sp_fault_fired(), "b") == 0 && !SP_FAULT("c", EIO), "only that one");

    static const struct {
        const char *armed;
        int want;
    } cases[] = { { "a:1", SIGKILL }, { "a:2", SIGKILL }, { "a:3", 0 },  { "b:1", SIGKILL },
                  { "b:2", 0 },       { "*:3", SIGKILL }, { "*:4", 0 },  { "c:1", 0 },
                  { "a", -2 },        { "a:", -2 },       { "a:0", -2 }, { ":1", -2 },
                  { "a:x", -2 } };

    for (size_t i = 0; i < SP_COUNT(cases); i++)
        tap_ok(end_of_walk(cases[i].armed) == cases[i].want, "%s", cases[i].armed);
    sp_fault_arm_kill("a", 1);
    sp_fault_arm(0);
    tap_ok(!SP_FAULT("a", EIO), "switched off");
    return tap_done();
}
