/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/clock.h"

#include "engine/images.h"
#include "engine/lane_internal.h"
#include "engine/leftover.h"
#include "engine/record.h"
#include "value/text.h"

#include <stdlib.h>

#define NOT_BEGUN INT32_MIN /* exit status of a step whose tool was not started */

struct sp_lane *sp_lane_new(struct sp_works *works, struct sp_walk *walk, struct sp_logbook *book)
{
    struct sp_lane *lane = sp_alloc(sizeof *lane);

    lane->works = works;
    lane->walk = walk;
    lane->logbook = book;
    lane->arena = sp_arena_new();
    return lane;
}

void sp_lane_free(struct sp_lane *lane)
{
    if (!lane)
        return;
    sp_taskrun_free(lane->task);
    sp_watch_remove(lane->pause);
    if (!lane->is_main)
        sp_logbook_free(lane->logbook);
    sp_arena_free(lane->arena);
    free(lane->why);
    free(lane);
}

static bool is_interrupted(const struct sp_lane *lane)
{
    return lane->works->chronicle->result->interrupted;
}

static void note(struct sp_lane *lane, enum sp_log_level level, struct sp_str text)
{
    sp_chronicle_note(lane->works->chronicle, lane->logbook, level, text);
}

static void fail(struct sp_lane *lane, const char *why)
{
    if (!lane->why)
        lane->why = sp_strdup(why);
}

static struct sp_run_event event_of(const struct sp_lane *lane,
                                    enum sp_run_event_kind kind,
                                    const struct sp_action *action)
{
    return sp_chronicle_event(lane->works->chronicle, kind, action);
}

/* --- the log ------------------------------------------------------------------------------ */

/* For the log; shown, too, when somebody asks for it. */
static void detail(struct sp_lane *lane, enum sp_log_level level, struct sp_str text)
{
    if (lane->works->chronicle->options->verbose)
        note(lane, level, text);
    else
        sp_logbook_write(lane->logbook, level, text);
}

static void log_values(struct sp_lane *lane, const char *heading, const struct sp_dict *values)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    detail(lane, SP_LOG_INFO, sp_str_of(heading));
    SP_DICT_EACH(entry, values)
    {
        sp_buf_clear(&line);
        sp_buf_addf(&line, "  " SP_STR_FMT ": ", SP_STR_ARG(entry->key));
        sp_value_brief(entry->value, 2000, &line);
        detail(lane, SP_LOG_INFO, sp_buf_str(&line));
    }
}

static void log_image(struct sp_lane *lane, const struct sp_task *task)
{
    struct sp_images *images = lane->works->session->images;
    const struct sp_step_image *image;
    struct sp_err ignored = SP_ERR_INIT; /* the start of the job will say it */

    if (sp_images_take(images, task) && sp_images_find(images, task, &image, &ignored) == SP_OK &&
        image->is_here)
        detail(lane, SP_LOG_INFO,
               sp_arena_printf(lane->arena, "in image " SP_STR_FMT ", sha256:%s",
                               SP_STR_ARG(image->name), image->digest.hex));
}

static void log_invocation(struct sp_lane *lane, const struct sp_task *task)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    log_image(lane, task);
    log_values(lane, "### validated inputs", task->inputs);
    sp_logbook_write(lane->logbook, SP_LOG_INFO, SP_STR("---INVOKING---"));
    sp_logbook_write(lane->logbook, SP_LOG_INFO, task->command.display);
    for (size_t i = 0; task->command.argv[i]; i++)
        sp_buf_addf(&line, "%s%s", i ? " " : "full command line is ", task->command.argv[i]);
    detail(lane, SP_LOG_DEBUG, sp_buf_str(&line));
}

