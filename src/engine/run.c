/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/run.h"

#include "base/clock.h"
#include "base/map.h"

#include "engine/leftover.h"
#include "engine/preflight.h"
#include "engine/record.h"
#include "engine/taskrun.h"
#include "engine/tools.h"
#include "engine/workspace.h"
#include "value/text.h"

#include <signal.h>

/* One run in progress: the state that the actions share. */
struct run {
    struct sp_session *session;
    const struct sp_run_options *options;
    struct sp_run_result *result;
    struct sp_workspace workspace;
    struct sp_str dir; /* of this run */
    struct sp_journal *journal;
    struct sp_logbook *logbook;
    struct sp_loop *loop;
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;
    struct sp_str path;
    size_t total;
    sp_nsec started;
    sp_nsec step_started;    /* sp_file_clock: what a failed step left behind is newer */
    struct sp_taskrun *task; /* the one that runs, for signals */
    struct sp_taskrun_result last;
    const char *failure; /* first line about what went wrong */
    struct sp_map said; /* text of LOG(...) -> struct said *: to repeat at the end, or not at all */
};

struct said {
    enum sp_log_level level;
    bool again; /* at the end */
};

/* --- telling ------------------------------------------------------------------------------ */

static struct sp_run_event event_of(const struct run *run,
                                    enum sp_run_event_kind kind,
                                    const struct sp_action *action)
{
    return (struct sp_run_event){
        .kind = kind,
        .position = action ? action->position : NULL,
        .task = action ? action->task : NULL,
        .level = SP_LOG_INFO,
        .done = run->result->done,
        .total = run->total,
        .run_id = run->result->id,
    };
}

static void tell(const struct run *run, const struct sp_run_event *event)
{
    if (run->options->watch)
        run->options->watch(run->options->arg, event);
}

static void note(struct run *run, enum sp_log_level level, struct sp_str text)
{
    struct sp_run_event event = event_of(run, SP_RUN_NOTE, NULL);

    event.text = text;
    event.level = level;
    sp_logbook_write(run->logbook, level, text);
    tell(run, &event);
}

static void on_log(void *arg, enum sp_log_level level, struct sp_str text, unsigned flags)
{
    struct run *run = arg;
    struct said *said = sp_map_find(&run->said, text);

    if (said && (flags & SP_LOG_NO_REPEAT))
        return;
    if (!said && (flags & (SP_LOG_SUMMARY | SP_LOG_NO_REPEAT))) {
        said = SP_ARENA_NEW(run->session->arena, struct said, 1);
        *said = (struct said){ level, flags & SP_LOG_SUMMARY };
        sp_map_set(&run->said, sp_arena_str(run->session->arena, text), said);
    }
    if (!(flags & SP_LOG_SUMMARY_ONLY))
        note(run, level, text);
}

/* What LOG(...) said and wants repeated when the run ends (spec stimela2.md 5.7), each text once.
 */
static void repeat_said(struct run *run)
{
    bool first = true;

    SP_MAP_EACH (entry, &run->said) {
        const struct said *said = entry->value;
        if (!said->again)
            continue;
        if (first)
            note(run, SP_LOG_INFO, SP_STR("accumulated warnings and errors"));
        first = false;
        note(run, said->level, entry->key);
    }
}

/* Journal first, then tell.
 *
 * Every line is with the kernel before we go on, so that a killed engine loses none. Against power
 * cuts there is one sync a step, when its tool has just been started: it covers the end of the step
 * before, and the disk works while the tool does. (A sync takes milliseconds, as long as a short
 * tool.) The beginning and the end of the run are synced by themselves. */
static enum sp_rc journalise(struct run *run,
                             struct sp_run_event *event,
                             const char *name,
                             const struct sp_dict *record,
                             struct sp_err *err)
{
    bool edge = event->kind == SP_RUN_START || event->kind == SP_RUN_END;
    enum sp_rc rc = sp_journal_append(run->journal, name, record,
                                      edge ? SP_JOURNAL_SYNC : SP_JOURNAL_LAZY, err);

    if (rc) {
        run->result->workspace_failed = true;
        return rc;
    }
    event->event = name;
    event->record = record;
    tell(run, event);
    return SP_OK;
}

