/* SPDX-License-Identifier: BSD-3-Clause */
/* head_secure.c - nothing that is nowhere else is overwritten or removed (doc/design/store.md 2,
 * invariant 4). */
#include "engine/head_internal.h"
#include "sys/file.h"

#include <stdio.h>

#define HISTORY "HISTORY"

/* --- the attic ---------------------------------------------------------------------------- */

/* Move `path` (of the ledger) there; *to is its new name. */
static enum sp_rc move(const struct sp_heads *heads,
                       struct sp_arena *scratch,
                       struct sp_str path,
                       struct sp_str *to,
                       struct sp_err *err)
{
    struct sp_str from = sp_heads_absolute(heads, scratch, path);

    *to = sp_arena_printf(scratch, SP_STR_FMT "/" SP_STR_FMT "/" SP_STR_FMT,
                          SP_STR_ARG(heads->options.attic), SP_STR_ARG(heads->options.run),
                          SP_STR_ARG(path));
    struct sp_str dir = sp_str_slice(*to, 0, sp_str_rfind(*to, '/'));
    enum sp_rc rc = sp_make_dirs(sp_arena_cstr(scratch, dir), err);

    for (int i = 2; rc == SP_OK && sp_file_kind(to->ptr) != SP_FILE_NONE; i++)
        *to = sp_arena_printf(scratch, SP_STR_FMT "-%d", SP_STR_ARG(*to), i);
    if (rc == SP_OK && rename(from.ptr, to->ptr) < 0)
        rc = sp_fail_errno(err, "move %s out of the way, to %s", from.ptr, to->ptr);
    return rc;
}

enum sp_rc sp_head_move_to_attic(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_str to;
    enum sp_rc rc = move(heads, scratch, head->path, &to, err);

    if (rc)
        return rc;
    sp_heads_note(heads, true,
                  sp_arena_printf(heads->arena, "what was at " SP_STR_FMT " is now at %s",
                                  SP_STR_ARG(head->path), to.ptr));
    return sp_head_scan(heads, head, err);
}

/* --- remarks ------------------------------------------------------------------------------ */

/* Data of HISTORY; its other files change without anybody having said anything. */
static bool is_history(const struct sp_tree_entry *entry)
{
    return entry->type == SP_TREE_FILE && sp_str_starts(entry->path, HISTORY "/table.f");
}

static bool is_same_file(const struct sp_tree_entry *a, const struct sp_tree_entry *b)
{
    unsigned both = a->has & b->has;

    if (a->size != b->size)
        return false;
    return ((both & SP_TREE_EXACT) && sp_digest_eq(&a->exact, &b->exact)) ||
           ((both & SP_TREE_OBJECT) && sp_digest_eq(&a->object, &b->object)) ||
           a->mtime == b->mtime;
}

/* Does the disk hold what the chain says of it? */
static const struct sp_passage *held_passage(const struct sp_head *head)
{
    const struct sp_passage *held = &head->hold->chain.items[head->hold->index];

    if (head->disk != SP_DISK_HELD || head->hold->absent || held->absent ||
        !sp_version_eq(&held->version, &head->hold->version))
        return NULL;
    return held;
}

bool sp_head_has_remarks(const struct sp_heads *heads, const struct sp_head *head)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    const struct sp_passage *held = held_passage(head);
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_tree kept;

    if (!held || !held->kept || !sp_tree_find(&head->tree, SP_STR(HISTORY "/table.dat")) ||
        sp_store_fetch(heads->options.store, &held->tree, scratch, &kept, &ignored))
        return false;
    for (size_t i = 0; i < head->tree.len; i++) {
        const struct sp_tree_entry *entry = &head->tree.entries[i];
        const struct sp_tree_entry *old =
            is_history(entry) ? sp_tree_find(&kept, entry->path) : NULL;
        if (old && !is_same_file(entry, old))
            return true;
    }
    return false;
}

