/* SPDX-License-Identifier: BSD-3-Clause */
/* head_unshare.c - hard links. What a tool writes into a file that has another name changes what is
 * at that name, of which nobody knows: an artefact that a tool may change has files of its own. */
#include "engine/head_internal.h"
#include "store/unshare.h"

/* The copies are the same data. */
static void take_digests(struct sp_tree *now, const struct sp_tree *before)
{
    for (size_t i = 0; i < now->len; i++) {
        struct sp_tree_entry *entry = &now->entries[i];
        const struct sp_tree_entry *old = sp_tree_find(before, entry->path);
        if (entry->type != SP_TREE_FILE || entry->has || !old || old->ino == entry->ino ||
            old->type != SP_TREE_FILE || old->size != entry->size || old->mtime != entry->mtime)
            continue;
        entry->has = old->has;
        entry->exact = old->exact;
        entry->meaning = old->meaning;
        entry->object = old->object;
    }
}

static enum sp_rc look_again(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    struct sp_tree before = head->tree;
    struct sp_arena *arena = SP_TAKE(head->arena);
    enum sp_rc rc = sp_head_scan(heads, head, err);

    if (rc == SP_OK) {
        (void)sp_tree_carry(&head->tree, &before, NULL);
        take_digests(&head->tree, &before);
    }
    sp_arena_free(arena);
    if (rc == SP_OK && !head->composite && head->disk == SP_DISK_HELD)
        rc = sp_ledger_hold(heads->options.ledger, head->hold, head->hold->index, &head->tree, err);
    return rc;
}

enum sp_rc sp_heads_unshare(struct sp_heads *heads,
                            struct sp_head *head,
                            struct sp_str task,
                            struct sp_err *err)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct sp_str path = sp_heads_absolute(heads, scratch, head->path);
    size_t count = sp_tree_shared(path.ptr, &head->tree);

    if (!count)
        return SP_OK;
    /* If that ends half-way, what is in the store takes its place. */
    if (!head->composite && sp_head_passage(head)->kept) {
        sp_ledger_touch(heads->options.ledger, head->hold, SP_HOLD_RESTORING, heads->options.run,
                        SP_STR(""));
        enum sp_rc rc = sp_ledger_sync(heads->options.ledger, err);
        if (rc)
            return rc;
    }
    sp_heads_note(heads, false,
                  sp_arena_printf(heads->arena,
                                  "files of " SP_STR_FMT
                                  " have other names, too (%zu hard links): they are copied before "
                                  "'" SP_STR_FMT "' may change them, and what is at the other "
                                  "names stays as it is",
                                  SP_STR_ARG(head->path), count, SP_STR_ARG(task)));
    enum sp_rc rc = sp_tree_unshare(path.ptr, &head->tree, err);
    return rc ? rc : look_again(heads, head, err);
}
