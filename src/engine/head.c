/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/head.h"

#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>

struct sp_heads {
    struct sp_heads_options options;
    struct sp_arena *arena;
    struct sp_map map; /* path of the ledger -> struct sp_head */
    size_t unsettled;  /* heads that the disk does not hold */
};

struct sp_heads *sp_heads_new(const struct sp_heads_options *options)
{
    struct sp_heads *heads = sp_alloc(sizeof *heads);

    heads->options = *options;
    heads->arena = sp_arena_new();
    return heads;
}

static void free_head(struct sp_head *head)
{
    sp_arena_free(head->arena);
    free(head);
}

void sp_heads_free(struct sp_heads *heads)
{
    if (!heads)
        return;
    SP_MAP_EACH (entry, &heads->map)
        free_head(entry->value);
    sp_map_fini(&heads->map);
    sp_arena_free(heads->arena);
    free(heads);
}

/* --- names -------------------------------------------------------------------------------- */

/* Inside the workspace relative to it, so that a workspace can be moved. */
static struct sp_str ledger_path(const struct sp_heads *heads, struct sp_str real)
{
    struct sp_str cwd = heads->options.cwd;

    if (real.len > cwd.len + 1 && real.ptr[cwd.len] == '/' &&
        sp_str_eq(sp_str_slice(real, 0, cwd.len), cwd))
        return sp_str_slice(real, cwd.len + 1, real.len);
    return real;
}

struct sp_str sp_heads_absolute(const struct sp_heads *heads,
                                struct sp_arena *arena,
                                struct sp_str path)
{
    if (sp_str_starts(path, "/"))
        return sp_arena_str(arena, path);
    return sp_arena_join(arena, heads->options.cwd, "/", path);
}

/* Is `inner` in the directory `outer`, or the same? */
static bool is_within(struct sp_str inner, struct sp_str outer)
{
    return inner.len >= outer.len && sp_str_eq(sp_str_slice(inner, 0, outer.len), outer) &&
           (inner.len == outer.len || inner.ptr[outer.len] == '/' || outer.len == 1);
}

static bool overlaps(struct sp_str a, struct sp_str b)
{
    return is_within(a, b) || is_within(b, a);
}

bool sp_heads_is_outside(const struct sp_heads *heads, struct sp_str real)
{
    struct sp_str path = ledger_path(heads, real);

    return is_within(heads->options.cwd, real) || sp_str_is(path, ".spoor") ||
           sp_str_starts(path, ".spoor/");
}

struct sp_head *sp_heads_find(const struct sp_heads *heads, struct sp_str real)
{
    return sp_map_find(&heads->map, ledger_path(heads, real));
}

const struct sp_passage *sp_head_passage(const struct sp_head *head)
{
    return &head->hold->chain.items[head->index];
}

bool sp_head_is_settled(const struct sp_head *head)
{
    const struct sp_passage *want = sp_head_passage(head);

    if (want->absent)
        return head->disk == SP_DISK_GONE || (head->disk == SP_DISK_HELD && head->hold->absent);
    return head->disk == SP_DISK_HELD && !head->hold->absent &&
           sp_version_eq(&head->hold->version, &want->version);
}

/* --- telling ------------------------------------------------------------------------------ */

static void note(const struct sp_heads *heads, bool warning, struct sp_str text)
{
    if (heads->options.note)
        heads->options.note(heads->options.arg, warning, text);
}

static void tell(struct sp_heads *heads,
                 const char *name,
                 struct sp_str path,
                 const char *what,
                 struct sp_str text)
{
    struct sp_dict *fields = sp_dict_new(heads->arena).dict;

    sp_dict_put_text(heads->arena, fields, "path", path);
    sp_dict_put_text(heads->arena, fields, what, text);
    if (heads->options.event)
        heads->options.event(heads->options.arg, name, fields);
}

/* --- looking at the disk ------------------------------------------------------------------ */

static enum sp_rc scan(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();

    sp_arena_free(head->arena);
    head->arena = sp_arena_new();
    head->tree = (struct sp_tree){ 0 };
    return sp_tree_scan(sp_heads_absolute(heads, scratch, head->path).ptr, head->arena, &head->tree,
                        err);
}

