/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_dirs.c - a directory that is no dataset is a place (doc/design/store.md 7): what is in it
 * are artefacts of their own, so that several steps can put their files there, and each can be
 * reused by itself. */
#include "base/clock.h"

#include "engine/recall_internal.h"
#include "sys/file.h"
#include "sys/witness.h"

#include <sys/stat.h>

#define FILES_MAX 1000 /* with more it is one artefact, like a dataset */

/* --- what is in it ------------------------------------------------------------------------ */

/* Files that make a directory a dataset: casacore, zarr. */
static const char *const marks[] = { "table.dat", "zarr.json", ".zgroup", ".zarray" };

/* `dir`: relative to the root of the tree; empty for that itself. */
static bool is_dataset(struct sp_arena *arena, const struct sp_tree *tree, struct sp_str dir)
{
    for (size_t i = 0; i < SP_COUNT(marks); i++) {
        struct sp_str mark = sp_str_of(marks[i]);
        if (sp_tree_find(tree, dir.len ? sp_arena_join(arena, dir, "/", mark) : mark))
            return true;
    }
    return false;
}

static bool is_below(struct sp_str path, struct sp_str dir)
{
    return path.len > dir.len && path.ptr[dir.len] == '/' &&
           sp_str_eq(sp_str_slice(path, 0, dir.len), dir);
}

static bool is_listed(const struct sp_list *list, struct sp_str path)
{
    SP_LIST_EACH(item, list)
    if (sp_str_eq(item->text, path) || is_below(path, item->text))
        return true;
    return false;
}

/* Files, and datasets as a whole. False: it has to be taken as one. */
static bool list_tree(struct sp_arena *arena, const struct sp_tree *tree, struct sp_list *out)
{
    struct sp_list datasets = { 0 };

    if (tree->len > FILES_MAX || (tree->len && tree->entries[0].type != SP_TREE_DIR) ||
        is_dataset(arena, tree, SP_STR("")))
        return false;
    for (size_t i = 1; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        bool is_dir = entry->type == SP_TREE_DIR;
        if (entry->type == SP_TREE_LINK)
            return false;
        if (is_listed(&datasets, entry->path) || (is_dir && !is_dataset(arena, tree, entry->path)))
            continue;
        if (is_dir)
            sp_list_add(arena, &datasets, sp_text(entry->path));
        sp_list_add(arena, out, sp_text(entry->path));
    }
    return true;
}

/* What earlier runs have put there, gone or not. False: the directory itself is in the ledger, or
 * what it is in. */
static bool list_holds(struct sp_recall *recall,
                       struct sp_arena *arena,
                       struct sp_str real,
                       struct sp_list *out)
{
    SP_MAP_EACH (entry, sp_ledger_holds(recall->ledger)) {
        const struct sp_hold *hold = entry->value;
        struct sp_str path = sp_heads_absolute(recall->heads, arena, hold->path);
        if (sp_str_eq(path, real) || is_below(real, path))
            return false;
        if (!is_below(path, real))
            continue;
        struct sp_str rest = sp_str_slice(path, real.len + 1, path.len);
        if (!is_listed(out, rest))
            sp_list_add(arena, out, sp_text(rest));
    }
    return true;
}

enum sp_rc sp_recall_list_place(struct sp_recall *recall,
                                struct sp_arena *arena,
                                struct sp_str real,
                                struct sp_list *out,
                                bool *is_place,
                                struct sp_err *err)
{
    struct sp_tree tree = { 0 };
    enum sp_rc rc = sp_tree_scan(sp_arena_cstr(arena, real), arena, &tree, err);

    *is_place = rc == SP_OK && list_tree(arena, &tree, out) && list_holds(recall, arena, real, out);
    if (rc == SP_INVALID) { /* something in there cannot be an artefact: whoever takes it as one
                               says so */
        err->code = SP_OK;
        rc = SP_OK;
    }
    return rc;
}

/* --- what unfinished runs have left ------------------------------------------------------- */

void sp_recall_disown(struct sp_recall *recall, struct sp_str real)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct stat info;

    sp_witness_path(sp_arena_cstr(arena, real));
    if (!recall->begun || sp_heads_is_known(recall->heads, real) ||
        lstat(sp_arena_cstr(arena, real), &info) < 0 || sp_clock_nsec(info.st_ctim) < recall->begun)
        return;
    sp_heads_disown(recall->heads, real);
}

bool sp_recall_is_open(const struct sp_recalled *recalled)
{
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (recalled->roles.items[i].is_place && sp_role_changes(&recalled->roles.items[i]))
            return true;
    SP_MAP_EACH (entry, &recalled->cab->schema.params) {
        const struct sp_param *param = entry->value;
        if (param->is_output && param->has_implicit && sp_dtype_has_file(param->dtype))
            return true;
    }
    return false;
}

/* --- roles -------------------------------------------------------------------------------- */

static bool may_be_place(const struct sp_role *role)
{
    return role->param && !role->by_text && !role->is_inside &&
           sp_dtype_is(role->param->dtype, "Directory");
}

enum sp_rc sp_recall_enter_place(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 struct sp_roles *roles,
                                 size_t at,
                                 struct sp_err *err)
{
    struct sp_roles_request request = { .arena = arena, .world = &recall->world };
    struct sp_list paths = { 0 };
    struct sp_str real = roles->items[at].real;
    bool is_place = false;

    if (!may_be_place(&roles->items[at]))
        return SP_OK;
    enum sp_rc rc = sp_recall_list_place(recall, arena, real, &paths, &is_place, err);
    roles->items[at].is_place = is_place;
    if (rc || !is_place)
        return rc;
    SP_LIST_EACH(path, &paths)
    {
        struct sp_head *head;
        struct sp_str inside = sp_arena_join(arena, real, "/", path->text);
        if (sp_role_changes(&roles->items[at]))
            sp_recall_disown(recall, inside);
        rc = sp_heads_touch(recall->heads, inside, &head, err);
        if (rc)
            return rc;
        sp_roles_add_inside(&request, roles, at, path->text, !sp_head_passage(head)->absent);
    }
    return SP_OK;
}

static bool has_only_dirs(const struct sp_tree *tree)
{
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].type != SP_TREE_DIR)
            return false;
    return tree->len > 0;
}

enum sp_rc sp_recall_clear_place(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 const struct sp_role *role,
                                 struct sp_err *err)
{
    struct sp_list before = { 0 };
    struct sp_tree tree = { 0 };

    if (!role->is_place || role->kind != SP_ROLE_WRITES)
        return SP_OK;
    enum sp_rc rc = sp_tree_scan(sp_arena_cstr(arena, role->real), arena, &tree, err);
    if (rc || !has_only_dirs(&tree) || !list_holds(recall, arena, role->real, &before) ||
        !before.len)
        return rc;
    return sp_remove_tree(sp_arena_cstr(arena, role->real), err);
}
