/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/run.h"

#include "base/clock.h"

#include "engine/crew.h"
#include "engine/images.h"
#include "engine/leftover.h"
#include "engine/preflight.h"
#include "engine/provenance.h"
#include "engine/record.h"
#include "engine/repeat.h"
#include "engine/tools.h"
#include "engine/turn.h"
#include "engine/workspace.h"
#include "sys/witness.h"

#include <signal.h>

/* One run in progress. */
struct run {
    struct sp_session *session;
    const struct sp_run_options *options;
    struct sp_run_result *result;
    struct sp_workspace workspace;
    struct sp_chronicle chronicle;
    struct sp_logbook *logbook;
    struct sp_works works;
    struct sp_crew *crew;
    sp_nsec started;
    size_t told;         /* variables that the event run-start has named */
    const char *failure; /* first line about what went wrong */
};

/* --- the whole run ------------------------------------------------------------------------ */

static void on_signal(int signo, void *arg)
{
    const struct run *run = arg;
    (void)signo;

    if (run->crew)
        sp_crew_interrupt(run->crew);
    else
        run->result->interrupted = true;
}

static void on_log(void *arg, enum sp_log_level level, struct sp_str text, unsigned flags)
{
    struct run *run = arg;
    const struct sp_lane *lane = run->works.now;

    sp_chronicle_say(&run->chronicle, lane ? lane->logbook : run->logbook, level, text, flags);
}

static void fail(struct run *run, const char *why)
{
    if (!run->failure)
        run->failure = sp_arena_cstr(run->session->arena, sp_str_of(why));
}

static void note(struct run *run, enum sp_log_level level, struct sp_str text)
{
    sp_chronicle_note(&run->chronicle, run->logbook, level, text);
}

static enum sp_rc open_loop(struct run *run, struct sp_err *err)
{
    static const int signals[] = { SIGINT, SIGTERM, SIGHUP };
    struct sp_watch *watch;

    enum sp_rc rc = sp_loop_new(&run->works.loop, err);
    for (size_t i = 0; i < SP_COUNT(signals) && rc == SP_OK; i++)
        rc = sp_loop_add_signal(run->works.loop, signals[i], on_signal, run, &watch, err);
    if (rc == SP_OK)
        run->works.backends.loop = run->works.loop;
    return rc;
}

static void on_recall_note(void *arg, bool warning, struct sp_str text)
{
    note(arg, warning ? SP_LOG_WARNING : SP_LOG_INFO, text);
}

static void on_recall_event(void *arg, const char *name, struct sp_dict *fields)
{
    struct run *run = arg;
    struct sp_err ignored = SP_ERR_INIT;

    sp_witness_blind(); /* something is done to the data */
    /* If the journal is full, the next event of a step says so. */
    (void)!sp_chronicle_add(&run->chronicle, name, fields, SP_JOURNAL_LAZY, &ignored);
}

/* What was done before in this workspace. */
static enum sp_rc open_recall(struct run *run, struct sp_err *err)
{
    const struct sp_session *session = run->session;
    struct sp_recall_options options = {
        .session = run->session,
        .state_dir = run->workspace.dir,
        .run = run->result->id,
        .recipe = session->recipe ? session->recipe->name : SP_STR(""),
        .path = run->works.path,
        .fresh = run->options->fresh,
        .on_top = run->options->on_top,
        .edits = run->options->edits,
        .note = on_recall_note,
        .event = on_recall_event,
        .arg = run,
    };

    return sp_recall_open(&options, &run->works.recall, err);
}

/* What runs that did not end have left running, and in boxes. */
static enum sp_rc lose_runs(struct run *run, struct sp_list *lines, struct sp_err *err)
{
    const struct sp_backend_ops *ops;
    struct sp_backend *backend;

