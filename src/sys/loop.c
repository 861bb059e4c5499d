/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/loop.h"

#include "base/clock.h"
#include "base/fault.h"

#include <assert.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/pidfd.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define EVENTS_PER_TURN 64

enum watch_kind {
    WATCH_FD,
    WATCH_TIMER,
    WATCH_CHILD,
    WATCH_SIGNAL,
};

struct sp_watch {
    struct sp_loop *loop;
    struct sp_watch **list; /* the list it is on, and its neighbours there */
    struct sp_watch *prev;
    struct sp_watch *next;
    enum watch_kind kind;
    bool active; /* may still call back; counted in loop->active */
    bool removed;
    int fd;        /* FD: the caller's; CHILD: our pidfd; otherwise -1 */
    int id;        /* CHILD: pid; SIGNAL: signal number */
    uint64_t turn; /* TIMER: may not fire in this turn */
    sp_nsec deadline;
    sp_nsec period;
    void *arg;

    union {
        sp_io_fn io;
        sp_timer_fn timer;
        sp_child_fn child;
        sp_signal_fn signal;
    } fn;
};

/* While a turn dispatches, removed watches stay on their lists so that nobody who walks them or
 * holds an event falls into freed memory; they are freed at the end of the turn. */
struct sp_loop {
    int epoll_fd;
    int timer_fd;
    int signal_fd;           /* -1 until the first signal watch */
    struct sp_watch *timers; /* waiting ones, earliest first */
    struct sp_watch *others; /* everything else, timers that have fired included */
    size_t active;
    uint64_t turn;
    bool dispatching;
    bool garbage;     /* removed watches are waiting to be freed */
    sp_nsec armed_at; /* what timer_fd is set to, 0: nothing */
    sigset_t signals; /* those we deliver */
    sigset_t mask;    /* of the process before us */
};

/* --- lists --------------------------------------------------------------------------------- */

static void unlink_watch(struct sp_watch *watch)
{
    if (watch->prev)
        watch->prev->next = watch->next;
    else
        *watch->list = watch->next;
    if (watch->next)
        watch->next->prev = watch->prev;
    watch->prev = watch->next = NULL;
}

/* Put `watch` behind `after`, or first when that is NULL. */
static void link_watch(struct sp_watch **list, struct sp_watch *after, struct sp_watch *watch)
{
    watch->list = list;
    watch->prev = after;
    watch->next = after ? after->next : *list;
    if (watch->next)
        watch->next->prev = watch;
    if (after)
        after->next = watch;
    else
        *list = watch;
}

static void link_timer(struct sp_loop *loop, struct sp_watch *watch)
{
    struct sp_watch *after = NULL;

    for (struct sp_watch *w = loop->timers; w && w->deadline <= watch->deadline; w = w->next)
        after = w;
    link_watch(&loop->timers, after, watch);
}

static struct sp_watch *new_watch(struct sp_loop *loop, enum watch_kind kind, void *arg)
{
    struct sp_watch *watch = sp_alloc(sizeof *watch);

    watch->loop = loop;
    watch->kind = kind;
    watch->fd = -1;
    watch->arg = arg;
    watch->turn = loop->turn;
    watch->active = true;
    loop->active++;
    return watch;
}

static void deactivate(struct sp_watch *watch)
{
    if (watch->active)
        watch->loop->active--;
    watch->active = false;
}

static void free_removed(struct sp_watch *list)
{
    for (struct sp_watch *watch = list, *next; watch; watch = next) {
        next = watch->next;
        if (watch->removed) {
            unlink_watch(watch);
            free(watch);
        }
    }
}

/* --- life ---------------------------------------------------------------------------------- */

/* `what` identifies the source when an event arrives: a watch, or the address of one of our own
 * descriptors. */
static enum sp_rc epoll_add(struct sp_loop *loop,
                            int fd,
                            uint32_t events,
                            void *what,
                            struct sp_err *err)
{
    struct epoll_event event = { .events = events, .data.ptr = what };

    if (SP_FAULT("loop.epoll-add", ENOSPC) ||
        epoll_ctl(loop->epoll_fd, EPOLL_CTL_ADD, fd, &event) < 0)
        return sp_fail_errno(err, "event loop: watch descriptor %d", fd);
    return SP_OK;
}

enum sp_rc sp_loop_new(struct sp_loop **out, struct sp_err *err)
{
    struct sp_loop *loop = sp_alloc(sizeof *loop);

    loop->signal_fd = -1;
    (void)sigemptyset(&loop->signals);
    (void)pthread_sigmask(SIG_BLOCK, NULL, &loop->mask);
    loop->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    loop->timer_fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
    if (loop->epoll_fd < 0 || loop->timer_fd < 0) {
        enum sp_rc rc = sp_fail_errno(err, "event loop: create");
        sp_loop_free(loop);
        return rc;
    }
    enum sp_rc rc = epoll_add(loop, loop->timer_fd, EPOLLIN, &loop->timer_fd, err);
    if (rc) {
        sp_loop_free(loop);
        return rc;
    }
    *out = loop;
    return SP_OK;
}