/* How the run was asked for: the first line of the outermost recipe's log. */
static void log_request(struct sp_lane *lane)
{
    const struct sp_run_options *options = lane->works->chronicle->options;
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    for (int i = 0; i < options->argc; i++)
        sp_buf_addf(&line, "%s%s", i ? " " : "command line: ", options->argv[i]);
    if (options->argc)
        sp_logbook_write(lane->logbook, SP_LOG_INFO, sp_buf_str(&line));
}

/* What the tool had left running, and was waited for. */
static void note_left(struct sp_lane *lane)
{
    const struct sp_taskrun_result *last = &lane->last;

    if (!last->left.len)
        return;
    if (!last->was_ended) {
        detail(lane, SP_LOG_INFO,
               sp_arena_printf(lane->arena,
                               "waited for " SP_STR_FMT ", which the tool had left running",
                               SP_STR_ARG(last->left)));
        return;
    }
    note(lane, SP_LOG_WARNING,
         sp_arena_printf(lane->arena,
                         SP_STR_FMT
                         " was still running after the tool had ended: it has been ended, and the "
                         "result is not reused, since nobody knows what else it would have written "
                         "(let the command wait for what it starts)",
                         SP_STR_ARG(last->left)));
}

static void log_result(struct sp_lane *lane)
{
    const struct sp_taskrun_result *last = &lane->last;
    struct sp_clock_text wall = sp_clock_hms(last->usage.wall);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    if (last->why)
        sp_buf_adds(&line, last->why);
    else
        sp_buf_addf(&line, SP_STR_FMT " returns exit code 0 after %s",
                    SP_STR_ARG(lane->action.task->command.short_name), wall.text);
    if (last->why)
        sp_logbook_write(lane->logbook, SP_LOG_ERROR, sp_buf_str(&line));
    else
        detail(lane, SP_LOG_INFO, sp_buf_str(&line));
    note_left(lane);
    if (last->remark.len)
        sp_logbook_write(lane->logbook, SP_LOG_INFO, last->remark);
    if (last->warning.len)
        note(lane, SP_LOG_WARNING,
             sp_arena_printf(lane->arena, "step '" SP_STR_FMT "': " SP_STR_FMT,
                             SP_STR_ARG(lane->action.position->label), SP_STR_ARG(last->warning)));
    if (last->output_error)
        note(lane, SP_LOG_WARNING, sp_str_of(last->output_error));
    if (last->warnings)
        SP_LIST_EACH(warning, last->warnings)
    note(lane, SP_LOG_WARNING, warning->text);
}

/* --- one tool ----------------------------------------------------------------------------- */

static struct sp_str output_file_name(struct sp_lane *lane, const struct sp_position *position)
{
    char *label = sp_arena_cstr(lane->arena, position->label);

    for (char *c = label; *c; c++)
        if (*c == '/')
            *c = '_';
    return sp_arena_printf(lane->arena, "%s/%04zu-%s.log", lane->works->dir.ptr,
                           ++lane->works->tasks, label);
}

static void on_done(void *arg)
{
    struct sp_lane *lane = arg;

    lane->works->running--;
    lane->state = SP_LANE_READY;
    lane->works->wake(lane->works->arg, lane);
}

/* What a tool has come to is answered to the walk. */
static void answer(struct sp_lane *lane)
{
    if (is_interrupted(lane) && !lane->last.success)
        lane->last.why = "interrupted";
    if (lane->last.why)
        lane->last.why = sp_lane_with_attempts(lane);
    struct sp_outcome outcome = { .success = lane->last.success && !is_interrupted(lane),
                                  .why = lane->last.why ? lane->last.why : "interrupted",
                                  .outputs = lane->last.outputs };
    sp_walk_done(lane->walk, &outcome);
}

/* A tool has ended, or could not be started. */
static enum sp_rc conclude(struct sp_lane *lane, struct sp_err *err)
{
    bool again;

    log_result(lane);
    enum sp_rc rc = sp_lane_try_again(lane, &again, err);
    if (rc == SP_OK && !again)
        answer(lane);
    return rc;
}

