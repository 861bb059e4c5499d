/* SPDX-License-Identifier: BSD-3-Clause */
/* lane_retry.c - a tool that has failed is tried again, after a pause. */
#include "base/clock.h"

#include "engine/lane_internal.h"
#include "engine/record.h"
#include "value/text.h"

const char *sp_lane_with_attempts(struct sp_lane *lane)
{
    const struct sp_retry *retry = &lane->retry;
    const char *why = lane->last.why;

    if (retry->attempt > 1)
        why = sp_arena_printf(lane->arena, "%s (tried %u times)", why, retry->attempt).ptr;
    if (retry->refused)
        why = sp_arena_printf(lane->arena, "%s (not tried again: %s)", why, retry->refused).ptr;
    return why;
}

static void on_pause(void *arg)
{
    sp_lane_end_pause(arg);
}

void sp_lane_end_pause(struct sp_lane *lane)
{
    if (lane->state != SP_LANE_PAUSING)
        return;
    sp_watch_remove(SP_TAKE(lane->pause));
    lane->state = SP_LANE_READY;
    lane->is_resumed = true;
    lane->works->wake(lane->works->arg, lane);
}

static void note_failed_attempt(struct sp_lane *lane)
{
    struct sp_retry *retry = &lane->retry;

    if (!retry->failed)
        retry->failed = sp_list_new(lane->arena).list;
    sp_list_add(
        lane->arena, retry->failed,
        (struct sp_value){ .kind = SP_DICT,
                           .dict = sp_record_attempt(lane->arena, lane->last.why,
                                                     lane->last.failure, &lane->last.usage) });
}

/* The data go back to what they were when the tool begins anew: sp_recall_begin sees to that. */
static enum sp_rc begin_pause(struct sp_lane *lane, unsigned of, sp_nsec pause, struct sp_err *err)
{
    struct sp_works *works = lane->works;
    const struct sp_position *position = lane->action.position;
    const struct sp_recall_done done = { .usage = lane->last.usage, .output = lane->output };

    enum sp_rc rc = lane->is_prepared ? SP_OK
                                      : sp_recall_end(works->recall, lane->arena, &lane->recalled,
                                                      &lane->action, &done, err);
    if (rc == SP_OK)
        rc = sp_loop_add_timer(works->loop, pause, 0, on_pause, lane, &lane->pause, err);
    if (rc)
        return rc;
    lane->state = SP_LANE_PAUSING;
    note_failed_attempt(lane);
    sp_chronicle_note(works->chronicle, lane->logbook, SP_LOG_WARNING,
                      sp_arena_printf(lane->arena,
                                      "step '" SP_STR_FMT "': attempt %u of %u in %d s, after: %s",
                                      SP_STR_ARG(position->label), lane->retry.attempt + 1, of,
                                      (int)(pause / SP_NSEC_PER_SEC), lane->last.why));
    return sp_chronicle_add(works->chronicle, "step-retry",
                            sp_record_step_retry(lane->arena, position, lane->retry.attempt + 1, of,
                                                 lane->retry.failed),
                            SP_JOURNAL_LAZY, err);
}

enum sp_rc sp_lane_try_again(struct sp_lane *lane, bool *again, struct sp_err *err)
{
    const struct sp_works *works = lane->works;
    struct sp_str why;
    sp_nsec pause = 0;
    unsigned of = 0;

    *again = !lane->last.success && !works->chronicle->result->interrupted &&
             sp_retry_next(&lane->retry, lane->last.failure, &of, &pause);
    if (*again && !lane->is_prepared &&
        !sp_recall_can_retry(works->recall, lane->arena, &lane->recalled, lane->action.task,
                             &why)) {
        lane->retry.refused = sp_arena_cstr(lane->arena, why);
        *again = false;
    }
    return *again ? begin_pause(lane, of, pause, err) : SP_OK;
}

/* --- over several walks -------------------------------------------------------------------- */

struct postponed {
    struct sp_retry retry;
    struct sp_str output;
    size_t number;
};

static struct sp_list *copy_list(struct sp_arena *arena, struct sp_list *list)
{
    return list ? sp_value_copy(arena, (struct sp_value){ .kind = SP_LIST, .list = list }).list
                : NULL;
}

void sp_lane_postpone(struct sp_lane *lane)
{
    struct sp_arena *arena = lane->works->session->arena;
    struct postponed *postponed;

    if (!lane->retry.attempt)
        return;
    postponed = SP_ARENA_NEW(arena, struct postponed, 1);
    *postponed = (struct postponed){ lane->retry, sp_arena_str(arena, lane->output), lane->number };
    postponed->retry.failed = copy_list(arena, lane->retry.failed);
    sp_map_set(&lane->works->postponed, sp_arena_str(arena, lane->action.position->taskname),
               postponed);
}

void sp_lane_take_up(struct sp_lane *lane, const struct sp_position *position)
{
    const struct postponed *postponed = sp_map_find(&lane->works->postponed, position->taskname);

    lane->retry = (struct sp_retry){ 0 };
    lane->output = SP_STR("");
    lane->is_told = false;
    if (!postponed)
        return;
    lane->retry = postponed->retry;
    lane->output = postponed->output;
    lane->number = postponed->number;
    (void)sp_map_remove(&lane->works->postponed, position->taskname);
}

void sp_lane_give_up(struct sp_lane *lane, const char *why)
{
    const struct sp_list *failed = lane->retry.failed;
    struct sp_str last = sp_dict_text(failed->items[failed->len - 1].dict, "why");

    lane->last.why = sp_arena_cstr(lane->arena, last);
    lane->retry.refused = why;
    lane->recalled = (struct sp_recalled){ .verdict = SP_RECALL_RUNS };
}