/* --- one task ----------------------------------------------------------------------------- */

static void log_values(struct run *run, const char *heading, const struct sp_dict *values)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    sp_logbook_write(run->logbook, SP_LOG_INFO, sp_str_of(heading));
    SP_DICT_EACH(entry, values)
    {
        sp_buf_clear(&line);
        sp_buf_addf(&line, "  " SP_STR_FMT ": ", SP_STR_ARG(entry->key));
        sp_value_brief(entry->value, 2000, &line);
        sp_logbook_write(run->logbook, SP_LOG_INFO, sp_buf_str(&line));
    }
}

static void log_invocation(struct run *run, const struct sp_task *task)
{
    log_values(run, "### validated inputs", task->inputs);
    sp_logbook_write(run->logbook, SP_LOG_INFO, SP_STR("---INVOKING---"));
    sp_logbook_write(run->logbook, SP_LOG_INFO, task->command.display);
}

static struct sp_str output_file_name(const struct run *run, const struct sp_action *action)
{
    char *label = sp_arena_cstr(run->session->arena, action->position->label);

    for (char *c = label; *c; c++)
        if (*c == '/')
            *c = '_';
    return sp_arena_printf(run->session->arena, "%s/%04zu-%s.log", run->dir.ptr,
                           run->result->done + 1, label);
}

static void log_result(struct run *run, const struct sp_action *action)
{
    struct sp_clock_text wall = sp_clock_hms(run->last.usage.wall);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    if (run->last.why)
        sp_buf_adds(&line, run->last.why);
    else
        sp_buf_addf(&line, SP_STR_FMT " returns exit code 0 after %s",
                    SP_STR_ARG(action->task->command.short_name), wall.text);
    sp_logbook_write(run->logbook, run->last.why ? SP_LOG_ERROR : SP_LOG_INFO, sp_buf_str(&line));
    if (run->last.output_error)
        note(run, SP_LOG_WARNING, sp_str_of(run->last.output_error));
    if (run->last.warnings)
        SP_LIST_EACH(warning, run->last.warnings)
    note(run, SP_LOG_WARNING, warning->text);
}

/* Start the tool and turn the loop until it is done. */
static enum sp_rc run_task(struct run *run, const struct sp_action *action, struct sp_err *err)
{
    struct sp_run_event base = event_of(run, SP_RUN_STEP, action);
    struct sp_str output = output_file_name(run, action);
    struct sp_taskrun_options options = {
        .session = run->session,
        .loop = run->loop,
        .ops = run->ops,
        .backend = run->backend,
        .logbook = run->logbook,
        .path = run->path,
        .output_file = output,
        .watch = run->options->watch,
        .arg = run->options->arg,
        .base = &base,
    };

    run->step_started = sp_file_clock();
    log_invocation(run, action->task);
    struct sp_dict *record =
        sp_record_step_start(run->session->arena, action, output, sp_logbook_path(run->logbook));
    enum sp_rc rc = journalise(run, &base, "step-start", record, err);
    if (rc)
        return rc;
    /* Told; what the tool says comes with events of its own. */
    base.event = NULL;
    base.record = NULL;

    struct sp_err refusal = SP_ERR_INIT;
    if (sp_taskrun_start(&options, action->task, &run->task, &refusal)) {
        run->last = (struct sp_taskrun_result){
            .why = sp_arena_cstr(run->session->arena, sp_str_of(refusal.text)),
            .exit_status = -1,
        };
        return SP_OK;
    }
    rc = sp_journal_append(run->journal, "step-handle",
                           sp_record_step_handle(run->session->arena, action, run->ops->name,
                                                 sp_taskrun_handle(run->task)),
                           SP_JOURNAL_LAZY, err);
    while (!sp_taskrun_is_done(run->task) && sp_loop_turn(run->loop, -1)) {}
    sp_taskrun_result(run->task, &run->last);
    sp_taskrun_free(SP_TAKE(run->task));
    return rc;
}

static void fail(struct run *run, const char *why)
{
    if (!run->failure)
        run->failure = sp_arena_cstr(run->session->arena, sp_str_of(why));
}

