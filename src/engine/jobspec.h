/* SPDX-License-Identifier: BSD-3-Clause */
/* jobspec.h - a task as the job that a backend runs: its environment, its limits, and the virtual
 * environment around it. */
#pragma once

#include "engine/session.h"
#include "exec/job.h"

/* Where the programs of a task are looked up: `path` (see sp_tools_path), or the PATH that the cab
 * sets, behind that of its virtual environment. */
struct sp_str sp_jobspec_path(struct sp_arena *arena,
                              const struct sp_session *session,
                              struct sp_str path,
                              const struct sp_task *task);

/* backend.rlimits. SP_INVALID: an unknown limit, one that is no number, or one above what the
 * system allows. *out is NULL for none. */
enum sp_rc sp_jobspec_limits(struct sp_arena *arena,
                             const struct sp_task *task,
                             const struct sp_limit **out,
                             size_t *out_count,
                             struct sp_err *err) SP_MUST_USE;

/* All of it but the name, in `arena`. */
enum sp_rc sp_jobspec_make(struct sp_arena *arena,
                           const struct sp_session *session,
                           struct sp_str path,
                           const struct sp_task *task,
                           struct sp_job *out,
                           struct sp_err *err) SP_MUST_USE;
