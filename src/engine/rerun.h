/* SPDX-License-Identifier: BSD-3-Clause */
/* rerun.h - a run once more: the same recipe files, parameters and settings, whatever those files
 * say today; and what is no longer the same all the same.
 *
 *     sp_rerun_begin(&workspace, &run, &rerun, &err);      files to .spoor/rerun/ID
 *     sp_rerun_compare(rerun, &err);                       programs, inputs: rerun->differences
 *     sp_rerun_session(rerun, &session, &err);
 *     sp_rerun_bring(rerun, &session, &err);               then sp_run(&session, ...)
 *     sp_session_fini(&session);
 *     sp_rerun_end(rerun);
 */
#pragma once

#include "engine/history.h"
#include "engine/replay.h"
#include "engine/session.h"

struct sp_lock;

struct sp_rerun {
    const struct sp_workspace *workspace;
    const struct sp_run_summary *run;
    struct sp_arena *arena;
    struct sp_replay replay;
    struct sp_session_options options; /* as then */
    struct sp_selection selection;
    /* What is no longer the same: mappings `kind` (file, recipe, setting, program, input,
     * environment, spoor), `name`, `text` (for people). */
    struct sp_list *differences;
    /* Data that are not what the run started from, and will be: mappings `path`, `version`. */
    struct sp_list *restores;
    struct sp_str dir;
    struct sp_lock *lock;
};

/* The files of `run`, read as sp_history_run did, are put in place. SP_INVALID: its journal does
 * not say how it began; SP_BUSY: it is being repeated already. The caller owns *out. */
enum sp_rc sp_rerun_begin(const struct sp_workspace *workspace,
                          const struct sp_run_summary *run,
                          struct sp_rerun **out,
                          struct sp_err *err) SP_MUST_USE;

/* Add what has become different since: a dry walk, without running anything. */
void sp_rerun_compare(struct sp_rerun *rerun);

/* A session that has loaded and picked what the run had. It is to be given back in any case, and
 * before `rerun`. Findings are in its diags. */
enum sp_rc sp_rerun_session(struct sp_rerun *rerun, struct sp_session *session, struct sp_err *err)
    SP_MUST_USE;

/* What the run started from is brought back from the store: the workspace holds it afterwards. What
 * was there is kept, or goes to the attic. SP_BUSY: a run is going. */
enum sp_rc sp_rerun_bring(const struct sp_rerun *rerun,
                          struct sp_session *session,
                          struct sp_err *err) SP_MUST_USE;

/* The files go away. Accepts NULL. */
void sp_rerun_end(struct sp_rerun *rerun);
