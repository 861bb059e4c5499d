/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/history.h"

#include "base/buf.h"
#include "base/nearest.h"
#include "base/vec.h"

#include "journal/journal.h"
#include "recipe/command.h"
#include "sys/lock.h"

struct fold {
    struct sp_arena *arena;
    struct sp_run_summary *run;
    SP_VEC(struct sp_step_summary) steps;
    bool ended;
};

static struct sp_str text_of(const struct sp_dict *event, const char *key)
{
    const struct sp_value *value = sp_dict_get(event, key);

    return value && sp_is_text(*value) ? value->text : SP_STR("");
}

static double number_of(const struct sp_dict *event, const char *key)
{
    const struct sp_value *value = sp_dict_get(event, key);

    if (!value)
        return 0;
    return value->kind == SP_FLOAT ? value->real
           : value->kind == SP_INT ? (double)value->integer
                                   : 0;
}

static bool truth_of(const struct sp_dict *event, const char *key)
{
    const struct sp_value *value = sp_dict_get(event, key);

    return value && sp_truth(*value);
}

static struct sp_str joined_words(struct sp_arena *arena, const struct sp_dict *event)
{
    const struct sp_value *words = sp_dict_get(event, "argv");
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);

    if (!words || !sp_is_list(*words))
        return SP_STR("");
    SP_LIST_EACH(word, words->list)
    {
        if (line.len)
            sp_buf_addc(&line, ' ');
        if (sp_is_text(*word))
            sp_shell_quote(word->text, &line);
    }
    return sp_arena_str(arena, sp_buf_str(&line));
}

static void fold_run_start(struct fold *fold, const struct sp_dict *event)
{
    fold->run->recipe = text_of(event, "recipe");
    fold->run->time = text_of(event, "time");
    fold->run->cwd = text_of(event, "cwd");
    fold->run->host = text_of(event, "host");
    fold->run->total = (size_t)number_of(event, "total");
}

static void fold_step_start(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = SP_VEC_ADD(&fold->steps);

    step->task = text_of(event, "task");
    step->cab = text_of(event, "cab");
    step->loop = text_of(event, "loop");
    step->worker = text_of(event, "worker");
    step->output = text_of(event, "output");
    step->log = text_of(event, "log");
    step->command = joined_words(fold->arena, event);
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

static void fold_step_end(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = find_open(fold, text_of(event, "task"));

    if (!step)
        return;
    step->ended = true;
    step->success = truth_of(event, "success");
    step->why = text_of(event, "why");
    step->wall = number_of(event, "wall");
    step->cpu = number_of(event, "cpu");
    step->memory = (uint64_t)number_of(event, "memory");
    step->read = (uint64_t)number_of(event, "read");
    step->write = (uint64_t)number_of(event, "write");
    fold->run->done++;
    fold->run->failed += !step->success;
}

static void fold_step_skip(struct fold *fold, const struct sp_dict *event)
{
    struct sp_step_summary *step = SP_VEC_ADD(&fold->steps);

    step->task = text_of(event, "task");
    step->loop = text_of(event, "loop");
    step->why = text_of(event, "why");
    step->skipped = true;
    fold->run->skipped++;
}

static void fold_recipe_end(struct fold *fold, const struct sp_dict *event)
{
    const struct sp_value *outputs = sp_dict_get(event, "outputs");

    if (outputs && sp_str_eq(text_of(event, "step"), fold->run->recipe))
        fold->run->outputs = *outputs;
}

static void fold_run_end(struct fold *fold, const struct sp_dict *event)
{
    fold->ended = true;
    fold->run->wall = number_of(event, "wall");
    fold->run->why = text_of(event, "why");
    fold->run->state = truth_of(event, "success")       ? SP_RUN_SUCCEEDED
                       : truth_of(event, "interrupted") ? SP_RUN_INTERRUPTED
                                                        : SP_RUN_FAILED;
}

static void fold_run_lost(struct fold *fold, const struct sp_dict *event)
{
    (void)event;
    fold->ended = true;
    fold->run->state = SP_RUN_LOST;
}

static bool fold_event(const struct sp_dict *event, void *arg)
{
    static const struct {
        const char *name;
        void (*fold)(struct fold *fold, const struct sp_dict *event);
    } table[] = {
        { "run-start", fold_run_start },   { "step-start", fold_step_start },
        { "step-end", fold_step_end },     { "step-skip", fold_step_skip },
        { "recipe-end", fold_recipe_end }, { "run-end", fold_run_end },
        { "run-lost", fold_run_lost },
    };
    struct sp_str name = text_of(event, "event");

    for (size_t i = 0; i < SP_COUNT(table); i++)
        if (sp_str_is(name, table[i].name))
            table[i].fold(arg, event);
    return true;
}

/* A journal without an end belongs to a run that is going, or to one whose spoor was killed. */
static enum sp_run_state state_of_open(const struct sp_workspace *workspace)
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
    if (nearest.best.ptr)
        return sp_fail(err, SP_NOT_FOUND, "no run '" SP_STR_FMT "'; did you mean '" SP_STR_FMT "'?",
                       SP_STR_ARG(id), SP_STR_ARG(nearest.best));
    return sp_fail(err, SP_NOT_FOUND, "no run '" SP_STR_FMT "'; see 'spoor runs'", SP_STR_ARG(id));
}

