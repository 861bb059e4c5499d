/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/children.h"

#include "base/amount.h"
#include "base/buf.h"
#include "base/clock.h"

#include "exec/lines.h"
#include "sys/loop.h"
#include "sys/oom.h"
#include "sys/procmark.h"
#include "sys/procstat.h"
#include "sys/spawn.h"

#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define READ_SIZE ((size_t)64 * 1024)

#define FIRST_SAMPLE  (100 * SP_NSEC_PER_MS)
#define SAMPLE_PERIOD SP_NSEC_PER_SEC
#define SAMPLE_SHARE  100 /* sampling may take one part in so many of the time */

#define SHELL_KILLED 137 /* exit status of a shell whose command was killed */

#define SILENCES_MAX 10 /* after the end, in units of patience.silence */

#define PAUSE_MIN (5 * SP_NSEC_PER_MS)  /* between two looks at what a job has left behind */
#define BRIEF     (SP_NSEC_PER_SEC / 2) /* see sp_proclist_scan_since */
#define PAUSE_MAX (200 * SP_NSEC_PER_MS)

/* The kernel counts resident pages in batches a processor: what two counters say about the same
 * memory may differ by this much. */
#define RSS_NOISE ((uint64_t)1 << 20)

static const struct sp_patience default_patience = {
    .terminate = 5 * SP_NSEC_PER_SEC,
    .kill = 10 * SP_NSEC_PER_SEC,
    .silence = SP_NSEC_PER_SEC,
    .linger = 5 * SP_NSEC_PER_SEC,
};

struct channel {
    struct job *job;
    enum sp_stream stream;
    int fd; /* -1: at its end */
    struct sp_watch *watch;
    struct sp_lines lines;
};

struct job {
    struct sp_backend *backend;
    struct job *prev, *next;
    struct sp_observer observer;
    struct sp_handle handle;
    struct sp_procmark_job kin; /* how its processes are known */
    pid_t pid;                  /* of the first process, and of the group */
    void *own;                  /* the kind's */
    struct channel channels[2];
    struct sp_watch *child;    /* until the first process has ended */
    struct sp_watch *announce; /* until RUNNING has been reported */
    struct sp_watch *escalate; /* while it is being cancelled */
    struct sp_watch *silence;  /* while others hold the pipes */
    struct sp_watch *linger;   /* while something of it is left */
    sp_nsec lingers_since;     /* 0: nothing was left */
    bool hurried;              /* it is cancelled: what is left has no time */
    bool was_ended;
    char left[sizeof(struct sp_proc_name) + 8]; /* one of those that were */
    bool running_reported;
    bool ended;              /* the first process has, and is a zombie */
    unsigned cancel_signals; /* how many of them have been sent */
    sp_nsec started;
    sp_nsec ended_at;
    sp_nsec last_output;
    struct sp_usage_stats usage; /* largest seen so far */
    char stopped[160];           /* why the kind, or the kernel, has ended it; empty: it has not */
    uint64_t oom_kills;          /* when it began */
};

struct sp_backend {
    const struct sp_child_kind *kind;
    void *arg; /* the kind's */
    struct sp_loop *loop;
    struct job *jobs;
    struct sp_boot_id boot;
    struct sp_patience patience;
    struct sp_watch *sample;
    sp_nsec sample_at; /* when it fires */
    struct sp_proclist processes;
    struct sp_proclist left; /* scratch */
    uint64_t oom_kills;      /* sys/oom.h, as of `oom_at` */
    sp_nsec oom_at;
    char *block; /* READ_SIZE bytes for whoever reads */
};

/* --- reporting ----------------------------------------------------------------------------- */

static void report_running(struct job *job)
{
    struct sp_report report = { .state = SP_JOB_RUNNING };

    sp_watch_remove(SP_TAKE(job->announce));
    if (job->running_reported)
        return;
    job->running_reported = true;
    job->observer.report(job->observer.arg, &report);
}

static void on_announce(void *arg)
{
    report_running(arg);
}

static void on_line(void *arg, struct sp_str text, bool partial)
{
    struct channel *channel = arg;
    struct job *job = channel->job;

    report_running(job);
    if (job->backend->kind->hear)
        job->backend->kind->hear(job->own, text);
    job->observer.line(job->observer.arg, channel->stream, text, partial);
}

