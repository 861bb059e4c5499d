/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/crew.h"

#include <stdlib.h>

#define POLL_MS 200 /* when another spoor is waited for */

struct sp_crew {
    struct sp_works *works;
    struct sp_lane *main;
    struct sp_lane *lanes; /* newest first: inner loops before outer ones */
    struct sp_lane *ready; /* in the order in which they became so */
    struct sp_lane **ready_end;
    size_t leaves; /* lanes that do not wait for lanes */
};

static void push_ready(void *arg, struct sp_lane *lane)
{
    struct sp_crew *crew = arg;

    lane->next_ready = NULL;
    *crew->ready_end = lane;
    crew->ready_end = &lane->next_ready;
}

static struct sp_lane *take_ready(struct sp_crew *crew)
{
    struct sp_lane *lane = crew->ready;

    if (!lane)
        return NULL;
    crew->ready = lane->next_ready;
    if (!crew->ready)
        crew->ready_end = &crew->ready;
    return lane;
}

struct sp_crew *sp_crew_new(struct sp_works *works)
{
    struct sp_crew *crew = sp_alloc(sizeof *crew);

    crew->works = works;
    crew->ready_end = &crew->ready;
    works->wake = push_ready;
    works->arg = crew;
    return crew;
}

static void add_lane(struct sp_crew *crew, struct sp_lane *lane)
{
    lane->next = crew->lanes;
    if (lane->next)
        lane->next->prev = lane;
    crew->lanes = lane;
    crew->leaves++;
    push_ready(crew, lane);
}

/* Out of the list, and free; the walk of an iteration goes back to the loop. */
static void remove_lane(struct sp_crew *crew, struct sp_lane *lane)
{
    if (lane->prev)
        lane->prev->next = lane->next;
    else
        crew->lanes = lane->next;
    if (lane->next)
        lane->next->prev = lane->prev;
    crew->leaves -= lane->state != SP_LANE_SCATTERED;
    if (lane->parent)
        sp_walk_join(lane->parent->walk, lane->walk, lane->why);
    sp_lane_free(lane);
}

void sp_crew_free(struct sp_crew *crew)
{
    if (!crew)
        return;
    while (crew->lanes) /* children are newer than their parents */
        remove_lane(crew, crew->lanes);
    free(crew);
}

/* --- iterations --------------------------------------------------------------------------- */

static void open_iteration(struct sp_crew *crew, struct sp_lane *parent)
{
    struct sp_walk *walk = sp_walk_fork(parent->walk, parent->opened);
    struct sp_lane *lane = sp_lane_new(crew->works, walk, sp_logbook_fork(parent->logbook));

    lane->parent = parent;
    parent->opened++;
    parent->open++;
    add_lane(crew, lane);
}

static bool has_room(const struct sp_crew *crew, const struct sp_lane *lane)
{
    return lane->state == SP_LANE_SCATTERED && lane->opened < lane->count &&
           lane->open < lane->width && crew->leaves < SP_CREW_MAX && !lane->starts_over;
}

/* Of each loop as many iterations as there is room for, those of inner loops first: so the number
 * of lanes stays small, and who holds a place always gets on. */
static void open_iterations(struct sp_crew *crew)
{
    if (crew->works->chronicle->result->interrupted)
        return;
    for (struct sp_lane *lane = crew->lanes, *next; lane; lane = next) {
        next = lane->next;
        while (has_room(crew, lane))
            open_iteration(crew, lane);
    }
}

static void begin_scatter(struct sp_crew *crew)
{
    crew->leaves--;
    open_iterations(crew);
}

/* A loop goes on when all iterations are back; or, interrupted, all that were begun. */
static void end_loops(struct sp_crew *crew)
{
    bool interrupted = crew->works->chronicle->result->interrupted;

    for (struct sp_lane *lane = crew->lanes; lane; lane = lane->next) {
        if (lane->state != SP_LANE_SCATTERED || lane->open ||
            (lane->opened < lane->count && !interrupted && !lane->starts_over))
            continue;
        if (lane->starts_over && !lane->why)
            lane->why = sp_strdup("an iteration starts over");
        lane->state = SP_LANE_READY;
        crew->leaves++;
        push_ready(crew, lane);
    }
}

static void end_iteration(struct sp_crew *crew, struct sp_lane *lane)
{
    struct sp_lane *parent = lane->parent;

    parent->failures = parent->failures || lane->why;
    parent->starts_over = parent->starts_over || lane->starts_over;
    parent->open--;
    remove_lane(crew, lane);
    open_iterations(crew);
    end_loops(crew);
}