enum sp_rc sp_history_run(const struct sp_workspace *workspace,
                          struct sp_str id,
                          struct sp_run_summary *out,
                          struct sp_err *err)
{
    struct sp_run_summary run = { .id = id };
    struct fold fold = { .arena = workspace->arena, .run = &run };
    struct sp_str path = sp_workspace_journal(workspace, id);

    enum sp_rc rc = sp_journal_read(path.ptr, workspace->arena, fold_event, &fold, err);
    if (rc == SP_NOT_FOUND)
        rc = no_such_run(workspace, id, err);
    if (rc == SP_OK) {
        if (!fold.ended)
            run.state = state_of_open(workspace);
        run.step_count = fold.steps.len;
        run.steps = SP_ARENA_NEW(workspace->arena, struct sp_step_summary, fold.steps.len);
        if (fold.steps.len)
            memcpy(run.steps, fold.steps.items, fold.steps.len * sizeof *run.steps);
        *out = run;
    }
    SP_VEC_FINI(&fold.steps);
    return rc;
}

struct sp_str sp_history_last(const struct sp_workspace *workspace)
{
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);

    return count ? ids[count - 1] : SP_STR("");
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

static void put(struct sp_arena *arena,
                struct sp_value dict,
                const char *key,
                struct sp_value value)
{
    sp_dict_set(arena, dict.dict, sp_str_of(key), value);
}

static void put_text(struct sp_arena *arena,
                     struct sp_value dict,
                     const char *key,
                     struct sp_str text)
{
    if (text.len)
        put(arena, dict, key, sp_text(text));
}

const char *sp_step_state_name(const struct sp_run_summary *run, const struct sp_step_summary *step)
{
    if (step->skipped)
        return "skipped";
    if (!step->ended)
        return run->state == SP_RUN_GOING ? "running" : "unfinished";
    if (!step->success && sp_str_is(step->why, "interrupted"))
        return "interrupted";
    return step->success ? "done" : "failed";
}

static struct sp_value step_value(struct sp_arena *arena,
                                  const struct sp_run_summary *run,
                                  const struct sp_step_summary *step)
{
    struct sp_value dict = sp_dict_new(arena);

    put_text(arena, dict, "task", step->task);
    put_text(arena, dict, "cab", step->cab);
    put_text(arena, dict, "loop", step->loop);
    put_text(arena, dict, "worker", step->worker);
    put(arena, dict, "result", sp_text(sp_str_of(sp_step_state_name(run, step))));
    put_text(arena, dict, "why", step->why);
    put_text(arena, dict, "command", step->command);
    put(arena, dict, "wall", sp_float(step->wall));
    put(arena, dict, "cpu", sp_float(step->cpu));
    put(arena, dict, "memory", sp_int((int64_t)step->memory));
    put(arena, dict, "read", sp_int((int64_t)step->read));
    put(arena, dict, "write", sp_int((int64_t)step->write));
    put_text(arena, dict, "output", step->output);
    put_text(arena, dict, "log", step->log);
    return dict;
}

struct sp_value sp_history_value(struct sp_arena *arena, const struct sp_run_summary *run)
{
    struct sp_value dict = sp_dict_new(arena);
    struct sp_value steps = sp_list_new(arena);

    for (size_t i = 0; i < run->step_count; i++)
        sp_list_add(arena, steps.list, step_value(arena, run, &run->steps[i]));
    put(arena, dict, "run", sp_text(run->id));
    put_text(arena, dict, "recipe", run->recipe);
    put(arena, dict, "state", sp_text(sp_str_of(sp_run_state_name(run->state))));
    put_text(arena, dict, "time", run->time);
    put_text(arena, dict, "why", run->why);
    put_text(arena, dict, "cwd", run->cwd);
    put_text(arena, dict, "host", run->host);
    put(arena, dict, "wall", sp_float(run->wall));
    put(arena, dict, "total", sp_int((int64_t)run->total));
    put(arena, dict, "done", sp_int((int64_t)run->done));
    put(arena, dict, "skipped", sp_int((int64_t)run->skipped));
    put(arena, dict, "failed", sp_int((int64_t)run->failed));
    if (run->outputs.kind == SP_DICT)
        put(arena, dict, "outputs", run->outputs);
    put(arena, dict, "steps", steps);
    return dict;
}