/* For people: why a job has not ended well; NULL when its exit status says it all. */
static const char *explain_end(const struct job *job, int status, char text[static 160])
{
    if (status == -1)
        return "lost: its exit status was taken by somebody else";
    if (job->stopped[0])
        return job->stopped;
    if (WIFSIGNALED(status)) {
        int signo = WTERMSIG(status);
        const char *name = sigabbrev_np(signo); /* NULL for those without a name */
        const char *description = sigdescr_np(signo);
        bool puzzling = signo == SIGKILL && !job->cancel_signals;
        (void)snprintf(text, 160, "%skilled by SIG%s (%s)%s",
                       job->cancel_signals ? "cancelled, " : "", name ? name : "?",
                       description ? description : "real-time signal",
                       puzzling ? ", by hand or because memory ran out" : "");
        return text;
    }
    if (job->cancel_signals)
        return "cancelled";
    if (job->channels[0].fd >= 0 || job->channels[1].fd >= 0)
        return "it left a process behind that keeps its output open";
    return NULL;
}

/* SIGKILL that nobody has sent, also to a child of a shell, while the kernel ended processes. */
static bool ran_out_of_memory(const struct job *job, int status)
{
    bool killed = (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL) ||
                  (WIFEXITED(status) && WEXITSTATUS(status) == SHELL_KILLED);

    return status >= 0 && killed && !job->cancel_signals && !job->stopped[0] &&
           sp_oom_kills() > job->oom_kills;
}

static void explain_memory(struct job *job)
{
    (void)snprintf(job->stopped, sizeof job->stopped,
                   "ended: by the kernel, for lack of memory (peak %s of %s)",
                   sp_amount_text(job->usage.peak_memory).text,
                   sp_amount_text(sp_memory_total()).text);
}

static enum sp_failure_class classify(const struct job *job, const struct sp_child_end *end)
{
    int signo = WIFSIGNALED(end->status) ? WTERMSIG(end->status) : 0;

    if (end->failure)
        return end->failure;
    if (end->status == -1)
        return SP_FAILURE_INFRASTRUCTURE;
    if (job->stopped[0])
        return SP_FAILURE_RESOURCE;
    if (job->cancel_signals || (end->status == 0 && !end->fault))
        return SP_FAILURE_NONE;
    /* Who else sends SIGKILL looks after the machine. */
    return signo == SIGKILL || signo == SIGXCPU || signo == SIGXFSZ ? SP_FAILURE_RESOURCE
                                                                    : SP_FAILURE_TOOL;
}

/* --- usage --------------------------------------------------------------------------------- */

static void raise_usage(struct sp_usage_stats *usage, const struct sp_procsum *sum)
{
    usage->peak_memory = SP_MAX(usage->peak_memory, sum->memory);
    usage->cpu_user = SP_MAX(usage->cpu_user, sum->cpu_user);
    usage->cpu_system = SP_MAX(usage->cpu_system, sum->cpu_system);
    usage->read_bytes = SP_MAX(usage->read_bytes, sum->read_bytes);
    usage->write_bytes = SP_MAX(usage->write_bytes, sum->write_bytes);
}

/* At once, with all that it has started. */
static void end_at_once(const struct job *job)
{
    const struct sp_child_kind *kind = job->backend->kind;

    if (kind->signals_kill)
        kind->signal(job->own, job->pid, SIGKILL);
    else
        (void)kill(-job->pid, SIGKILL);
}

/* A job that uses more than it may is ended. */
static void oversee(struct job *job, const struct sp_procsum *sum)
{
    const struct sp_child_kind *kind = job->backend->kind;
    const char *why = kind->oversee && !job->ended ? kind->oversee(job->own, sum) : NULL;

    if (!why)
        return;
    (void)snprintf(job->stopped, sizeof job->stopped, "%s", why);
    end_at_once(job);
}

static void on_sample(void *arg);

/* Let the next sample of all jobs be taken no later than `delay` from now. */
static void schedule_sample(struct sp_backend *backend, sp_nsec delay)
{
    struct sp_err ignored = SP_ERR_INIT;
    sp_nsec at = sp_clock_monotonic() + delay;

    if (backend->sample && backend->sample_at <= at)
        return;
    sp_watch_remove(SP_TAKE(backend->sample));
    backend->sample_at = at;
    if (sp_loop_add_timer(backend->loop, delay, 0, on_sample, backend, &backend->sample, &ignored))
        backend->sample = NULL; /* without samples the kernel's own sums remain */
}