#define DRY_BYTES ((uint64_t)1 << 30) /* read in half a second or so */

static uint64_t unread_bytes(const struct sp_tree *tree)
{
    uint64_t bytes = 0;

    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].type == SP_TREE_FILE && !(tree->entries[i].has & SP_TREE_MEANING))
            bytes += tree->entries[i].size;
    return bytes;
}

/* The name of what is on disk, by its content. */
static enum sp_rc name_tree(struct sp_heads *heads,
                            struct sp_head *head,
                            struct sp_version *out,
                            struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();

    if (head->tree.bytes > heads->options.digest_limit) {
        *out = sp_version_plain(sp_tree_listing(&head->tree));
        return SP_OK;
    }
    if (heads->options.dry && unread_bytes(&head->tree) > DRY_BYTES)
        return sp_fail(err, SP_LIMIT,
                       SP_STR_FMT " is new, or has changed, and would have to be read (%.0f GB)",
                       SP_STR_ARG(head->path), (double)unread_bytes(&head->tree) / 1e9);
    enum sp_rc rc = sp_tree_digest(&head->tree, sp_heads_absolute(heads, scratch, head->path).ptr,
                                   SP_TREE_MEANING, err);
    if (rc == SP_OK)
        *out = sp_version_plain(sp_tree_content(&head->tree));
    return rc;
}

/* What is on disk is a new beginning. */
static enum sp_rc begin_chain(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_version version = { 0 };
    bool there = head->tree.len > 0;
    enum sp_rc rc = there ? name_tree(heads, head, &version, err) : SP_OK;

    if (rc)
        return rc;
    head->hold = sp_ledger_source(heads->options.ledger, head->path, there ? &version : NULL);
    head->index = 0;
    head->disk = SP_DISK_HELD;
    return sp_ledger_hold(heads->options.ledger, head->hold, 0, there ? &head->tree : NULL, err);
}

/* Is it a state that the path has had before? Somebody has put it back. */
static bool find_state(const struct sp_hold *hold, const struct sp_version *version, size_t *index)
{
    for (size_t i = 0; i < hold->chain.len; i++)
        if (!hold->chain.items[i].absent && sp_version_eq(&hold->chain.items[i].version, version)) {
            *index = i;
            return true;
        }
    return false;
}

/* What lstat finds changed is read: is it the same data all the same? */
static enum sp_rc is_same_content(struct sp_heads *heads,
                                  struct sp_head *head,
                                  const struct sp_tree *old,
                                  struct sp_version *now,
                                  bool *same,
                                  struct sp_err *err)
{
    struct sp_digest before;
    enum sp_rc rc = name_tree(heads, head, now, err);

    if (rc)
        return rc;
    *same = sp_digest_eq(&now->id, &head->hold->version.id) ||
            (old && sp_tree_find_content(old, &before) && sp_digest_eq(&before, &now->id));
    return SP_OK;
}

static struct sp_str which_files(struct sp_heads *heads,
                                 const struct sp_head *head,
                                 const struct sp_tree *old)
{
    size_t count = 0;
    struct sp_str first = old ? sp_tree_difference(&head->tree, old, &count) : SP_STR("");

    if (!first.len || sp_str_is(first, "."))
        return SP_STR("");
    return sp_arena_printf(heads->arena,
                           count > 1 ? " (" SP_STR_FMT " and %zu more)" : " (" SP_STR_FMT ")",
                           SP_STR_ARG(first), count - 1);
}

static struct sp_str made_by(const struct sp_heads *heads, const struct sp_hold *hold)
{
    const struct sp_passage *passage = &hold->chain.items[hold->index];

    return sp_arena_printf(heads->arena, "'" SP_STR_FMT "'", SP_STR_ARG(passage->task));
}

/* Somebody has changed it by hand. */
static enum sp_rc take_edit(struct sp_heads *heads,
                            struct sp_head *head,
                            const struct sp_tree *old,
                            struct sp_err *err)
{
    struct sp_str files = which_files(heads, head, old);
    bool is_source = head->hold->index == 0;
    enum sp_edits edits = is_source ? SP_EDITS_ADOPT : heads->options.edits;
    struct sp_str path = head->path;