    run->works.backends.boxes =
        sp_arena_join(run->session->arena, run->workspace.dir, "/", SP_STR("boxes"));
    enum sp_rc rc = sp_backends_get(&run->works.backends, SP_STR("native"), &ops, &backend, err);
    run->result->backend_failed = rc != SP_OK;
    if (rc == SP_OK)
        rc = sp_lost_runs(&run->workspace, ops, backend, lines, err);
    return rc == SP_OK && lines->len ? sp_backends_reap(&run->works.backends, err) : rc;
}

/* The workspace is ours, and has a directory for this run. */
static enum sp_rc move_in(struct run *run, struct sp_err *err)
{
    struct sp_arena *arena = run->session->arena;
    SP_WITNESS_PAUSED;

    enum sp_rc rc =
        run->workspace.lock ? SP_OK : sp_workspace_open(arena, ".", &run->workspace, err);
    if (rc == SP_OK) {
        struct sp_list *lines = sp_list_new(arena).list;
        rc = lose_runs(run, lines, err);
        SP_LIST_EACH(line, lines)
        note(run, SP_LOG_WARNING, line->text);
    }
    if (rc == SP_OK)
        rc = sp_workspace_new_run(&run->workspace, &run->result->id, &run->works.dir, err);
    if (rc == SP_OK) {
        run->works.mark = sp_workspace_mark(&run->workspace, run->result->id);
        struct sp_str path = sp_workspace_journal(&run->workspace, run->result->id);
        rc = sp_journal_create(path.ptr, &run->chronicle.journal, err);
    }
    return rc;
}

static enum sp_rc open_run(struct run *run, struct sp_err *err)
{
    struct sp_run_event event = sp_chronicle_event(&run->chronicle, SP_RUN_START, NULL);

    enum sp_rc rc = move_in(run, err);
    if (rc == SP_OK)
        rc = sp_provenance_keep(run->session, &run->workspace, err);
    if (rc == SP_OK)
        rc = open_recall(run, err);
    if (rc) {
        run->result->workspace_failed = true;
        return rc;
    }
    event.run_id = run->result->id;
    struct sp_dict *record =
        sp_record_run_start(run->session, run->options, run->result->id, run->chronicle.total);
    run->told = run->session->asked.variables->len;
    return sp_chronicle_write(&run->chronicle, &event, "run-start", record, err);
}

/* What nobody had asked for when the run began, since it hangs on what the steps have made. */
static void add_late_variables(const struct run *run, struct sp_dict *record)
{
    const struct sp_dict *asked = run->session->asked.variables;
    struct sp_value late = sp_dict_new(run->session->arena);

    for (size_t i = run->told; i < asked->len; i++)
        sp_dict_set(run->session->arena, late.dict, asked->entries[i].key, asked->entries[i].value);
    if (late.dict->len)
        sp_dict_put(run->session->arena, record, "environment", late);
}

static const struct sp_dict *log_settings(struct sp_session *session, const char *name)
{
    struct sp_arena *arena = session->arena;
    const struct sp_value *log = sp_config_option(&session->config, "log");
    struct sp_dict *info = sp_dict_new(arena).dict;
    struct sp_scope scope = { 0 };
    struct sp_eval eval = {
        .arena = arena,
        .world = &session->world,
        .scope = &scope,
        .tolerant = true,
        .for_log = true,
    };

    if (!log || log->kind != SP_DICT)
        return NULL;
    sp_dict_set(arena, info, SP_STR("fqname"), sp_text(sp_str_of(name)));
    sp_scope_set(&scope, "info", info, false);
    sp_scope_set(&scope, "config", session->config.root, false);
    struct sp_dict *out = sp_dict_clone(arena, log->dict);
    for (size_t i = 0; i < out->len; i++) {
        struct sp_value *value = &out->entries[i].value;
        if (sp_is_text(*value) && sp_str_find(value->text, '{') != SIZE_MAX)
            *value = sp_eval_subst(&eval, *value, true);
    }
    return out;
}

