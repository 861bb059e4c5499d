/* SPDX-License-Identifier: BSD-3-Clause */
/* sandbox.h - the backends "sandbox" and "container": each job in a box of its own
 * (doc/design/boxes.md). What they differ in is the file system: the machine's, or that of the
 * image which box->root names, without which "container" takes no job.
 *
 * A job is a child process as on the native backend (exec/children.h); its first process builds the
 * box around itself (sandbox/init.h). Nothing that a job starts outlives it, and nothing outlives
 * the engine. What the job's box does not allow is not done: a write gives EROFS; a new file that
 * is not declared is removed, and named in the report as a fault.
 *
 * A job without a box may write nothing but /tmp, which is its own.
 */
#pragma once

#include "exec/backend.h"

extern const struct sp_backend_ops sp_sandbox_backend;
extern const struct sp_backend_ops sp_container_backend;

/* For tests, of both: how long what a tool leaves behind has to end; features (sandbox/init.h) that
 * are not to be used. */
void sp_sandbox_set_grace(struct sp_backend *backend, int grace_ms);
void sp_sandbox_without(struct sp_backend *backend, unsigned features);