    if (edits == SP_EDITS_REFUSE)
        return sp_fail(
            err, SP_BUSY,
            SP_STR_FMT
            " was made by step " SP_STR_FMT
            " and has been changed since, by something else" SP_STR_FMT
            "; --edits adopt takes it as it is, --edits restore brings the result of the "
            "step back (and keeps the edited one in the attic)",
            SP_STR_ARG(path), SP_STR_ARG(made_by(heads, head->hold)), SP_STR_ARG(files));
    if (edits == SP_EDITS_RESTORE) {
        tell(heads, "edit", path, "action", SP_STR("restored"));
        head->disk = SP_DISK_FOREIGN;
        return SP_OK;
    }
    tell(heads, "edit", path, "action", SP_STR("adopted"));
    if (!head->hold->absent)
        note(heads, !is_source,
             sp_arena_printf(heads->arena,
                             SP_STR_FMT " has changed since the last run" SP_STR_FMT
                                        ": it is taken as it is now",
                             SP_STR_ARG(path), SP_STR_ARG(files)));
    head->adopted = true;
    return begin_chain(heads, head, err);
}

static enum sp_rc compare(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = head->hold;
    struct sp_tree old = { 0 };
    bool same = false;

    bool known = sp_ledger_tree(heads->options.ledger, hold, head->arena, &old);
    size_t changed = known ? sp_tree_carry(&head->tree, &old, NULL) : head->tree.len;
    if (head->tree.len == 0) {
        head->disk = SP_DISK_GONE;
        return SP_OK;
    }
    if (hold->state != SP_HOLD_TRUSTED) {
        head->disk = SP_DISK_UNKNOWN;
        return SP_OK;
    }
    if (hold->absent)
        return take_edit(heads, head, NULL, err);
    if (known && !changed && !sp_tree_difference(&head->tree, &old, NULL).len) {
        head->disk = SP_DISK_HELD;
        return SP_OK;
    }
    struct sp_version now;
    size_t index = hold->index;
    enum sp_rc rc = is_same_content(heads, head, known ? &old : NULL, &now, &same, err);
    if (rc)
        return rc;
    if (!same && !find_state(hold, &now, &index))
        return take_edit(heads, head, known ? &old : NULL, err);
    head->disk = SP_DISK_HELD;
    return sp_ledger_hold(heads->options.ledger, hold, index, &head->tree, err);
}

/* --- where a run starts ------------------------------------------------------------------- */

/* Before the first task of this recipe; else where it is. */
static size_t root_of(const struct sp_heads *heads, const struct sp_hold *hold)
{
    struct sp_str recipe = heads->options.recipe;

    for (size_t i = 1; recipe.len && i <= hold->index; i++)
        if (sp_str_eq(hold->chain.items[i].recipe, recipe))
            return i - 1;
    return hold->index;
}

/* What others have made of our result goes out of sight, not away. */
static void note_rollback(struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_passage *last = &head->hold->chain.items[head->hold->index];

    if (head->index == head->hold->index || sp_str_eq(last->recipe, heads->options.recipe))
        return;
    note(heads, false,
         sp_arena_printf(
             heads->arena,
             SP_STR_FMT " goes back to what it was before '" SP_STR_FMT "' ran; what '" SP_STR_FMT
                        "' made of it stays among its versions",
             SP_STR_ARG(head->path), SP_STR_ARG(heads->options.recipe), SP_STR_ARG(last->recipe)));
}

static enum sp_rc take_root(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = head->hold;
    bool on_chain = hold->absent == hold->chain.items[hold->index].absent &&
                    sp_version_eq(&hold->version, &hold->chain.items[hold->index].version);

    if (head->adopted)
        return SP_OK;
    head->index = heads->options.on_top ? hold->index : root_of(heads, hold);
    if (head->disk == SP_DISK_HELD && head->index == hold->index &&
        (!on_chain || (heads->options.on_top && hold->index > 0)))
        return begin_chain(heads, head, err);
    note_rollback(heads, head);
    return SP_OK;
}

