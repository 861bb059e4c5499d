/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/history.h"

#include "base/buf.h"
#include "base/nearest.h"
#include "base/vec.h"

#include "journal/journal.h"
#include "recipe/command.h"
#include "sys/lock.h"
#include "value/json.h"

struct fold {
    struct sp_arena *arena;
    struct sp_run_summary *run;
    SP_VEC(struct sp_step_summary) steps;
    bool ended;
    bool keeps;                    /* events live as long as the arena */
    struct sp_journal_place place; /* behind the event */
    struct sp_journal_place from;  /* and before it; of SP_HISTORY_SPOTS */
};

/* A text of an event, which may not live long. */
static struct sp_str text_of(const struct fold *fold, const struct sp_dict *event, const char *key)
{
    struct sp_str text = sp_dict_text(event, key);

    return fold->keeps || !text.len ? text : sp_arena_str(fold->arena, text);
}

/* An event of a step: kept, or noted where it stands. */
static void put_event(const struct fold *fold,
                      struct sp_step_summary *step,
                      enum sp_step_event kind,
                      const struct sp_dict *event)
{
    const struct sp_dict **events[] = { &step->start, &step->key, &step->end, &step->outputs,
                                        &step->versions };

    if (fold->keeps)
        *events[kind] = event;
    step->spots[kind] = (struct sp_step_spot){ fold->from.seq, fold->from.offset,
                                               fold->place.offset - fold->from.offset };
}

/* For events that are few: all of it, in any case. */
static const struct sp_dict *keep(const struct fold *fold, const struct sp_dict *event)
{
    struct sp_value value = { .kind = SP_DICT, .dict = (struct sp_dict *)event };
    sp_auto_buf struct sp_buf text = SP_BUF(SP_JOURNAL_LINE_MAX);
    struct sp_err ignored = SP_ERR_INIT;

    if (fold->keeps)
        return event;
    sp_json_encode(value, SP_JSON_COMPACT, &text);
    struct sp_str copy = sp_arena_str(fold->arena, sp_buf_str(&text));
    return sp_json_decode(fold->arena, copy, &value, &ignored) == SP_OK
               ? value.dict
               : sp_dict_new(fold->arena).dict;
}

static void add_variables(struct fold *fold, const struct sp_dict *event)
{
    const struct sp_value *found = sp_dict_get(event, "environment");

    if (!found || found->kind != SP_DICT)
        return;
    if (fold->run->environment.kind != SP_DICT)
        fold->run->environment = sp_dict_new(fold->arena);
    SP_DICT_EACH(entry, found->dict)
    sp_dict_set(fold->arena, fold->run->environment.dict, entry->key, entry->value);
}

static void fold_run_start(struct fold *fold, const struct sp_dict *event)
{
    event = keep(fold, event);
    fold->run->start = event;
    fold->run->recipe = text_of(fold, event, "recipe");
    fold->run->time = text_of(fold, event, "time");
    fold->run->cwd = text_of(fold, event, "cwd");
    fold->run->host = text_of(fold, event, "host");
    fold->run->total = (size_t)sp_dict_number(event, "total");
    const struct sp_value *selection = sp_dict_get(event, "selection");
    if (selection)
        fold->run->selection = *selection;
    add_variables(fold, event);
}

static void fold_step_start(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = SP_VEC_ADD(&fold->steps);

    step->task = text_of(fold, event, "task");
    step->cab = text_of(fold, event, "cab");
    step->loop = text_of(fold, event, "loop");
    step->worker = text_of(fold, event, "worker");
    step->output = text_of(fold, event, "output");
    step->log = text_of(fold, event, "log");
    step->command = sp_history_command(fold->arena, event, "argv");
    put_event(fold, step, SP_STEP_START, event);
}

/* The one of that name that has not ended. Several may be under way, the newest mostly. */
static struct sp_step_summary *find_open(struct fold *fold, struct sp_str task)
{
    for (size_t i = fold->steps.len; i-- > 0;) {
        struct sp_step_summary *step = &fold->steps.items[i];
        if (!step->ended && !step->skipped && sp_str_eq(step->task, task))
            return step;
    }
    return NULL;
}

/* "KIND:NAME=DIGEST ..." (engine/identity.h): the first name, and all of its digest and what
 * follows. */
