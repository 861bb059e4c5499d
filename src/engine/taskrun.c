/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/taskrun.h"

#include "base/clock.h"
#include "base/fault.h"

#include "engine/boxspec.h"
#include "engine/jobspec.h"
#include "engine/symptom.h"
#include "engine/tools.h"
#include "sys/file.h"
#include "sys/oom.h"
#include "sys/procmark.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#define TICK (SP_NSEC_PER_SEC / 2)

struct sp_taskrun {
    struct sp_taskrun_options options;
    const struct sp_task *task;
    struct sp_job job;
    struct sp_handle handle;
    struct sp_verdict verdict;
    struct sp_watch *ticker;
    struct sp_watch *deadline; /* NULL: none */
    bool is_late;              /* it was ended because of that */
    struct sp_symptoms symptoms;
    FILE *output;
    struct sp_err output_failure; /* the first one */
    struct sp_report last;        /* state DONE at the end; its reason is copied */
    struct sp_str reason, fault, left, warning, remark;
    struct sp_list *temporaries; /* directories that go with the job: texts */
};

static void tell(const struct sp_taskrun *run, struct sp_run_event *event)
{
    if (run->options.watch)
        run->options.watch(run->options.arg, event);
}

/* --- listening ---------------------------------------------------------------------------- */

static void note_output_failure(struct sp_taskrun *run)
{
    if (run->output_failure.code == SP_OK)
        (void)sp_fail_errno(&run->output_failure, "write %s", run->options.output_file.ptr);
}

/* The file is made at the first line: many tools say nothing. */
static void keep_raw(struct sp_taskrun *run, struct sp_str text)
{
    const char *path = run->options.output_file.ptr;

    if (!run->output && run->output_failure.code == SP_OK) {
        run->output =
            SP_FAULT("output.open", ENOSPC) ? NULL : fopen(path, "ae") /* of all attempts */;
        if (!run->output)
            (void)sp_fail_errno(&run->output_failure, "create %s", path);
    }
    if (run->output && (SP_FAULT("output.write", ENOSPC) ||
                        fprintf(run->output, SP_STR_FMT "\n", SP_STR_ARG(text)) < 0))
        note_output_failure(run);
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct sp_taskrun *run = arg;
    struct sp_wrangled line;
    (void)stream;

    keep_raw(run, text);
    sp_symptoms_hear(&run->symptoms, text);
    /* The cab's own rules first, then those of its flavour. */
    sp_wrangle(run->task->cab->wranglers, text, &run->verdict, &line);
    if (run->task->command.wranglers && !line.suppressed) {
        struct sp_wrangled first = line;
        sp_wrangle(run->task->command.wranglers, first.text, &run->verdict, &line);
        line.level = SP_MAX(line.level, first.level);
        line.marks_failure = line.marks_failure || first.marks_failure;
        line.marks_success = line.marks_success || first.marks_success;
        line.highlighted = line.highlighted || first.highlighted;
    }
    if (line.suppressed)
        return;

    struct sp_run_event event = *run->options.base;
    event.kind = SP_RUN_OUTPUT;
    event.text = line.text;
    event.level = line.level;
    event.partial = partial;
    event.highlighted = line.highlighted;
    event.marks_failure = line.marks_failure;
    event.marks_success = line.marks_success;
    tell(run, &event);

    const char *mark = line.marks_failure ? "!" : line.marks_success ? "+" : "#";
    sp_auto_buf struct sp_buf record = SP_BUF(SP_BUF_SMALL + 16);
    sp_buf_addf(&record, "%s ", mark);
    sp_buf_add(&record, line.text);
    if (!partial)
        sp_logbook_write(run->options.logbook, line.level, sp_buf_str(&record));
}

static void on_report(void *arg, const struct sp_report *report)
{
    struct sp_taskrun *run = arg;

    const struct {
        const char *text;
        struct sp_str *copy;
    } texts[] = {
        { report->reason, &run->reason }, { report->fault, &run->fault },
        { report->left, &run->left },     { report->warning, &run->warning },
        { report->remark, &run->remark },
    };

    for (size_t i = 0; i < SP_COUNT(texts); i++)
        if (texts[i].text)
            *texts[i].copy = sp_arena_str(run->options.arena, sp_str_of(texts[i].text));
    run->last = *report;
    run->last.reason = run->last.fault = run->last.left = NULL;
    run->last.warning = run->last.remark = NULL;
    if (report->state == SP_JOB_DONE && run->options.done)
        run->options.done(run->options.done_arg);
}

static void on_tick(void *arg)
{
    struct sp_taskrun *run = arg;
    struct sp_run_event event = *run->options.base;

    if (run->last.state == SP_JOB_DONE)
        return;
    /* Whoever looks into the files while the tool runs sees them at most half a second old. */
    sp_logbook_flush(run->options.logbook);
    if (run->output && fflush(run->output) != 0)
        note_output_failure(run);
    event.kind = SP_RUN_TICK;
    if (run->options.ops->usage)
        (void)run->options.ops->usage(run->options.backend, &run->handle, &event.usage);
    tell(run, &event);
}

