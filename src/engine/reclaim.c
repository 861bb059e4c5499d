/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/reclaim.h"

#include "base/amount.h"
#include "base/clock.h"

#include "engine/attic.h"

#include <math.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* --- how much ------------------------------------------------------------------------------- */

/* Bytes that the file system has, and that are free for us. */
static enum sp_rc measure(const char *dir, uint64_t *size, uint64_t *free, struct sp_err *err)
{
    struct statvfs info;

    if (statvfs(dir, &info) < 0)
        return sp_fail_errno(err, "size of the file system of '%s'", dir);
    *size = (uint64_t)info.f_blocks * info.f_frsize;
    *free = (uint64_t)info.f_bavail * info.f_frsize;
    return SP_OK;
}

static uint64_t used_by(const struct sp_stock *stock)
{
    uint64_t used = 0;

    for (size_t i = 0; i < stock->objects_len; i++)
        used += stock->objects[i].bytes;
    for (size_t i = 0; i < stock->trees_len; i++)
        used += stock->trees[i].bytes;
    return used;
}

static enum sp_rc find_goal(const struct sp_reclaim_options *options,
                            const struct sp_stock *stock,
                            uint64_t *goal,
                            struct sp_err *err)
{
    uint64_t used = used_by(stock);
    uint64_t size = 0, free = 0, budget = used, wanted = 0;

    enum sp_rc rc = measure(options->store, &size, &free, err);
    if (rc == SP_OK && options->budget.len)
        rc = sp_amount_share(options->budget, size, &budget, err);
    if (rc == SP_OK && options->keep_free.len)
        rc = sp_amount_share(options->keep_free, size, &wanted, err);
    if (rc)
        return rc;
    uint64_t over = used > budget ? used - budget : 0;
    uint64_t lacking = wanted > free ? wanted - free : 0;
    *goal = options->all ? UINT64_MAX : SP_MAX(over, lacking);
    return SP_OK;
}

/* --- the report ----------------------------------------------------------------------------- */

static struct sp_value bytes_value(uint64_t bytes)
{
    return sp_int((int64_t)SP_MIN(bytes, (uint64_t)INT64_MAX));
}

static struct sp_value items_value(struct sp_depot *depot,
                                   const struct sp_eviction_plan *plan,
                                   size_t most)
{
    struct sp_value list = sp_list_new(depot->arena);

    for (size_t i = 0; i < plan->len && list.list->len < most; i++) {
        const struct sp_eviction_item *item = &plan->items[i];
        struct sp_value value = sp_depot_describe(depot, item->tree);
        struct sp_digest_text tree = sp_digest_hex(&depot->stock->trees[item->tree].id);
        sp_dict_put_text(depot->arena, value.dict, "tree",
                         sp_arena_str(depot->arena, sp_str_of(tree.text)));
        sp_dict_put(depot->arena, value.dict, "bytes", bytes_value(item->bytes));
        sp_dict_put(depot->arena, value.dict, "seconds",
                    isinf(item->seconds) ? sp_null() : sp_float(item->seconds));
        sp_dict_put(depot->arena, value.dict, "orphan", sp_bool(item->orphan));
        sp_list_add(depot->arena, list.list, value);
    }
    return list;
}

static struct sp_value kept_value(struct sp_arena *arena, const struct sp_eviction_kept *kept)
{
    struct sp_value value = sp_dict_new(arena);

    sp_dict_put(arena, value.dict, "pinned", bytes_value(kept->pinned));
    sp_dict_put(arena, value.dict, "heads", bytes_value(kept->heads));
    sp_dict_put(arena, value.dict, "last_runs", bytes_value(kept->consumed));
    sp_dict_put(arena, value.dict, "ancestors", bytes_value(kept->ancestors));
    sp_dict_put(arena, value.dict, "sources", bytes_value(kept->sources));
    sp_dict_put(arena, value.dict, "logs", bytes_value(kept->logs));
    sp_dict_put(arena, value.dict, "rest", bytes_value(kept->rest));
    return value;
}

static struct sp_value workspaces_value(const struct sp_depot *depot)
{
    struct sp_value list = sp_list_new(depot->arena);

    for (size_t i = 0; i < depot->workspaces_len; i++) {
        struct sp_value value = sp_dict_new(depot->arena);
        sp_dict_put_text(depot->arena, value.dict, "path", depot->workspaces[i].path);
        sp_dict_put(depot->arena, value.dict, "gone",
                    sp_bool(depot->workspaces[i].state == SP_ROSTER_GONE));
        sp_list_add(depot->arena, list.list, value);
    }
    return list;
}

