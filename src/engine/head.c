/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/head_internal.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>

struct sp_heads *sp_heads_new(const struct sp_heads_options *options)
{
    struct sp_heads *heads = sp_alloc(sizeof *heads);

    heads->options = *options;
    heads->arena = sp_arena_new();
    return heads;
}

void sp_head_free(struct sp_head *head)
{
    sp_arena_free(head->arena);
    free(head);
}

void sp_heads_free(struct sp_heads *heads)
{
    if (!heads)
        return;
    SP_MAP_EACH (entry, &heads->map)
        sp_head_free(entry->value);
    sp_map_fini(&heads->map);
    sp_map_fini(&heads->roots);
    sp_arena_free(heads->arena);
    free(heads);
}

/* --- names -------------------------------------------------------------------------------- */

/* Inside the workspace relative to it, so that a workspace can be moved. */
struct sp_str sp_heads_path(const struct sp_heads *heads, struct sp_str real)
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
bool sp_path_is_within(struct sp_str inner, struct sp_str outer)
{
    return inner.len >= outer.len && sp_str_eq(sp_str_slice(inner, 0, outer.len), outer) &&
           (inner.len == outer.len || inner.ptr[outer.len] == '/' || sp_str_is(outer, "/"));
}

bool sp_paths_overlap(struct sp_str a, struct sp_str b)
{
    return sp_path_is_within(a, b) || sp_path_is_within(b, a);
}

bool sp_heads_is_outside(const struct sp_heads *heads, struct sp_str real)
{
    struct sp_str path = sp_heads_path(heads, real);

    return sp_path_is_within(heads->options.cwd, real) || sp_str_is(path, ".spoor") ||
           sp_str_starts(path, ".spoor/");
}

bool sp_head_contains(const struct sp_heads *heads, const struct sp_head *head, struct sp_str real)
{
    return sp_path_is_within(sp_heads_path(heads, real), head->path);
}

struct sp_head *sp_heads_find(const struct sp_heads *heads, struct sp_str real)
{
    return sp_map_find(&heads->map, sp_heads_path(heads, real));
}

bool sp_heads_has(const struct sp_heads *heads, struct sp_str path)
{
    return sp_map_has(&heads->map, path);
}

bool sp_heads_is_known(const struct sp_heads *heads, struct sp_str real)
{
    return sp_ledger_find(heads->options.ledger, sp_heads_path(heads, real));
}