/* ".spoor/boxes/RUN-0003-image": no other task, nor attempt, of this or another run has that. */
static struct sp_str scratch_name(struct sp_lane *lane, struct sp_str output)
{
    struct sp_str run = lane->works->dir;
    struct sp_str file = sp_str_slice(output, sp_str_rfind(output, '/') + 1, output.len);

    run = sp_str_slice(run, sp_str_rfind(run, '/') + 1, run.len);
    if (sp_str_ends(file, ".log"))
        file.len -= strlen(".log");
    struct sp_str name = sp_arena_join(lane->arena, run, "-", file);
    if (lane->retry.attempt > 1)
        name =
            sp_arena_printf(lane->arena, SP_STR_FMT ".%u", SP_STR_ARG(name), lane->retry.attempt);
    return sp_arena_join(lane->arena, lane->works->backends.boxes, "/", name);
}

/* ".spoor/undeclared/RUN-0003-image" */
static struct sp_str keep_name(struct sp_lane *lane, struct sp_str scratch)
{
    struct sp_str file = sp_str_slice(scratch, sp_str_rfind(scratch, '/') + 1, scratch.len);
    struct sp_str state = sp_str_slice(lane->works->backends.boxes, 0,
                                       sp_str_rfind(lane->works->backends.boxes, '/'));

    return sp_arena_printf(lane->arena, SP_STR_FMT "/undeclared/" SP_STR_FMT, SP_STR_ARG(state),
                           SP_STR_ARG(file));
}

static enum sp_rc start_task(struct sp_lane *lane, struct sp_str output, struct sp_err *err)
{
    struct sp_works *works = lane->works;
    struct sp_err refusal = SP_ERR_INIT;
    struct sp_str scratch = scratch_name(lane, output);
    struct sp_taskrun_options options = {
        .session = works->session,
        .arena = lane->arena,
        .loop = works->loop,
        .roles = &lane->recalled.roles,
        .effects = lane->recalled.effects,
        .scratch = scratch,
        .keep = keep_name(lane, scratch),
        .logbook = lane->logbook,
        .path = works->path,
        .mark = works->mark,
        .output_file = output,
        .watch = works->chronicle->options->watch,
        .arg = works->chronicle->options->arg,
        .done = on_done,
        .done_arg = lane,
        .base = &lane->base,
    };

    enum sp_rc rc = sp_retry_policy_read(lane->action.task, &lane->retry.policy, &refusal);
    options.timeout = lane->retry.policy.timeout;
    if (rc == SP_OK)
        rc = sp_backends_get(&works->backends, lane->action.task->backend_name, &options.ops,
                             &options.backend, &refusal);
    if (rc == SP_OK)
        rc = sp_taskrun_start(&options, lane->action.task, &lane->task, &refusal);
    if (rc) {
        lane->last = (struct sp_taskrun_result){
            .why = sp_arena_cstr(lane->arena, sp_str_of(refusal.text)),
            .exit_status = -1,
            .failure = sp_failure_of_start(&refusal),
        };
        lane->is_prepared = true;
        return conclude(lane, err);
    }
    lane->is_prepared = false;
    lane->state = SP_LANE_RUNNING;
    works->running++;
    return sp_chronicle_add(works->chronicle, "step-handle",
                            sp_record_step_handle(lane->arena, &lane->action, options.ops->name,
                                                  sp_taskrun_handle(lane->task)),
                            SP_JOURNAL_LAZY, err);
}

/* Why it runs, or that it need not, for the journal. */
static enum sp_rc tell_key(struct sp_lane *lane, struct sp_err *err)
{
    struct sp_dict *fields = sp_record_step(lane->arena, lane->action.position);

    if (!lane->recalled.preimage.len && !lane->recalled.why)
        return SP_OK;
    sp_recall_describe_key(lane->arena, &lane->recalled, fields);
    return sp_chronicle_add(lane->works->chronicle, "step-key", fields, SP_JOURNAL_LAZY, err);
}

