/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/ledger_internal.h"

/* --- what statements do ------------------------------------------------------------------- */

static struct sp_hold *hold_of(struct sp_ledger *ledger, struct sp_str path)
{
    struct sp_hold *hold = sp_map_find(&ledger->holds, path);

    if (hold)
        return hold;
    hold = SP_ARENA_NEW(ledger->arena, struct sp_hold, 1);
    hold->path = sp_arena_str(ledger->arena, path);
    hold->state = SP_HOLD_CHANGING;
    sp_map_set(&ledger->holds, hold->path, hold);
    return hold;
}

static struct sp_version copy_version(struct sp_arena *arena, const struct sp_version *version)
{
    struct sp_version out = *version;

    if (!version->len)
        return out;
    out.columns = SP_ARENA_NEW(arena, struct sp_version_column, version->len);
    for (size_t i = 0; i < version->len; i++) {
        out.columns[i] = version->columns[i];
        out.columns[i].name = sp_arena_str(arena, version->columns[i].name);
    }
    return out;
}

struct sp_hold *sp_ledger_do_source(struct sp_ledger *ledger,
                                    struct sp_str path,
                                    const struct sp_version *version)
{
    struct sp_hold *hold = hold_of(ledger, path);

    hold->chain.len = 0;
    struct sp_passage *first = SP_VEC_ADD(&hold->chain);
    first->absent = !version;
    if (version)
        first->version = copy_version(ledger->arena, version);
    hold->index = 0;
    hold->state = SP_HOLD_CHANGING;
    hold->absent = first->absent;
    hold->version = first->version;
    hold->stat = SP_STR("");
    return hold;
}

void sp_ledger_do_kept(struct sp_hold *hold, size_t index, const struct sp_digest *tree)
{
    hold->chain.items[index].kept = true;
    hold->chain.items[index].tree = *tree;
}

void sp_ledger_do_made(struct sp_ledger *ledger,
                       struct sp_hold *hold,
                       size_t after,
                       const struct sp_passage *passage)
{
    struct sp_arena *arena = ledger->arena;

    hold->chain.len = SP_MIN(hold->chain.len, after + 1);
    struct sp_passage *last = SP_VEC_ADD(&hold->chain);
    *last = *passage;
    last->version = copy_version(arena, &passage->version);
    last->recipe = sp_arena_str(arena, passage->recipe);
    last->task = sp_arena_str(arena, passage->task);
    last->run = sp_arena_str(arena, passage->run);
    hold->index = SP_MIN(hold->index, hold->chain.len - 1);
}

void sp_ledger_do_hold(struct sp_ledger *ledger,
                       struct sp_hold *hold,
                       size_t index,
                       struct sp_str stat)
{
    hold->index = index;
    hold->absent = hold->chain.items[index].absent;
    hold->version = hold->chain.items[index].version;
    hold->state = SP_HOLD_TRUSTED;
    hold->stat = sp_arena_str(ledger->arena, stat);
    hold->run = hold->task = SP_STR("");
}

void sp_ledger_do_touch(struct sp_ledger *ledger,
                        struct sp_hold *hold,
                        enum sp_hold_state state,
                        struct sp_str run,
                        struct sp_str task)
{
    hold->state = state;
    hold->run = sp_arena_str(ledger->arena, run);
    hold->task = sp_arena_str(ledger->arena, task);
}

struct sp_str sp_ledger_task_name(struct sp_ledger *ledger,
                                  struct sp_str recipe,
                                  struct sp_str task)
{
    return sp_arena_join(ledger->arena, recipe, "\t", task);
}

struct sp_ledger_newest *sp_ledger_task_of(struct sp_ledger *ledger, struct sp_str name)
{
    struct sp_ledger_newest *entry = sp_map_find(&ledger->tasks, name);

    if (!entry) {
        entry = SP_ARENA_NEW(ledger->arena, struct sp_ledger_newest, 1);
        sp_map_set(&ledger->tasks, name, entry);
    }
    return entry;
}

void sp_ledger_do_task(struct sp_ledger *ledger,
                       struct sp_str name,
                       const struct sp_digest *key,
                       struct sp_str run)
{
    struct sp_ledger_newest *entry = sp_ledger_task_of(ledger, name);

    entry->key = *key;
    entry->run = sp_arena_str(ledger->arena, run);
}

void sp_ledger_do_drop(struct sp_ledger *ledger, struct sp_str path)
{
    struct sp_hold *hold = sp_ledger_find(ledger, path);

    if (!hold)
        return;
    SP_VEC_FINI(&hold->chain);
    sp_map_remove(&ledger->holds, hold->path);
}

/* --- questions ---------------------------------------------------------------------------- */

struct sp_hold *sp_ledger_find(const struct sp_ledger *ledger, struct sp_str path)
{
    return sp_map_find(&ledger->holds, path);
}

const struct sp_map *sp_ledger_holds(const struct sp_ledger *ledger)
{
    return &ledger->holds;
}

static const struct sp_ledger_newest *find_task(const struct sp_ledger *ledger,
                                                struct sp_str recipe,
                                                struct sp_str task)
{
    sp_auto_buf struct sp_buf name = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&name, SP_STR_FMT "\t" SP_STR_FMT, SP_STR_ARG(recipe), SP_STR_ARG(task));
    return sp_map_find(&ledger->tasks, sp_buf_str(&name));
}

bool sp_ledger_key_of(const struct sp_ledger *ledger,
                      struct sp_str recipe,
                      struct sp_str task,
                      struct sp_digest *key)
{
    const struct sp_ledger_newest *entry = find_task(ledger, recipe, task);

    if (!entry || sp_digest_is_zero(&entry->key))
        return false;
    *key = entry->key;
    return true;
}

int64_t sp_ledger_begun_at(const struct sp_ledger *ledger, struct sp_str recipe, struct sp_str task)
{
    const struct sp_ledger_newest *entry = find_task(ledger, recipe, task);

    return entry ? entry->begun : 0;
}

void sp_ledger_each_task(const struct sp_ledger *ledger, sp_ledger_task_fn each, void *arg)
{
    SP_MAP_EACH (entry, &ledger->tasks) {
        const struct sp_ledger_newest *task = entry->value;
        if (!sp_digest_is_zero(&task->key))
            each(arg, &task->key);
    }
}