/* What does not belong to the recipe that is run. */
static void log_begin(struct run *run)
{
    const char *name = run->options->name;
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    if (!name)
        return;
    sp_logbook_begin(run->logbook, log_settings(run->session, name), sp_str_of(name));
    sp_buf_adds(&line, "command line:");
    for (int i = 0; i < run->options->argc; i++)
        sp_buf_addf(&line, " %s", run->options->argv[i]);
    sp_logbook_write(run->logbook, SP_LOG_INFO, sp_buf_str(&line));
}

static void log_end(struct run *run, const struct sp_run_event *event)
{
    const char *how = event->success ? "successful" : event->interrupted ? "interrupted" : "failed";
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&line, "run %s after %s", how, sp_clock_hms(event->usage.wall).text);
    sp_logbook_write(run->logbook, event->success ? SP_LOG_INFO : SP_LOG_ERROR, sp_buf_str(&line));
    sp_buf_clear(&line);
    sp_buf_addf(&line, "last log directory was " SP_STR_FMT, SP_STR_ARG(event->log_dir));
    sp_logbook_write(run->logbook, SP_LOG_INFO, sp_buf_str(&line));
    sp_logbook_flush(run->logbook);
}

static enum sp_rc close_run(struct run *run, struct sp_err *err)
{
    struct sp_run_event event = sp_chronicle_event(&run->chronicle, SP_RUN_END, NULL);

    event.usage.wall = sp_clock_monotonic() - run->started;
    event.success = !run->failure && !run->result->interrupted;
    event.interrupted = run->result->interrupted;
    event.text = sp_str_of(run->failure);
    run->result->log_dir = sp_arena_str(run->session->arena, sp_logbook_dir(run->logbook));
    event.log_dir = run->result->log_dir;
    sp_logbook_end(run->logbook);
    sp_chronicle_repeat(&run->chronicle, run->logbook);
    log_end(run, &event);
    const char *log_error = sp_logbook_error(run->logbook);
    if (log_error)
        note(run, SP_LOG_WARNING, sp_str_of(log_error));
    struct sp_dict *record = sp_record_run_end(run->session->arena, event.success,
                                               event.interrupted, run->failure, event.usage.wall);
    add_late_variables(run, record);
    return sp_chronicle_write(&run->chronicle, &event, "run-end", record, err);
}

/* Once through the recipe. *over: and again, because something that is needed was not kept. */
static enum sp_rc walk_once(struct run *run, bool *over, struct sp_err *err)
{
    struct sp_walk_options options = sp_session_walk_options(run->session);
    struct sp_walk *walk = NULL;
    const char *why = NULL;

    options.world = sp_recall_world(run->works.recall);
    options.offers = sp_tools_offers(run->session->arena, run->works.path);
    options.python = sp_tools_python(run->works.path);
    options.prepare = true; /* the preflight has checked it */
    options.parallel = true;
    options.past = sp_past_questions(run->session->past);
    options.log = on_log;
    options.log_arg = run;

    run->crew = sp_crew_new(&run->works);
    enum sp_rc rc = sp_walk_new(&options, &walk, err);
    if (rc == SP_OK)
        rc = sp_crew_run(run->crew, walk, run->logbook, &why, err);
    *over = rc == SP_OK && sp_crew_starts_over(run->crew);
    if (why && !*over)
        fail(run, why);
    sp_crew_free(SP_TAKE(run->crew));
    sp_walk_free(walk);
    return rc;
}

/* What the run has come to is brought to disk. */
static void settle(struct run *run, bool *over)
{
    struct sp_err err = SP_ERR_INIT;

    if (run->result->interrupted || sp_recall_finish(run->works.recall, over, &err) == SP_OK)
        return;
    fail(run, err.text);
    sp_diag_error(&run->session->diags, SP_DIAG_OUTPUT, 0, "%s", err.text);
}

static enum sp_rc walk_through(struct run *run, struct sp_err *err)
{
    size_t findings = run->session->diags.len;
    size_t done = run->result->done, skipped = run->result->skipped;
    bool over = false;