static void log_reasons(struct sp_lane *lane)
{
    if (!lane->recalled.why || !lane->recalled.preimage.len)
        return;
    SP_LIST_EACH(line, lane->recalled.why)
    {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&text, "runs because: " SP_STR_FMT, SP_STR_ARG(line->text));
        detail(lane, SP_LOG_INFO, sp_buf_str(&text));
    }
}

/* The result is there: the walk goes on as if the tool had just made it. */
static void reuse(struct sp_lane *lane)
{
    const struct sp_product *product = &lane->recalled.product;
    struct sp_outcome outcome = { .success = true, .outputs = product->values };
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&line,
                "not run again: nothing that it depends on has changed since run " SP_STR_FMT,
                SP_STR_ARG(product->run));
    sp_logbook_spare(lane->logbook, lane->action.position);
    sp_logbook_write(lane->logbook, SP_LOG_INFO, sp_buf_str(&line));
    sp_walk_done(lane->walk, &outcome);
}

static enum sp_rc run_tool(struct sp_lane *lane, struct sp_err *err);

static struct sp_dict *record_end(struct sp_lane *lane,
                                  const struct sp_action *action,
                                  bool success)
{
    struct sp_dict *record =
        sp_record_step_end(lane->arena, action->position, success, lane->last.why,
                           lane->last.exit_status, &lane->last.usage);
    sp_record_attempts(lane->arena, record, success ? SP_FAILURE_NONE : lane->last.failure,
                       lane->retry.failed);
    return record;
}

/* Of a step whose next attempt is that of another walk. */
static enum sp_rc tell_end(struct sp_lane *lane, struct sp_err *err)
{
    return sp_chronicle_add(lane->works->chronicle, "step-end",
                            record_end(lane, &lane->action, false), SP_JOURNAL_LAZY, err);
}

/* It cannot run, or not once more. */
static void refuse(struct sp_lane *lane, const char *why)
{
    if (lane->retry.attempt) {
        sp_lane_give_up(lane, why);
        answer(lane);
        return;
    }
    lane->last = (struct sp_taskrun_result){ .why = why, .exit_status = NOT_BEGUN };
    sp_walk_done(lane->walk, &(struct sp_outcome){ .why = why });
}

/* What has been done before need not be done again. */
static enum sp_rc do_run(struct sp_lane *lane, const struct sp_action *action, struct sp_err *err)
{
    struct sp_err refusal = SP_ERR_INIT;

    if (&lane->action != action)
        lane->action = *action;
    lane->state = SP_LANE_READY;
    if (sp_recall_begin(lane->works->recall, lane->arena, &lane->action, &lane->recalled,
                        &refusal)) {
        refuse(lane, sp_arena_cstr(lane->arena, sp_str_of(refusal.text)));
        return SP_OK;
    }
    switch (lane->recalled.verdict) {
    case SP_RECALL_RUNS: return run_tool(lane, err);
    case SP_RECALL_REUSED: reuse(lane); return SP_OK;
    case SP_RECALL_WAITS:
        lane->state = SP_LANE_WAITING;
        lane->waits_elsewhere = lane->recalled.waits_elsewhere;
        return SP_OK;
    case SP_RECALL_STARTS_OVER:
        lane->starts_over = true;
        fail(lane, "a result that is needed has to be made again first");
        sp_lane_postpone(lane);
        return lane->is_told ? tell_end(lane, err) : SP_OK;
    }
    return SP_OK;
}

static enum sp_rc tell_start(struct sp_lane *lane, struct sp_err *err)
{
    const struct sp_action *action = &lane->action;