static void on_sample(void *arg)
{
    struct sp_backend *backend = arg;
    sp_nsec before = sp_clock_monotonic();

    sp_watch_remove(SP_TAKE(backend->sample));
    if (!backend->jobs)
        return;
    sp_proclist_scan(&backend->processes);
    for (struct job *job = backend->jobs; job; job = job->next) {
        struct sp_procsum sum;
        if (backend->kind->measure)
            backend->kind->measure(job->own, &backend->processes, job->pid, &sum);
        else
            sp_proclist_sum(&backend->processes, job->pid, &sum);
        raise_usage(&job->usage, &sum);
        oversee(job, &sum);
    }
    sp_nsec cost = sp_clock_monotonic() - before;
    schedule_sample(backend, SP_MAX(SAMPLE_PERIOD, cost * SAMPLE_SHARE));
}

static sp_nsec from_timeval(struct timeval time)
{
    return time.tv_sec * SP_NSEC_PER_SEC + time.tv_usec * 1000;
}

/* The peak of a child that runs a program includes ours at the moment of the start, because it
 * was ours until then: it means something only where it is higher. */
static uint64_t peak_memory_of(const struct rusage *child)
{
    struct rusage own;
    uint64_t peak = (uint64_t)child->ru_maxrss * 1024;

    if (getrusage(RUSAGE_SELF, &own) < 0)
        return 0;
    return peak > (uint64_t)own.ru_maxrss * 1024 + RSS_NOISE ? peak : 0;
}

/* Reap the first process; its final sums go to job->usage. Returns its status. */
static int reap(struct job *job)
{
    struct sp_procsum sum = { 0 };
    struct sp_procio io;
    struct rusage used;
    int status = -1;

    if (sp_procio_read(job->pid, &io)) { /* of the zombie: with all that it waited for */
        sum.read_bytes = io.read_bytes;
        sum.write_bytes = io.write_bytes;
    }
    while (wait4(job->pid, &status, 0, &used) < 0) {
        if (errno != EINTR)
            return -1; /* lost: somebody else has reaped it */
    }
    sum.cpu_user = from_timeval(used.ru_utime);
    sum.cpu_system = from_timeval(used.ru_stime);
    if (!job->backend->kind->measure) /* else it is of others, too */
        sum.memory = peak_memory_of(&used);
    raise_usage(&job->usage, &sum);
    job->usage.wall = job->ended_at - job->started;
    return status;
}

/* --- the end ------------------------------------------------------------------------------- */

static void close_channel(struct channel *channel)
{
    sp_watch_remove(SP_TAKE(channel->watch));
    sp_fd_closep(&channel->fd);
}

static void free_job(struct job *job)
{
    for (size_t i = 0; i < SP_COUNT(job->channels); i++) {
        close_channel(&job->channels[i]);
        sp_lines_fini(&job->channels[i].lines);
    }
    sp_watch_remove(job->child);
    sp_watch_remove(job->announce);
    sp_watch_remove(job->escalate);
    sp_watch_remove(job->silence);
    sp_watch_remove(job->linger);
    if (job->backend->kind->forget)
        job->backend->kind->forget(job->own);
    free(job);
}

static void unlink_job(struct job *job)
{
    struct sp_backend *backend = job->backend;

    if (job->prev)
        job->prev->next = job->next;
    else
        backend->jobs = job->next;
    if (job->next)
        job->next->prev = job->prev;
    if (!backend->jobs)
        sp_watch_remove(SP_TAKE(backend->sample));
}

/* Report DONE and forget the job. */
static void finish(struct job *job)
{
    char text[160];

    report_running(job);
    for (size_t i = 0; i < SP_COUNT(job->channels); i++)
        sp_lines_end(&job->channels[i].lines);
    /* Nothing of a cancelled job stays; its zombie still keeps the group's number. */
    if (job->cancel_signals)
        (void)kill(-job->pid, SIGKILL);
    struct sp_child_end end = { .status = reap(job), .cancelled = job->cancel_signals > 0 };
    if (job->backend->kind->end)
        job->backend->kind->end(job->own, &end);
    if (!end.reason && ran_out_of_memory(job, end.status))
        explain_memory(job);
    const char *why = explain_end(job, end.status, text);
    struct sp_report report = {
        .state = SP_JOB_DONE,
        .exit_status = end.status,
        .reason = end.reason && !end.cancelled && !job->stopped[0] ? end.reason : why,
        .fault = end.fault,
        .failure = classify(job, &end),
        .warning = end.warning,
        .remark = end.remark,
        .usage = job->usage,
        .left = job->lingers_since ? job->left : end.left,
        .was_ended = job->was_ended || end.was_ended,
    };
    unlink_job(job); /* a cancel from inside the report finds nothing */
    job->observer.report(job->observer.arg, &report);
    free_job(job);
}

