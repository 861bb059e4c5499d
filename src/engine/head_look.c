/* SPDX-License-Identifier: BSD-3-Clause */
/* head_look.c - what is on disk, compared with what the ledger vouches for; and where a run starts
 * from. */
#include "base/amount.h"

#include "engine/head_internal.h"
#include "recipe/recipe.h"

#include <stdlib.h>

/* --- looking at the disk ------------------------------------------------------------------ */

enum sp_rc sp_head_scan(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
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
enum sp_rc sp_head_name(struct sp_heads *heads,
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
                       SP_STR_FMT " is new, or has changed, and would have to be read (%s)",
                       SP_STR_ARG(head->path), sp_amount_text(unread_bytes(&head->tree)).text);
    enum sp_rc rc = sp_tree_digest(&head->tree, sp_heads_absolute(heads, scratch, head->path).ptr,
                                   SP_TREE_MEANING, err);
    if (rc == SP_OK)
        *out = sp_version_plain(sp_tree_content(&head->tree));
    return rc;
}

/* What is on disk is a new beginning. */
enum sp_rc sp_head_begin_chain(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_version version = { 0 };
    bool there = head->tree.len > 0;
    enum sp_rc rc = there ? sp_head_name(heads, head, &version, err) : SP_OK;

    if (rc)
        return rc;
    head->hold = sp_ledger_source(heads->options.ledger, head->path, there ? &version : NULL);
    head->index = 0;
    head->disk = SP_DISK_HELD;
    rc = sp_ledger_hold(heads->options.ledger, head->hold, 0, there ? &head->tree : NULL, err);
    if (rc == SP_OK)
        return SP_OK;
    /* A source that nothing has touched must not look as if something had: it is read next time. */
    struct sp_err ignored = SP_ERR_INIT;
    (void)!sp_ledger_hold(heads->options.ledger, head->hold, 0, NULL, &ignored);
    return rc;
}

/* Is it a state that the path has had before? Somebody has put it back. */
bool sp_hold_find_state(const struct sp_hold *hold, const struct sp_version *version, size_t *index)
{
    for (size_t i = 0; i < hold->chain.len; i++)
        if (!hold->chain.items[i].absent && sp_version_eq(&hold->chain.items[i].version, version)) {
            *index = i;
            return true;
        }
    return false;
}

/* Is all that differs noise in small files? Then large ones need not be read, nor need they have
 * been. */
static enum sp_rc is_same_but_noise(struct sp_heads *heads,
                                    struct sp_head *head,
                                    const struct sp_tree *old,
                                    bool *same,
                                    struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_str path = sp_heads_absolute(heads, scratch, head->path);

    *same = false;
    if (!old || head->tree.bytes > heads->options.digest_limit)
        return SP_OK;
    enum sp_rc rc = sp_tree_digest_small(&head->tree, path.ptr, err);
    *same = rc == SP_OK && sp_tree_is_same(&head->tree, old);
    return rc;
}

/* What lstat finds changed is read: is it the same data all the same? */
enum sp_rc sp_head_is_same(struct sp_heads *heads,
                           struct sp_head *head,
                           const struct sp_tree *old,
                           struct sp_version *now,
                           bool *same,
                           struct sp_err *err)
{
    struct sp_digest before;
    enum sp_rc rc = is_same_but_noise(heads, head, old, same, err);

    if (rc == SP_OK && *same) {
        *now = head->hold->version;
        return SP_OK;
    }
    if (rc == SP_OK)
        rc = sp_head_name(heads, head, now, err);
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
    enum sp_edits edits =
        is_source || heads->options.on_top ? SP_EDITS_ADOPT : heads->options.edits;
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
        sp_heads_tell(heads, "edit", path, "action", SP_STR("restored"));
        head->disk = SP_DISK_FOREIGN;
        return SP_OK;
    }
    sp_heads_tell(heads, "edit", path, "action", SP_STR("adopted"));
    if (!head->hold->absent)
        sp_heads_note(heads, !is_source,
                      sp_arena_printf(heads->arena,
                                      SP_STR_FMT " has changed since the last run" SP_STR_FMT
                                                 ": it is taken as it is now",
                                      SP_STR_ARG(path), SP_STR_ARG(files)));
    head->adopted = true;
    return sp_head_begin_chain(heads, head, err);
}

/* What the ledger does not know: a result of ours that it has lost, or an edit. */
static enum sp_rc take_stranger(struct sp_heads *heads,
                                struct sp_head *head,
                                const struct sp_tree *old,
                                struct sp_err *err)
{
    bool found;
    enum sp_rc rc = sp_head_relearn(heads, head, &found, err);