    if (!lane->output.len) {
        lane->output = output_file_name(lane, action->position);
        lane->number = lane->works->tasks;
    }
    lane->is_told = true;
    lane->base = event_of(lane, SP_RUN_STEP, action);
    lane->base.done = lane->number - 1; /* begun before this one */
    lane->step_started = sp_clock_files();
    log_reasons(lane);
    log_invocation(lane, action->task);
    struct sp_dict *record =
        sp_record_step_start(lane->arena, action, lane->output, sp_logbook_path(lane->logbook));
    sp_record_image(lane->arena, lane->works->session, action->task, record);
    enum sp_rc rc =
        sp_chronicle_write(lane->works->chronicle, &lane->base, "step-start", record, err);
    /* Told; what the tool says comes with events of its own. */
    lane->base.event = NULL;
    lane->base.record = NULL;
    return rc ? rc : tell_key(lane, err);
}

static enum sp_rc run_tool(struct sp_lane *lane, struct sp_err *err)
{
    enum sp_rc rc = lane->is_told ? SP_OK : tell_start(lane, err);

    lane->retry.attempt++;
    return rc ? rc : start_task(lane, lane->output, err);
}

static enum sp_rc finish_task(struct sp_lane *lane, struct sp_err *err)
{
    sp_taskrun_result(lane->task, &lane->last);
    sp_taskrun_free(SP_TAKE(lane->task));
    return conclude(lane, err);
}

/* The pause is over. */
static enum sp_rc resume(struct sp_lane *lane, struct sp_err *err)
{
    lane->is_resumed = false;
    if (is_interrupted(lane)) {
        answer(lane);
        return SP_OK;
    }
    lane->step_started = sp_clock_files();
    return lane->is_prepared ? run_tool(lane, err) : do_run(lane, &lane->action, err);
}

/* --- other actions ------------------------------------------------------------------------ */

static void report_leftovers(struct sp_lane *lane, const struct sp_task *task)
{
    struct sp_list *lines = sp_leftovers(lane->arena, task, lane->step_started);

    SP_LIST_EACH(line, lines)
    note(lane, SP_LOG_WARNING, line->text);
}

/* Why outputs were refused. */
static const char *last_finding(const struct sp_lane *lane)
{
    const struct sp_diags *diags = &lane->works->session->diags;

    return diags->len ? diags->items[diags->len - 1].text : "its outputs are not as they should be";
}

static bool check_outputs(struct sp_lane *lane, const struct sp_action *action)
{
    struct sp_err blank = SP_ERR_INIT;

    if (sp_outputs_check(lane->arena, action->task, &blank) == SP_OK)
        return true;
    lane->last.why = sp_arena_cstr(lane->arena, sp_str_of(blank.text));
    sp_diag_error(&lane->works->session->diags, SP_DIAG_OUTPUT, action->position->origin,
                  "step '" SP_STR_FMT "': %s", SP_STR_ARG(action->position->fqname), blank.text);
    return false;
}

/* The same without the name of the step, which stands in front of it wherever it is shown. */
static const char *last_reason(struct sp_lane *lane, const struct sp_position *position)
{
    static const struct {
        const char *front, *back;
    } heads[] = { { "'", "': " }, { "step '", "': " }, { "step '", "' has failed: " } };
    struct sp_str text = sp_str_of(last_finding(lane));

    for (size_t i = 0; i < SP_COUNT(heads); i++) {
        struct sp_str head = sp_arena_printf(lane->arena, "%s" SP_STR_FMT "%s", heads[i].front,
                                             SP_STR_ARG(position->fqname), heads[i].back);
        if (sp_str_starts(text, head.ptr))
            return text.ptr + head.len;
    }
    return text.ptr;
}

static void fail_task(struct sp_lane *lane, const struct sp_action *action)
{
    if (!lane->last.why)
        lane->last.why = last_reason(lane, action->position);
    report_leftovers(lane, action->task);
    if (lane->is_main)
        fail(lane, lane->last.why);
    else
        fail(lane, sp_arena_printf(lane->arena, "step '" SP_STR_FMT "': %s",
                                   SP_STR_ARG(action->position->label), lane->last.why)
                       .ptr);
}