static void report_leftovers(struct run *run, const struct sp_task *task)
{
    struct sp_list *lines = sp_leftovers(run->session->arena, task, run->step_started);

    SP_LIST_EACH(line, lines)
    note(run, SP_LOG_WARNING, line->text);
}

/* --- actions ------------------------------------------------------------------------------ */

static enum sp_rc do_run(struct run *run,
                         struct sp_walk *walk,
                         const struct sp_action *action,
                         struct sp_err *err)
{
    enum sp_rc rc = run_task(run, action, err);
    if (rc)
        return rc;
    log_result(run, action);
    if (run->result->interrupted && !run->last.success)
        run->last.why = "interrupted";
    struct sp_outcome outcome = { .success = run->last.success && !run->result->interrupted,
                                  .why = run->last.why ? run->last.why : "interrupted",
                                  .outputs = run->last.outputs };
    sp_walk_done(walk, &outcome);
    return SP_OK;
}

/* Why outputs were refused. */
static const char *last_finding(const struct sp_diags *diags)
{
    return diags->len ? diags->items[diags->len - 1].text : "its outputs are not as they should be";
}

/* A tool has ended; its outputs are there (or, on failure, are not). */
static enum sp_rc do_end(struct run *run,
                         const struct sp_action *action,
                         bool success,
                         struct sp_err *err)
{
    struct sp_run_event event = event_of(run, SP_RUN_DONE, action);
    struct sp_err blank = SP_ERR_INIT;

    if (success && sp_outputs_check(run->session->arena, action->task, &blank)) {
        success = false;
        run->last.why = sp_arena_cstr(run->session->arena, sp_str_of(blank.text));
        sp_diag_error(&run->session->diags, SP_DIAG_OUTPUT, action->position->origin,
                      "step '" SP_STR_FMT "': %s", SP_STR_ARG(action->position->fqname),
                      blank.text);
    }
    if (!success && !run->last.why)
        run->last.why = last_finding(&run->session->diags);
    if (!success) {
        report_leftovers(run, action->task);
        fail(run, run->last.why);
    } else if (action->task->outputs && action->task->outputs->len) {
        log_values(run, "### validated outputs", action->task->outputs);
    }
    run->result->done++;
    event.done = run->result->done;
    event.success = success;
    event.interrupted = !success && run->result->interrupted;
    event.usage = run->last.usage;
    event.text = sp_str_of(run->last.why);
    enum sp_rc rc =
        journalise(run, &event, "step-end",
                   sp_record_step_end(run->session->arena, action->position, success, run->last.why,
                                      run->last.exit_status, &run->last.usage),
                   err);
    if (rc == SP_OK && success && action->task->outputs && action->task->outputs->len)
        rc = sp_journal_append(
            run->journal, "step-outputs",
            sp_record_outputs(run->session->arena, action->position, action->task->outputs),
            SP_JOURNAL_LAZY, err);
    return rc;
}

static enum sp_rc do_fail(struct run *run, const struct sp_action *action, struct sp_err *err)
{
    sp_auto_buf struct sp_buf why = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&why, "step '" SP_STR_FMT "' has failed, aborting the recipe",
                SP_STR_ARG(action->position->fqname));
    sp_logbook_write(run->logbook, SP_LOG_ERROR, sp_buf_str(&why));
    /* Without a start there is no end: inputs were refused. */
    bool started = action->task && run->last.exit_status != INT32_MIN;
    enum sp_rc rc = started ? do_end(run, action, false, err) : SP_OK;
    fail(run, why.ptr);
    return rc;
}

static enum sp_rc do_skip(struct run *run, const struct sp_action *action, struct sp_err *err)
{
    struct sp_run_event event = event_of(run, SP_RUN_SKIP, action);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    run->result->skipped++;
    event.text = action->reason;
    sp_buf_addf(&line, "skipping step '" SP_STR_FMT "': " SP_STR_FMT,
                SP_STR_ARG(action->position->fqname), SP_STR_ARG(action->reason));
    sp_logbook_write(run->logbook, SP_LOG_INFO, sp_buf_str(&line));
    return journalise(run, &event, "step-skip", sp_record_step_skip(run->session->arena, action),
                      err);
}