static enum sp_rc keep_remarks(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_arena *arena = head->arena;
    struct sp_tree before = head->tree;
    struct sp_str to;

    if (!sp_head_has_remarks(heads, head))
        return SP_OK;
    sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_RESTORING, heads->options.run,
                    SP_STR(""));
    enum sp_rc rc = sp_ledger_sync(heads->options.ledger, err);
    if (rc == SP_OK)
        rc = move(heads, scratch, sp_arena_join(scratch, head->path, "/", SP_STR(HISTORY)), &to,
                  err);
    if (rc)
        return rc;
    sp_heads_note(
        heads, true,
        sp_arena_printf(heads->arena,
                        "somebody has written into " HISTORY " of " SP_STR_FMT
                        " since it was made; as another version takes its place, that " HISTORY
                        " is now at %s",
                        SP_STR_ARG(head->path), to.ptr));
    head->arena = NULL;
    rc = sp_head_scan(heads, head, err);
    if (rc == SP_OK)
        (void)sp_tree_carry(&head->tree, &before, NULL);
    sp_arena_free(arena);
    return rc;
}

/* --- sources ------------------------------------------------------------------------------ */

/* A source that is nowhere else. */
static enum sp_rc keep_source(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_digest tree;

    if (!heads->options.keeps)
        return sp_head_move_to_attic(heads, head, err);
    enum sp_rc rc =
        sp_store_keep(heads->options.store, sp_heads_absolute(heads, scratch, head->path).ptr,
                      &head->tree, &tree, err);
    if (rc == SP_OK)
        sp_ledger_kept(heads->options.ledger, head->hold, 0, &tree);
    if (rc != SP_LIMIT && rc != SP_IO)
        return rc;
    err->code = SP_OK;
    return sp_head_move_to_attic(heads, head, err);
}

enum sp_rc sp_head_secure(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    const struct sp_passage *held = held_passage(head);

    if (head->disk == SP_DISK_FOREIGN)
        return sp_head_move_to_attic(heads, head, err);
    if (held && head->hold->index == 0 &&
        (!held->kept || !sp_store_has(heads->options.store, &held->tree)))
        return keep_source(heads, head, err);
    return keep_remarks(heads, head, err);
}

/* --- what unfinished steps leave ----------------------------------------------------------- */

static bool is_unchanged(const struct sp_tree_entry *entry)
{
    return entry->type != SP_TREE_FILE || entry->has;
}

static enum sp_rc move_changed(struct sp_heads *heads,
                               struct sp_head *head,
                               size_t *count,
                               struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < head->tree.len && rc == SP_OK; i++) {
        const struct sp_tree_entry *entry = &head->tree.entries[i];
        struct sp_str to;
        if (is_unchanged(entry) || !entry->size)
            continue;
        bool whole = sp_str_is(entry->path, ".");
        rc = move(heads, scratch,
                  whole ? head->path : sp_arena_join(scratch, head->path, "/", entry->path), &to,
                  err);
        *count += rc == SP_OK;
    }
    return rc;
}

enum sp_rc sp_head_put_aside(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_tree before = head->tree;
    struct sp_arena *arena = NULL;
    size_t count = 0;

    if (head->disk != SP_DISK_UNKNOWN || head->hold->state != SP_HOLD_CHANGING)
        return SP_OK;
    struct sp_str task = sp_arena_str(heads->arena, head->hold->task);
    enum sp_rc rc = move_changed(heads, head, &count, err);
    if (rc || !count)
        return rc;
    struct sp_str by = task.len
                           ? sp_arena_printf(heads->arena, "'" SP_STR_FMT "'", SP_STR_ARG(task))
                           : SP_STR("the step that left it");
    sp_heads_note(
        heads, true,
        sp_arena_printf(heads->arena,
                        SP_STR_FMT " goes back to what it was before " SP_STR_FMT
                                   ", which did not end well; what it left is in " SP_STR_FMT
                                   "/" SP_STR_FMT,
                        SP_STR_ARG(head->path), SP_STR_ARG(by), SP_STR_ARG(heads->options.attic),
                        SP_STR_ARG(heads->options.run)));
    arena = SP_TAKE(head->arena);
    rc = sp_head_scan(heads, head, err);
    if (rc == SP_OK)
        (void)sp_tree_carry(&head->tree, &before, NULL);
    sp_arena_free(arena);
    return rc;
}
