/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/spawn.h"

#include "base/buf.h"
#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"
#include "sys/limit.h"
#include "sys/procstat.h"

#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

static const char *const env[] = { "PATH=/usr/local/bin:/usr/bin:/bin", "X=1", NULL };

static enum sp_rc spawn_script(const char *script,
                               int stdin_fd,
                               struct sp_process *out,
                               struct sp_err *err)
{
    const char *const argv[] = { "sh", "-c", script, NULL };
    const struct sp_spawn spawn = { .argv = argv, .env = env, .cwd = "/", .stdin_fd = stdin_fd };

    return sp_spawn(&spawn, out, err);
}

/* All output until both ends are closed, then the exit status. */
static int drain(struct sp_process *process, struct sp_buf *out)
{
    int *fds[] = { &process->stdout_fd, &process->stderr_fd };
    int status = -1;

    for (size_t i = 0; i < SP_COUNT(fds); i++) {
        char block[4096];
        ssize_t got;
        do {
            struct pollfd ready = { .fd = *fds[i], .events = POLLIN };
            (void)poll(&ready, 1, 10000);
            got = read(*fds[i], block, sizeof block);
            if (got > 0)
                sp_buf_add(out, (struct sp_str){ block, (size_t)got });
        } while (got > 0);
        sp_fd_closep(fds[i]);
    }
    (void)waitpid(process->pid, &status, 0);
    return status;
}

static bool prints(const char *script, const char *want)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_process process;
    struct sp_err err = SP_ERR_INIT;

    if (spawn_script(script, -1, &process, &err)) {
        printf("# %s\n", err.text);
        return false;
    }
    int status = drain(&process, &out);
    if (status == 0 && strcmp(out.ptr, want) == 0)
        return true;
    printf("# status %d, got %s\n", status, out.ptr);
    return false;
}

/* --- what a child gets --------------------------------------------------------------------- */

static void test_surroundings(void)
{
    (void)setenv("LEAK", "1", 1);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGINT, SIG_IGN);
    (void)signal(SIGHUP, SIG_IGN);
    sigset_t mask;
    (void)sigemptyset(&mask);
    (void)sigaddset(&mask, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &mask, NULL);
    sp_auto_fd int leak = open("/dev/null", O_RDONLY); /* without O_CLOEXEC */

    tap_ok(prints("echo $X$LEAK; pwd", "1\n/\n"), "environment and directory are the given ones");
    /* Signals 32 and 33 are the C library's own; its posix_spawn ignores them (glibc 2.36). */
    tap_ok(prints("grep -E 'SigBlk|SigIgn' /proc/self/status | sed s/00000001800/00000000000/",
                  "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000001\n"),
           "signals are as usual, but nohup is respected");
    tap_ok(leak >= 0 && prints("ls /proc/self/fd", "0\n1\n2\n3\n"),
           "no other descriptor (3 is that of ls)");
    tap_ok(prints("cat; readlink /proc/$$/fd/0", "/dev/null\n"), "input is empty");
    tap_ok(prints("set -- $(cat /proc/$$/stat); [ $5 = $$ ] && echo own", "own\n"),
           "a process group of its own");
    (void)sigprocmask(SIG_UNBLOCK, &mask, NULL);
    (void)signal(SIGINT, SIG_DFL);
}

static void test_input(void)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_process process;
    struct sp_err err = SP_ERR_INIT;
    int fds[2];

    if (pipe2(fds, O_CLOEXEC) || write(fds[1], "given\n", 6) != 6)
        return;
    (void)close(fds[1]);
    tap_ok(spawn_script("cat", fds[0], &process, &err) == SP_OK && drain(&process, &out) == 0 &&
               strcmp(out.ptr, "given\n") == 0,
           "input that is given");
    (void)close(fds[0]);
}

/* --- what cannot be started ---------------------------------------------------------------- */