    return rc || found ? rc : take_edit(heads, head, old, err);
}

/* A path that the ledger does not know. */
static enum sp_rc meet(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    bool found = false;
    enum sp_rc rc = heads->options.forgetful ? sp_head_relearn(heads, head, &found, err) : SP_OK;

    return rc || found ? rc : sp_head_begin_chain(heads, head, err);
}

static enum sp_rc compare(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = head->hold;
    struct sp_tree old = { 0 };
    bool same = false;

    bool known = sp_ledger_tree(heads->options.ledger, hold, head->arena, &old);
    size_t changed = known ? sp_tree_carry(&head->tree, &old, NULL) : head->tree.len;
    if (head->tree.len == 0) {
        /* A source that nobody has changed is gone because somebody wanted it to be. */
        if (hold->chain.len == 1 && !hold->absent)
            return sp_head_begin_chain(heads, head, err);
        head->disk = SP_DISK_GONE;
        return SP_OK;
    }
    if (hold->state != SP_HOLD_TRUSTED) {
        head->disk = SP_DISK_UNKNOWN;
        return SP_OK;
    }
    if (hold->absent)
        return take_stranger(heads, head, NULL, err);
    if (known && !changed && !sp_tree_difference(&head->tree, &old, NULL).len) {
        head->disk = SP_DISK_HELD;
        return SP_OK;
    }
    struct sp_version now;
    size_t index = hold->index;
    enum sp_rc rc = sp_head_is_same(heads, head, known ? &old : NULL, &now, &same, err);
    if (rc)
        return rc;
    if (!same && !sp_hold_find_state(hold, &now, &index))
        return take_stranger(heads, head, known ? &old : NULL, err);
    head->disk = SP_DISK_HELD;
    return sp_ledger_hold(heads->options.ledger, hold, index, &head->tree, err);
}

enum sp_rc sp_heads_take_disk(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    if (head->composite || sp_head_is_settled(head))
        return SP_OK;
    enum sp_rc rc = sp_head_begin_chain(heads, head, err);
    head->start = head->index;
    sp_head_count(heads, head);
    return rc;
}

/* --- where a run starts ------------------------------------------------------------------- */

static const struct sp_step *find_step(const struct sp_recipe *recipe, struct sp_str label)
{
    for (size_t i = 0; i < recipe->step_count; i++)
        if (sp_str_eq(recipe->steps[i].label, label))
            return &recipe->steps[i];
    return NULL;
}

/* "demo.2.image": loops are numbered. */
bool sp_heads_have_task(const struct sp_heads *heads, struct sp_str task)
{
    const struct sp_recipe *recipe = heads->options.definition;
    struct sp_str rest = task;
    int64_t number;

    if (!recipe)
        return true;
    (void)sp_str_cut(&rest, '.'); /* the recipe itself */
    while (rest.ptr && recipe) {
        struct sp_str label = sp_str_cut(&rest, '.');
        if (sp_str_int(label, &number))
            continue;
        const struct sp_step *step = find_step(recipe, label);
        if (!step)
            return false;
        recipe = step->recipe;
    }
    return true;
}

/* Before the first task of this recipe; else where it is. What was made from nothing by steps that
 * the recipe does not have any more is a source: nobody would make it again. */
static size_t root_of(const struct sp_heads *heads, const struct sp_hold *hold)
{
    struct sp_str recipe = heads->options.recipe;
    size_t root = hold->index;

    for (size_t i = 1; recipe.len && i <= hold->index; i++)
        if (sp_str_eq(hold->chain.items[i].recipe, recipe)) {
            root = i - 1;
            break;
        }
    if (!hold->chain.items[root].absent)
        return root;
    while (root < hold->index && !sp_heads_have_task(heads, hold->chain.items[root + 1].task))
        root++;
    return root;
}

/* What others have made of our result goes out of sight, not away. */
static void note_rollback(struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_passage *last = &head->hold->chain.items[head->hold->index];

    if (head->index == head->hold->index || sp_str_eq(last->recipe, heads->options.recipe))
        return;
    sp_heads_note(heads, false,
                  sp_arena_printf(heads->arena,
                                  SP_STR_FMT " goes back to what it was before '" SP_STR_FMT
                                             "' ran; what '" SP_STR_FMT
                                             "' made of it stays among its versions",
                                  SP_STR_ARG(head->path), SP_STR_ARG(heads->options.recipe),
                                  SP_STR_ARG(last->recipe)));
}