static void on_deadline(void *arg)
{
    struct sp_taskrun *run = arg;

    if (run->last.state == SP_JOB_DONE)
        return;
    run->is_late = true;
    sp_taskrun_cancel(run);
}

/* --- starting ----------------------------------------------------------------------------- */

static enum sp_rc prepare_paths(const struct sp_task *task,
                                struct sp_arena *arena,
                                struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; task->remove && i < task->remove->len && rc == SP_OK; i++)
        rc = sp_remove_tree(sp_arena_cstr(arena, task->remove->items[i].text), err);
    for (size_t i = 0; task->make_dirs && i < task->make_dirs->len && rc == SP_OK; i++)
        rc = sp_make_dirs(sp_arena_cstr(arena, task->make_dirs->items[i].text), err);
    return rc;
}

/* Whatever it starts can be found again: all of this run, and all of this task. */
static void mark_job(struct sp_taskrun *run)
{
    struct sp_arena *arena = run->options.arena;
    struct sp_str whole = sp_arena_join(arena, SP_STR(SP_PROCMARK), "=", run->options.mark);
    struct sp_str mark = sp_arena_join(arena, run->options.mark, "/", sp_str_of(run->job.name));
    struct sp_str own = sp_arena_join(arena, SP_STR(SP_PROCMARK_JOB), "=", mark);

    run->job.env = sp_tools_with_variable(arena, run->job.env, whole.ptr);
    run->job.env = sp_tools_with_variable(arena, run->job.env, own.ptr);
    run->job.mark = mark.ptr;
}

/* For backends that confine. */
static enum sp_rc make_box(struct sp_taskrun *run, struct sp_err *err)
{
    const struct sp_taskrun_options *options = &run->options;
    struct sp_boxspec_request request = {
        .arena = options->arena,
        .session = options->session,
        .task = run->task,
        .roles = options->roles,
        .effects = options->effects,
        .scratch = options->scratch,
        .keep = options->keep,
        .temporaries = run->temporaries,
    };
    enum sp_rc rc = SP_OK;

    if (!(options->ops->caps(options->backend) & SP_BACKEND_CONFINES))
        return SP_OK;
    if (sp_images_take(options->session->images, run->task))
        rc = sp_images_get(options->session->images, run->task, &request.image, err);
    return rc ? rc : sp_boxspec_make(&request, &run->job, err);
}

enum sp_rc sp_taskrun_start(const struct sp_taskrun_options *options,
                            const struct sp_task *task,
                            struct sp_taskrun **out,
                            struct sp_err *err)
{
    struct sp_arena *arena = options->arena;

    enum sp_rc rc = prepare_paths(task, arena, err);
    if (rc)
        return rc;
    struct sp_taskrun *run = sp_alloc(sizeof *run);
    run->options = *options;
    run->task = task;
    run->verdict.arena = arena;
    run->temporaries = sp_list_new(arena).list;
    struct sp_observer observer = { .arg = run, .report = on_report, .line = on_line };
    rc = sp_jobspec_make(arena, options->session, options->path, task, &run->job, err);
    if (rc == SP_OK)
        rc = make_box(run, err);
    run->job.name = sp_arena_cstr(arena, options->base->position->taskname);
    if (rc == SP_OK)
        mark_job(run);
    /* The job last: once it is submitted, there is no way back. */
    if (rc == SP_OK)
        rc = sp_loop_add_timer(options->loop, TICK, TICK, on_tick, run, &run->ticker, err);
    if (rc == SP_OK && options->timeout)
        rc = sp_loop_add_timer(options->loop, options->timeout, 0, on_deadline, run, &run->deadline,
                               err);
    if (rc == SP_OK)
        rc = options->ops->submit(options->backend, &run->job, &observer, &run->handle, err);
    if (rc) {
        sp_taskrun_free(run);
        return rc;
    }
    *out = run;
    return SP_OK;
}

/* What cannot be removed now is removed by the next run. */
static void remove_temporaries(const struct sp_taskrun *run)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (run->temporaries)
        SP_LIST_EACH(dir, run->temporaries)
    (void)!sp_remove_tree(dir->text.ptr, &ignored);
}

void sp_taskrun_free(struct sp_taskrun *run)
{
    if (!run)
        return;
    sp_watch_remove(run->ticker);
    sp_watch_remove(run->deadline);
    if (run->output)
        (void)fclose(run->output);
    remove_temporaries(run);
    free(run);
}

const struct sp_handle *sp_taskrun_handle(const struct sp_taskrun *run)
{
    return &run->handle;
}

void sp_taskrun_kill(struct sp_taskrun *run)
{
    run->options.ops->kill(run->options.backend, &run->handle);
}

void sp_taskrun_cancel(struct sp_taskrun *run)
{
    run->options.ops->cancel(run->options.backend, &run->handle);
}

/* --- judging ------------------------------------------------------------------------------ */

