/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/chore.h"

#include "exec/backend.h"
#include "sys/file.h"
#include "sys/loop.h"

#include <signal.h>
#include <sys/wait.h>

/* A chore on its way. */
struct work {
    const struct sp_chore *chore;
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    struct sp_handle handle;
    bool running, interrupted;
    int exit_status;
    struct sp_buf full, cause, last; /* lines: a full disk, the first complaint, the last of all */
    struct sp_err failed;            /* of writing the log */
};

/* --- what it says --------------------------------------------------------------------------- */

static void keep(struct sp_buf *buf, struct sp_str text)
{
    sp_buf_clear(buf);
    sp_buf_add_plain(buf, text);
}

/* What goes wrong first is the cause of what comes after, but a full disk that of all. */
static void remember(struct work *work, struct sp_str text)
{
    if (!sp_str_trim(text).len)
        return;
    if (!work->full.len && sp_str_find_str(text, SP_STR("No space left on device")) != SIZE_MAX)
        keep(&work->full, text);
    if (!work->cause.len && (sp_str_starts(text, "E: ") || sp_str_starts(text, "dpkg: error")))
        keep(&work->cause, text);
    keep(&work->last, text);
}

static void write_log(struct work *work, struct sp_str text)
{
    if (work->chore->log_fd < 0 || work->failed.code)
        return;
    if (sp_write_all(work->chore->log_fd, text, &work->failed) == SP_OK &&
        sp_write_all(work->chore->log_fd, SP_STR("\n"), &work->failed) == SP_OK)
        return;
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct work *work = arg;

    if (stream == SP_STDOUT && work->chore->out) {
        sp_buf_add(work->chore->out, text);
        sp_buf_addc(work->chore->out, '\n');
        return;
    }
    if (!partial) {
        write_log(work, text);
        remember(work, text);
    }
    if (work->chore->line)
        work->chore->line(work->chore->arg, text);
}

static void on_report(void *arg, const struct sp_report *report)
{
    struct work *work = arg;

    if (report->state != SP_JOB_DONE)
        return;
    work->running = false;
    work->exit_status = report->exit_status;
}

static void on_signal(int signo, void *arg)
{
    struct work *work = arg;

    (void)signo;
    work->interrupted = true;
    if (work->running)
        work->ops->cancel(work->backend, &work->handle);
}

/* --- running it ----------------------------------------------------------------------------- */

static enum sp_rc open_work(struct work *work, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;

    enum sp_rc rc = sp_loop_new(&work->loop, err);
    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(work->loop, signals[i], on_signal, work, &watch, err);
    if (rc == SP_OK)
        rc = work->ops->open(work->loop, &work->backend, err);
    return rc;
}

static void close_work(struct work *work)
{
    if (work->backend)
        work->ops->close(work->backend);
    sp_loop_free(work->loop);
    sp_buf_fini(&work->full);
    sp_buf_fini(&work->cause);
    sp_buf_fini(&work->last);
}

static enum sp_rc judge(const struct work *work, struct sp_err *err)
{
    const char *text = work->full.len    ? work->full.ptr
                       : work->cause.len ? work->cause.ptr
                                         : work->last.ptr;

    if (work->interrupted)
        return sp_fail(err, SP_BUSY, "interrupted");
    if (work->exit_status == 0)
        return SP_OK;
    if (WIFEXITED(work->exit_status))
        return sp_fail(err, SP_INVALID, "%s", *text ? text : "it says nothing, but has failed");
    return sp_fail(err, SP_INVALID, "it was killed by signal %d", WTERMSIG(work->exit_status));
}

enum sp_rc sp_chore_run(const struct sp_chore *chore, struct sp_err *err)
{
    struct work work = {
        .chore = chore,
        .ops = sp_backend_find("native"),
        .full = SP_BUF(SP_BUF_SMALL),
        .cause = SP_BUF(SP_BUF_SMALL),
        .last = SP_BUF(SP_BUF_SMALL),
    };
    struct sp_observer observer = { .arg = &work, .report = on_report, .line = on_line };
    const struct sp_job job = {
        .name = chore->argv[0],
        .argv = chore->argv,
        .env = chore->env,
        .cwd = "/",
    };

    enum sp_rc rc = open_work(&work, err);
    if (rc == SP_OK)
        rc = work.ops->submit(work.backend, &job, &observer, &work.handle, err);
    work.running = rc == SP_OK;
    while (work.running && sp_loop_turn(work.loop, -1)) {}
    if (rc == SP_OK)
        rc = judge(&work, err);
    if (rc == SP_OK && work.failed.code) {
        *err = work.failed;
        rc = sp_err_wrap(err, "log");
    }
    close_work(&work);
    return rc;
}