/* --- artefacts in artefacts --------------------------------------------------------------- */

static bool has_parent(const struct sp_map *map, struct sp_str path)
{
    for (size_t i = path.len; i > 1; i--)
        if (path.ptr[i - 1] == '/' && sp_map_has(map, sp_str_slice(path, 0, i - 1)))
            return true;
    return false;
}

/* Only directories can have something inside. */
static bool has_child(const struct sp_map *map, struct sp_str path, const struct sp_tree *tree)
{
    if (!tree->len || tree->entries[0].type != SP_TREE_DIR)
        return false;
    SP_MAP_EACH (entry, map)
        if (entry->key.len > path.len && is_within(entry->key, path))
            return true;
    return false;
}

static bool is_composite(const struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_map *holds = sp_ledger_holds(heads->options.ledger);

    return has_parent(holds, head->path) || has_child(holds, head->path, &head->tree);
}

/* A hold that the ledger does not know: what is inside has chains of its own. */
static enum sp_rc begin_alone(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = SP_ARENA_NEW(heads->arena, struct sp_hold, 1);
    struct sp_version version = { 0 };
    bool there = head->tree.len > 0;
    enum sp_rc rc = there ? name_tree(heads, head, &version, err) : SP_OK;

    if (rc)
        return rc;
    hold->path = head->path;
    hold->chain.items = SP_ARENA_NEW(heads->arena, struct sp_passage, 1);
    hold->chain.items[0] = (struct sp_passage){ .absent = !there, .version = version };
    hold->chain.len = 1;
    hold->absent = !there;
    hold->version = version;
    head->hold = hold;
    head->index = 0;
    head->disk = SP_DISK_HELD;
    return SP_OK;
}

/* All that overlaps goes to disk, and what is there counts, each time anew. */
static enum sp_rc touch_composite(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_digest lost;

    head->composite = true;
    enum sp_rc rc =
        sp_heads_settle_all(heads, sp_heads_absolute(heads, scratch, head->path), &lost, err);
    if (rc == SP_OK)
        rc = scan(heads, head, err);
    return rc ? rc : begin_alone(heads, head, err);
}

static enum sp_rc look(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    enum sp_rc rc = scan(heads, head, err);

    if (rc)
        return rc;
    if (is_composite(heads, head))
        return touch_composite(heads, head, err);
    head->hold = sp_ledger_find(heads->options.ledger, head->path);
    if (!head->hold)
        return begin_chain(heads, head, err);
    rc = compare(heads, head, err);
    return rc ? rc : take_root(heads, head, err);
}

/* After everything that moves a head, or its disk. */
static void count(struct sp_heads *heads, struct sp_head *head)
{
    bool unsettled = !head->composite && !sp_head_is_settled(head);

    heads->unsettled += unsettled;
    heads->unsettled -= head->counted;
    head->counted = unsettled;
}

static void remove_head(struct sp_heads *heads, struct sp_head *head)
{
    heads->unsettled -= head->counted;
    sp_map_remove(&heads->map, head->path);
    free_head(head);
}

enum sp_rc sp_heads_touch(struct sp_heads *heads,
                          struct sp_str real,
                          struct sp_head **out,
                          struct sp_err *err)
{
    struct sp_str path = ledger_path(heads, real);
    struct sp_head *head = sp_map_find(&heads->map, path);

    if (head && !head->composite) {
        *out = head;
        return SP_OK;
    }
    if (head)
        remove_head(heads, head);
    head = sp_alloc(sizeof *head);
    head->path = sp_arena_str(heads->arena, path);
    enum sp_rc rc = look(heads, head, err);
    if (rc) {
        free_head(head);
        return rc;
    }
    sp_map_set(&heads->map, head->path, head);
    count(heads, head);
    *out = head;
    return SP_OK;
}

/* --- bringing to disk --------------------------------------------------------------------- */

