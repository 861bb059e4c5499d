/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/attic.h"

#include "base/clock.h"

#include "exec/stray.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/lock.h"

#include <sys/stat.h>

#define DAY ((sp_nsec)24 * 3600 * SP_NSEC_PER_SEC)

struct clearing {
    struct sp_arena *arena;
    const struct sp_attic_options *options;
    struct sp_list *items;
    uint64_t freed;
};

static void add_item(struct clearing *at, struct sp_str path, int64_t days, bool goes)
{
    struct sp_value item = sp_dict_new(at->arena);
    uint64_t bytes = sp_tree_size(path.ptr);

    at->freed += goes ? bytes : 0;
    sp_dict_put_text(at->arena, item.dict, "path", path);
    sp_dict_put(at->arena, item.dict, "bytes", sp_int((int64_t)bytes));
    sp_dict_put(at->arena, item.dict, "days", sp_int(days));
    sp_dict_put(at->arena, item.dict, "goes", sp_bool(goes));
    sp_list_add(at->arena, at->items, item);
}

/* Whole days since something was put there last. */
static int64_t days_of(const struct clearing *at, struct sp_str path)
{
    struct stat info;

    if (lstat(path.ptr, &info) < 0)
        return 0;
    sp_nsec when = sp_clock_nsec(info.st_mtim);
    return at->options->now > when ? (at->options->now - when) / DAY : 0;
}

/* What was in the way, and what steps in boxes have left undeclared. */
static const struct place {
    const char *name;
    enum sp_rc (*remove)(const char *path, struct sp_err *err);
} places[] = { { "attic", sp_remove_tree }, { "undeclared", sp_strays_remove } };

static enum sp_rc clear_place(struct clearing *at, const struct place *place, struct sp_err *err)
{
    struct sp_str pattern = sp_arena_printf(at->arena, "%s/%s/*", at->options->state, place->name);
    struct sp_glob found = sp_glob_find(at->arena, pattern);
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < found.len && rc == SP_OK; i++) {
        int64_t days = days_of(at, found.items[i]);
        bool goes = at->options->all || days >= SP_ATTIC_DAYS;
        add_item(at, found.items[i], days, goes);
        if (goes && !at->options->dry_run)
            rc = place->remove(found.items[i].ptr, err);
    }
    return rc;
}

static enum sp_rc clear_verify(struct clearing *at, struct sp_err *err)
{
    struct sp_str dir = sp_arena_printf(at->arena, "%s/verify", at->options->state);
    struct sp_str lock_path = sp_arena_printf(at->arena, "%s/verify.lock", at->options->state);
    struct sp_err busy = SP_ERR_INIT;
    struct sp_lock *lock = NULL;
    enum sp_rc rc = SP_OK;

    if (sp_file_kind(dir.ptr) != SP_FILE_DIR)
        return SP_OK;
    if (!at->options->dry_run && sp_lock_take(lock_path.ptr, &lock, &busy) == SP_BUSY)
        return SP_OK;
    add_item(at, dir, days_of(at, dir), true);
    if (!at->options->dry_run)
        rc = sp_remove_tree(dir.ptr, err);
    sp_lock_release(lock);
    return rc;
}

enum sp_rc sp_attic_clear(struct sp_arena *arena,
                          const struct sp_attic_options *options,
                          struct sp_value *report,
                          struct sp_err *err)
{
    struct clearing at = { .arena = arena, .options = options, .items = sp_list_new(arena).list };

    enum sp_rc rc = SP_OK;
    for (size_t i = 0; i < SP_COUNT(places) && rc == SP_OK; i++)
        rc = clear_place(&at, &places[i], err);
    if (rc == SP_OK)
        rc = clear_verify(&at, err);
    *report = sp_dict_new(arena);
    sp_dict_put(arena, report->dict, "items",
                (struct sp_value){ .kind = SP_LIST, .list = at.items });
    sp_dict_put(arena, report->dict, "freed", sp_int((int64_t)at.freed));
    return rc;
}
