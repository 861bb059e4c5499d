/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/renew.h"

#define SPARE   ((size_t)1024 * 1024) /* bytes of garbage before it is worth the while */
#define FORWARD SIZE_MAX              /* capacity of what has moved; where to is in its array */

/* --- values -------------------------------------------------------------------------------- */

static bool must_move(const struct sp_mover *mover, const void *ptr)
{
    return ptr && sp_arena_owns(mover->from, ptr);
}

static struct sp_str move_str(const struct sp_mover *mover, struct sp_str text)
{
    return must_move(mover, text.ptr) ? sp_arena_str(mover->to, text) : text;
}

static struct sp_dict *move_dict(const struct sp_mover *mover, struct sp_dict *dict)
{
    if (!must_move(mover, dict))
        return dict;
    if (dict->capacity == FORWARD)
        return (struct sp_dict *)(void *)dict->entries;
    struct sp_dict *moved = sp_dict_new(mover->to).dict;
    SP_DICT_EACH(entry, dict)
    sp_dict_set_at(mover->to, moved, move_str(mover, entry->key), entry->origin,
                   sp_move_value(mover, entry->value));
    dict->capacity = FORWARD;
    dict->entries = (struct sp_dict_entry *)(void *)moved;
    return moved;
}

static struct sp_list *move_list(const struct sp_mover *mover, struct sp_list *list)
{
    if (!must_move(mover, list))
        return list;
    if (list->capacity == FORWARD)
        return (struct sp_list *)(void *)list->items;
    struct sp_list *moved = sp_list_new(mover->to).list;
    SP_LIST_EACH(item, list)
    sp_list_add(mover->to, moved, sp_move_value(mover, *item));
    list->capacity = FORWARD;
    list->items = (struct sp_value *)(void *)moved;
    return moved;
}

struct sp_value sp_move_value(const struct sp_mover *mover, struct sp_value value)
{
    switch (value.kind) {
    case SP_LIST:
    case SP_TUPLE: value.list = move_list(mover, value.list); break;
    case SP_DICT: value.dict = move_dict(mover, value.dict); break;
    case SP_TEXT:
    case SP_PATH:
    case SP_UNSET:
    case SP_MISSING:
    case SP_UNRESOLVED:
    case SP_SKIPPED:
    case SP_ERROR: value.text = move_str(mover, value.text); break;
    case SP_NULL:
    case SP_BOOL:
    case SP_INT:
    case SP_FLOAT: break;
    }
    return value;
}

/* --- frames -------------------------------------------------------------------------------- */

static void move_states(const struct sp_mover *mover, struct sp_frame *frame)
{
    size_t count = frame->node->step_count;
    const struct sp_step_state *old = frame->states;

    frame->states = SP_ARENA_NEW(mover->to, struct sp_step_state, count);
    for (size_t i = 0; i < count; i++) {
        frame->states[i].params = move_dict(mover, old[i].params);
        frame->states[i].info = move_dict(mover, old[i].info);
    }
}

struct sp_frame *sp_move_frame(const struct sp_mover *mover, struct sp_frame *frame)
{
    if (!must_move(mover, frame))
        return frame;
    if (frame->moved)
        return frame->moved;
    struct sp_frame *moved = SP_ARENA_NEW(mover->to, struct sp_frame, 1);
    *moved = *frame;
    frame->moved = moved;
    moved->outer = sp_move_frame(mover, frame->outer);
    moved->pristine = sp_move_frame(mover, frame->pristine);
    move_states(mover, moved);

    struct sp_dict **const dicts[] = {
        &moved->supplied, &moved->params,      &moved->vars,     &moved->results, &moved->previous,
        &moved->info,     &moved->log,         &moved->own,      &moved->config,  &moved->elements,
        &moved->deep,     &moved->step_params, &moved->step_log,
    };
    for (size_t i = 0; i < SP_COUNT(dicts); i++)
        *dicts[i] = move_dict(mover, *dicts[i]);
    for (size_t i = 0; i < moved->scope.len; i++)
        moved->scope.items[i].dict = move_dict(mover, moved->scope.items[i].dict);
    moved->over = move_list(mover, (struct sp_list *)moved->over);
    moved->make_dirs = move_list(mover, moved->make_dirs);
    moved->shown_log = move_dict(mover, (struct sp_dict *)moved->shown_log);
    moved->taskname = move_str(mover, moved->taskname);
    moved->loop_status = move_str(mover, moved->loop_status);
    moved->worker = move_str(mover, moved->worker);
    return moved;
}

struct sp_frame *sp_walk_renew(struct sp_walk *walk)
{
    struct sp_mover mover = { .from = walk->arena };
    size_t spare = walk->spare ? walk->spare : SP_MAX(SPARE, 2 * walk->live);

    if (sp_arena_used(walk->arena) - walk->live < spare)
        return walk->top;
    mover.to = sp_arena_new();
    /* No step is under way: its task and what is known of it are garbage. */
    sp_command_fini(&walk->task.command);
    walk->task = (struct sp_task){ 0 };
    walk->position = (struct sp_position){ 0 };
    walk->found = NULL;
    walk->top = sp_move_frame(&mover, walk->top);
    walk->fork = sp_move_frame(&mover, walk->fork);
    walk->root_vars = move_dict(&mover, walk->root_vars);
    walk->deep = move_dict(&mover, walk->deep);
    walk->view.root = move_dict(&mover, walk->view.root);
    walk->view.arena = walk->arena = mover.to;
    walk->live = sp_arena_used(walk->arena);
    sp_arena_free(mover.from);
    return walk->top;
}