static enum sp_rc move_to_attic(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_str from = sp_heads_absolute(heads, scratch, head->path);
    struct sp_str to = sp_arena_printf(scratch, SP_STR_FMT "/" SP_STR_FMT "/" SP_STR_FMT,
                                       SP_STR_ARG(heads->options.attic),
                                       SP_STR_ARG(heads->options.run), SP_STR_ARG(head->path));
    struct sp_str dir = sp_str_slice(to, 0, sp_str_rfind(to, '/'));
    enum sp_rc rc = sp_make_dirs(sp_arena_cstr(scratch, dir), err);

    for (int i = 2; rc == SP_OK && sp_file_kind(to.ptr) != SP_FILE_NONE; i++)
        to = sp_arena_printf(scratch, SP_STR_FMT "-%d", SP_STR_ARG(to), i);
    if (rc == SP_OK && rename(from.ptr, to.ptr) < 0)
        rc = sp_fail_errno(err, "move %s out of the way, to %s", from.ptr, to.ptr);
    if (rc)
        return rc;
    note(heads, true,
         sp_arena_printf(heads->arena, "what was at " SP_STR_FMT " is now at %s",
                         SP_STR_ARG(head->path), to.ptr));
    return scan(heads, head, err);
}

static enum sp_rc remove_product(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    enum sp_rc rc = SP_OK;

    if (head->tree.len) {
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_RESTORING, heads->options.run,
                        SP_STR(""));
        rc = sp_ledger_sync(heads->options.ledger, err);
        if (rc == SP_OK)
            rc = sp_remove_tree(sp_heads_absolute(heads, scratch, head->path).ptr, err);
        if (rc == SP_OK)
            rc = scan(heads, head, err);
    }
    if (rc)
        return rc;
    head->disk = SP_DISK_HELD;
    return sp_ledger_hold(heads->options.ledger, head->hold, head->index, NULL, err);
}

/* A tool was at it: what was seen before is no longer what is there. */
static enum sp_rc look_again(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_arena *arena = SP_TAKE(head->arena);
    struct sp_tree before = head->tree;
    enum sp_rc rc = scan(heads, head, err);

    if (rc == SP_OK)
        (void)sp_tree_carry(&head->tree, &before, NULL);
    sp_arena_free(arena);
    return rc;
}

static enum sp_rc restore(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    const struct sp_passage *want = sp_head_passage(head);
    struct sp_arena *arena = sp_arena_new();
    struct sp_tree wanted = { 0 };
    struct sp_str path = sp_heads_absolute(heads, arena, head->path);
    enum sp_rc rc = sp_store_fetch(heads->options.store, &want->tree, arena, &wanted, err);

    if (rc == SP_OK) {
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_RESTORING, heads->options.run,
                        SP_STR(""));
        rc = sp_ledger_sync(heads->options.ledger, err);
    }
    if (rc == SP_OK)
        rc = sp_store_restore(heads->options.store, &wanted, path.ptr, &head->tree, err);
    if (rc) {
        sp_arena_free(arena);
        return rc;
    }
    sp_arena_free(head->arena);
    head->arena = arena;
    head->tree = wanted;
    head->disk = SP_DISK_HELD;
    tell(heads, "restore", head->path, "version", sp_str_of(sp_digest_hex(&want->version.id).text));
    return sp_ledger_hold(heads->options.ledger, head->hold, head->index, &wanted, err);
}

bool sp_heads_can_settle(const struct sp_heads *heads,
                         const struct sp_head *head,
                         struct sp_digest *lost)
{
    const struct sp_passage *want = sp_head_passage(head);

    if (head->composite || sp_head_is_settled(head) || want->absent ||
        (want->kept && sp_store_has(heads->options.store, &want->tree)))
        return true;
    *lost = want->key;
    return false;
}

enum sp_rc sp_heads_settle(struct sp_heads *heads,
                           struct sp_head *head,
                           struct sp_digest *lost,
                           struct sp_err *err)
{
    const struct sp_passage *want = sp_head_passage(head);
    enum sp_rc rc = SP_OK;