static enum sp_rc do_leave(struct run *run, const struct sp_action *action, struct sp_err *err)
{
    struct sp_run_event event = event_of(run, SP_RUN_LEAVE, action);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    event.outputs = action->outputs;
    sp_logbook_enter(run->logbook, action->position);
    if (action->outputs && action->outputs->len)
        log_values(run, "### validated outputs", action->outputs);
    sp_buf_addf(&line, "recipe '" SP_STR_FMT "' executed successfully",
                SP_STR_ARG(action->position->title));
    sp_logbook_write(run->logbook, SP_LOG_INFO, sp_buf_str(&line));
    if (!action->outputs || action->outputs->len == 0) {
        tell(run, &event);
        return SP_OK;
    }
    return journalise(run, &event, "recipe-end",
                      sp_record_outputs(run->session->arena, action->position, action->outputs),
                      err);
}

static enum sp_rc do_step(struct run *run, const struct sp_action *action)
{
    sp_logbook_enter(run->logbook, action->position);
    run->last = (struct sp_taskrun_result){ .exit_status = INT32_MIN };
    return SP_OK;
}

static enum sp_rc do_enter(struct run *run,
                           const struct sp_action *action,
                           enum sp_run_event_kind kind)
{
    struct sp_run_event event = event_of(run, kind, action);

    sp_logbook_enter(run->logbook, action->position);
    tell(run, &event);
    return SP_OK;
}

static enum sp_rc act(struct run *run,
                      struct sp_walk *walk,
                      const struct sp_action *action,
                      struct sp_err *err)
{
    switch (action->kind) {
    case SP_ACTION_ENTER: return do_enter(run, action, SP_RUN_ENTER);
    case SP_ACTION_ITERATION: return do_enter(run, action, SP_RUN_ITERATION);
    case SP_ACTION_STEP: return do_step(run, action);
    case SP_ACTION_RUN: return do_run(run, walk, action, err);
    case SP_ACTION_SKIP: return do_skip(run, action, err);
    case SP_ACTION_END: return do_end(run, action, true, err);
    case SP_ACTION_FAIL: return do_fail(run, action, err);
    case SP_ACTION_LEAVE: return do_leave(run, action, err);
    }
    return SP_OK;
}

/* --- the whole run ------------------------------------------------------------------------ */

static void on_signal(int signo, void *arg)
{
    struct run *run = arg;
    (void)signo;

    bool again = run->result->interrupted;
    run->result->interrupted = true;
    if (!run->task)
        return;
    if (again) {
        note(run, SP_LOG_WARNING, SP_STR("asked once more: the tool is killed"));
        sp_taskrun_kill(run->task);
        return;
    }
    note(run, SP_LOG_WARNING,
         SP_STR("the tool has been asked to stop, and has 10 s to do so; "
                "interrupt again to kill it"));
    sp_taskrun_cancel(run->task);
}

static enum sp_rc open_loop(struct run *run, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;

    enum sp_rc rc = sp_loop_new(&run->loop, err);
    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(run->loop, signals[i], on_signal, run, &watch, err);
    if (rc == SP_OK)
        rc = run->ops->open(run->loop, &run->backend, err);
    return rc;
}

static enum sp_rc open_run(struct run *run, struct sp_err *err)
{
    struct sp_arena *arena = run->session->arena;
    struct sp_run_event event = event_of(run, SP_RUN_START, NULL);

    enum sp_rc rc = sp_workspace_open(arena, ".", &run->workspace, err);
    if (rc == SP_OK) {
        struct sp_list *lines = sp_lost_runs(&run->workspace, run->ops, run->backend);
        SP_LIST_EACH(line, lines)
        note(run, SP_LOG_WARNING, line->text);
        rc = sp_workspace_new_run(&run->workspace, &run->result->id, &run->dir, err);
    }
    if (rc == SP_OK) {
        struct sp_str path = sp_workspace_journal(&run->workspace, run->result->id);
        rc = sp_journal_create(path.ptr, &run->journal, err);
    }
    if (rc) {
        run->result->workspace_failed = true;
        return rc;
    }
    event.run_id = run->result->id;
    struct sp_dict *record =
        sp_record_run_start(run->session, run->options, run->result->id, run->total);
    return journalise(run, &event, "run-start", record, err);
}