void sp_loop_free(struct sp_loop *loop)
{
    if (!loop)
        return;
    assert(!loop->dispatching);
    while (loop->timers)
        sp_watch_remove(loop->timers);
    while (loop->others)
        sp_watch_remove(loop->others);
    sp_fd_closep(&loop->signal_fd);
    sp_fd_closep(&loop->timer_fd);
    sp_fd_closep(&loop->epoll_fd);
    free(loop);
}

/* --- descriptors, timers, children --------------------------------------------------------- */

enum sp_rc sp_loop_add_fd(struct sp_loop *loop,
                          int fd,
                          unsigned events,
                          sp_io_fn fn,
                          void *arg,
                          struct sp_watch **out,
                          struct sp_err *err)
{
    uint32_t wanted = (events & SP_READABLE ? (uint32_t)EPOLLIN : 0) |
                      (events & SP_WRITABLE ? (uint32_t)EPOLLOUT : 0);
    struct sp_watch *watch = new_watch(loop, WATCH_FD, arg);

    watch->fn.io = fn;
    link_watch(&loop->others, NULL, watch);
    enum sp_rc rc = epoll_add(loop, fd, wanted, watch, err);
    if (rc) {
        sp_watch_remove(watch);
        return rc;
    }
    watch->fd = fd;
    *out = watch;
    return SP_OK;
}

enum sp_rc sp_loop_add_timer(struct sp_loop *loop,
                             sp_nsec delay,
                             sp_nsec period,
                             sp_timer_fn fn,
                             void *arg,
                             struct sp_watch **out,
                             struct sp_err *err)
{
    if (delay < 0 || period < 0)
        return sp_fail(err, SP_INVALID, "event loop: a timer cannot lie in the past");
    struct sp_watch *watch = new_watch(loop, WATCH_TIMER, arg);

    watch->fn.timer = fn;
    watch->deadline = sp_clock_monotonic() + delay;
    watch->period = period;
    link_timer(loop, watch);
    *out = watch;
    return SP_OK;
}

enum sp_rc sp_loop_add_child(struct sp_loop *loop,
                             pid_t pid,
                             sp_child_fn fn,
                             void *arg,
                             struct sp_watch **out,
                             struct sp_err *err)
{
    sp_auto_fd int fd = SP_FAULT("loop.pidfd", EMFILE) ? -1 : pidfd_open(pid, 0);
    if (fd < 0)
        return sp_fail_errno(err, "event loop: watch process %d", (int)pid);

    struct sp_watch *watch = new_watch(loop, WATCH_CHILD, arg);
    watch->fn.child = fn;
    watch->id = (int)pid;
    link_watch(&loop->others, NULL, watch);
    enum sp_rc rc = epoll_add(loop, fd, EPOLLIN, watch, err);
    if (rc) {
        sp_watch_remove(watch);
        return rc;
    }
    watch->fd = sp_take_fd(&fd);
    *out = watch;
    return SP_OK;
}

/* --- signals ------------------------------------------------------------------------------- */

/* Make the signalfd deliver exactly loop->signals. */
static enum sp_rc update_signal_fd(struct sp_loop *loop, struct sp_err *err)
{
    int fd = signalfd(loop->signal_fd, &loop->signals, SFD_CLOEXEC | SFD_NONBLOCK);

    if (fd < 0)
        return sp_fail_errno(err, "event loop: watch signals");
    if (loop->signal_fd >= 0)
        return SP_OK;
    loop->signal_fd = fd;
    enum sp_rc rc = epoll_add(loop, fd, EPOLLIN, &loop->signal_fd, err);
    if (rc)
        sp_fd_closep(&loop->signal_fd);
    return rc;
}

static bool is_signal_watched(const struct sp_loop *loop, int signo)
{
    for (const struct sp_watch *w = loop->others; w; w = w->next) {
        if (w->kind == WATCH_SIGNAL && w->id == signo && !w->removed)
            return true;
    }
    return false;
}

/* The last watch of `signo` is gone. */
static void release_signal(struct sp_loop *loop, int signo)
{
    struct sp_err ignored = SP_ERR_INIT;
    sigset_t one;

    (void)sigdelset(&loop->signals, signo);
    if (loop->signal_fd >= 0)
        (void)update_signal_fd(loop, &ignored);
    (void)sigemptyset(&one);
    (void)sigaddset(&one, signo);
    if (!sigismember(&loop->mask, signo))
        (void)pthread_sigmask(SIG_UNBLOCK, &one, NULL);
}

enum sp_rc sp_loop_add_signal(struct sp_loop *loop,
                              int signo,
                              sp_signal_fn fn,
                              void *arg,
                              struct sp_watch **out,
                              struct sp_err *err)
{
    sigset_t one;

    (void)sigemptyset(&one);
    if (sigaddset(&one, signo) < 0)
        return sp_fail_errno(err, "event loop: watch signal %d", signo);
    (void)pthread_sigmask(SIG_BLOCK, &one, NULL);
    (void)sigaddset(&loop->signals, signo);