static void write_script(const char *path, const char *text)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, sp_str_of(text), &err) || chmod(path, 0700))
        printf("# %s\n", err.text);
}

static void check_refused(const char *program, const char *cwd, enum sp_rc want, const char *why)
{
    const char *const argv[] = { program, NULL };
    const struct sp_spawn spawn = { argv, env, cwd, -1 };
    struct sp_process process = { -7, -7, -7 };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_spawn(&spawn, &process, &err);

    tap_ok(rc == want && err.code == rc && strstr(err.text, why) && process.pid == -7,
           "refused: %s", err.text);
}

static void test_refused(void)
{
    char dir[] = "/tmp/spoor-spawn-XXXXXX";
    char script[sizeof dir + sizeof "/script"];
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir))
        return;
    (void)snprintf(script, sizeof script, "%s/script", dir);
    write_script(script, "#! /no/such/interpreter -x\n");
    check_refused(script, dir, SP_NOT_FOUND, "interpreter '/no/such/interpreter' is not there");
    write_script(script, "echo no first line\n");
    check_refused(script, dir, SP_INVALID, "'#!'");
    check_refused("no-such-program-at-all", dir, SP_NOT_FOUND, "in PATH");
    check_refused("true", "/no/such/dir", SP_INVALID, "'/no/such/dir'");
    (void)unlink(script);

    size_t size = (size_t)200 * 1024; /* over MAX_ARG_STRLEN */
    sp_auto_free char *word = malloc(size + 1);
    memset(word, 'x', size);
    word[size] = '\0';
    const char *const argv[] = { "true", word, NULL };
    struct sp_process process;
    tap_ok(sp_spawn(&(struct sp_spawn){ .argv = argv, .env = env, .cwd = "/" }, &process, &err) ==
               SP_LIMIT,
           "%s", err.text);
    tap_ok(sp_remove_tree(dir, &err) == SP_OK, "clean up");
}

/* Limits are the child's alone (spec stimela2.md 7.1: the reference keeps them for itself). */
static void test_limits(void)
{
    static const struct sp_limit limits[] = { { RLIMIT_NOFILE, 50 },
                                              { RLIMIT_CPU, 77 },
                                              { RLIMIT_CORE, 0 } };
    const char *const argv[] = { "sh", "-c", "ulimit -n; sleep 0.1; ulimit -t; ulimit -Hn", NULL };
    const struct sp_spawn spawn = {
        .argv = argv, .env = env, .cwd = "/", .limits = limits, .limit_count = SP_COUNT(limits)
    };
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_process process;
    struct sp_err err = SP_ERR_INIT;
    struct rlimit before;
    struct rlimit after;

    (void)getrlimit(RLIMIT_NOFILE, &before);
    if (!tap_ok(sp_spawn(&spawn, &process, &err) == SP_OK, "start with limits"))
        return;
    int status = drain(&process, &out);
    (void)getrlimit(RLIMIT_NOFILE, &after);
    tap_ok(status == 0 && sp_str_starts(sp_buf_str(&out), "50\n77\n"), "limits of the child: %s",
           out.ptr);
    tap_ok(before.rlim_cur == after.rlim_cur && before.rlim_max == after.rlim_max, "ours are kept");
    char want[64];
    (void)snprintf(want, sizeof want, "\n%" PRIu64 "\n", (uint64_t)before.rlim_max);
    tap_ok(before.rlim_max == RLIM_INFINITY || strstr(out.ptr, want), "hard limits stay");

    const struct sp_limit impossible = { RLIMIT_NOFILE, RLIM_INFINITY };
    struct sp_spawn greedy = spawn;
    greedy.limits = &impossible;
    greedy.limit_count = 1;
    tap_ok(before.rlim_max == RLIM_INFINITY || sp_spawn(&greedy, &process, &err) != SP_OK,
           "above the hard limit: %s", err.text);
}

