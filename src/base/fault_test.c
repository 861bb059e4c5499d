/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"

#include "base/tap.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

/* What ends a child that goes by a, b, a: the signal; or, negative, a bit for each that failed. */
static int end_of_walk(const char *variable, const char *armed)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        (void)setenv(variable, armed, 1);
        if (sp_fault_arm_environment())
            _exit(8);
        int failed = SP_FAULT("a", EIO) ? 1 : 0;
        failed |= SP_FAULT("b", EIO) ? 2 : 0;
        failed |= SP_FAULT("a", EIO) ? 4 : 0;
        _exit(failed);
    }
    (void)waitpid(pid, &status, 0);
    return WIFSIGNALED(status) ? WTERMSIG(status) : -WEXITSTATUS(status);
}

static void test_list(void)
{
    char path[] = "/tmp/spoor-fault-XXXXXX";
    char text[32] = "";
    int fd = mkstemp(path);

    tap_ok(end_of_walk("SPOOR_FAULT_LIST", path) == 0, "nothing fails while sites are listed");
    ssize_t len = read(fd, text, sizeof text - 1);
    tap_ok(len == 6 && strcmp(text, "a\nb\na\n") == 0, "in the order of arrival");
    tap_ok(end_of_walk("SPOOR_FAULT_LIST", "/nowhere/at/all") == -8, "no such folder");
    (void)close(fd);
    (void)unlink(path);
}

int main(void)
{
    tap_ok(!SP_FAULT("a", EIO) && !sp_fault_fired(), "nothing is armed");
    sp_fault_arm(2);
    tap_ok(!SP_FAULT("a", EIO) && SP_FAULT("b", ENOSPC) && errno == ENOSPC, "the second fails");
    tap_ok(strcmp(sp_fault_fired(), "b") == 0 && !SP_FAULT("c", EIO), "only that one");

    static const struct {
        const char *armed;
        int killed, failed;
    } cases[] = { { "a:1", SIGKILL, -1 }, { "a:2", SIGKILL, -4 }, { "a:3", 0, 0 },
                  { "b:1", SIGKILL, -2 }, { "b:2", 0, 0 },        { "*:3", SIGKILL, -4 },
                  { "*:4", 0, 0 },        { "c:1", 0, 0 },        { "a", -8, -8 },
                  { "a:", -8, -8 },       { "a:0", -8, -8 },      { ":1", -8, -8 },
                  { "a:x", -8, -8 } };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        tap_ok(end_of_walk("SPOOR_FAULT_KILL", cases[i].armed) == cases[i].killed, "kill %s",
               cases[i].armed);
        tap_ok(end_of_walk("SPOOR_FAULT", cases[i].armed) == cases[i].failed, "fail %s",
               cases[i].armed);
    }
    test_list();
    sp_fault_arm_kill("a", 1);
    sp_fault_arm(0);
    tap_ok(!SP_FAULT("a", EIO), "switched off");
    return tap_done();
}
