/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/loop.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"
#include "base/tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

static struct sp_loop *loop;
static struct sp_buf trace; /* what was called, in order */

static void turn_until(const char *want)
{
    sp_nsec limit = sp_clock_monotonic() + 10 * SP_NSEC_PER_SEC;

    while (strcmp(trace.ptr, want) != 0 && sp_clock_monotonic() < limit) {
        if (!sp_loop_turn(loop, 1000))
            break;
    }
}

static bool traced(const char *want)
{
    bool same = strcmp(trace.ptr, want) == 0;

    if (!same)
        printf("# got '%s', want '%s'\n", trace.ptr, want);
    sp_buf_clear(&trace);
    return same;
}

/* --- timers -------------------------------------------------------------------------------- */

static void note(void *arg)
{
    sp_buf_adds(&trace, arg);
}

static struct sp_watch *add_timer(sp_nsec delay, sp_nsec period, sp_timer_fn fn, const char *name)
{
    struct sp_watch *watch = NULL;
    struct sp_err err = SP_ERR_INIT;

    if (sp_loop_add_timer(loop, delay, period, fn, (void *)(uintptr_t)name, &watch, &err))
        tap_ok(false, "%s", err.text);
    return watch;
}

static void test_timer_order(void)
{
    struct sp_watch *c = add_timer(20 * SP_NSEC_PER_MS, 0, note, "c");
    struct sp_watch *a = add_timer(0, 0, note, "a");
    struct sp_watch *never = add_timer(5 * SP_NSEC_PER_MS, 0, note, "x");
    struct sp_watch *b = add_timer(10 * SP_NSEC_PER_MS, 0, note, "b");

    tap_ok(traced(""), "nothing is called before the turn");
    sp_watch_remove(never);
    turn_until("abc");
    tap_ok(traced("abc"), "timers fire in order, removed ones do not");
    tap_ok(!sp_loop_turn(loop, 0), "timers that have fired do not count");
    sp_watch_remove(a);
    sp_watch_remove(b);
    sp_watch_remove(c);
    sp_watch_remove(NULL);

    struct sp_watch *beat = add_timer(SP_NSEC_PER_MS, SP_NSEC_PER_MS, note, "t");
    turn_until("ttt");
    tap_ok(traced("ttt"), "a period repeats");
    sp_watch_remove(beat);

    struct sp_err err = SP_ERR_INIT;
    tap_ok(sp_loop_add_timer(loop, -1, 0, note, NULL, &beat, &err) == SP_INVALID,
           "no negative delay");
}

static struct sp_watch *self;

static void remove_self(void *arg)
{
    note(arg);
    sp_watch_remove(self);
    sp_watch_remove(self); /* twice in one turn is harmless */
}

static void add_another(void *arg)
{
    (void)arg;
    sp_buf_adds(&trace, "1");
    sp_watch_remove(self);
    self = add_timer(0, 0, remove_self, "2");
    sp_buf_adds(&trace, ".");
}

static void test_timer_changes(void)
{
    self = add_timer(0, SP_NSEC_PER_MS, remove_self, "s");
    tap_ok(!sp_loop_turn(loop, 1000) && traced("s"), "a timer may remove itself");

    self = add_timer(0, 0, add_another, NULL);
    tap_ok(sp_loop_turn(loop, 1000) && traced("1."), "one added in a turn waits");
    tap_ok(!sp_loop_turn(loop, 1000) && traced("2"), "for the next turn");
}

static void test_timeout(void)
{
    struct sp_watch *late = add_timer(1000 * SP_NSEC_PER_SEC, 0, note, "late");
    sp_nsec before = sp_clock_monotonic();

    tap_ok(sp_loop_turn(loop, 5) && sp_clock_monotonic() - before >= 4 * SP_NSEC_PER_MS,
           "a turn ends after its time");
    sp_watch_remove(late);
    tap_ok(!sp_loop_turn(loop, -1), "with nothing registered it does not wait");
}

/* --- descriptors --------------------------------------------------------------------------- */

struct end {
    int fd;
    struct sp_watch *watch;
    struct end *other; /* removed when this one is called */
};

static void on_readable(int fd, unsigned events, void *arg)
{
    struct end *end = arg;
    char byte;

    if (events & SP_READABLE && read(fd, &byte, 1) == 1)
        sp_buf_addc(&trace, byte);
    if (events & SP_HANGUP)
        sp_buf_addc(&trace, '!');
    if (end->other)
        sp_watch_remove(SP_TAKE(end->other->watch));
}