    for (;;) {
        enum sp_rc rc = walk_once(run, &over, err);
        if (rc == SP_OK && !over)
            settle(run, &over);
        if (rc || !over)
            return rc;
        /* What was said about the way so far will be said again. */
        sp_diags_truncate(&run->session->diags, findings);
        sp_recall_rewind(run->works.recall);
        run->result->done = done;
        run->result->skipped = skipped;
        run->result->reused = 0;
    }
}

static void close_recall(struct run *run)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_recall_close(SP_TAKE(run->works.recall), &err))
        note(run, SP_LOG_WARNING, sp_str_of(err.text));
}

static void release(struct run *run)
{
    sp_crew_free(run->crew);
    sp_map_fini(&run->works.postponed);
    sp_backends_close(&run->works.backends);
    sp_loop_free(run->works.loop);
    sp_logbook_free(run->logbook);
    sp_chronicle_fini(&run->chronicle);
    sp_workspace_close(&run->workspace);
}

static enum sp_rc run_all(struct run *run, struct sp_err *err)
{
    enum sp_rc rc = open_loop(run, err);
    if (rc == SP_OK)
        rc = open_run(run, err);
    if (rc == SP_OK)
        rc = walk_through(run, err);
    if (run->works.recall)
        close_recall(run);
    if (rc && run->chronicle.journal) {
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

/* --- one's turn --------------------------------------------------------------------------- */

static void on_waits(void *arg, struct sp_str text)
{
    const struct run *run = arg;
    struct sp_run_event event = { .kind = SP_RUN_NOTE, .level = SP_LOG_INFO, .text = text };

    if (run->options->watch)
        run->options->watch(run->options->arg, &event);
}

/* What is there afterwards is what the other run has left: so before anything is looked at. */
static enum sp_rc wait_turn(struct run *run, struct sp_err *err)
{
    struct sp_turn_options options = {
        .dir = ".", .patience = run->options->wait, .waits = on_waits, .arg = run
    };

    if (!run->options->wait)
        return SP_OK;
    enum sp_rc rc = sp_turn_take(run->session->arena, &options, &run->workspace,
                                 &run->result->interrupted, err);
    if (rc == SP_OK && run->result->interrupted)
        rc = sp_fail(err, SP_BUSY, "interrupted");
    run->result->workspace_failed = rc != SP_OK;
    return rc;
}

static enum sp_rc look_ahead(struct run *run, struct sp_preflight *preflight, struct sp_err *err)
{
    enum sp_rc rc = wait_turn(run, err);

    if (rc == SP_OK)
        rc = sp_preflight(run->session, SP_PITFALLS_RESULTS, NULL, NULL, preflight, err);
    run->result->nothing = rc == SP_OK && preflight->nothing;
    /* All of them before the first step: none shall fail after hours for want of an image. */
    if (rc == SP_OK && !preflight->nothing)
        rc = sp_images_fetch(run->session->images, run->options->images, err);
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
        .works = { .session = session,
                   .chronicle = &run.chronicle,
                   .path = sp_tools_path(session->arena, &session->places) },
        .started = sp_clock_monotonic(),
    };

    *result = (struct sp_run_result){ 0 };
    enum sp_rc rc = look_ahead(&run, &preflight, err);
    if (rc || preflight.nothing) {
        sp_workspace_close(&run.workspace);
        return rc;
    }
    sp_chronicle_init(&run.chronicle, options, result);
    run.chronicle.total = preflight.exact ? preflight.tasks : 0;
    run.logbook = sp_logbook_new(options->logger ? options->logger : "SPOOR");
    log_begin(&run);
    rc = run_all(&run, err);
    if (rc == SP_OK && !session->diags.len)
        sp_repeat_keep(&run.workspace, options, result, run.chronicle.total);
    release(&run);
    return rc;
}
