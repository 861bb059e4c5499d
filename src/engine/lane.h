/* SPDX-License-Identifier: BSD-3-Clause */
/* lane.h - one walk under way: that of the whole run, or that of one iteration of a scattered loop.
 *
 *   READY --> RUNNING (a tool) --> READY --> SCATTERED (iterations in lanes of their own) --> READY
 *     |  ^
 *     +--+ WAITING until a tool of another lane has ended, because both use the same files
 *     |
 *     +--> PAUSING before a tool that has failed is tried again
 *     |
 *     +--> OVER: well, or `why` says what went wrong
 *
 * A lane does what its walk asks for until it has to wait; it never waits itself, so any number
 * can go on side by side (crew.h).
 */
#pragma once

#include "engine/backends.h"
#include "engine/chronicle.h"
#include "engine/recall.h"
#include "engine/retry.h"
#include "engine/taskrun.h"

struct sp_lane;

/* What the lanes of a run share. */
struct sp_works {
    struct sp_session *session;
    struct sp_chronicle *chronicle;
    struct sp_loop *loop;
    struct sp_backends backends;
    struct sp_recall *recall;
    struct sp_str path;      /* PATH of jobs */
    struct sp_str mark;      /* of their processes (sys/procmark.h) */
    struct sp_str dir;       /* of this run */
    size_t tasks;            /* started so far: output files are numbered */
    size_t running;          /* tools right now */
    struct sp_map postponed; /* task -> the attempts of a step whose next one is of another walk */
    struct sp_lane *now;     /* whose walk is being asked: LOG(...) goes to its book */
    void (*wake)(void *arg, struct sp_lane *lane); /* its tool has ended: it is READY */
    void *arg;
};

enum sp_lane_state {
    SP_LANE_READY,
    SP_LANE_RUNNING,
    SP_LANE_WAITING,
    SP_LANE_PAUSING,
    SP_LANE_SCATTERED,
    SP_LANE_OVER
};

struct sp_lane {
    struct sp_works *works;
    struct sp_walk *walk; /* the crew's */
    struct sp_logbook *logbook;
    enum sp_lane_state state;
    bool is_main;         /* the whole run, not an iteration */
    bool starts_over;     /* OVER, because a result that is needed has to be made again first */
    bool waits_elsewhere; /* WAITING for another spoor */
    char *why;            /* OVER, and not well: the first thing that went wrong; owned */
    size_t count, width;  /* SCATTERED: iterations, how many at a time at most */

    /* private: the step under way */
    struct sp_arena *arena;
    struct sp_run_event base;
    struct sp_action action; /* that started the tool */
    struct sp_taskrun *task;
    struct sp_recalled recalled;
    struct sp_str output; /* file of the tool's raw output; empty: it has none yet */
    size_t number;        /* of that file: the step is the how manieth of the run */
    bool is_told;         /* this walk has said that it begins */
    struct sp_taskrun_result last;
    struct sp_retry retry;
    struct sp_watch *pause; /* PAUSING: the timer */
    bool is_resumed;        /* the pause is over */
    bool is_prepared;       /* PAUSING: its tool was not even started, so that all is as it was */
    sp_nsec step_started;   /* sp_clock_files: what a failed step left behind is newer */

    /* the crew's */
    struct sp_lane *parent;
    struct sp_lane *next_ready, *prev, *next; /* lists */
    size_t opened, open;                      /* SCATTERED: iterations so far, and under way */
    bool failures;                            /* some iterations have failed */
    bool is_woken;                            /* WAITING, and among the ready ones */
};

/* The logbook is the lane's, but that of the main lane is borrowed. */
struct sp_lane *sp_lane_new(struct sp_works *works, struct sp_walk *walk, struct sp_logbook *book);

/* Its tool, if one runs, is no longer listened to. Accepts NULL. */
void sp_lane_free(struct sp_lane *lane);

/* A PAUSING lane goes on at once: it is READY. */
void sp_lane_end_pause(struct sp_lane *lane);

/* Of a READY lane: do what there is to do, until it is in another state or has done a good deal and
 * others may want their turn. On failure the journal cannot be written. */
enum sp_rc sp_lane_go(struct sp_lane *lane, struct sp_err *err) SP_MUST_USE;