static void add_program(struct fold *fold, const struct sp_dict *event)
{
    struct sp_dict *programs = fold->run->programs.dict;
    struct sp_str identity = sp_dict_text(event, "program");
    struct sp_str name = sp_str_cut(&identity, '=');
    const struct sp_value *known = name.len ? sp_dict_find(programs, name) : NULL;

    /* An image has its own place, by its name. */
    if (!name.len || sp_str_starts(name, "image:") ||
        (known && sp_str_eq(known->text, identity.ptr ? identity : SP_STR(""))))
        return;
    sp_dict_set(fold->arena, programs, sp_arena_str(fold->arena, name),
                sp_text(sp_arena_str(fold->arena, identity.ptr ? identity : SP_STR(""))));
}

/* Right after step-start; or it is all there is. */
static void fold_step_key(struct fold *fold, const struct sp_dict *event)
{
    bool hit = sp_dict_truth(event, "hit");
    struct sp_str of = sp_dict_text(event, "of");
    struct sp_step_summary *step =
        hit ? SP_VEC_ADD(&fold->steps) : find_open(fold, sp_dict_text(event, "task"));

    if (!step)
        return;
    put_event(fold, step, SP_STEP_KEY, event);
    add_program(fold, event);
    if (!hit)
        return;
    step->task = text_of(fold, event, "task");
    step->cab = text_of(fold, event, "cab");
    step->loop = text_of(fold, event, "loop");
    step->worker = text_of(fold, event, "worker");
    if (of.len)
        step->why = sp_arena_printf(fold->arena, "as in run " SP_STR_FMT, SP_STR_ARG(of));
    step->ended = step->success = step->reused = true;
    fold->run->reused++;
}

/* The newest of that name, which has ended. */
static struct sp_step_summary *find_done(struct fold *fold, struct sp_str task)
{
    for (size_t i = fold->steps.len; i-- > 0;) {
        struct sp_step_summary *step = &fold->steps.items[i];
        if (step->ended && sp_str_eq(step->task, task))
            return step;
    }
    return NULL;
}

static void fold_step_outputs(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = find_done(fold, sp_dict_text(event, "task"));

    if (step)
        put_event(fold, step, SP_STEP_OUTPUTS, event);
}

static void fold_step_versions(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = find_done(fold, sp_dict_text(event, "task"));

    if (step)
        put_event(fold, step, SP_STEP_VERSIONS, event);
}

static void fold_edit(struct fold *fold, const struct sp_dict *event)
{
    struct sp_value value = { .kind = SP_DICT, .dict = (struct sp_dict *)keep(fold, event) };

    sp_list_add(fold->arena, fold->run->edits.list, value);
}

static void fold_restore(struct fold *fold, const struct sp_dict *event)
{
    struct sp_value value = { .kind = SP_DICT, .dict = (struct sp_dict *)keep(fold, event) };

    sp_list_add(fold->arena, fold->run->restores.list, value);
}

static void fold_step_end(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = find_open(fold, sp_dict_text(event, "task"));

    if (!step)
        return;
    put_event(fold, step, SP_STEP_END, event);
    step->ended = true;
    step->success = sp_dict_truth(event, "success");
    step->why = text_of(fold, event, "why");
    step->wall = sp_dict_number(event, "wall");
    step->cpu = sp_dict_number(event, "cpu");
    step->memory = (uint64_t)sp_dict_number(event, "memory");
    step->read = (uint64_t)sp_dict_number(event, "read");
    step->write = (uint64_t)sp_dict_number(event, "write");
    fold->run->done++;
    fold->run->failed += !step->success;
}

static void fold_step_skip(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = SP_VEC_ADD(&fold->steps);

    step->task = text_of(fold, event, "task");
    step->loop = text_of(fold, event, "loop");
    step->why = text_of(fold, event, "why");
    step->skipped = true;
    step->unselected = sp_dict_truth(event, "unselected");
    fold->run->skipped++;
    fold->run->unselected += step->unselected;
}

/* It never came to a tool run. */
static void fold_step_refuse(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = SP_VEC_ADD(&fold->steps);

    step->task = text_of(fold, event, "task");
    step->loop = text_of(fold, event, "loop");
    step->worker = text_of(fold, event, "worker");
    step->why = text_of(fold, event, "why");
    step->ended = step->refused = true;
}