static enum sp_rc take_root(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = head->hold;
    bool on_chain = hold->absent == hold->chain.items[hold->index].absent &&
                    sp_version_eq(&hold->version, &hold->chain.items[hold->index].version);

    if (head->adopted)
        return SP_OK;
    head->index = heads->options.on_top ? hold->index : root_of(heads, hold);
    if (heads->options.on_top && head->disk == SP_DISK_GONE)
        return sp_head_begin_chain(heads, head, err);
    if (head->disk == SP_DISK_HELD && head->index == hold->index &&
        (!on_chain || (heads->options.on_top && hold->index > 0)))
        return sp_head_begin_chain(heads, head, err);
    head->start = head->index;
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
        if (entry->key.len > path.len && sp_path_is_within(entry->key, path))
            return true;
    return false;
}

static bool is_composite(const struct sp_heads *heads, const struct sp_head *head)
{
    const struct sp_map *holds = sp_ledger_holds(heads->options.ledger);

    return has_parent(holds, head->path) || has_child(holds, head->path, &head->tree);
}

/* A hold that the ledger does not know: what is inside has chains of its own. */
enum sp_rc sp_head_begin_alone(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_hold *hold = SP_ARENA_NEW(heads->arena, struct sp_hold, 1);
    struct sp_version version = { 0 };
    bool there = head->tree.len > 0;
    enum sp_rc rc = there ? sp_head_name(heads, head, &version, err) : SP_OK;

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
        rc = sp_head_scan(heads, head, err);
    return rc ? rc : sp_head_begin_alone(heads, head, err);
}

static enum sp_rc look(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    enum sp_rc rc = sp_head_scan(heads, head, err);

    if (rc)
        return rc;
    if (is_composite(heads, head))
        return touch_composite(heads, head, err);
    head->hold = sp_ledger_find(heads->options.ledger, head->path);
    rc = head->hold ? compare(heads, head, err) : meet(heads, head, err);
    return rc ? rc : take_root(heads, head, err);
}

/* It was not there when the tool started: what others have made there before is gone. */
static enum sp_rc look_back(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    const struct sp_map *holds = sp_ledger_holds(heads->options.ledger);

    head->arena = sp_arena_new();
    if (has_parent(holds, head->path))
        return touch_composite(heads, head, err);
    head->hold = sp_ledger_find(heads->options.ledger, head->path);
    if (!head->hold)
        return sp_head_begin_chain(heads, head, err);
    head->disk = SP_DISK_GONE;
    return take_root(heads, head, err);
}

/* After everything that moves a head, or its disk. */
void sp_head_count(struct sp_heads *heads, struct sp_head *head)
{
    bool unsettled = !head->composite && !sp_head_is_settled(head);

    heads->unsettled += unsettled;
    heads->unsettled -= head->counted;
    head->counted = unsettled;
}

void sp_heads_remove(struct sp_heads *heads, struct sp_head *head)
{
    heads->unsettled -= head->counted;
    sp_map_remove(&heads->map, head->path);
    sp_head_free(head);
}

void sp_heads_let_go(struct sp_heads *heads, struct sp_head *head, struct sp_str task)
{
    sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_LINKED, heads->options.run, task);
    sp_heads_remove(heads, head);
}

static enum sp_rc find_or_add(struct sp_heads *heads,
                              struct sp_str real,
                              enum sp_rc (*begin)(struct sp_heads *heads,
                                                  struct sp_head *head,
                                                  struct sp_err *err),
                              struct sp_head **out,
                              struct sp_err *err)
{
    struct sp_str path = sp_heads_path(heads, real);
    struct sp_head *head = sp_map_find(&heads->map, path);

    if (head && !head->composite) {
        *out = head;
        return SP_OK;
    }
    if (head)
        sp_heads_remove(heads, head);
    head = sp_alloc(sizeof *head);
    head->path = sp_arena_str(heads->arena, path);
    head->turn = heads->turn;
    enum sp_rc rc = begin(heads, head, err);
    sp_head_find_twin(heads, head);
    if (rc) {
        if (head->twin.len)
            sp_err_wrap(err, "'" SP_STR_FMT "' is '" SP_STR_FMT "' by another name",
                        SP_STR_ARG(path), SP_STR_ARG(head->twin));
        sp_head_free(head);
        return rc;
    }
    sp_map_set(&heads->map, head->path, head);
    sp_head_count(heads, head);
    *out = head;
    return SP_OK;
}

enum sp_rc sp_heads_touch(struct sp_heads *heads,
                          struct sp_str real,
                          struct sp_head **out,
                          struct sp_err *err)
{
    return find_or_add(heads, real, look, out, err);
}

enum sp_rc sp_heads_appear(struct sp_heads *heads,
                           struct sp_str real,
                           struct sp_head **out,
                           struct sp_err *err)
{
    return find_or_add(heads, real, look_back, out, err);
}