static void log_end(struct run *run, const struct sp_run_event *event)
{
    const char *how = event->success ? "successful" : event->interrupted ? "interrupted" : "failed";
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&line, "run %s after %s", how, sp_clock_hms(event->usage.wall).text);
    sp_logbook_write(run->logbook, event->success ? SP_LOG_INFO : SP_LOG_ERROR, sp_buf_str(&line));
    sp_logbook_flush(run->logbook);
}

static enum sp_rc close_run(struct run *run, struct sp_err *err)
{
    struct sp_run_event event = event_of(run, SP_RUN_END, NULL);

    event.usage.wall = sp_clock_monotonic() - run->started;
    event.success = !run->failure && !run->result->interrupted;
    event.interrupted = run->result->interrupted;
    event.text = sp_str_of(run->failure);
    repeat_said(run);
    log_end(run, &event);
    const char *log_error = sp_logbook_error(run->logbook);
    if (log_error)
        note(run, SP_LOG_WARNING, sp_str_of(log_error));
    return journalise(run, &event, "run-end",
                      sp_record_run_end(run->session->arena, event.success, event.interrupted,
                                        run->failure, event.usage.wall),
                      err);
}

static enum sp_rc walk_through(struct run *run, struct sp_err *err)
{
    struct sp_walk_options options = {
        .config = &run->session->config,
        .world = &run->session->world,
        .diags = &run->session->diags,
        .recipe = run->session->recipe,
        .cab = run->session->cab,
        .params = run->session->params,
        .selection = run->session->selection,
        .offers = sp_tools_offers(run->session->arena, run->path),
        .python = sp_tools_python(run->path),
        .log = on_log,
        .log_arg = run,
    };
    struct sp_walk *walk = NULL;
    struct sp_action action;

    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    while (rc == SP_OK && !run->failure && sp_walk_next(walk, &action)) {
        rc = act(run, walk, &action, err);
        if (run->result->interrupted && action.kind != SP_ACTION_RUN)
            fail(run, "interrupted");
    }
    sp_walk_free(walk);
    return rc;
}

static void release(struct run *run)
{
    sp_taskrun_free(run->task);
    if (run->backend)
        run->ops->close(run->backend);
    sp_loop_free(run->loop);
    sp_logbook_free(run->logbook);
    sp_journal_close(run->journal);
    sp_workspace_close(&run->workspace);
    sp_map_fini(&run->said);
}

static enum sp_rc run_all(struct run *run, struct sp_err *err)
{
    enum sp_rc rc = open_loop(run, err);
    if (rc == SP_OK)
        rc = open_run(run, err);
    if (rc == SP_OK)
        rc = walk_through(run, err);
    if (rc && run->journal) {
        /* The journal may take its end all the same; what went wrong first is what counts. */
        struct sp_err ignored = SP_ERR_INIT;
        fail(run, err->text);
        (void)close_run(run, &ignored);
        return rc;
    }
    if (rc == SP_OK)
        rc = close_run(run, err);
    if (rc == SP_OK && run->failure)
        rc = sp_fail(err, SP_INVALID, "%s", run->failure);
    return rc;
}

enum sp_rc sp_run(struct sp_session *session,
                  const struct sp_run_options *options,
                  struct sp_run_result *result,
                  struct sp_err *err)
{
    struct sp_preflight preflight;
    struct run run = {
        .session = session,
        .options = options,
        .result = result,
        .ops = sp_backend_find(options->backend ? options->backend : "native"),
        .path = sp_tools_path(session->arena, &session->places),
        .started = sp_clock_monotonic(),
    };

    *result = (struct sp_run_result){ 0 };
    if (!run.ops) {
        result->backend_failed = true;
        return sp_fail(err, SP_NOT_FOUND, "there is no backend '%s'", options->backend);
    }
    enum sp_rc rc = sp_preflight(session, NULL, NULL, &preflight, err);
    result->nothing = preflight.nothing;
    if (rc || preflight.nothing)
        return rc;
    run.total = preflight.exact ? preflight.tasks : 0;
    run.logbook = sp_logbook_new();
    rc = run_all(&run, err);
    release(&run);
    return rc;
}