static void fold_recipe_end(struct fold *fold, const struct sp_dict *event)
{
    if (!sp_str_eq(sp_dict_text(event, "step"), fold->run->recipe))
        return;
    const struct sp_value *outputs = sp_dict_get(keep(fold, event), "outputs");
    if (outputs)
        fold->run->outputs = *outputs;
}

static void fold_run_end(struct fold *fold, const struct sp_dict *event)
{
    event = keep(fold, event);
    fold->ended = true;
    add_variables(fold, event);
    fold->run->wall = sp_dict_number(event, "wall");
    fold->run->why = text_of(fold, event, "why");
    fold->run->state = sp_dict_truth(event, "success")       ? SP_RUN_SUCCEEDED
                       : sp_dict_truth(event, "interrupted") ? SP_RUN_INTERRUPTED
                                                             : SP_RUN_FAILED;
}

static void fold_run_lost(struct fold *fold, const struct sp_dict *event)
{
    (void)event;
    fold->ended = true;
    fold->run->state = SP_RUN_LOST;
}

static const struct {
    const char *name;
    void (*fold)(struct fold *fold, const struct sp_dict *event);
    bool is_detail;
} events[] = {
    { "run-start", fold_run_start, false },      { "step-start", fold_step_start, false },
    { "step-key", fold_step_key, false },        { "step-end", fold_step_end, false },
    { "step-outputs", fold_step_outputs, true }, { "step-versions", fold_step_versions, true },
    { "step-skip", fold_step_skip, false },      { "step-refuse", fold_step_refuse, false },
    { "recipe-end", fold_recipe_end, false },    { "edit", fold_edit, false },
    { "restore", fold_restore, false },          { "run-end", fold_run_end, false },
    { "run-lost", fold_run_lost, false },
};

static bool fold_event(const struct sp_dict *event, void *arg)
{
    struct sp_str name = sp_dict_text(event, "event");

    for (size_t i = 0; i < SP_COUNT(events); i++)
        if (sp_str_is(name, events[i].name))
            events[i].fold(arg, event);
    return true;
}

static bool fold_spot(const struct sp_dict *event, void *arg)
{
    struct fold *fold = arg;

    (void)fold_event(event, fold);
    fold->from = fold->place;
    return true;
}

static enum sp_rc read_events(struct fold *fold,
                              enum sp_history_detail detail,
                              const char *path,
                              struct sp_err *err)
{
    const char *wanted[SP_COUNT(events) + 1] = { NULL };
    size_t count = 0;

    if (detail == SP_HISTORY_EVENTS)
        return sp_journal_read(path, fold->arena, fold_event, fold, err);
    if (detail == SP_HISTORY_SPOTS)
        return sp_journal_read_on(path, &fold->place, NULL, fold_spot, fold, err);
    for (size_t i = 0; i < SP_COUNT(events); i++)
        if (!events[i].is_detail)
            wanted[count++] = events[i].name;
    return sp_journal_scan(path, wanted, fold_event, fold, err);
}

/* A journal without an end belongs to a run that is going, or to one whose spoor was killed. */
enum sp_run_state sp_history_open_state(const struct sp_workspace *workspace)
{
    struct sp_str lock = sp_arena_printf(workspace->arena, "%s/lock", workspace->dir.ptr);

    struct sp_lock_holder holder;

    return sp_lock_find_holder(lock.ptr, &holder) ? SP_RUN_GOING : SP_RUN_LOST;
}

static enum sp_rc no_such_run(const struct sp_workspace *workspace,
                              struct sp_str id,
                              struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(id);
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    for (size_t i = 0; i < count; i++)
        sp_nearest_offer(&nearest, ids[i]);
    return sp_nearest_fail(&nearest, "see 'spoor runs'", err, SP_NOT_FOUND,
                           "no run '" SP_STR_FMT "'", SP_STR_ARG(id));
}

enum sp_rc sp_history_run(const struct sp_workspace *workspace,
                          struct sp_str id,
                          enum sp_history_detail detail,
                          struct sp_run_summary *out,
                          struct sp_err *err)
{
    struct sp_run_summary run = { .id = id,
                                  .programs = sp_dict_new(workspace->arena),
                                  .edits = sp_list_new(workspace->arena),
                                  .restores = sp_list_new(workspace->arena) };
    struct fold fold = {
        .arena = workspace->arena,
        .run = &run,
        .keeps = detail == SP_HISTORY_EVENTS,
    };
    struct sp_str path = sp_workspace_journal(workspace, id);