/* --- what is left behind ------------------------------------------------------------------- */

/* All of them, one by one: some have left the group. */
static void signal_left(struct job *job, int signo)
{
    const struct sp_proclist *left = &job->backend->left;

    job->was_ended = true;
    for (size_t i = 0; i < left->len; i++)
        (void)kill(left->items[i].pid, signo);
}

/* First it is let be, then asked to end, then killed. False: not even that has helped. */
static bool push_left(struct job *job, sp_nsec age)
{
    const struct sp_patience *patience = &job->backend->patience;
    sp_nsec grace = job->hurried ? 0 : patience->linger;
    bool was_asked = job->was_ended;

    if (age >= grace + 2 * patience->terminate)
        return false;
    if (age >= grace + patience->terminate || job->cancel_signals)
        signal_left(job, SIGKILL);
    else if (age >= grace && !was_asked)
        signal_left(job, SIGTERM);
    return true;
}

static void on_linger(void *arg);

/* Nobody may look at what a job has made while something of it still writes. */
static void settle(struct job *job)
{
    struct sp_backend *backend = job->backend;
    struct sp_err ignored = SP_ERR_INIT;
    sp_nsec now = sp_clock_monotonic();

    sp_watch_remove(SP_TAKE(job->linger));
    if (now - job->started < BRIEF)
        sp_proclist_scan_since(&backend->processes, job->pid);
    else
        sp_proclist_scan(&backend->processes);
    sp_procmark_find(&backend->processes, &job->kin, &backend->left);
    if (!backend->left.len) {
        finish(job);
        return;
    }
    if (!job->lingers_since) {
        job->lingers_since = now;
        (void)snprintf(job->left, sizeof job->left, "process %s",
                       sp_proc_name(backend->left.items[0].pid).text);
    }
    sp_nsec age = now - job->lingers_since;
    sp_nsec pause = SP_MIN(SP_MAX(age / 4, PAUSE_MIN), PAUSE_MAX);
    if (!push_left(job, age) ||
        sp_loop_add_timer(backend->loop, pause, 0, on_linger, job, &job->linger, &ignored))
        finish(job);
}

static void on_linger(void *arg)
{
    settle(arg);
}

static bool is_complete(const struct job *job)
{
    return job->ended && job->channels[0].fd < 0 && job->channels[1].fd < 0;
}

/* Has a cancelled job still time to end by itself? */
static bool is_being_cancelled(const struct job *job)
{
    return job->escalate != NULL;
}

static void on_silence(void *arg);

static void wait_for_silence(struct job *job, sp_nsec delay)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (sp_loop_add_timer(job->backend->loop, delay, 0, on_silence, job, &job->silence, &ignored))
        settle(job);
}

static void on_silence(void *arg)
{
    struct job *job = arg;
    sp_nsec now = sp_clock_monotonic();
    sp_nsec limit = job->backend->patience.silence;
    sp_nsec quiet_since = SP_MAX(job->last_output, job->ended_at);

    sp_watch_remove(SP_TAKE(job->silence));
    if (is_being_cancelled(job))
        wait_for_silence(job, limit);
    else if (now - quiet_since >= limit || now - job->ended_at >= limit * SILENCES_MAX)
        settle(job);
    else
        wait_for_silence(job, quiet_since + limit - now);
}

static void on_child(pid_t pid, void *arg)
{
    struct job *job = arg;

    (void)pid;
    job->child = NULL; /* the loop removes it */
    job->ended = true;
    job->ended_at = sp_clock_monotonic();
    if (is_complete(job))
        settle(job);
    else
        wait_for_silence(job, job->backend->patience.silence);
}