static void test_faults(void)
{
    for (unsigned nth = 1; nth < 20; nth++) {
        struct sp_process process = { -7, -7, -7 };
        struct sp_err err = SP_ERR_INIT;

        sp_fault_arm(nth);
        enum sp_rc rc = spawn_script("true", -1, &process, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
            tap_ok(rc == SP_OK && drain(&process, &out) == 0, "no fault left after %u", nth - 1);
            return;
        }
        tap_ok(rc != SP_OK && process.pid == -7 && waitpid(-1, NULL, WNOHANG) < 0,
               "fault at %s: %s", site, err.text);
    }
    tap_ok(false, "never succeeded");
}

/* --- procstat ------------------------------------------------------------------------------ */

static void test_procstat(void)
{
    sp_auto_proclist struct sp_proclist list = { 0 };
    struct sp_procstat own = { 0 };
    struct sp_procstat none;
    struct sp_procio io = { 0 };
    struct sp_procsum sum;

    tap_ok(sp_procstat_read(getpid(), &own) && own.pid == getpid() && own.ppid == getppid() &&
               own.pgrp == getpgrp() && own.state == 'R' && own.start > 0 && own.rss > 100000,
           "our own numbers");
    tap_ok(!sp_procstat_read(INT32_MAX, &none) && !sp_procio_read(INT32_MAX, &io), "nobody's");
    tap_ok(sp_procio_read(getpid(), &io) && io.read_bytes > 0, "our own bytes");

    sp_proclist_scan(&list);
    bool ordered = true;
    for (size_t i = 1; i < list.len; i++)
        ordered = ordered && list.items[i - 1].pid < list.items[i].pid;
    tap_ok(list.len >= 2 && ordered, "%zu processes, in order", list.len);
    sp_proclist_sum(&list, getpid(), &sum);
    tap_ok(sum.processes == 1 && sum.memory >= own.rss / 2 && sum.read_bytes >= io.read_bytes,
           "our own sum");
    sp_proclist_sum(&list, INT32_MAX, &sum);
    tap_ok(sum.processes == 0 && sum.memory == 0, "nobody's sum");
    tap_ok(strlen(sp_boot_id().text) == 36, "boot %s", sp_boot_id().text);
}

/* The job's first process, two in a group of their own, one whose parent has ended. */
#define FAMILY                                                                \
    "printf '(a) R (b) 1 2' >/proc/$$/comm; (sleep 1000 >/dev/null 2>&1 &); " \
    "setsid sh -c 'sleep 1000; :' >/dev/null 2>&1 & echo; wait"

static void test_family(void)
{
    sp_auto_proclist struct sp_proclist list = { 0 };
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_process process;
    struct sp_procsum sum = { 0 };
    struct sp_err err = SP_ERR_INIT;
    struct sp_procstat stat;

    if (!tap_ok(spawn_script(FAMILY, -1, &process, &err) == SP_OK, "start a family"))
        return;
    for (int i = 0; i < 10000 && sum.processes != 4; i++) { /* until all have been started */
        (void)poll(NULL, 0, 1);
        sp_proclist_scan(&list);
        sp_proclist_sum(&list, process.pid, &sum);
    }
    tap_ok(sum.processes == 4 && sum.memory > 100000, "%u processes of the job", sum.processes);
    tap_ok(sp_procstat_read(process.pid, &stat) && stat.pgrp == process.pid, "a strange name");
    (void)kill(-process.pid, SIGKILL);
    for (size_t i = 0; i < list.len; i++) {
        if (list.items[i].ppid == process.pid && list.items[i].pgrp == list.items[i].pid)
            (void)kill(-list.items[i].pid, SIGKILL);
    }
    tap_ok(WIFSIGNALED(drain(&process, &out)), "ended");
}

int main(void)
{
    test_surroundings();
    test_input();
    test_refused();
    test_limits();
    test_faults();
    test_procstat();
    test_family();
    return tap_done();
}