    enum sp_rc rc = read_events(&fold, detail, path.ptr, err);
    if (rc == SP_NOT_FOUND)
        rc = no_such_run(workspace, id, err);
    if (rc == SP_OK) {
        if (!fold.ended)
            run.state = sp_history_open_state(workspace);
        run.step_count = fold.steps.len;
        run.steps = SP_ARENA_NEW(workspace->arena, struct sp_step_summary, fold.steps.len);
        if (fold.steps.len)
            memcpy(run.steps, fold.steps.items, fold.steps.len * sizeof *run.steps);
        *out = run;
    }
    SP_VEC_FINI(&fold.steps);
    return rc;
}

enum sp_rc sp_history_open(const struct sp_workspace *workspace,
                           const struct sp_run_summary *run,
                           struct sp_journal_picker **out,
                           struct sp_err *err)
{
    return sp_journal_picker_open(sp_workspace_journal(workspace, run->id).ptr, out, err);
}

enum sp_rc sp_history_load(struct sp_journal_picker *picker,
                           const struct sp_step_summary *step,
                           struct sp_arena *arena,
                           struct sp_step_summary *out,
                           struct sp_err *err)
{
    struct sp_step_summary loaded = *step;
    const struct sp_dict **slots[] = { &loaded.start, &loaded.key, &loaded.end, &loaded.outputs,
                                       &loaded.versions };
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < SP_STEP_EVENTS && rc == SP_OK; i++) {
        const struct sp_step_spot *spot = &step->spots[i];
        struct sp_journal_place from = { spot->seq, spot->offset };
        struct sp_journal_place to = { spot->seq + 1, spot->offset + spot->size };
        if (spot->size)
            rc = sp_journal_picker_get(picker, &from, &to, arena, slots[i], err);
    }
    if (rc == SP_OK)
        *out = loaded;
    return rc;
}

/* "last", "last~0", "last~12": how many runs before the newest. */
static bool parse_last(struct sp_str name, int64_t *before)
{
    *before = 0;
    if (sp_str_is(name, "last"))
        return true;
    return sp_str_starts(name, "last~") && sp_str_int(sp_str_slice(name, 5, name.len), before) &&
           *before >= 0;
}

static enum sp_rc find_from_last(const struct sp_str *ids,
                                 size_t count,
                                 int64_t before,
                                 struct sp_str *id,
                                 struct sp_err *err)
{
    if (!count)
        return sp_fail(err, SP_NOT_FOUND, "there are no runs yet");
    if (count == 1 && before > 0)
        return sp_fail(err, SP_NOT_FOUND, "there is only one run here: 'last'");
    if ((uint64_t)before >= count)
        return sp_fail(err, SP_NOT_FOUND, "there are only %zu runs here: 'last~%zu' is the oldest",
                       count, count - 1);
    *id = ids[count - 1 - (size_t)before];
    return SP_OK;
}

enum sp_rc sp_history_find(const struct sp_workspace *workspace,
                           struct sp_str name,
                           struct sp_str *id,
                           struct sp_err *err)
{
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);
    const char *prefix = sp_arena_cstr(workspace->arena, name);
    size_t matches = 0;
    size_t match = 0;
    int64_t before;

    if (parse_last(name, &before))
        return find_from_last(ids, count, before, id, err);
    for (size_t i = 0; i < count; i++) {
        if (sp_str_eq(ids[i], name)) {
            *id = ids[i];
            return SP_OK;
        }
        if (!sp_str_starts(ids[i], prefix))
            continue;
        matches++;
        match = i;
    }
    if (matches > 1)
        return sp_fail(err, SP_INVALID, "%zu runs begin with '%s', the newest is " SP_STR_FMT,
                       matches, prefix, SP_STR_ARG(ids[match]));
    if (!matches || !name.len)
        return no_such_run(workspace, name, err);
    *id = ids[match];
    return SP_OK;
}

struct sp_str sp_history_last(const struct sp_workspace *workspace)
{
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    return count ? ids[count - 1] : SP_STR("");
}

