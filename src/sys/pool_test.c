/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/pool.h"

#include "base/fault.h"
#include "base/tap.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

#define PIECES 5000

static struct {
    atomic_int done[PIECES];
    atomic_int workers[SP_POOL_MAX];
    atomic_int strangers; /* pieces done in other threads than the caller's */
    atomic_int deaf;      /* of those with SIGINT blocked */
    size_t bad;           /* this piece fails */
    pthread_t caller;
} seen;

static bool note(void *arg, size_t piece, unsigned worker)
{
    sigset_t mask;

    (void)arg;
    atomic_fetch_add(&seen.done[piece], 1);
    atomic_fetch_add(&seen.workers[worker], 1);
    if (!pthread_equal(pthread_self(), seen.caller)) {
        atomic_fetch_add(&seen.strangers, 1);
        (void)pthread_sigmask(SIG_SETMASK, NULL, &mask);
        atomic_fetch_add(&seen.deaf, sigismember(&mask, SIGINT) == 1);
    }
    return piece != seen.bad;
}

static bool run(size_t count, unsigned threads, size_t bad)
{
    memset(&seen, 0, sizeof seen);
    seen.caller = pthread_self();
    seen.bad = bad;
    return sp_pool_run(count, threads, note, NULL);
}

static enum sp_rc try_note(void *arg, size_t piece, struct sp_err *err)
{
    return note(arg, piece, 0) ? SP_OK : sp_fail(err, SP_LIMIT, "piece %zu", piece);
}

/* Why the one that fails has failed comes out. */
static void check_try(size_t bad)
{
    struct sp_err err = SP_ERR_INIT;
    char want[32] = "";

    memset(&seen, 0, sizeof seen);
    seen.caller = pthread_self();
    seen.bad = bad;
    if (bad < PIECES)
        (void)snprintf(want, sizeof want, "piece %zu", bad);
    enum sp_rc rc = sp_pool_try(PIECES, try_note, NULL, &err);
    tap_ok(rc == (bad < PIECES ? SP_LIMIT : SP_OK) && strcmp(err.text, want) == 0,
           "try: %d '%s', not '%s'", (int)rc, err.text, want);
}

static size_t count_done(size_t limit, int times)
{
    size_t count = 0;

    for (size_t i = 0; i < limit; i++)
        count += atomic_load(&seen.done[i]) == times;
    return count;
}

int main(void)
{
    static const struct {
        size_t count;
        unsigned threads;
    } cases[] = { { 0, 4 },      { 1, 4 },      { 3, 4 },        { PIECES, 0 },
                  { PIECES, 1 }, { PIECES, 7 }, { PIECES, 1000 } };

    sigset_t before, after;

    (void)pthread_sigmask(SIG_SETMASK, NULL, &before);
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        bool good = run(cases[i].count, cases[i].threads, SIZE_MAX);
        tap_ok(good && count_done(PIECES, 1) == cases[i].count &&
                   count_done(PIECES, 0) == PIECES - cases[i].count,
               "%zu pieces, %u threads: each is done once", cases[i].count, cases[i].threads);
        tap_ok(atomic_load(&seen.strangers) == atomic_load(&seen.deaf), "signals are blocked");
        tap_ok(cases[i].threads > 1 || atomic_load(&seen.strangers) == 0, "one thread is ours");
    }
    (void)pthread_sigmask(SIG_SETMASK, NULL, &after);
    tap_ok(sigismember(&before, SIGINT) == sigismember(&after, SIGINT), "ours are as before");

    for (unsigned threads = 1; threads < 5; threads++) {
        bool good = run(PIECES, threads, 1000);
        tap_ok(!good && count_done(1001, 1) == 1001,
               "%u threads: what comes before a failed piece is done", threads);
        tap_ok(threads > 1 || count_done(PIECES, 1) == 1001, "and nothing after it is begun");
    }

    check_try(SIZE_MAX);
    check_try(0);
    check_try(PIECES - 1);

    sp_fault_arm(1000000);
    bool good = run(PIECES, 4, SIZE_MAX);
    sp_fault_arm(0);
    tap_ok(good && atomic_load(&seen.strangers) == 0, "no threads while faults are armed");
    tap_ok(sp_pool_cores() >= 1, "%u cores", sp_pool_cores());
    return tap_done();
}