bool sp_crew_starts_over(const struct sp_crew *crew)
{
    return crew->main->starts_over;
}

/* --- the whole ---------------------------------------------------------------------------- */

static void stop_tools(struct sp_crew *crew, void (*stop)(struct sp_taskrun *run))
{
    for (struct sp_lane *lane = crew->lanes; lane; lane = lane->next)
        if (lane->state == SP_LANE_RUNNING)
            stop(lane->task);
}

/* A tool has ended: who waited for its files may look again. */
static void wake_waiting(struct sp_crew *crew, bool all)
{
    for (struct sp_lane *lane = crew->lanes; lane; lane = lane->next)
        if (lane->state == SP_LANE_WAITING && !lane->is_woken && (all || lane->waits_elsewhere)) {
            lane->is_woken = true;
            push_ready(crew, lane);
        }
}

/* Nobody tells us when another spoor has ended a task. */
static bool waits_elsewhere(const struct sp_crew *crew)
{
    for (const struct sp_lane *lane = crew->lanes; lane; lane = lane->next)
        if (lane->state == SP_LANE_WAITING && lane->waits_elsewhere)
            return true;
    return false;
}

static void tell_interrupt(struct sp_crew *crew, bool again)
{
    size_t running = crew->works->running;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (again)
        sp_buf_adds(&text, "asked once more: ");
    if (running == 1)
        sp_buf_addf(&text, "the tool %s", again ? "is killed" : "has been asked to stop, and has");
    else
        sp_buf_addf(&text, "the %zu tools %s", running,
                    again ? "are killed" : "have been asked to stop, and have");
    if (!again)
        sp_buf_addf(&text, " 10 s to do so; interrupt again to kill %s",
                    running == 1 ? "it" : "them");
    sp_chronicle_note(crew->works->chronicle, crew->main->logbook, SP_LOG_WARNING,
                      sp_buf_str(&text));
}

void sp_crew_interrupt(struct sp_crew *crew)
{
    struct sp_run_result *result = crew->works->chronicle->result;
    bool again = result->interrupted;

    result->interrupted = true;
    end_loops(crew);
    wake_waiting(crew, true);
    for (struct sp_lane *lane = crew->lanes; lane; lane = lane->next)
        sp_lane_end_pause(lane);
    if (!crew->works->running)
        return;
    tell_interrupt(crew, again);
    stop_tools(crew, again ? sp_taskrun_kill : sp_taskrun_cancel);
}

/* The journal cannot be written: nothing that runs may go on unseen. */
static void abandon(struct sp_crew *crew)
{
    stop_tools(crew, sp_taskrun_cancel);
    while (crew->works->running && sp_loop_turn(crew->works->loop, -1)) {}
}

static enum sp_rc go(struct sp_crew *crew, struct sp_lane *lane, struct sp_err *err)
{
    bool had_tool = lane->task;

    lane->is_woken = false;
    enum sp_rc rc = sp_lane_go(lane, err);
    if (rc)
        return rc;
    if (had_tool)
        wake_waiting(crew, true);
    switch (lane->state) {
    case SP_LANE_READY: push_ready(crew, lane); break;
    case SP_LANE_SCATTERED: begin_scatter(crew); break;
    case SP_LANE_OVER:
        if (lane->parent)
            end_iteration(crew, lane);
        break;
    case SP_LANE_RUNNING:
    case SP_LANE_PAUSING:
    case SP_LANE_WAITING: break;
    }
    return SP_OK;
}

enum sp_rc sp_crew_run(struct sp_crew *crew,
                       struct sp_walk *walk,
                       struct sp_logbook *book,
                       const char **why,
                       struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    crew->main = sp_lane_new(crew->works, walk, book);
    crew->main->is_main = true;
    add_lane(crew, crew->main);
    while (rc == SP_OK && crew->main->state != SP_LANE_OVER) {
        struct sp_lane *lane = take_ready(crew);
        if (lane)
            rc = go(crew, lane, err);
        if (rc || crew->main->state == SP_LANE_OVER)
            break;
        bool polls = !crew->ready && waits_elsewhere(crew);
        (void)sp_loop_turn(crew->works->loop, crew->ready ? 0 : polls ? POLL_MS : -1);
        if (polls)
            wake_waiting(crew, false);
    }
    if (rc)
        abandon(crew);
    *why = crew->main->why;
    return rc;
}
