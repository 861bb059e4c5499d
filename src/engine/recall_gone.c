/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_gone.c - what steps have made of data before they were taken out of the recipe: at the end
 * of a run that was free to run every step, somebody should know. doc/design/store.md 7 says why
 * nothing is done about it. */
#include "engine/recall_internal.h"
#include "plan/select.h"

static bool is_gone(const struct sp_recall *recall, struct sp_str recipe, struct sp_str task)
{
    return sp_str_eq(recipe, recall->options.recipe) && task.len &&
           !sp_heads_have_task(recall->heads, task);
}

/* The step that has changed what was there before it, and is gone; empty: there is none. */
static struct sp_str changed_by(const struct sp_recall *recall, const struct sp_hold *hold)
{
    const struct sp_passage *last = &hold->chain.items[hold->index];

    if (hold->index == 0 || hold->absent || hold->chain.items[0].absent ||
        !is_gone(recall, last->recipe, last->task))
        return SP_STR("");
    return last->task;
}

/* Data that this run does not name: it leaves them alone. */
static void note_untouched(struct sp_recall *recall)
{
    const struct sp_map *holds = sp_ledger_holds(recall->ledger);
    struct sp_str path = SP_STR(""), task = SP_STR("");
    size_t count = 0;

    for (size_t i = 0; i < holds->len; i++) {
        const struct sp_hold *hold = holds->entries[i].value;
        if (sp_heads_has(recall->heads, hold->path))
            continue;
        struct sp_str by = changed_by(recall, hold);
        if (by.len && !count++) {
            path = hold->path;
            task = by;
        }
    }
    if (!count)
        return;
    struct sp_str others =
        count > 1
            ? sp_arena_printf(recall->arena, " (and %zu other paths are like that)", count - 1)
            : SP_STR("");
    sp_recall_note(
        recall, false,
        sp_arena_printf(recall->arena,
                        SP_STR_FMT " stays as '" SP_STR_FMT
                                   "' has left it, a step that the recipe no longer has" SP_STR_FMT
                                   "; 'spoor versions " SP_STR_FMT
                                   "' lists its states, 'spoor restore' brings one back",
                        SP_STR_ARG(path), SP_STR_ARG(task), SP_STR_ARG(others), SP_STR_ARG(path)));
}

/* Data that other steps name: they are without the change from now on. */
static void note_undone(struct sp_recall *recall)
{
    struct sp_head *head;

    for (size_t at = 0; sp_heads_each_unsettled(recall->heads, &at, &head);) {
        struct sp_str by = changed_by(recall, head->hold);
        if (by.len && head->index < head->hold->index)
            sp_recall_note(recall, false,
                           sp_arena_printf(recall->arena,
                                           SP_STR_FMT
                                           " goes back to what it was before '" SP_STR_FMT
                                           "', a step that the recipe no longer has; what that "
                                           "made of it stays among its versions",
                                           SP_STR_ARG(head->path), SP_STR_ARG(by)));
    }
}

void sp_recall_note_gone(struct sp_recall *recall)
{
    if (!recall->options.recipe.len || recall->options.on_top ||
        !sp_selection_is_empty(recall->options.session->selection))
        return;
    note_undone(recall);
    note_untouched(recall);
}
