/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/fork.h"

#include "plan/renew.h"

#include <assert.h>
#include <stdlib.h>

struct sp_gather {
    size_t count;
    bool *back;              /* by iteration: it has ended well */
    struct sp_str *failures; /* by iteration: "demo.2: why"; empty: it is not back */
    struct sp_frame *last;   /* of the last iteration */
};

/* --- one iteration ------------------------------------------------------------------------- */

static struct sp_dict *new_elements(struct sp_walk *walk,
                                    const struct sp_dict *elements,
                                    size_t count)
{
    struct sp_dict *own = sp_dict_new(walk->arena).dict;

    if (!elements)
        return NULL;
    SP_DICT_EACH(entry, elements)
    {
        struct sp_value list = sp_list_new(walk->arena);
        for (size_t i = 0; i < count; i++)
            sp_list_add(walk->arena, list.list, sp_null());
        sp_dict_set_at(walk->arena, own, entry->key, entry->origin, list);
    }
    return own;
}

struct sp_walk *sp_walk_fork(struct sp_walk *walk, size_t iteration)
{
    struct sp_walk *child = sp_alloc(sizeof *child);
    struct sp_frame *origin = walk->top;

    assert(origin && origin->phase == SP_PHASE_SCATTER && iteration < origin->gather->count);
    *child = *walk;
    child->arena = sp_arena_new();
    child->scratch = NULL;
    child->live = 0;
    child->task = (struct sp_task){ 0 };
    child->outcome = (struct sp_outcome){ 0 };
    child->found = NULL;
    child->why = NULL;
    child->position = (struct sp_position){ 0 };
    child->promised = (struct sp_map){ 0 };
    child->promised_order = (struct sp_path_order){ 0 };
    child->config = &child->view;
    child->view.cabs = child->view.recipes = child->view.loading = (struct sp_map){ 0 };
    child->view.owned_cabs = child->view.owned_recipes = (struct sp_map){ 0 };
    child->view.arena = child->arena;
    child->view.root = sp_dict_clone(child->arena, walk->view.root);
    child->deep = sp_dict_clone(child->arena, walk->deep);
    child->top = sp_frame_fork(child, origin);
    child->top->elements = new_elements(child, origin->elements, 0);
    child->top->iteration = iteration;
    child->top->phase = SP_PHASE_LOOP;
    child->fork = child->top;
    child->fork_index = iteration;
    return child;
}

static void take_elements(const struct sp_mover *mover,
                          const struct sp_frame *frame,
                          const struct sp_walk *child)
{
    if (!frame->elements)
        return;
    SP_DICT_EACH(entry, frame->elements)
    {
        const struct sp_list *got = sp_dict_find(child->top->elements, entry->key)->list;
        entry->value.list->items[child->fork_index] = sp_move_value(mover, got->items[0]);
    }
}

static void free_child(struct sp_walk *child)
{
    sp_command_fini(&child->task.command);
    sp_config_fini(&child->view);
    sp_arena_free(child->scratch);
    sp_arena_free(child->arena);
    free(child->why);
    free(child);
}

void sp_walk_join(struct sp_walk *walk, struct sp_walk *child, const char *why)
{
    struct sp_frame *frame = walk->top;
    struct sp_gather *gather = frame->gather;
    struct sp_mover mover = { .from = child->arena, .to = walk->arena };
    size_t at = child->fork_index;

    assert(gather && at < gather->count);
    gather->back[at] = child->finished && !why;
    if (gather->back[at]) {
        take_elements(&mover, frame, child);
        if (at + 1 == gather->count)
            gather->last = sp_move_frame(&mover, child->top);
    } else {
        gather->failures[at] =
            sp_arena_printf(walk->arena, SP_STR_FMT ".%zu: %s", SP_STR_ARG(frame->taskname), at,
                            why          ? why
                            : child->why ? child->why
                                         : "it was not run to its end");
    }
    free_child(child);
}

/* --- all of them --------------------------------------------------------------------------- */

void sp_gather_begin(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_gather *gather = SP_ARENA_NEW(walk->arena, struct sp_gather, 1);

    gather->count = frame->over->len;
    gather->back = SP_ARENA_NEW(walk->arena, bool, gather->count);
    gather->failures = SP_ARENA_NEW(walk->arena, struct sp_str, gather->count);
    frame->gather = gather;
    frame->elements = new_elements(walk, frame->elements, gather->count);
}

#define NAMED_MAX 10 /* failures that the message tells; the others have findings of their own */

static void report_failures(struct sp_walk *walk,
                            const struct sp_frame *frame,
                            const struct sp_gather *gather,
                            size_t failed)
{
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);
    size_t named = 0;

    for (size_t i = 0; i < gather->count; i++) {
        if (gather->back[i] || named++ >= NAMED_MAX)
            continue;
        sp_buf_adds(&names, named > 1 ? "; " : "");
        if (gather->failures[i].len)
            sp_buf_add(&names, gather->failures[i]);
        else
            sp_buf_addf(&names, SP_STR_FMT ".%zu: it was not run", SP_STR_ARG(frame->taskname), i);
    }
    if (failed > NAMED_MAX)
        sp_buf_addf(&names, "; and %zu more", failed - NAMED_MAX);
    sp_diag_error(walk->diags, SP_DIAG_FAILED, frame->node->recipe->loop.origin,
                  "%zu/%zu jobs have failed: %s", failed, gather->count, names.ptr);
}

bool sp_gather_end(struct sp_walk *walk, struct sp_frame *frame)
{
    struct sp_gather *gather = frame->gather;
    size_t failed = 0;

    for (size_t i = 0; i < gather->count; i++)
        failed += !gather->back[i];
    frame->gather = NULL;
    if (failed) {
        report_failures(walk, frame, gather, failed);
        return false;
    }
    struct sp_frame *last = gather->last;
    last->elements = frame->elements;
    last->pristine = NULL;
    last->outer = frame->outer;
    sp_scope_set(&last->scope, "config", walk->view.root, false);
    if (!last->outer) {
        walk->root_vars = last->vars;
        sp_scope_set(&last->scope, "root", last->vars, true);
    }
    walk->top = last;
    return true;
}