/* What came out is kept. False: it cannot even be looked at. */
static bool remember(struct sp_lane *lane, const struct sp_action *action, bool success)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_recall_done done = {
        .success = success,
        .found = lane->last.outputs,
        .usage = lane->last.usage,
        .output = lane->output,
        .is_unsound = lane->last.was_ended,
    };

    if (sp_recall_end(lane->works->recall, lane->arena, &lane->recalled, action, &done, &err) ==
        SP_OK)
        return success;
    lane->last.why = sp_arena_cstr(lane->arena, sp_str_of(err.text));
    sp_diag_error(&lane->works->session->diags, SP_DIAG_OUTPUT, action->position->origin,
                  "step '" SP_STR_FMT "': %s", SP_STR_ARG(action->position->fqname), err.text);
    return false;
}

static enum sp_rc tell_versions(struct sp_lane *lane,
                                const struct sp_action *action,
                                enum sp_journal_sync sync,
                                struct sp_err *err)
{
    struct sp_dict *fields = sp_record_step(lane->arena, action->position);

    if (!lane->recalled.product.output_count)
        return SP_OK;
    sp_recall_describe_versions(lane->arena, &lane->recalled, fields);
    return sp_chronicle_add(lane->works->chronicle, "step-versions", fields, sync, err);
}

/* The step has ended well without having run. */
static enum sp_rc end_reused(struct sp_lane *lane,
                             const struct sp_action *action,
                             struct sp_err *err)
{
    struct sp_chronicle *chronicle = lane->works->chronicle;
    struct sp_run_event event = event_of(lane, SP_RUN_REUSED, action);
    const struct sp_dict *outputs = action->task->outputs;

    chronicle->result->reused++;
    event.done = ++chronicle->result->done;
    event.text = lane->recalled.product.run;
    event.success = true;
    struct sp_dict *fields = sp_record_step(lane->arena, action->position);
    sp_recall_describe_key(lane->arena, &lane->recalled, fields);
    sp_record_image(lane->arena, lane->works->session, action->task, fields);
    enum sp_rc rc = sp_chronicle_write(chronicle, &event, "step-key", fields, err);
    if (rc == SP_OK)
        rc = tell_versions(lane, action, SP_JOURNAL_LATER, err);
    if (rc == SP_OK && outputs && outputs->len)
        rc = sp_chronicle_add(chronicle, "step-outputs",
                              sp_record_outputs(lane->arena, action->position, outputs),
                              SP_JOURNAL_LATER, err);
    lane->last = (struct sp_taskrun_result){ .exit_status = NOT_BEGUN };
    sp_logbook_leave(lane->logbook, action->position);
    return rc;
}

/* A tool has ended; its outputs are there (or, on failure, are not). */
static enum sp_rc do_end(struct sp_lane *lane,
                         const struct sp_action *action,
                         bool success,
                         struct sp_err *err)
{
    struct sp_chronicle *chronicle = lane->works->chronicle;
    struct sp_run_event event = event_of(lane, SP_RUN_DONE, action);
    const struct sp_dict *outputs = action->task->outputs;

    if (lane->recalled.verdict == SP_RECALL_REUSED)
        return end_reused(lane, action, err);
    success = success && check_outputs(lane, action);
    success = remember(lane, action, success);
    bool has_outputs = success && outputs && outputs->len;
    if (!success)
        fail_task(lane, action);
    if (has_outputs)
        log_values(lane, "### validated outputs", outputs);
    event.done = ++chronicle->result->done;
    event.success = success;
    event.interrupted = !success && is_interrupted(lane);
    event.usage = lane->last.usage;
    event.text = sp_str_of(lane->last.why);
    struct sp_dict *record = record_end(lane, action, success);
    enum sp_rc rc = sp_chronicle_write(chronicle, &event, "step-end", record, err);
    if (rc == SP_OK && success)
        rc = tell_versions(lane, action, SP_JOURNAL_LAZY, err);
    if (rc == SP_OK && has_outputs)
        rc = sp_chronicle_add(chronicle, "step-outputs",
                              sp_record_outputs(lane->arena, action->position, outputs),
                              SP_JOURNAL_LAZY, err);
    lane->last = (struct sp_taskrun_result){ .exit_status = NOT_BEGUN };
    if (success)
        sp_logbook_leave(lane->logbook, action->position);
    return rc;
}

