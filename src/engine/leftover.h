/* SPDX-License-Identifier: BSD-3-Clause */
/* leftover.h - what tools leave behind, and whether it can be used. */
#pragma once

#include "engine/workspace.h"
#include "exec/backend.h"
#include "plan/walk.h"

/* sp_clock_files as the file system has it that the directory is on: the server of a disk has a
 * clock of its own. */
sp_nsec sp_file_clock_of(const char *dir);

/* After a failed or interrupted tool: one text for each path it may have written that is there
 * and was changed since `started` (sp_clock_files). */
struct sp_list *sp_leftovers(struct sp_arena *arena, const struct sp_task *task, sp_nsec started);

/* Outputs that exist but are useless: a FITS image without a single finite pixel (WSClean makes
 * one, and exits 0, when all data are flagged). SP_INVALID: err names output and file. */
enum sp_rc sp_outputs_check(struct sp_arena *arena, const struct sp_task *task, struct sp_err *err)
    SP_MUST_USE;

/* Earlier runs in this workspace that never ended (their spoor was killed): one text for each in
 * `lines`, saying in which steps; noted in their journals, so that it is told once. Every tool of
 * such a run that still runs is ended (backend.h, rule 5), which is told too. Whoever changes
 * anything in a workspace calls it first, holding its lock; `backend` is only used for handles that
 * it has given. SP_BUSY: one of them cannot be ended, and may go on writing. */
enum sp_rc sp_lost_runs(struct sp_workspace *workspace,
                        const struct sp_backend_ops *ops,
                        struct sp_backend *backend,
                        struct sp_list *lines,
                        struct sp_err *err) SP_MUST_USE;

/* The same with a backend of its own: for those that have none. */
enum sp_rc sp_lost_tools(struct sp_workspace *workspace, struct sp_list *lines, struct sp_err *err)
    SP_MUST_USE;
