/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/past.h"

#include "base/map.h"

#include "journal/journal.h"
#include "lang/world.h"
#include "sys/witness.h"

#include <stdlib.h>

/* The clock that stamps files is read in ticks; file servers have clocks of their own. */
#define CLOCK_SLACK SP_NSEC_PER_SEC

/* An attempt that did not end well. */
struct attempt {
    sp_nsec begin, end; /* by the clock that stamps files */
    bool open;          /* nobody knows when it ended */
};

struct known {
    const struct sp_dict *outputs;
    struct sp_str run;
};

struct sp_past_runs {
    struct sp_past questions;
    struct sp_arena *arena;
    const char *dir;
    struct sp_str *ids; /* oldest first */
    size_t count;
    struct sp_workspace workspace;
    bool listed, folded;
    struct sp_map attempts; /* task -> struct attempt * */
    struct sp_map outputs;  /* task -> struct known *, of the runs from `unread` on */
    size_t unread;          /* how many runs, the oldest ones, were not yet read for outputs */
};

static void list_runs(struct sp_past_runs *runs)
{
    struct sp_err none = SP_ERR_INIT;

    if (runs->listed)
        return;
    runs->listed = true;
    sp_witness_blind(); /* there will be one more */
    if (sp_workspace_read(runs->arena, runs->dir, &runs->workspace, &none))
        return;
    runs->count = sp_workspace_runs(&runs->workspace, &runs->ids);
    runs->unread = runs->count;
}

/* --- attempts ------------------------------------------------------------------------------ */

static sp_nsec clock_of(const struct sp_dict *event)
{
    const struct sp_value *value = sp_dict_get(event, "clock");

    return value && value->kind == SP_INT ? value->integer : 0;
}

/* Tools of a run that was killed are ended before the next one begins. */
static void close_attempts(struct sp_past_runs *runs, sp_nsec now)
{
    SP_MAP_EACH (entry, &runs->attempts) {
        struct attempt *attempt = entry->value;
        if (attempt->open)
            *attempt = (struct attempt){ attempt->begin, now, false };
    }
}

static void begin_attempt(struct sp_past_runs *runs, const struct sp_dict *event)
{
    struct attempt *attempt = SP_ARENA_NEW(runs->arena, struct attempt, 1);

    *attempt = (struct attempt){ .begin = clock_of(event), .open = true };
    if (attempt->begin) /* journals of older versions do not say */
        sp_map_set(&runs->attempts, sp_arena_str(runs->arena, sp_dict_text(event, "task")),
                   attempt);
}

static void end_attempt(struct sp_past_runs *runs, const struct sp_dict *event)
{
    struct attempt *attempt = sp_map_find(&runs->attempts, sp_dict_text(event, "task"));
    const struct sp_value *success = sp_dict_get(event, "success");

    if (!attempt)
        return;
    if (success && sp_truth(*success))
        (void)sp_map_remove(&runs->attempts, sp_dict_text(event, "task"));
    else
        *attempt = (struct attempt){ attempt->begin, clock_of(event) + CLOCK_SLACK, false };
}

static bool fold_attempt(const struct sp_dict *event, void *arg)
{
    struct sp_past_runs *runs = arg;
    struct sp_str name = sp_dict_text(event, "event");

    if (sp_str_is(name, "run-start") && clock_of(event))
        close_attempts(runs, clock_of(event));
    else if (sp_str_is(name, "step-start"))
        begin_attempt(runs, event);
    else if (sp_str_is(name, "step-end"))
        end_attempt(runs, event);
    return true;
}

static bool ended_well(struct sp_past_runs *runs, const char *path)
{
    struct sp_arena *arena = sp_arena_new();
    const struct sp_dict *last = NULL;
    struct sp_err none = SP_ERR_INIT;

    bool well = sp_journal_last(path, arena, &last, &none) == SP_OK &&
                sp_str_is(sp_dict_text(last, "event"), "run-end");
    const struct sp_value *success = well ? sp_dict_get(last, "success") : NULL;
    well = success && sp_truth(*success);
    sp_arena_free(arena);
    return well && runs->attempts.len == 0;
}