struct sp_str sp_history_command(struct sp_arena *arena,
                                 const struct sp_dict *dict,
                                 const char *name)
{
    const struct sp_value *words = sp_dict_get(dict, name);
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    if (words && sp_is_list(*words))
        sp_shell_join(words->list, &line);
    return sp_arena_str(arena, sp_buf_str(&line));
}

const char *sp_run_state_name(enum sp_run_state state)
{
    static const char *const names[] = {
        [SP_RUN_GOING] = "running", [SP_RUN_SUCCEEDED] = "done",
        [SP_RUN_FAILED] = "failed", [SP_RUN_INTERRUPTED] = "interrupted",
        [SP_RUN_LOST] = "killed",
    };

    return names[state];
}

/* --- as a value --------------------------------------------------------------------------- */

const char *sp_step_state_name(const struct sp_run_summary *run, const struct sp_step_summary *step)
{
    if (step->skipped)
        return "skipped";
    if (!step->ended)
        return run->state == SP_RUN_GOING ? "running" : "unfinished";
    if (!step->success && sp_str_is(step->why, "interrupted"))
        return "interrupted";
    if (step->reused)
        return "reused";
    return step->success ? "done" : "failed";
}

static struct sp_value step_value(struct sp_arena *arena,
                                  const struct sp_run_summary *run,
                                  const struct sp_step_summary *step)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put_text(arena, dict.dict, "task", step->task);
    sp_dict_put_text(arena, dict.dict, "cab", step->cab);
    sp_dict_put_text(arena, dict.dict, "loop", step->loop);
    sp_dict_put_text(arena, dict.dict, "worker", step->worker);
    sp_dict_put(arena, dict.dict, "result", sp_text(sp_str_of(sp_step_state_name(run, step))));
    sp_dict_put_text(arena, dict.dict, "why", step->why);
    sp_dict_put_text(arena, dict.dict, "command", step->command);
    sp_dict_put(arena, dict.dict, "wall", sp_float(step->wall));
    sp_dict_put(arena, dict.dict, "cpu", sp_float(step->cpu));
    sp_dict_put(arena, dict.dict, "memory", sp_int((int64_t)step->memory));
    sp_dict_put(arena, dict.dict, "read", sp_int((int64_t)step->read));
    sp_dict_put(arena, dict.dict, "write", sp_int((int64_t)step->write));
    sp_dict_put_text(arena, dict.dict, "output", step->output);
    sp_dict_put_text(arena, dict.dict, "log", step->log);
    return dict;
}

struct sp_value sp_history_outline(struct sp_arena *arena, const struct sp_run_summary *run)
{
    const struct {
        const char *key;
        size_t count;
    } counts[] = {
        { "total", run->total },     { "done", run->done },     { "reused", run->reused },
        { "skipped", run->skipped }, { "failed", run->failed },
    };
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put(arena, dict.dict, "run", sp_text(run->id));
    sp_dict_put_text(arena, dict.dict, "recipe", run->recipe);
    sp_dict_put(arena, dict.dict, "state", sp_text(sp_str_of(sp_run_state_name(run->state))));
    sp_dict_put_text(arena, dict.dict, "time", run->time);
    sp_dict_put_text(arena, dict.dict, "why", run->why);
    sp_dict_put_text(arena, dict.dict, "cwd", run->cwd);
    sp_dict_put_text(arena, dict.dict, "host", run->host);
    sp_dict_put(arena, dict.dict, "wall", sp_float(run->wall));
    for (size_t i = 0; i < SP_COUNT(counts); i++)
        sp_dict_put(arena, dict.dict, counts[i].key, sp_int((int64_t)counts[i].count));
    if (run->selection.kind == SP_DICT)
        sp_dict_put(arena, dict.dict, "selection", run->selection);
    return dict;
}

struct sp_value sp_history_value(struct sp_arena *arena, const struct sp_run_summary *run)
{
    struct sp_value dict = sp_history_outline(arena, run);
    struct sp_value steps = sp_list_new(arena);

    for (size_t i = 0; i < run->step_count; i++)
        sp_list_add(arena, steps.list, step_value(arena, run, &run->steps[i]));
    if (run->outputs.kind == SP_DICT)
        sp_dict_put(arena, dict.dict, "outputs", run->outputs);
    sp_dict_put(arena, dict.dict, "steps", steps);
    return dict;
}
