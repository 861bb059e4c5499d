/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/workers.h"

#include "base/fault.h"

#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <unistd.h>

#define THREADS_MAX 8

struct crew {
    sp_work_fn work;
    void *arg;
    size_t count;
    atomic_size_t next;
    atomic_flag failed;
    struct sp_err first; /* written by whoever sets `failed` */
};

static void *work_on(void *arg)
{
    struct crew *crew = arg;
    struct sp_err err = SP_ERR_INIT;

    for (size_t at; (at = atomic_fetch_add(&crew->next, 1)) < crew->count;) {
        if (!crew->work(crew->arg, at, &err))
            continue;
        atomic_store(&crew->next, crew->count);
        if (!atomic_flag_test_and_set(&crew->failed))
            crew->first = err;
        break;
    }
    return NULL;
}

static size_t count_threads(size_t items)
{
    long cores = sysconf(_SC_NPROCESSORS_ONLN);
    size_t threads = cores > 1 ? (size_t)cores : 1;

    if (sp_fault_armed_count != 0 || items < 2)
        return 1;
    threads = SP_MIN(threads, (size_t)THREADS_MAX);
    return SP_MIN(threads, items);
}

enum sp_rc sp_workers_run(size_t count, sp_work_fn work, void *arg, struct sp_err *err)
{
    struct crew crew = { .work = work, .arg = arg, .count = count, .failed = ATOMIC_FLAG_INIT };
    pthread_t threads[THREADS_MAX];
    size_t extra = count_threads(count) - 1;
    size_t started = 0;
    sigset_t all;
    sigset_t before;

    /* Signals are for the loop's thread. */
    (void)sigfillset(&all);
    (void)pthread_sigmask(SIG_SETMASK, &all, &before);
    while (started < extra && pthread_create(&threads[started], NULL, work_on, &crew) == 0)
        started++;
    (void)pthread_sigmask(SIG_SETMASK, &before, NULL);
    (void)work_on(&crew);
    for (size_t i = 0; i < started; i++)
        (void)pthread_join(threads[i], NULL);
    if (crew.first.code)
        *err = crew.first;
    return crew.first.code;
}