static void fold_attempts(struct sp_past_runs *runs)
{
    list_runs(runs);
    for (size_t i = 0; i < runs->count && !runs->folded; i++) {
        struct sp_str path = sp_workspace_journal(&runs->workspace, runs->ids[i]);
        struct sp_err none = SP_ERR_INIT;
        if (ended_well(runs, path.ptr))
            continue;
        /* A journal that cannot be read tells nothing. */
        struct sp_arena *arena = sp_arena_new();
        (void)!sp_journal_read(path.ptr, arena, fold_attempt, runs, &none);
        sp_arena_free(arena);
    }
    runs->folded = true;
}

static bool is_within(struct sp_str inner, struct sp_str task)
{
    return inner.len >= task.len && memcmp(inner.ptr, task.ptr, task.len) == 0 &&
           (inner.len == task.len || inner.ptr[task.len] == '.');
}

static bool is_unfinished(void *arg, struct sp_str task, sp_nsec mtime)
{
    struct sp_past_runs *runs = arg;

    fold_attempts(runs);
    SP_MAP_EACH (entry, &runs->attempts) {
        const struct attempt *attempt = entry->value;
        if (is_within(entry->key, task) && mtime >= attempt->begin &&
            (attempt->open || mtime <= attempt->end))
            return true;
    }
    return false;
}

static bool has_attempt(const struct sp_past_runs *runs, struct sp_str task)
{
    SP_MAP_EACH (entry, &runs->attempts)
        if (is_within(entry->key, task))
            return true;
    return false;
}

/* --- outputs ------------------------------------------------------------------------------- */

static bool fold_outputs(const struct sp_dict *event, void *arg)
{
    struct sp_past_runs *runs = arg;
    struct sp_str name = sp_dict_text(event, "event");
    struct sp_str task = sp_dict_text(event, "task");
    const struct sp_value *outputs = sp_dict_get(event, "outputs");
    struct known *known = sp_map_find(&runs->outputs, task);

    if (!(sp_str_is(name, "step-outputs") || sp_str_is(name, "recipe-end")) || !outputs ||
        outputs->kind != SP_DICT)
        return true;
    struct sp_str run = runs->ids[runs->unread];
    if (known && !sp_str_eq(known->run, run))
        return true; /* a newer run has said it */
    if (!known) {
        known = SP_ARENA_NEW(runs->arena, struct known, 1);
        sp_map_set(&runs->outputs, sp_arena_str(runs->arena, task), known);
    }
    *known = (struct known){ sp_value_copy(runs->arena, *outputs).dict, run };
    return true;
}

static const struct sp_dict *outputs_of(void *arg, struct sp_str task, struct sp_str *run)
{
    struct sp_past_runs *runs = arg;
    const struct known *known;

    fold_attempts(runs);
    if (has_attempt(runs, task))
        return NULL; /* what came after the last good attempt is not known */
    while (!(known = sp_map_find(&runs->outputs, task)) && runs->unread > 0) {
        struct sp_str path = sp_workspace_journal(&runs->workspace, runs->ids[--runs->unread]);
        struct sp_err none = SP_ERR_INIT;
        struct sp_arena *arena = sp_arena_new();
        (void)!sp_journal_read(path.ptr, arena, fold_outputs, runs, &none);
        sp_arena_free(arena);
    }
    if (!known)
        return NULL;
    *run = known->run;
    return known->outputs;
}

/* --- begin and end ------------------------------------------------------------------------- */

struct sp_past_runs *sp_past_new(struct sp_arena *arena, const char *dir)
{
    struct sp_past_runs *runs = sp_alloc(sizeof *runs);

    runs->arena = arena;
    runs->dir = dir;
    runs->questions = (struct sp_past){ runs, is_unfinished, outputs_of };
    return runs;
}

void sp_past_free(struct sp_past_runs *runs)
{
    if (!runs)
        return;
    sp_map_fini(&runs->attempts);
    sp_map_fini(&runs->outputs);
    free(runs);
}

const struct sp_past *sp_past_questions(struct sp_past_runs *runs)
{
    return &runs->questions;
}