    if (head->composite || sp_head_is_settled(head))
        return SP_OK;
    if (heads->options.dry)
        return sp_fail(err, SP_LIMIT, SP_STR_FMT " has to be brought back first",
                       SP_STR_ARG(head->path));
    if (!sp_heads_can_settle(heads, head, lost))
        return sp_fail(err, SP_NOT_FOUND,
                       "the version of " SP_STR_FMT
                       " that is needed is not kept, and nothing can make it again",
                       SP_STR_ARG(head->path));
    if (head->disk == SP_DISK_FOREIGN)
        rc = move_to_attic(heads, head, err);
    else if (head->disk == SP_DISK_UNKNOWN)
        rc = look_again(heads, head, err);
    if (rc)
        return rc;
    rc = want->absent ? remove_product(heads, head, err) : restore(heads, head, err);
    count(heads, head);
    if (rc == SP_CORRUPT || rc == SP_NOT_FOUND) {
        /* Damaged in the store: as if it had never been kept. */
        *lost = want->key;
        rc = err->code = SP_NOT_FOUND;
    }
    return rc;
}

enum sp_rc sp_heads_settle_all(struct sp_heads *heads,
                               struct sp_str below,
                               struct sp_digest *lost,
                               struct sp_err *err)
{
    struct sp_str only = below.len ? ledger_path(heads, below) : SP_STR("");

    for (size_t i = 0; i < heads->map.len && heads->unsettled; i++) {
        struct sp_head *head = heads->map.entries[i].value;
        if (only.len && !sp_str_eq(only, heads->options.cwd) && !overlaps(head->path, only))
            continue;
        enum sp_rc rc = head->writer ? SP_OK : sp_heads_settle(heads, head, lost, err);
        /* A source that was never kept, because a tool was to write over it: whoever asks for it by
         * name is told. */
        if (rc == SP_NOT_FOUND && sp_digest_is_zero(lost)) {
            err->code = SP_OK;
            continue;
        }
        if (rc)
            return rc;
    }
    return SP_OK;
}

size_t sp_heads_unsettled(const struct sp_heads *heads)
{
    return heads->unsettled;
}

bool sp_heads_each_unsettled(const struct sp_heads *heads, size_t *at, struct sp_head **out)
{
    while (heads->unsettled && *at < heads->map.len) {
        *out = heads->map.entries[(*at)++].value;
        if ((*out)->counted)
            return true;
    }
    return false;
}

enum sp_rc sp_heads_keep(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_digest tree;

    if (now->absent || (now->kept && sp_store_has(heads->options.store, &now->tree)))
        return SP_OK;
    enum sp_rc rc =
        sp_store_keep(heads->options.store, sp_heads_absolute(heads, scratch, head->path).ptr,
                      &head->tree, &tree, err);
    if (rc == SP_OK)
        sp_ledger_kept(heads->options.ledger, head->hold, head->index, &tree);
    if (rc == SP_OK) /* with the names of the objects */
        rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index, &head->tree, err);
    return rc;
}

/* --- moving on ---------------------------------------------------------------------------- */

void sp_heads_changing(struct sp_heads *heads, struct sp_head *head, struct sp_str task)
{
    head->disk = SP_DISK_UNKNOWN;
    if (!head->composite)
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_CHANGING, heads->options.run,
                        task);
    count(heads, head);
}

/* The holds of what overlaps mean nothing any more. */
static void forget_around(struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_map *holds = sp_ledger_holds(heads->options.ledger);

    for (size_t i = holds->len; i-- > 0;)
        if (overlaps(holds->entries[i].key, head->path))
            sp_ledger_drop(heads->options.ledger, holds->entries[i].key);
    for (size_t i = heads->map.len; i-- > 0;)
        if (heads->map.entries[i].value != head && overlaps(heads->map.entries[i].key, head->path))
            remove_head(heads, heads->map.entries[i].value);
}