/* Where it writes. */
static const char *const *places_of(const struct sp_taskrun *run)
{
    struct sp_arena *arena = run->options.arena;
    const struct sp_list *writes = run->task->writes;
    size_t len = 0;
    const char **all = SP_ARENA_NEW(arena, const char *, (writes ? writes->len : 0) + 3);

    all[len++] = run->job.cwd;
    for (size_t i = 0; writes && i < writes->len; i++) {
        struct sp_str path = sp_real_path(arena, writes->items[i].text);
        all[len++] = sp_arena_cstr(arena, sp_str_slice(path, 0, sp_str_rfind(path, '/') + 1));
    }
    all[len++] = "/tmp";
    return all;
}

/* What it ran out of, as far as it can be told. */
static struct sp_str want_of(const struct sp_taskrun *run)
{
    const struct sp_box *box = run->job.box;
    struct sp_symptoms symptoms = run->symptoms;

    if (run->is_late || run->last.exit_status < 0 || run->fault.len ||
        sp_str_starts(run->reason, "ended: "))
        return SP_STR("");
    symptoms.peak = run->last.usage.peak_memory;
    symptoms.limit = box && box->memory ? box->memory : sp_memory_total();
    return sp_symptoms_judge(&symptoms, run->options.arena, places_of(run));
}

static enum sp_failure_class classify(const struct sp_taskrun *run, struct sp_str want)
{
    if (run->is_late || want.len)
        return SP_FAILURE_RESOURCE;
    return run->last.failure ? run->last.failure : SP_FAILURE_TOOL;
}

/* "wsclean returns error code 1 after 0:00:12", "... was killed by signal 9 (Killed) after ..." */
static struct sp_str describe_exit(const struct sp_taskrun *run)
{
    struct sp_arena *arena = run->options.arena;
    struct sp_str name = run->task->command.short_name;
    struct sp_clock_text wall = sp_clock_hms(run->last.usage.wall);
    int status = run->last.exit_status;

    if (status < 0)
        return sp_arena_join(arena, name, " was lost: ", run->reason);
    if (run->is_late)
        return sp_arena_printf(
            arena, SP_STR_FMT " was ended: it ran longer than %s (opts.backend.timeout)",
            SP_STR_ARG(name), sp_clock_hms(run->options.timeout).text);
    if (run->fault.len)
        return sp_arena_join(arena, name, ": ", run->fault);
    if (sp_str_starts(run->reason, "ended: ")) /* by its backend, or the kernel */
        return sp_arena_join(arena, name, " was ", run->reason);
    if (WIFSIGNALED(status))
        return sp_arena_printf(arena, SP_STR_FMT " was ended by signal %d (%s) after %s",
                               SP_STR_ARG(name), WTERMSIG(status), sigdescr_np(WTERMSIG(status)),
                               wall.text);
    return sp_arena_printf(arena, SP_STR_FMT " returns error code %d after %s%s" SP_STR_FMT,
                           SP_STR_ARG(name), WEXITSTATUS(status), wall.text,
                           run->reason.len ? ": " : "", SP_STR_ARG(run->reason));
}

static struct sp_str join_errors(const struct sp_taskrun *run)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    SP_LIST_EACH(error, run->verdict.errors)
    {
        sp_buf_adds(&text, text.len ? "; " : "");
        sp_buf_add(&text, error->text);
    }
    return sp_arena_str(run->options.arena, sp_buf_str(&text));
}

/* Why it has failed. */
static const char *explain(const struct sp_taskrun *run, struct sp_str want)
{
    struct sp_arena *arena = run->options.arena;
    bool declared = run->verdict.declared < 0 && run->verdict.errors && run->verdict.errors->len;
    struct sp_str why =
        declared && !run->fault.len && !run->is_late ? join_errors(run) : describe_exit(run);

    return want.len ? sp_arena_join(arena, why, ": ", want).ptr : sp_arena_cstr(arena, why);
}

void sp_taskrun_result(struct sp_taskrun *run, struct sp_taskrun_result *out)
{
    int status = run->last.exit_status;
    bool exit_fine = status >= 0 && WIFEXITED(status) && WEXITSTATUS(status) == 0;
    bool success = run->verdict.declared ? run->verdict.declared > 0 : exit_fine;

    success = success && !run->fault.len && !run->is_late;

    if (run->output && fclose(SP_TAKE(run->output)) != 0)
        note_output_failure(run);
    *out = (struct sp_taskrun_result){
        .success = success,
        .exit_status = status,
        .usage = run->last.usage,
        .outputs = run->verdict.outputs,
        .warnings = run->verdict.warnings,
        .left = run->left,
        .warning = run->warning,
        .remark = run->remark,
        .was_ended = run->last.was_ended,
    };
    if (run->output_failure.code)
        out->output_error = sp_arena_cstr(run->options.arena, sp_str_of(run->output_failure.text));
    if (success)
        return;
    struct sp_str want = want_of(run);
    out->why = explain(run, want);
    out->failure = classify(run, want);
}
