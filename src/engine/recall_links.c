/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_links.c - links that a tool leaves where its results should be.
 *
 * A path stands for what is there when all links are followed, so a link that somebody has put
 * there before the run is no matter: its target is the artefact. One that the tool makes is: its
 * target may be a source, or nothing. It is no result; the ledger remembers who has made it,
 * and until the task comes up again, in the next run, nobody follows the link. */
#include "engine/recall_internal.h"
#include "sys/file.h"

#include <limits.h>
#include <unistd.h>

/* Where the link at `path` points to, as its text says; ptr NULL: it is none. */
static struct sp_str read_link(struct sp_arena *arena, struct sp_str path)
{
    char target[PATH_MAX];
    ssize_t len = readlink(sp_arena_cstr(arena, path), target, sizeof target);

    return len < 0 ? (struct sp_str){ 0 }
                   : sp_arena_str(arena, (struct sp_str){ target, (size_t)len });
}

/* --- those of earlier runs ----------------------------------------------------------------- */

void sp_recall_find_links(struct sp_recall *recall)
{
    const struct sp_map *holds = sp_ledger_holds(recall->ledger);
    struct sp_str recipe = recall->options.recipe;

    for (size_t i = 0; i < holds->len && recipe.len && !recall->options.on_top; i++) {
        const struct sp_hold *hold = holds->entries[i].value;
        if (hold->state != SP_HOLD_LINKED || !sp_recall_is_task_of(hold->task, recipe) ||
            !sp_heads_have_task(recall->heads, hold->task))
            continue;
        struct sp_str path = sp_heads_absolute(recall->heads, recall->arena, hold->path);
        if (!read_link(recall->arena, path).ptr)
            continue;
        struct sp_str *task = SP_ARENA_NEW(recall->arena, struct sp_str, 1);
        *task = sp_arena_str(recall->arena, hold->task);
        sp_map_set(&recall->links, path, task);
    }
}

struct sp_str sp_recall_real(struct sp_recall *recall, struct sp_str path, struct sp_arena *arena)
{
    const struct sp_world *world = &recall->options.session->world;
    struct sp_str name = path;

    while (name.len > 1 && name.ptr[name.len - 1] == '/')
        name.len--;
    size_t slash = sp_str_rfind(name, '/');
    struct sp_str dir = slash == SIZE_MAX ? SP_STR(".") : sp_str_slice(name, 0, slash + 1);
    if (recall->links.len) {
        struct sp_str own =
            sp_arena_join(arena, world->real(world->arg, dir, arena), "/",
                          sp_str_slice(name, slash == SIZE_MAX ? 0 : slash + 1, name.len));
        if (sp_map_has(&recall->links, own))
            return own;
    }
    return world->real(world->arg, path, arena);
}

void sp_recall_keep_links(struct sp_recall *recall, struct sp_str task)
{
    for (size_t i = recall->links.len; i-- > 0;) {
        const struct sp_str *of = recall->links.entries[i].value;
        if (sp_recall_is_task_of(*of, task))
            sp_map_remove(&recall->links, recall->links.entries[i].key);
    }
}

enum sp_rc sp_recall_drop_link(struct sp_recall *recall,
                               struct sp_arena *arena,
                               const struct sp_role *role,
                               struct sp_err *err)
{
    if (recall->options.dry || !recall->links.len || !sp_map_has(&recall->links, role->real))
        return SP_OK;
    const char *path = sp_arena_cstr(arena, role->real);
    if (read_link(arena, role->real).ptr && unlink(path) < 0)
        return sp_fail_errno(err, "remove the link %s, which an earlier run has left", path);
    sp_map_remove(&recall->links, role->real);
    return SP_OK;
}

/* --- those of the tool that has ended ------------------------------------------------------- */

/* `role` has been written where it was to be: what is there is not looked at. */
static void let_go(struct sp_recall *recall,
                   struct sp_arena *arena,
                   struct sp_recalled *recalled,
                   const struct sp_position *position,
                   size_t at,
                   struct sp_roles *after)
{
    struct sp_head **head = &recalled->heads[at];
    struct sp_str target = sp_real_path(arena, recalled->roles.items[at].real);
    const struct sp_role *declared = sp_roles_find(&recalled->roles, target);

    if (*head && !(*head)->composite)
        sp_heads_let_go(recall->heads, SP_TAKE(*head), position->taskname);
    for (size_t i = 0; i < after->len; i++)
        if (sp_str_eq(after->items[i].real, target) && !(declared && sp_role_changes(declared)))
            after->items[i].kind = SP_ROLE_READS;
}

bool sp_recall_take_out_links(struct sp_recall *recall,
                              struct sp_arena *arena,
                              struct sp_recalled *recalled,
                              const struct sp_position *position,
                              struct sp_roles *after)
{
    bool found = false;

    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        /* Also in place of a directory: what it leads to is not what the step has made. */
        struct sp_str target =
            sp_role_changes(role) ? read_link(arena, role->real) : (struct sp_str){ 0 };
        if (!target.ptr)
            continue;
        bool is_there = sp_file_kind(sp_arena_cstr(arena, role->real)) != SP_FILE_NONE;
        sp_recall_note(recall, true,
                       sp_arena_printf(arena,
                                       "step '" SP_STR_FMT "' has made " SP_STR_FMT
                                       " a link to '" SP_STR_FMT "'%s: it is not reused, since "
                                       "what a link points to is not taken for a result",
                                       SP_STR_ARG(position->label), SP_STR_ARG(role->path),
                                       SP_STR_ARG(target), is_there ? "" : ", where nothing is"));
        let_go(recall, arena, recalled, position, i, after);
        found = true;
    }
    return found;
}