    struct sp_watch *watch = new_watch(loop, WATCH_SIGNAL, arg);
    watch->fn.signal = fn;
    watch->id = signo;
    link_watch(&loop->others, NULL, watch);
    enum sp_rc rc = update_signal_fd(loop, err);
    if (rc) {
        sp_watch_remove(watch);
        return rc;
    }
    *out = watch;
    return SP_OK;
}

/* --- removing ------------------------------------------------------------------------------ */

void sp_watch_remove(struct sp_watch *watch)
{
    if (!watch || watch->removed)
        return;
    struct sp_loop *loop = watch->loop;

    watch->removed = true;
    deactivate(watch);
    if (watch->kind == WATCH_FD && watch->fd >= 0)
        (void)epoll_ctl(loop->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
    if (watch->kind == WATCH_CHILD)
        sp_fd_closep(&watch->fd); /* which takes it out of the epoll set too */
    if (watch->kind == WATCH_SIGNAL && !is_signal_watched(loop, watch->id))
        release_signal(loop, watch->id);

    if (loop->dispatching) {
        loop->garbage = true;
        return;
    }
    unlink_watch(watch);
    free(watch);
}

/* --- dispatching --------------------------------------------------------------------------- */

static struct sp_watch *first_timer(const struct sp_loop *loop)
{
    struct sp_watch *watch = loop->timers;

    while (watch && watch->removed)
        watch = watch->next;
    return watch;
}

/* How long epoll may wait, after making sure that the timerfd wakes us for the first timer. */
static int prepare_wait(struct sp_loop *loop, int timeout_ms)
{
    const struct sp_watch *first = first_timer(loop);

    if (!first)
        return timeout_ms;
    if (first->deadline <= sp_clock_monotonic())
        return 0;
    if (loop->armed_at == 0 || first->deadline < loop->armed_at) {
        struct itimerspec when = { .it_value = { first->deadline / SP_NSEC_PER_SEC,
                                                 first->deadline % SP_NSEC_PER_SEC } };
        (void)timerfd_settime(loop->timer_fd, TFD_TIMER_ABSTIME, &when, NULL);
        loop->armed_at = first->deadline;
    }
    return timeout_ms;
}

static void run_timers(struct sp_loop *loop)
{
    sp_nsec now = sp_clock_monotonic();
    struct sp_watch *watch = loop->timers;

    while (watch && watch->deadline <= now) {
        if (watch->removed || watch->turn == loop->turn) {
            watch = watch->next;
            continue;
        }
        unlink_watch(watch);
        if (watch->period) {
            watch->deadline += watch->period;
            if (watch->deadline <= now)
                watch->deadline = now + watch->period;
            watch->turn = loop->turn;
            link_timer(loop, watch);
        } else {
            deactivate(watch);
            link_watch(&loop->others, NULL, watch);
        }
        watch->fn.timer(watch->arg);
        watch = loop->timers; /* the callback may have changed anything */
    }
}

static void run_signals(struct sp_loop *loop)
{
    struct signalfd_siginfo info;

    while (loop->signal_fd >= 0 && read(loop->signal_fd, &info, sizeof info) == sizeof info) {
        for (struct sp_watch *w = loop->others; w; w = w->next) {
            if (w->kind == WATCH_SIGNAL && w->id == (int)info.ssi_signo && !w->removed)
                w->fn.signal(w->id, w->arg);
        }
    }
}

static void run_watch(struct sp_watch *watch, uint32_t got)
{
    if (watch->removed)
        return;
    if (watch->kind == WATCH_CHILD) {
        watch->fn.child((pid_t)watch->id, watch->arg);
        sp_watch_remove(watch);
        return;
    }
    unsigned events = 0;
    if (got & EPOLLIN)
        events |= SP_READABLE;
    if (got & EPOLLOUT)
        events |= SP_WRITABLE;
    if (got & (EPOLLHUP | EPOLLERR))
        events |= SP_HANGUP;
    watch->fn.io(watch->fd, events, watch->arg);
}

static void run_event(struct sp_loop *loop, const struct epoll_event *event)
{
    if (event->data.ptr == &loop->timer_fd) {
        uint64_t beats;
        (void)!read(loop->timer_fd, &beats, sizeof beats);
        loop->armed_at = 0;
    } else if (event->data.ptr == &loop->signal_fd) {
        run_signals(loop);
    } else {
        run_watch(event->data.ptr, event->events);
    }
}

bool sp_loop_turn(struct sp_loop *loop, int timeout_ms)
{
    struct epoll_event events[EVENTS_PER_TURN];

    assert(!loop->dispatching);
    if (loop->active == 0)
        return false;

    int count = epoll_wait(loop->epoll_fd, events, EVENTS_PER_TURN, prepare_wait(loop, timeout_ms));
    loop->turn++;
    loop->dispatching = true;
    for (int i = 0; i < count; i++)
        run_event(loop, &events[i]);
    run_timers(loop);
    loop->dispatching = false;

    if (loop->garbage) {
        loop->garbage = false;
        free_removed(loop->timers);
        free_removed(loop->others);
    }
    return loop->active > 0;
}
