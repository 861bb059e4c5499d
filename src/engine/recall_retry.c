/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_retry.c - may a task that has failed be run again at once? */
#include "engine/recall_internal.h"
#include "sys/file.h"

/* Without heads: nothing that is there may have been written. */
static bool is_unwritten(struct sp_arena *arena, const struct sp_task *task, struct sp_str *why)
{
    for (size_t i = 0; task->writes && i < task->writes->len; i++) {
        struct sp_str path = task->writes->items[i].text;
        if (sp_file_kind(sp_arena_cstr(arena, path)) == SP_FILE_NONE)
            continue;
        *why = sp_arena_printf(arena,
                               "'" SP_STR_FMT
                               "' may have been changed, and nothing of it is remembered "
                               "(opts.store.enable)",
                               SP_STR_ARG(path));
        return false;
    }
    return true;
}

bool sp_recall_can_retry(const struct sp_recall *recall,
                         struct sp_arena *arena,
                         const struct sp_recalled *recalled,
                         const struct sp_task *task,
                         struct sp_str *why)
{
    struct sp_digest lost;

    if (recall->off || !recalled->running)
        return is_unwritten(arena, task, why);
    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_head *head = recalled->heads[i];
        if (!head || recalled->roles.items[i].kind != SP_ROLE_MUTATES ||
            sp_heads_can_settle(recall->heads, head, &lost))
            continue;
        *why = sp_arena_printf(
            arena, "there is no snapshot of '" SP_STR_FMT "' from before it was changed",
            SP_STR_ARG(head->path));
        return false;
    }
    return true;
}