static void on_output(int fd, unsigned events, void *arg)
{
    struct channel *channel = arg;
    struct job *job = channel->job;
    char *block = job->backend->block;

    (void)events;
    ssize_t got = read(fd, block, READ_SIZE);
    if (got > 0) {
        job->last_output = sp_clock_monotonic();
        sp_lines_feed(&channel->lines, (struct sp_str){ block, (size_t)got });
        return;
    }
    if (got < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    close_channel(channel);
    sp_lines_end(&channel->lines);
    if (is_complete(job) && !job->linger)
        settle(job);
}

/* --- cancelling ---------------------------------------------------------------------------- */

static void on_escalate(void *arg);

/* The steps in order; the last one needs no patience. */
static void escalate(struct job *job)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGKILL };
    const struct sp_patience *patience = &job->backend->patience;
    sp_nsec next[] = { patience->terminate, patience->kill - patience->terminate };
    struct sp_err ignored = SP_ERR_INIT;
    unsigned step = job->cancel_signals++;

    sp_watch_remove(SP_TAKE(job->escalate));
    if (signals[step] == SIGKILL)
        end_at_once(job);
    else
        job->backend->kind->signal(job->own, job->pid, signals[step]);
    if (step < SP_COUNT(next) && sp_loop_add_timer(job->backend->loop, next[step], 0, on_escalate,
                                                   job, &job->escalate, &ignored))
        end_at_once(job);
}

static void on_escalate(void *arg)
{
    escalate(arg);
}

static struct job *find_job(struct sp_backend *backend, const struct sp_handle *handle)
{
    for (struct job *job = backend->jobs; job; job = job->next) {
        if (strcmp(job->handle.text, handle->text) == 0)
            return job;
    }
    return NULL;
}

void sp_children_cancel(struct sp_backend *backend, const struct sp_handle *handle)
{
    struct job *job = find_job(backend, handle);

    if (job && job->linger)
        job->hurried = true;
    else if (job && job->cancel_signals == 0)
        escalate(job);
}

/* --- starting ------------------------------------------------------------------------------ */

