/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/workers.h"

#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

struct workers {
    pthread_mutex_t lock;
    pthread_cond_t changed; /* work has come, or the last piece is done, or the end */
    struct workers_job job;
    int64_t next; /* piece to hand out */
    int64_t done; /* pieces finished */
    bool stop;
    int count;
    pthread_t *threads;
};

static void *work(void *arg)
{
    struct workers *w = arg;

    pthread_mutex_lock(&w->lock);
    for (;;) {
        while (!w->stop && w->next >= w->job.pieces)
            pthread_cond_wait(&w->changed, &w->lock);
        if (w->next >= w->job.pieces)
            break;
        const int64_t piece = w->next++;
        const struct workers_job job = w->job;

        pthread_mutex_unlock(&w->lock);
        job.run(piece, job.arg);
        pthread_mutex_lock(&w->lock);
        if (++w->done == job.pieces)
            pthread_cond_broadcast(&w->changed);
    }
    pthread_mutex_unlock(&w->lock);
    return NULL;
}

/* Signals are for the main thread. */
static int create_thread(pthread_t *thread, struct workers *workers)
{
    sigset_t all, before;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &before);
    int failure = pthread_create(thread, NULL, work, workers);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return failure;
}

enum sp_rc workers_new(int count, struct workers **out, struct sp_err *err)
{
    rime_auto_workers struct workers *w = sp_alloc(sizeof *w);

    pthread_mutex_init(&w->lock, NULL);
    pthread_cond_init(&w->changed, NULL);
    w->threads = sp_try_alloc((size_t)SP_MAX(count, 1), sizeof *w->threads);
    if (!w->threads)
        return sp_fail(err, SP_LIMIT, "no memory for %d threads", count);
    for (; w->count < SP_MAX(count, 1); w->count++) {
        errno = create_thread(&w->threads[w->count], w);
        if (errno)
            return sp_fail_errno(err, "start thread %d of %d", w->count + 1, count);
    }
    *out = SP_TAKE(w);
    return SP_OK;
}

void workers_free(struct workers *w)
{
    if (!w)
        return;
    pthread_mutex_lock(&w->lock);
    w->stop = true;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
    for (int i = 0; i < w->count; i++)
        pthread_join(w->threads[i], NULL);
    pthread_cond_destroy(&w->changed);
    pthread_mutex_destroy(&w->lock);
    free(w->threads);
    free(w);
}

void workers_start(struct workers *w, const struct workers_job *job)
{
    pthread_mutex_lock(&w->lock);
    w->job = *job;
    w->next = 0;
    w->done = 0;
    pthread_cond_broadcast(&w->changed);
    pthread_mutex_unlock(&w->lock);
}

void workers_wait(struct workers *w)
{
    pthread_mutex_lock(&w->lock);
    while (w->done < w->job.pieces)
        pthread_cond_wait(&w->changed, &w->lock);
    pthread_mutex_unlock(&w->lock);
}

int workers_available(void)
{
    cpu_set_t set;

    CPU_ZERO(&set);
    if (sched_getaffinity(0, sizeof set, &set) == 0)
        return SP_MAX(CPU_COUNT(&set), 1);
    return (int)SP_MAX(sysconf(_SC_NPROCESSORS_ONLN), 1L);
}