static void test_descriptors(void)
{
    struct end ends[2] = { { .fd = -1 }, { .fd = -1 } };
    struct sp_err err = SP_ERR_INIT;
    struct sp_watch *again = NULL;
    int writers[2];

    for (int i = 0; i < 2; i++) {
        int fds[2];
        if (pipe2(fds, O_CLOEXEC))
            return;
        ends[i].fd = fds[0];
        writers[i] = fds[1];
        tap_ok(
            !sp_loop_add_fd(loop, fds[0], SP_READABLE, on_readable, &ends[i], &ends[i].watch, &err),
            "watch pipe %d", i);
    }
    tap_ok(sp_loop_add_fd(loop, ends[0].fd, SP_READABLE, on_readable, NULL, &again, &err) ==
                   SP_EXISTS &&
               !again,
           "one watch a descriptor");
    tap_ok(sp_loop_turn(loop, 0) && traced(""), "nothing to read");
    tap_ok(write(writers[0], "p", 1) == 1 && sp_loop_turn(loop, 1000) && traced("p"), "readable");

    /* Both are ready in one turn, and each wants to remove the other. */
    ends[0].other = &ends[1];
    ends[1].other = &ends[0];
    tap_ok(write(writers[0], "a", 1) == 1 && write(writers[1], "a", 1) == 1 &&
               sp_loop_turn(loop, 1000) && traced("a"),
           "a watch that was removed in this turn is not called");
    struct end *left = ends[0].watch ? &ends[0] : &ends[1];
    left->other = NULL;
    (void)close(writers[left - ends]);
    turn_until("!");
    tap_ok(traced("!"), "a hang-up is seen");
    sp_watch_remove(left->watch);
    (void)close(writers[1 - (left - ends)]);
    (void)close(ends[0].fd);
    (void)close(ends[1].fd);
    tap_ok(!sp_loop_turn(loop, 0), "all removed");
}

/* --- children ------------------------------------------------------------------------------ */

static void on_child(pid_t pid, void *arg)
{
    char path[64];
    int status = 0;

    (void)snprintf(path, sizeof path, "/proc/%d/io", (int)pid);
    tap_ok(access(path, R_OK) == 0, "not reaped yet");
    tap_ok(waitpid(pid, &status, WNOHANG) == pid && WEXITSTATUS(status) == *(int *)arg, "status");
    sp_buf_adds(&trace, "c");
}

static void test_children(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_watch *watch = NULL;
    int want = 7;

    pid_t pid = fork();
    if (pid == 0)
        _exit(want);
    sp_fault_arm(1);
    tap_ok(sp_loop_add_child(loop, pid, on_child, &want, &watch, &err) == SP_IO && !watch, "%s",
           err.text);
    sp_fault_arm(2);
    tap_ok(sp_loop_add_child(loop, pid, on_child, &want, &watch, &err) == SP_IO && !watch, "%s",
           err.text);
    sp_fault_arm(0);
    tap_ok(!sp_loop_add_child(loop, pid, on_child, &want, &watch, &err), "watch a child");
    turn_until("c");
    tap_ok(traced("c") && !sp_loop_turn(loop, 0), "called once, then gone");
    tap_ok(sp_loop_add_child(loop, pid, on_child, &want, &watch, &err) != SP_OK,
           "a child that has been reaped cannot be watched");
}

/* --- signals ------------------------------------------------------------------------------- */

static void on_signal(int signo, void *arg)
{
    sp_buf_addf(&trace, "%s%d ", (const char *)arg, signo == SIGUSR1 ? 1 : 2);
}

static bool is_blocked(int signo)
{
    sigset_t mask;

    (void)sigprocmask(SIG_BLOCK, NULL, &mask);
    return sigismember(&mask, signo);
}

static void test_signals(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_watch *a = NULL;
    struct sp_watch *b = NULL;
    struct sp_watch *c = NULL;

    tap_ok(!sp_loop_add_signal(loop, SIGUSR1, on_signal, (void *)(uintptr_t) "a", &a, &err) &&
               !sp_loop_add_signal(loop, SIGUSR2, on_signal, (void *)(uintptr_t) "b", &b, &err) &&
               !sp_loop_add_signal(loop, SIGUSR1, on_signal, (void *)(uintptr_t) "c", &c, &err),
           "watch signals");
    (void)raise(SIGUSR2);
    turn_until("b2 ");
    tap_ok(traced("b2 "), "delivered");
    sp_watch_remove(a);
    (void)raise(SIGUSR1);
    turn_until("c1 ");
    tap_ok(traced("c1 ") && is_blocked(SIGUSR1), "to those who are left");
    sp_watch_remove(c);
    tap_ok(!is_blocked(SIGUSR1) && is_blocked(SIGUSR2), "unblocked after the last");
    tap_ok(sp_loop_add_signal(loop, 9999, on_signal, NULL, &a, &err) == SP_IO, "no such signal");
    /* b is left to sp_loop_free */
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    trace = SP_BUF(SP_BUF_SMALL);
    sp_fault_arm(1);
    tap_ok(sp_loop_new(&loop, &err) == SP_IO && !loop, "%s", err.text);
    sp_fault_arm(0);
    if (!tap_ok(!sp_loop_new(&loop, &err), "new"))
        return tap_done();
    test_timer_order();
    test_timer_changes();
    test_timeout();
    test_descriptors();
    test_children();
    test_signals();
    sp_loop_free(loop);
    sp_loop_free(NULL);
    tap_ok(!is_blocked(SIGUSR2), "freed: the mask is as before");
    sp_buf_fini(&trace);
    return tap_done();
}
