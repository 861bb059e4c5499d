/* SPDX-License-Identifier: BSD-3-Clause */
/* workspace.h - the directory in which recipes run; its state is in .spoor/.
 *
 *   .spoor/lock                      held by the spoor that runs here; text: pid and start time
 *   .spoor/runs/<id>/journal.jsonl   the truth about a run (journal/journal.h)
 *   .spoor/runs/<id>/0001-label.log  raw output of each tool run
 *
 * Run ids are "20261121-112755", with "-2", "-3" ... when several start in one second,
 * or when the clock was set back: newer runs always have later ids. One run at a time may be going
 * in a workspace.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct sp_lock;

struct sp_workspace {
    struct sp_arena *arena; /* borrowed */
    struct sp_str dir;      /* "DIR/.spoor" */
    struct sp_lock *lock;   /* held; NULL when opened for reading */
};

/* Open for running: created if needed, locked. SP_BUSY: another run is going, err says whose. */
enum sp_rc sp_workspace_open(struct sp_arena *arena,
                             const char *dir,
                             struct sp_workspace *out,
                             struct sp_err *err) SP_MUST_USE;

/* For reading: SP_NOT_FOUND when nothing was ever run in `dir`. */
enum sp_rc sp_workspace_read(struct sp_arena *arena,
                             const char *dir,
                             struct sp_workspace *out,
                             struct sp_err *err) SP_MUST_USE;

void sp_workspace_close(struct sp_workspace *workspace);

/* Make the directory of a new run. */
enum sp_rc sp_workspace_new_run(struct sp_workspace *workspace,
                                struct sp_str *id,
                                struct sp_str *dir,
                                struct sp_err *err) SP_MUST_USE;

/* What the environment of its tools is marked with (sys/procmark.h): the id, and where `dir` is on
 * disk, since ids are unique only in their workspace, and workspaces can be moved. */
struct sp_str sp_workspace_mark(const struct sp_workspace *workspace, struct sp_str id);

/* Ids of all runs, oldest first. */
size_t sp_workspace_runs(const struct sp_workspace *workspace, struct sp_str **ids);

/* Journal file of a run. */
struct sp_str sp_workspace_journal(const struct sp_workspace *workspace, struct sp_str id);
