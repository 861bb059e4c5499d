/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/pool.h"

#include "base/fault.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

struct pool {
    size_t count;
    sp_pool_fn fn;
    void *arg;
    atomic_size_t next;
    atomic_bool failed;
};

struct worker {
    struct pool *pool;
    unsigned number;
    pthread_t thread;
};

static void *work(void *arg)
{
    struct worker *worker = arg;
    struct pool *pool = worker->pool;

    while (!atomic_load_explicit(&pool->failed, memory_order_relaxed)) {
        size_t piece = atomic_fetch_add_explicit(&pool->next, 1, memory_order_relaxed);
        if (piece >= pool->count)
            break;
        if (!pool->fn(pool->arg, piece, worker->number))
            atomic_store_explicit(&pool->failed, true, memory_order_relaxed);
    }
    return NULL;
}

/* How many could be started; signals are for the thread that has the event loop. */
static unsigned start(struct worker *workers, unsigned threads)
{
    sigset_t all, before;
    unsigned started = 1;

    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < threads &&
           pthread_create(&workers[started].thread, NULL, work, &workers[started]) == 0)
        started++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    return started;
}

bool sp_pool_run(size_t count, unsigned threads, sp_pool_fn fn, void *arg)
{
    struct pool pool = { .count = count, .fn = fn, .arg = arg };
    struct worker workers[SP_POOL_MAX];

    threads = SP_MIN(threads, (unsigned)SP_POOL_MAX);
    if (threads > count)
        threads = (unsigned)count;
    if (threads == 0 || sp_fault_armed_count != 0)
        threads = 1;
    for (unsigned i = 0; i < threads; i++)
        workers[i] = (struct worker){ .pool = &pool, .number = i };
    unsigned started = start(workers, threads);
    (void)work(&workers[0]);
    for (unsigned i = 1; i < started; i++)
        (void)pthread_join(workers[i].thread, NULL);
    return !atomic_load(&pool.failed);
}

unsigned sp_pool_cores(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return (unsigned)CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (unsigned)online : 1;
}

struct trial {
    sp_pool_try_fn fn;
    void *arg;
    struct sp_err *errors; /* one a thread */
};

static bool try_piece(void *arg, size_t piece, unsigned worker)
{
    const struct trial *trial = arg;

    return trial->fn(trial->arg, piece, &trial->errors[worker]) == SP_OK;
}

enum sp_rc sp_pool_try(size_t count, sp_pool_try_fn fn, void *arg, struct sp_err *err)
{
    unsigned threads = SP_MIN(sp_pool_cores(), (unsigned)SP_POOL_MAX);
    sp_auto_free struct sp_err *errors = sp_alloc(threads * sizeof *errors);
    struct trial trial = { fn, arg, errors };
    unsigned failed = 0;

    if (sp_pool_run(count, threads, try_piece, &trial))
        return SP_OK;
    while (failed + 1 < threads && !errors[failed].code)
        failed++;
    *err = errors[failed];
    return err->code;
}
