/* SPDX-License-Identifier: BSD-3-Clause */
/* rootfs.h - a box in the file system of an image: which of the image's directories have to be made
 * anew, because the box needs something in them that the image does not have, and what the box's
 * own files say. What is done with that is in pivot.h. */
#pragma once

#include "exec/job.h"
#include "exec/sandbox/init.h"

/* Where the program may be: in PATH, inside. SP_NOT_FOUND: it has no name. */
enum sp_rc sp_rootfs_programs(struct sp_arena *arena,
                              const struct sp_job *job,
                              const char *const **out,
                              struct sp_err *err) SP_MUST_USE;

/* Fill plan->image; everything else is there. SP_NOT_FOUND: there is no such directory. SP_LIMIT:
 * too many files in a directory that has to be made anew. */
enum sp_rc sp_rootfs_plan(struct sp_arena *arena,
                          const struct sp_job *job,
                          struct sp_box_plan *plan,
                          struct sp_err *err) SP_MUST_USE;

/* Why the program could not be started. */
enum sp_rc sp_rootfs_explain(const struct sp_job *job,
                             const struct sp_box_message *answer,
                             struct sp_err *err);
