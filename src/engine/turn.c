/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/turn.h"

#include "base/clock.h"

#include "sys/lock.h"
#include "sys/loop.h"

#include <signal.h>

#define BEAT (SP_NSEC_PER_SEC / 5) /* locks of files cannot be waited for in an event loop */

static void on_signal(int signo, void *arg)
{
    bool *interrupted = arg;
    (void)signo;

    *interrupted = true;
}

static void on_beat(void *arg)
{
    (void)arg;
}

static void tell(struct sp_arena *arena, const struct sp_turn_options *options)
{
    struct sp_lock_holder holder;
    struct sp_str lock = sp_arena_printf(arena, "%s/.spoor/lock", options->dir);

    if (sp_lock_find_holder(lock.ptr, &holder))
        options->waits(options->arg,
                       sp_arena_printf(arena, "waiting for another spoor (pid %d on %s, since %s)",
                                       holder.pid, holder.host, holder.since));
}

static enum sp_rc listen_to_signals(struct sp_loop *loop, bool *interrupted, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;
    enum sp_rc rc = sp_loop_add_timer(loop, BEAT, BEAT, on_beat, NULL, &watch, err);

    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(loop, signals[i], on_signal, interrupted, &watch, err);
    return rc;
}

static enum sp_rc wait_for_it(struct sp_arena *arena,
                              const struct sp_turn_options *options,
                              struct sp_workspace *out,
                              bool *interrupted,
                              struct sp_err *err)
{
    sp_nsec since = sp_clock_monotonic();
    struct sp_loop *loop = NULL;
    enum sp_rc rc = sp_loop_new(&loop, err);

    if (rc == SP_OK)
        rc = listen_to_signals(loop, interrupted, err);
    if (rc == SP_OK)
        tell(arena, options);
    for (bool goes_on = rc == SP_OK; goes_on;) {
        (void)sp_loop_turn(loop, -1);
        rc = sp_workspace_open(arena, options->dir, out, err);
        goes_on = rc == SP_BUSY && !*interrupted &&
                  (options->patience < 0 || sp_clock_monotonic() - since < options->patience);
    }
    sp_loop_free(loop);
    return rc;
}

enum sp_rc sp_turn_take(struct sp_arena *arena,
                        const struct sp_turn_options *options,
                        struct sp_workspace *out,
                        bool *interrupted,
                        struct sp_err *err)
{
    enum sp_rc rc = sp_workspace_open(arena, options->dir, out, err);

    if (rc != SP_BUSY || !options->patience)
        return rc;
    return wait_for_it(arena, options, out, interrupted, err);
}