/* Its tool was not started: the inputs, the preamble or the backend are not as they should be. */
static enum sp_rc do_refuse(struct sp_lane *lane,
                            const struct sp_action *action,
                            struct sp_err *err)
{
    struct sp_run_event event = event_of(lane, SP_RUN_DONE, action);

    lane->last.why = last_reason(lane, action->position);
    sp_logbook_write(lane->logbook, SP_LOG_ERROR, sp_str_of(lane->last.why));
    event.refused = true;
    event.text = sp_str_of(lane->last.why);
    return sp_chronicle_write(lane->works->chronicle, &event, "step-refuse",
                              sp_record_step_refuse(lane->arena, action->position, lane->last.why),
                              err);
}

static enum sp_rc do_fail(struct sp_lane *lane, const struct sp_action *action, struct sp_err *err)
{
    sp_auto_buf struct sp_buf why = SP_BUF(SP_BUF_SMALL);

    if (lane->failures && !action->task) {
        sp_logbook_enter(lane->logbook, action->position);
        sp_logbook_write(lane->logbook, SP_LOG_ERROR, sp_str_of(last_finding(lane)));
        fail(lane, last_finding(lane));
    }
    if (action->at_step)
        sp_logbook_enter(lane->logbook, action->position);
    sp_buf_addf(&why, "step '" SP_STR_FMT "' has failed, aborting the recipe",
                SP_STR_ARG(action->position->fqname));
    enum sp_rc rc = SP_OK;
    if (action->task && lane->last.exit_status != NOT_BEGUN)
        rc = do_end(lane, action, false, err);
    else if (action->at_step)
        rc = do_refuse(lane, action, err);
    sp_logbook_write(lane->logbook, SP_LOG_ERROR, sp_buf_str(&why));
    fail(lane, lane->is_main ? why.ptr : last_finding(lane));
    return rc;
}

static enum sp_rc do_skip(struct sp_lane *lane, const struct sp_action *action, struct sp_err *err)
{
    struct sp_run_event event = event_of(lane, SP_RUN_SKIP, action);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    lane->works->chronicle->result->skipped++;
    sp_recall_skip(lane->works->recall, action->position);
    event.text = action->reason;
    event.unselected = action->unselected;
    sp_buf_addf(&line, "skipping step '" SP_STR_FMT "': " SP_STR_FMT,
                SP_STR_ARG(action->position->fqname), SP_STR_ARG(action->reason));
    sp_logbook_write(lane->logbook, action->unselected ? SP_LOG_DEBUG : SP_LOG_INFO,
                     sp_buf_str(&line));
    sp_arena_reset(lane->arena);
    return sp_chronicle_write(lane->works->chronicle, &event, "step-skip",
                              sp_record_step_skip(lane->arena, action), err);
}