/* Whatever happens, the child must not stay behind. */
static void end_stillborn(const struct job *job)
{
    end_at_once(job);
    while (waitpid(job->pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static void name_job(const struct sp_backend *backend, struct job *job)
{
    struct sp_procstat stat = { 0 };

    (void)sp_procstat_read(job->pid, &stat);
    job->kin.start = stat.start;
    (void)snprintf(job->handle.text, sizeof job->handle.text, "%d:%" PRIu64 ":%s", (int)job->pid,
                   stat.start, backend->boot.text);
}

static struct job *new_job(struct sp_backend *backend,
                           const struct sp_process *process,
                           void *own,
                           const struct sp_observer *who)
{
    struct job *job = sp_alloc(sizeof *job);
    int fds[] = { process->stdout_fd, process->stderr_fd };

    job->backend = backend;
    job->observer = *who;
    job->pid = process->pid;
    job->own = own;
    job->started = sp_clock_monotonic();
    for (size_t i = 0; i < SP_COUNT(job->channels); i++) {
        struct channel *channel = &job->channels[i];
        channel->job = job;
        channel->stream = i == 0 ? SP_STDOUT : SP_STDERR;
        channel->fd = fds[i];
        sp_lines_init(&channel->lines, on_line, channel);
    }
    name_job(backend, job);
    job->kin.group = process->pid;
    return job;
}

static enum sp_rc watch_job(struct job *job, struct sp_err *err)
{
    struct sp_loop *loop = job->backend->loop;
    enum sp_rc rc = sp_loop_add_child(loop, job->pid, on_child, job, &job->child, err);

    for (size_t i = 0; !rc && i < SP_COUNT(job->channels); i++) {
        struct channel *channel = &job->channels[i];
        rc = sp_loop_add_fd(loop, channel->fd, SP_READABLE, on_output, channel, &channel->watch,
                            err);
    }
    return rc ? rc : sp_loop_add_timer(loop, 0, 0, on_announce, job, &job->announce, err);
}

/* As they are now, or were a moment ago: asking takes 0.2 ms. */
static void note_oom_kills(struct sp_backend *backend)
{
    sp_nsec now = sp_clock_monotonic();

    if (backend->oom_at && now - backend->oom_at < SP_NSEC_PER_SEC)
        return;
    backend->oom_kills = sp_oom_kills();
    backend->oom_at = now;
}

enum sp_rc sp_children_submit(struct sp_backend *backend,
                              const struct sp_job *job,
                              const struct sp_observer *observer,
                              struct sp_handle *out,
                              struct sp_err *err)
{
    struct sp_process process;
    void *own = NULL;

    note_oom_kills(backend);
    enum sp_rc rc = backend->kind->start(backend->arg, job, &process, &own, err);
    if (rc)
        return rc;
    struct job *made = new_job(backend, &process, own, observer);
    made->kin.mark = job->mark;
    made->oom_kills = backend->oom_kills;
    rc = watch_job(made, err);
    if (rc) {
        end_stillborn(made);
        free_job(made);
        return rc;
    }
    made->next = backend->jobs;
    if (made->next)
        made->next->prev = made;
    backend->jobs = made;
    schedule_sample(backend, FIRST_SAMPLE);
    *out = made->handle;
    return SP_OK;
}

/* --- the backend --------------------------------------------------------------------------- */

struct sp_backend *sp_children_new(const struct sp_child_kind *kind,
                                   void *arg,
                                   struct sp_loop *loop)
{
    struct sp_backend *backend = sp_alloc(sizeof *backend);

    backend->kind = kind;
    backend->arg = arg;
    backend->loop = loop;
    backend->boot = sp_boot_id();
    backend->patience = default_patience;
    backend->block = sp_alloc(READ_SIZE);
    return backend;
}

void *sp_children_arg(const struct sp_backend *backend)
{
    return backend->arg;
}

void sp_children_close(struct sp_backend *backend)
{
    if (!backend)
        return;
    for (struct job *job = backend->jobs, *next; job; job = next) {
        next = job->next;
        end_stillborn(job);
        free_job(job);
    }
    sp_watch_remove(backend->sample);
    sp_proclist_fini(&backend->processes);
    sp_proclist_fini(&backend->left);
    free(backend->block);
    free(backend);
}

bool sp_children_usage(struct sp_backend *backend,
                       const struct sp_handle *handle,
                       struct sp_usage_stats *out)
{
    const struct job *job = find_job(backend, handle);

    if (!job)
        return false;
    *out = job->usage;
    out->wall = (job->ended ? job->ended_at : sp_clock_monotonic()) - job->started;
    return true;
}

void sp_children_set_patience(struct sp_backend *backend, const struct sp_patience *patience)
{
    backend->patience = *patience;
}

/* --- jobs of an earlier engine ------------------------------------------------------------- */

/* "PID:START:BOOT" of this boot. */
static bool parse_handle(const struct sp_backend *backend,
                         const struct sp_handle *handle,
                         pid_t *pid,
                         uint64_t *start)
{
    struct sp_str rest = sp_str_of(handle->text);
    int64_t numbers[2];

    for (size_t i = 0; i < SP_COUNT(numbers); i++) {
        if (!sp_str_int(sp_str_cut(&rest, ':'), &numbers[i]) || numbers[i] <= 1)
            return false;
    }
    if (numbers[0] > INT32_MAX || !rest.ptr || !sp_str_is(rest, backend->boot.text))
        return false;
    *pid = (pid_t)numbers[0];
    *start = (uint64_t)numbers[1];
    return true;
}

/* The group of the handle, or 0 if nothing of it is left. A number is not given away again while
 * a group goes by it; if its first process has ended, members that are not older will do. */
static pid_t find_group(struct sp_backend *backend, const struct sp_handle *handle)
{
    struct sp_procstat first;
    pid_t pid;
    uint64_t start;

    if (!parse_handle(backend, handle, &pid, &start))
        return 0;
    if (sp_procstat_read(pid, &first) && first.start != start)
        return 0;
    sp_proclist_scan(&backend->processes);
    for (size_t i = 0; i < backend->processes.len; i++) {
        const struct sp_procstat *process = &backend->processes.items[i];
        if (process->pgrp == pid && process->start >= start && process->state != 'Z')
            return pid;
    }
    return 0;
}

bool sp_children_is_alive(struct sp_backend *backend, const struct sp_handle *handle)
{
    return find_group(backend, handle) != 0;
}

void sp_children_kill(struct sp_backend *backend, const struct sp_handle *handle)
{
    pid_t group = find_group(backend, handle);

    if (!group)
        return;
    (void)kill(-group, SIGKILL);
    (void)sp_procmark_await_group(group); /* a write under way ends before its process does */
}
