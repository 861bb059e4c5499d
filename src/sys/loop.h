/* SPDX-License-Identifier: BSD-3-Clause */
/* loop.h - the event loop: epoll, pidfd, timerfd, signalfd behind one interface.
 *
 * One thread runs the loop and owns all state. A callback is never called from inside the call
 * that registered it. A watch may be removed from any callback, its own included. In one turn,
 * descriptors, children and signals come first, then the timers that are due, earliest first; a
 * timer that is added during a turn waits for the next.
 *
 * Timers share one timerfd, which is set only when an earlier deadline than the one it holds has
 * come up: adding and removing a timer normally costs no system call, so that short jobs can
 * afford several.
 *
 * Linux 5.4 or newer.
 */
#pragma once

#include "base/err.h"

#include <sys/types.h>

struct sp_loop;
struct sp_watch; /* one registered interest; freed by sp_watch_remove or with the loop */

enum sp_io_events {
    SP_READABLE = 1 << 0,
    SP_WRITABLE = 1 << 1,
    SP_HANGUP = 1 << 2
};

typedef void (*sp_io_fn)(int fd, unsigned events, void *arg);
typedef void (*sp_timer_fn)(void *arg);
typedef void (*sp_signal_fn)(int signo, void *arg);

/* The child has ended and is not reaped yet. */
typedef void (*sp_child_fn)(pid_t pid, void *arg);

enum sp_rc sp_loop_new(struct sp_loop **out, struct sp_err *err) SP_MUST_USE;

/* Removes all watches; restores the signal mask. Not from a callback. Accepts NULL. */
void sp_loop_free(struct sp_loop *loop);

/* `fd` stays the caller's, who removes the watch before closing it. At the other end's hang-up or
 * an error the callback gets SP_HANGUP, asked for or not. One watch a descriptor (SP_EXISTS);
 * regular files cannot be watched (SP_IO: they are always ready). */
enum sp_rc sp_loop_add_fd(struct sp_loop *loop,
                          int fd,
                          unsigned events,
                          sp_io_fn fn,
                          void *arg,
                          struct sp_watch **out,
                          struct sp_err *err) SP_MUST_USE;

/* Calls once after `delay`, then every `period` if that is not 0; beats that were missed are not
 * made up for. A timer that has fired for the last time keeps its watch, which has still to be
 * removed, but does not count as registered any more. */
enum sp_rc sp_loop_add_timer(struct sp_loop *loop,
                             sp_nsec delay,
                             sp_nsec period,
                             sp_timer_fn fn,
                             void *arg,
                             struct sp_watch **out,
                             struct sp_err *err) SP_MUST_USE;

/* Called when the child has ended but is not reaped yet (its /proc entry can still be read); the
 * callback reaps it with wait4, at once or later. The watch is removed after the callback: do not
 * keep it. */
enum sp_rc sp_loop_add_child(struct sp_loop *loop,
                             pid_t pid,
                             sp_child_fn fn,
                             void *arg,
                             struct sp_watch **out,
                             struct sp_err *err) SP_MUST_USE;

/* The signal is blocked and delivered through the loop from now on; unblocked again when its last
 * watch is removed (unless it was blocked before). Child processes are started with an empty mask
 * (sys/spawn.h). */
enum sp_rc sp_loop_add_signal(struct sp_loop *loop,
                              int signo,
                              sp_signal_fn fn,
                              void *arg,
                              struct sp_watch **out,
                              struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_watch_remove(struct sp_watch *watch);

/* Wait for events and handle what is there; at most `timeout_ms` (-1: for ever). False when
 * nothing is registered any more. Not from a callback. */
bool sp_loop_turn(struct sp_loop *loop, int timeout_ms);
