/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_dry.c - what would happen: tasks that would run, and who depends on them.
 *
 * What a task would make gets a version with a name of its own, which nobody has seen: so whoever
 * reads it is found, and whoever reads other columns of the same table is not. */
#include "engine/recall_internal.h"

/* --- who waits for whom ------------------------------------------------------------------- */

static struct sp_str maker_of(const struct sp_recall *recall, const struct sp_digest *id)
{
    const struct sp_str *task = sp_map_find(&recall->unborn, sp_str_of(sp_digest_hex(id).text));

    return task ? *task : SP_STR("");
}

static const struct sp_digest *column_of(const struct sp_version *version, struct sp_str name)
{
    for (size_t i = 0; i < version->len; i++)
        if (sp_str_eq(version->columns[i].name, name))
            return &version->columns[i].id;
    return version->len ? &version->rest : &version->id;
}

/* The task that would make what a role reads; empty: it is there. */
static struct sp_str awaited(const struct sp_recall *recall,
                             const struct sp_role *role,
                             const struct sp_head *head)
{
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_str task = SP_STR("");

    if (role->kind == SP_ROLE_WRITES || now->absent)
        return task;
    if (!role->read_count)
        return maker_of(recall, &now->version.id);
    for (size_t i = 0; i < role->read_count && !task.len; i++)
        task = maker_of(recall, column_of(&now->version, role->reads[i]));
    return task;
}

static void add_line(struct sp_arena *arena, struct sp_list *list, struct sp_str line)
{
    SP_LIST_EACH(known, list)
    if (sp_str_eq(known->text, line))
        return;
    sp_list_add(arena, list, sp_text(line));
}

static bool is_open(struct sp_value value)
{
    if (value.kind == SP_LIST)
        SP_LIST_EACH(item, value.list)
    if (is_open(*item))
        return true;
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    if (is_open(entry->value))
        return true;
    return value.kind == SP_UNRESOLVED || value.kind == SP_MISSING;
}

/* Values that only a run can give. */
static void find_open_values(struct sp_arena *arena,
                             const struct sp_task *task,
                             struct sp_list *out)
{
    SP_DICT_EACH(entry, task->inputs)
    if (is_open(entry->value))
        add_line(arena, out,
                 sp_arena_printf(arena, "depends on a value that only the run gives: " SP_STR_FMT,
                                 SP_STR_ARG(entry->key)));
}

bool sp_recall_awaits(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_action *action,
                      struct sp_recalled *recalled)
{
    struct sp_list *list = sp_list_new(arena).list;

    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_head *head = recalled->heads[i];
        struct sp_str task = head ? awaited(recall, &recalled->roles.items[i], head) : SP_STR("");
        if (task.len)
            add_line(arena, list,
                     sp_arena_printf(arena, "depends on '" SP_STR_FMT "'", SP_STR_ARG(task)));
    }
    find_open_values(arena, action->task, list);
    if (!list->len)
        return false;
    recalled->depends = true;
    recalled->why = list;
    return true;
}

/* --- what would be made ------------------------------------------------------------------- */

static void note_unborn(struct sp_recall *recall, const struct sp_digest *id, struct sp_str task)
{
    struct sp_str *name = SP_ARENA_NEW(recall->arena, struct sp_str, 1);

    *name = sp_arena_str(recall->arena, task);
    sp_map_set(&recall->unborn, sp_arena_str(recall->arena, sp_str_of(sp_digest_hex(id).text)),
               name);
}

/* As sp_recall_end would name it when it has not been read. */
static void give_birth(struct sp_recall *recall,
                       const struct sp_role *role,
                       struct sp_head *head,
                       const struct sp_digest *key,
                       struct sp_str task)
{
    const struct sp_passage *before = sp_head_passage(head);
    struct sp_passage passage = { .key = *key, .recipe = recall->options.recipe, .task = task };
    bool splits = role->kind == SP_ROLE_MUTATES && role->write_count && !before->absent;

    if (head->composite)
        return;
    passage.version = splits ? sp_version_change(recall->arena, &before->version, key, role->name,
                                                 role->writes, role->write_count)
                             : sp_version_made(key, role->name);
    note_unborn(recall, &passage.version.id, task);
    for (size_t i = 0; i < role->write_count && splits; i++)
        note_unborn(recall, column_of(&passage.version, role->writes[i]), task);
    sp_heads_advance(recall->heads, head, &passage);
}

/* Would what the task needs have to be made again first? */
static bool lacks(struct sp_recall *recall, const struct sp_role *role, const struct sp_head *head)
{
    struct sp_digest lost = { 0 };

    if (role->kind == SP_ROLE_WRITES || sp_recall_has_columns(role, head) ||
        sp_heads_can_settle(recall->heads, head, &lost) ||
        maker_of(recall, &sp_head_passage(head)->version.id).len)
        return false;
    return sp_recall_force(recall, &lost);
}

void sp_recall_foresee(struct sp_recall *recall,
                       const struct sp_position *position,
                       struct sp_recalled *recalled,
                       bool anew)
{
    struct sp_digest key =
        recalled->preimage.len ? recalled->preimage.key : sp_blake3(position->taskname);

    recalled->verdict = SP_RECALL_RUNS;
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (recalled->heads[i] && lacks(recall, &recalled->roles.items[i], recalled->heads[i]))
            recalled->verdict = SP_RECALL_STARTS_OVER;
    for (size_t i = 0; i < recalled->roles.len && anew; i++)
        if (recalled->heads[i] && sp_role_changes(&recalled->roles.items[i]))
            give_birth(recall, &recalled->roles.items[i], recalled->heads[i], &key,
                       position->taskname);
}

void sp_recall_foresee_end(struct sp_recall *recall, bool *over)
{
    struct sp_digest lost = { 0 };
    struct sp_head *head;

    for (size_t at = 0; sp_heads_each_unsettled(recall->heads, &at, &head);)
        if (!maker_of(recall, &sp_head_passage(head)->version.id).len &&
            !sp_heads_can_settle(recall->heads, head, &lost) && sp_recall_force(recall, &lost))
            *over = true;
}