void sp_heads_disown(struct sp_heads *heads, struct sp_str real)
{
    struct sp_ledger *ledger = heads->options.ledger;
    struct sp_hold *hold = sp_ledger_source(ledger, sp_heads_path(heads, real), NULL);

    sp_ledger_touch(ledger, hold, SP_HOLD_CHANGING, heads->options.run, SP_STR(""));
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

void sp_heads_note(const struct sp_heads *heads, bool warning, struct sp_str text)
{
    if (heads->options.note)
        heads->options.note(heads->options.arg, warning, text);
}

void sp_heads_tell(struct sp_heads *heads,
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

/* --- bringing to disk --------------------------------------------------------------------- */

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
            rc = sp_head_scan(heads, head, err);
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
    enum sp_rc rc = sp_head_scan(heads, head, err);

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
    if (rc == SP_OK) {
        head->disk = SP_DISK_UNKNOWN; /* until it has come to its end */
        rc = sp_store_restore(heads->options.store, &wanted, path.ptr, &head->tree, err);
    }
    if (rc) {
        sp_arena_free(arena);
        return rc;
    }
    sp_arena_free(head->arena);
    head->arena = arena;
    head->tree = wanted;
    head->disk = SP_DISK_HELD;
    head->turn = heads->turn;
    sp_heads_tell(heads, "restore", head->path, "version",
                  sp_str_of(sp_digest_hex(&want->version.id).text));
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

static enum sp_rc fail_lost(const struct sp_head *head,
                            const struct sp_digest *lost,
                            struct sp_err *err)
{
    if (sp_digest_is_zero(lost))
        return sp_fail(err, SP_NOT_FOUND,
                       SP_STR_FMT
                       " as it was before any step changed it is needed, and is not in the store: "
                       "put it back from where it came, and run with --edits adopt ('spoor "
                       "versions " SP_STR_FMT "' lists what there is)",
                       SP_STR_ARG(head->path), SP_STR_ARG(head->path));
    return sp_fail(err, SP_NOT_FOUND,
                   "the version of " SP_STR_FMT
                   " that is needed is not kept, and nothing in this recipe can make it again; run "
                   "this recipe first: " SP_STR_FMT,
                   SP_STR_ARG(head->path), SP_STR_ARG(sp_head_passage(head)->recipe));
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
    if (!sp_heads_can_settle(heads, head, lost)) {
        if (want->kept && !sp_digest_is_zero(lost))
            sp_heads_note(heads, false,
                          sp_arena_printf(heads->arena,
                                          "what '" SP_STR_FMT "' has made of " SP_STR_FMT
                                          " is no longer whole in the store: it is made again",
                                          SP_STR_ARG(want->task), SP_STR_ARG(head->path)));
        return fail_lost(head, lost, err);
    }
    rc = sp_heads_check(heads, head, err);
    if (rc == SP_OK && head->disk == SP_DISK_UNKNOWN)
        rc = look_again(heads, head, err);
    else if (rc == SP_OK)
        rc = sp_head_secure(heads, head, err);
    if (rc)
        return rc;
    rc = sp_head_put_aside(heads, head, err);
    if (rc == SP_OK)
        rc = want->absent ? remove_product(heads, head, err) : restore(heads, head, err);
    sp_head_count(heads, head);
    if (rc == SP_CORRUPT || rc == SP_NOT_FOUND) {
        /* Damaged in the store: as if it had never been kept. */
        if (rc == SP_CORRUPT)
            sp_heads_note(heads, true, sp_arena_str(heads->arena, sp_str_of(err->text)));
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
    struct sp_str only = below.len ? sp_heads_path(heads, below) : SP_STR("");

    for (size_t i = 0; i < heads->map.len && heads->unsettled; i++) {
        struct sp_head *head = heads->map.entries[i].value;
        if (only.len && !sp_str_eq(only, heads->options.cwd) && !sp_paths_overlap(head->path, only))
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

enum sp_rc sp_heads_conclude(struct sp_heads *heads, struct sp_err *err)
{
    SP_MAP_EACH (entry, &heads->map) {
        struct sp_head *head = entry->value;
        if (head->composite || head->disk != SP_DISK_HELD || head->index == head->hold->index ||
            !sp_head_is_settled(head))
            continue;
        const struct sp_tree *tree = head->hold->absent ? NULL : &head->tree;
        enum sp_rc rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index, tree, err);
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

    if (now->absent || (now->kept && sp_store_has(heads->options.store, &now->tree) &&
                        !sp_head_has_remarks(heads, head)))
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
    sp_head_count(heads, head);
}

/* The holds of what overlaps mean nothing any more. */
static void forget_around(struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_map *holds = sp_ledger_holds(heads->options.ledger);

    for (size_t i = holds->len; i-- > 0;)
        if (sp_paths_overlap(holds->entries[i].key, head->path))
            sp_ledger_drop(heads->options.ledger, holds->entries[i].key);
    for (size_t i = heads->map.len; i-- > 0;)
        if (heads->map.entries[i].value != head &&
            sp_paths_overlap(heads->map.entries[i].key, head->path))
            sp_heads_remove(heads, heads->map.entries[i].value);
}

enum sp_rc sp_heads_clear(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    bool is_ours = head->hold->index > 0 && head->disk == SP_DISK_HELD;
    bool is_kept = head->hold->chain.items[0].kept && head->disk == SP_DISK_HELD;
    bool is_rest = head->disk == SP_DISK_UNKNOWN && head->hold->task.len; /* of a known task */
    enum sp_rc rc = SP_OK;

    if (head->composite || !head->tree.len)
        return SP_OK;
    if (is_ours)
        rc = sp_head_secure(heads, head, err);
    if (rc)
        return rc;
    if (is_rest || is_ours || is_kept) {
        sp_auto_arena struct sp_arena *scratch = sp_arena_new();
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_CHANGING, heads->options.run,
                        SP_STR(""));
        rc = sp_ledger_sync(heads->options.ledger, err);
        if (rc == SP_OK)
            rc = sp_remove_tree(sp_heads_absolute(heads, scratch, head->path).ptr, err);
        if (rc == SP_OK)
            rc = sp_head_scan(heads, head, err);
    } else {
        rc = sp_head_move_to_attic(heads, head, err);
    }
    head->disk = SP_DISK_GONE;
    sp_head_count(heads, head);
    return rc;
}

void sp_heads_advance(struct sp_heads *heads,
                      struct sp_head *head,
                      const struct sp_passage *passage)
{
    sp_ledger_made(heads->options.ledger, head->hold, head->index, passage);
    head->index++;
    sp_head_count(heads, head);
}

enum sp_rc sp_heads_place(struct sp_heads *heads,
                          struct sp_head *head,
                          const struct sp_passage *passage,
                          struct sp_err *err)
{
    struct sp_ledger *ledger = heads->options.ledger;
    size_t index = 0;

    if (!sp_hold_find_state(head->hold, &passage->version, &index)) {
        /* Whatever is there now is taken for unknown, and replaced as a whole. What a step has made
         * stays its result, or the next run would do the same to it a second time. */
        enum sp_disk disk = head->disk;
        bool found = false;
        enum sp_rc rc = passage->task.len
                            ? sp_head_retrace(heads, head, &passage->version, &found, err)
                            : SP_OK;
        if (rc)
            return rc;
        if (found)
            index = head->index;
        else
            head->hold = sp_ledger_source(ledger, head->path, &passage->version);
        head->disk = disk == SP_DISK_HELD ? SP_DISK_UNKNOWN : disk;
    }
    head->index = index;
    if (passage->kept && !head->hold->chain.items[index].kept)
        sp_ledger_kept(ledger, head->hold, index, &passage->tree);
    sp_head_count(heads, head);
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
    sp_head_count(heads, head);
    return true;
}

enum sp_rc sp_heads_recheck(struct sp_heads *heads,
                            struct sp_head *head,
                            bool *untouched,
                            struct sp_err *err)
{
    struct sp_tree before = head->tree;
    struct sp_arena *arena = SP_TAKE(head->arena);
    enum sp_rc rc = sp_head_scan(heads, head, err);

    *untouched = rc == SP_OK && sp_tree_carry(&head->tree, &before, NULL) == 0 &&
                 !sp_tree_difference(&head->tree, &before, NULL).len;
    if (*untouched) {
        head->disk = SP_DISK_HELD;
        rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index,
                            head->tree.len ? &head->tree : NULL, err);
        sp_head_count(heads, head);
    }
    sp_arena_free(arena);
    return rc;
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
    head->turn = heads->turn;
    if (head->composite) {
        forget_around(heads, head);
        return SP_OK;
    }
    sp_ledger_made(heads->options.ledger, head->hold, head->index, passage);
    head->index++;
    enum sp_rc rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index,
                                   tree->len ? &head->tree : NULL, err);
    sp_head_count(heads, head);
    return rc;
}

/* What a tool has made of it without saying so. If the state before it is kept, the next run starts
 * from that again; else this is a new beginning. */
static enum sp_rc take_change(struct sp_heads *heads,
                              struct sp_head *head,
                              const struct sp_version *now,
                              struct sp_str task,
                              struct sp_err *err)
{
    const struct sp_passage *before = sp_head_passage(head);
    struct sp_passage passage = {
        .absent = head->tree.len == 0,
        .version = *now,
        .recipe = heads->options.recipe,
        .task = task,
        .run = heads->options.run,
    };
    struct sp_err ignored = SP_ERR_INIT;

    if (head->composite)
        return sp_head_begin_alone(heads, head, err);
    if (before->absent || !before->kept || !sp_store_has(heads->options.store, &before->tree))
        return sp_head_begin_chain(heads, head, err);
    sp_heads_advance(heads, head, &passage);
    head->disk = SP_DISK_HELD;
    enum sp_rc rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index,
                                   head->tree.len ? &head->tree : NULL, err);
    /* Nobody can make it again: into the store if that is possible. */
    if (rc == SP_OK && heads->options.keeps && sp_heads_keep(heads, head, &ignored))
        return SP_OK;
    return rc;
}

enum sp_rc sp_heads_review(struct sp_heads *heads,
                           struct sp_head *head,
                           struct sp_str task,
                           bool *changed,
                           struct sp_str *file,
                           struct sp_err *err)
{
    struct sp_tree before = head->tree;
    struct sp_arena *arena = SP_TAKE(head->arena);
    struct sp_version now = { 0 };
    bool same = true;

    *changed = false;
    enum sp_rc rc = sp_head_scan(heads, head, err);
    size_t differ = rc ? 0 : sp_tree_carry(&head->tree, &before, NULL);
    struct sp_str first = rc ? SP_STR("") : sp_tree_difference(&head->tree, &before, NULL);
    if (rc == SP_OK && (differ || first.len)) {
        if (head->tree.len)
            rc = sp_head_is_same(heads, head, &before, &now, &same, err);
        else
            same = before.len == 0;
        first = sp_tree_difference(&head->tree, &before, NULL);
        if (file)
            *file = sp_arena_str(heads->arena, first);
        *changed = rc == SP_OK && !same;
        head->changes += *changed;
        if (*changed)
            rc = take_change(heads, head, &now, task, err);
        else if (rc == SP_OK && !head->composite)
            rc = sp_ledger_hold(heads->options.ledger, head->hold, head->index, &head->tree, err);
    }
    sp_arena_free(arena);
    sp_head_count(heads, head);
    return rc;
}
