/* SPDX-License-Identifier: BSD-3-Clause */
/* head_check.c - has somebody else been at it while the run was under way? What was compared with
 * the ledger at its beginning may have been hours ago, and a tool must not run on what is not the
 * version in its key. */
#include "engine/head_internal.h"

void sp_heads_turn(struct sp_heads *heads)
{
    heads->turn++;
}

bool sp_heads_are_disturbed(const struct sp_heads *heads)
{
    return heads->disturbed;
}

static enum sp_rc fail_disturbed(struct sp_heads *heads,
                                 struct sp_head *head,
                                 struct sp_str file,
                                 struct sp_err *err)
{
    bool whole = !file.len || sp_str_is(file, ".");

    heads->disturbed = true;
    head->changes++;
    return sp_fail(err, SP_BUSY,
                   SP_STR_FMT "%s" SP_STR_FMT
                              " was changed by something else while the run was under way",
                   SP_STR_ARG(head->path), whole ? "" : "/", SP_STR_ARG(whole ? SP_STR("") : file));
}

/* The disk has changed since `before` was seen. */
static enum sp_rc judge(struct sp_heads *heads,
                        struct sp_head *head,
                        const struct sp_tree *before,
                        struct sp_err *err)
{
    struct sp_version now;
    bool same = false;

    if (head->disk != SP_DISK_HELD && head->disk != SP_DISK_GONE)
        return SP_OK; /* nobody relies on it */
    if (!head->tree.len) {
        head->disk = SP_DISK_GONE;
        sp_head_count(heads, head);
        return SP_OK;
    }
    if (head->disk == SP_DISK_HELD && !head->hold->absent) {
        enum sp_rc rc = sp_head_is_same(heads, head, before, &now, &same, err);
        if (rc)
            return rc;
    }
    if (!same)
        return fail_disturbed(heads, head, sp_tree_difference(&head->tree, before, NULL), err);
    return sp_ledger_hold(heads->options.ledger, head->hold, head->hold->index, &head->tree, err);
}

enum sp_rc sp_heads_check(struct sp_heads *heads, struct sp_head *head, struct sp_err *err)
{
    if (head->composite || head->writer || head->turn == heads->turn)
        return SP_OK;
    struct sp_tree before = head->tree;
    struct sp_arena *arena = SP_TAKE(head->arena);
    enum sp_rc rc = sp_head_scan(heads, head, err);
    if (rc == SP_OK && (sp_tree_carry(&head->tree, &before, NULL) ||
                        sp_tree_difference(&head->tree, &before, NULL).len))
        rc = judge(heads, head, &before, err);
    sp_arena_free(arena);
    head->turn = heads->turn;
    return rc;
}