enum sp_rc sp_heads_clear(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    bool is_ours = head->hold->index > 0 && head->disk == SP_DISK_HELD;
    enum sp_rc rc = SP_OK;

    if (head->composite || !head->tree.len)
        return SP_OK;
    if (head->disk == SP_DISK_UNKNOWN || is_ours || head->hold->chain.items[0].kept) {
        sp_auto_arena struct sp_arena *scratch = sp_arena_new();
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_CHANGING, heads->options.run,
                        SP_STR(""));
        rc = sp_ledger_sync(heads->options.ledger, err);
        if (rc == SP_OK)
            rc = sp_remove_tree(sp_heads_absolute(heads, scratch, head->path).ptr, err);
        if (rc == SP_OK)
            rc = scan(heads, head, err);
    } else {
        rc = move_to_attic(heads, head, err);
    }
    head->disk = SP_DISK_GONE;
    count(heads, head);
    return rc;
}

void sp_heads_advance(struct sp_heads *heads,
                      struct sp_head *head,
                      const struct sp_passage *passage)
{
    sp_ledger_made(heads->options.ledger, head->hold, head->index, passage);
    head->index++;
    count(heads, head);
}

enum sp_rc sp_heads_place(struct sp_heads *heads,
                          struct sp_head *head,
                          const struct sp_passage *passage,
                          struct sp_err *err)
{
    struct sp_ledger *ledger = heads->options.ledger;
    size_t index = 0;

    if (!find_state(head->hold, &passage->version, &index)) {
        /* Whatever is there now is taken for unknown, and replaced as a whole. */
        enum sp_disk disk = head->disk;
        head->hold = sp_ledger_source(ledger, head->path, &passage->version);
        head->disk = disk == SP_DISK_HELD ? SP_DISK_UNKNOWN : disk;
    }
    head->index = index;
    if (passage->kept && !head->hold->chain.items[index].kept)
        sp_ledger_kept(ledger, head->hold, index, &passage->tree);
    count(heads, head);
    return sp_ledger_sync(ledger, err);
}

bool sp_heads_follow(struct sp_heads *heads, struct sp_head *head, struct sp_str task)
{
    const struct sp_hold *hold = head->hold;
    size_t next = head->index + 1;

    if (next >= hold->chain.len || !sp_str_eq(hold->chain.items[next].task, task) ||
        !sp_str_eq(hold->chain.items[next].recipe, heads->options.recipe))
        return false;
    head->index = next;
    count(heads, head);
    return true;
}

enum sp_rc sp_heads_arrive(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_passage *passage,
                           struct sp_tree *tree,
                           struct sp_err *err)
{
    sp_arena_free(head->arena);
    head->arena = tree->arena;
    head->tree = *tree;
    head->disk = SP_DISK_HELD;
    if (head->composite) {
        forget_around(heads, head);
        return SP_OK;
    }
    sp_ledger_made(heads->options.ledger, head->hold, head->index, passage);
    head->index++;
    enum sp_rc rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index,
                                   tree->len ? &head->tree : NULL, err);
    count(heads, head);
    return rc;
}

enum sp_rc sp_heads_review(struct sp_heads *heads,
                           struct sp_head *head,
                           bool *changed,
                           struct sp_str *file,
                           struct sp_err *err)
{
    struct sp_tree before = head->tree;
    struct sp_arena *arena = SP_TAKE(head->arena);
    struct sp_version now;
    bool same = true;

    *changed = false;
    enum sp_rc rc = scan(heads, head, err);
    size_t differ = rc ? 0 : sp_tree_carry(&head->tree, &before, NULL);
    struct sp_str first = rc ? SP_STR("") : sp_tree_difference(&head->tree, &before, NULL);
    if (rc == SP_OK && (differ || first.len)) {
        if (head->tree.len)
            rc = is_same_content(heads, head, &before, &now, &same, err);
        else
            same = before.len == 0;
        first = sp_tree_difference(&head->tree, &before, NULL);
        if (file)
            *file = sp_arena_str(heads->arena, first);
        *changed = rc == SP_OK && !same;
        if (*changed)
            rc = head->composite ? begin_alone(heads, head, err) : begin_chain(heads, head, err);
        else if (rc == SP_OK && !head->composite)
            rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index, &head->tree, err);
    }
    sp_arena_free(arena);
    count(heads, head);
    return rc;
}