static struct sp_value report_value(struct sp_depot *depot,
                                    const struct sp_reclaim_options *options,
                                    const struct sp_eviction_plan *plan,
                                    uint64_t goal)
{
    struct sp_arena *arena = depot->arena;
    struct sp_value value = sp_dict_new(arena);
    bool has_goal = goal != UINT64_MAX;

    sp_dict_put_text(arena, value.dict, "store", sp_arena_str(arena, sp_str_of(options->store)));
    sp_dict_put(arena, value.dict, "dry_run", sp_bool(options->dry_run));
    sp_dict_put(arena, value.dict, "used", bytes_value(plan->used));
    sp_dict_put(arena, value.dict, "goal", has_goal ? bytes_value(goal) : sp_null());
    sp_dict_put(arena, value.dict, "freed", bytes_value(plan->freed));
    sp_dict_put(arena, value.dict, "orphans", bytes_value(plan->orphans));
    sp_dict_put(arena, value.dict, "missing",
                bytes_value(has_goal && goal > plan->freed ? goal - plan->freed : 0));
    sp_dict_put(arena, value.dict, "kept", kept_value(arena, &plan->kept));
    sp_dict_put(arena, value.dict, "count", sp_int((int64_t)plan->len));
    sp_dict_put(arena, value.dict, "items", items_value(depot, plan, options->items_max));
    sp_dict_put(arena, value.dict, "workspaces", workspaces_value(depot));
    sp_dict_put(arena, value.dict, "records", sp_int((int64_t)depot->found.records));
    sp_dict_put(arena, value.dict, "damaged_records",
                sp_int((int64_t)depot->found.damaged_records));
    sp_dict_put(arena, value.dict, "damaged_trees", sp_int((int64_t)depot->found.damaged_trees));
    return value;
}

/* --- doing it ------------------------------------------------------------------------------- */

static enum sp_rc forget_workspaces(const struct sp_depot *depot, struct sp_err *err)
{
    for (size_t i = 0; i < depot->workspaces_len; i++)
        if (depot->workspaces[i].state == SP_ROSTER_GONE &&
            unlink(depot->workspaces[i].file.ptr) < 0 && errno != ENOENT)
            return sp_fail_errno(err, "remove '" SP_STR_FMT "'",
                                 SP_STR_ARG(depot->workspaces[i].file));
    return SP_OK;
}

static enum sp_rc carry_out(struct sp_depot *depot,
                            const struct sp_reclaim_options *options,
                            const struct sp_eviction_plan *plan,
                            struct sp_err *err)
{
    enum sp_rc rc = sp_sweep_carry_out(depot->store, depot->stock, plan, err);
    if (rc == SP_OK)
        rc = forget_workspaces(depot, err);
    if (rc == SP_OK)
        rc = sp_depot_release(depot, err);
    return rc ? rc : sp_sweep_empty_trash(options->store, NULL, err);
}

/* While nobody else runs here. */
static enum sp_rc clear_attic(struct sp_depot *depot,
                              const struct sp_reclaim_options *options,
                              struct sp_dict *report,
                              struct sp_err *err)
{
    struct sp_attic_options attic = {
        .state = options->workspace,
        .all = options->attic,
        .dry_run = options->dry_run,
        .now = sp_clock_realtime(),
    };
    struct sp_value found;
    enum sp_rc rc = sp_attic_clear(depot->arena, &attic, &found, err);

    sp_dict_put(depot->arena, report, "attic", found);
    return rc;
}

static enum sp_rc act(struct sp_depot *depot,
                      const struct sp_reclaim_options *options,
                      struct sp_value *report,
                      struct sp_err *err)
{
    struct sp_eviction_options eviction = {
        .ignore = options->ignore,
        .now = sp_clock_realtime(),
        .unused = options->unused,
        .keep_orphans = sp_sweep_is_damaged(&depot->found),
    };
    struct sp_eviction_plan plan;

    enum sp_rc rc = find_goal(options, depot->stock, &eviction.goal, err);
    if (rc)
        return rc;
    sp_eviction_plan(depot->stock, &eviction, &plan);
    struct sp_value value = report_value(depot, options, &plan, eviction.goal);
    rc = clear_attic(depot, options, value.dict, err);
    if (rc == SP_OK && !options->dry_run)
        rc = carry_out(depot, options, &plan, err);
    if (rc == SP_OK)
        *report = value;
    sp_eviction_fini(&plan);
    return rc;
}

enum sp_rc sp_reclaim(struct sp_arena *arena,
                      const struct sp_reclaim_options *options,
                      struct sp_value *report,
                      struct sp_err *err)
{
    struct sp_err closing = SP_ERR_INIT;
    struct sp_depot depot;

    enum sp_rc rc = sp_depot_open(arena, options->store, options->workspace,
                                  options->dry_run ? SP_STORE_READ : SP_STORE_ALONE, &depot, err);
    if (rc)
        return rc;
    rc = act(&depot, options, report, err);
    enum sp_rc closed = sp_depot_release(&depot, &closing);
    sp_depot_fini(&depot);
    if (rc == SP_OK && closed) {
        *err = closing;
        return closed;
    }
    return rc;
}