static enum sp_rc do_leave(struct sp_lane *lane, const struct sp_action *action, struct sp_err *err)
{
    struct sp_run_event event = event_of(lane, SP_RUN_LEAVE, action);
    const struct sp_dict *outputs = action->outputs;
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    event.outputs = outputs;
    if (action->position->depth == 0 && outputs)
        lane->works->chronicle->result->outputs =
            sp_value_copy(
                lane->works->session->arena,
                (struct sp_value){ .kind = SP_DICT, .dict = (struct sp_dict *)(uintptr_t)outputs })
                .dict;
    sp_logbook_enter(lane->logbook, action->position);
    if (outputs && outputs->len)
        log_values(lane, "### validated outputs", outputs);
    sp_buf_addf(&line, "recipe '" SP_STR_FMT "' executed successfully",
                SP_STR_ARG(action->position->title));
    detail(lane, SP_LOG_INFO, sp_buf_str(&line));
    if (!outputs || outputs->len == 0) {
        sp_chronicle_tell(lane->works->chronicle, &event);
        return SP_OK;
    }
    return sp_chronicle_write(lane->works->chronicle, &event, "recipe-end",
                              sp_record_outputs(lane->arena, action->position, outputs), err);
}

static enum sp_rc do_step(struct sp_lane *lane, const struct sp_action *action)
{
    sp_logbook_enter(lane->logbook, action->position);
    sp_arena_reset(lane->arena);
    sp_lane_take_up(lane, action->position);
    lane->last = (struct sp_taskrun_result){ .exit_status = NOT_BEGUN };
    return SP_OK;
}

static enum sp_rc do_enter(struct sp_lane *lane,
                           const struct sp_action *action,
                           enum sp_run_event_kind kind)
{
    struct sp_run_event event = event_of(lane, kind, action);

    sp_logbook_enter(lane->logbook, action->position);
    if (action->position->depth == 0 && kind == SP_RUN_ENTER)
        log_request(lane);
    sp_chronicle_tell(lane->works->chronicle, &event);
    return SP_OK;
}

static enum sp_rc do_scatter(struct sp_lane *lane, const struct sp_action *action)
{
    lane->state = SP_LANE_SCATTERED;
    lane->count = action->count;
    lane->width = action->width;
    lane->opened = lane->open = 0;
    lane->failures = false;
    return SP_OK;
}

static enum sp_rc act(struct sp_lane *lane, const struct sp_action *action, struct sp_err *err)
{
    switch (action->kind) {
    case SP_ACTION_ENTER: return do_enter(lane, action, SP_RUN_ENTER);
    case SP_ACTION_ITERATION: return do_enter(lane, action, SP_RUN_ITERATION);
    case SP_ACTION_STEP: return do_step(lane, action);
    case SP_ACTION_RUN: return do_run(lane, action, err);
    case SP_ACTION_SKIP: return do_skip(lane, action, err);
    case SP_ACTION_END: return do_end(lane, action, true, err);
    case SP_ACTION_FAIL: return do_fail(lane, action, err);
    case SP_ACTION_LEAVE: return do_leave(lane, action, err);
    case SP_ACTION_SCATTER: return do_scatter(lane, action);
    }
    return SP_OK;
}

/* --- going on ----------------------------------------------------------------------------- */

#define ACTIONS_MAX 64 /* before others have their turn */

enum sp_rc sp_lane_go(struct sp_lane *lane, struct sp_err *err)
{
    struct sp_action action;
    enum sp_rc rc = SP_OK;

    lane->works->now = lane;
    if (lane->task)
        rc = finish_task(lane, err);
    else if (lane->is_resumed)
        rc = resume(lane, err);
    else if (is_interrupted(lane))
        fail(lane, "interrupted");
    else if (lane->state == SP_LANE_WAITING)
        rc = do_run(lane, &lane->action, err);
    if (lane->why && lane->state == SP_LANE_WAITING)
        lane->state = SP_LANE_READY;
    for (int i = 0; i < ACTIONS_MAX && lane->state == SP_LANE_READY && rc == SP_OK; i++) {
        if (lane->why || !sp_walk_next(lane->walk, &action)) {
            lane->state = SP_LANE_OVER;
            break;
        }
        rc = act(lane, &action, err);
        if (is_interrupted(lane) && action.kind != SP_ACTION_RUN)
            fail(lane, "interrupted");
    }
    lane->works->now = NULL;
    return rc;
}
