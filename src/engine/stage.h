/* SPDX-License-Identifier: BSD-3-Clause */
/* stage.h - the directory in which images are built, and who may build.
 *
 * Programs that build without being root work as other users (subordinate ids): they must be able
 * to enter it, and what they leave there can only be removed as these. So it is not in the home
 * directory, but in $TMPDIR or /var/tmp, and for root beside the packages. Its name says whose lock
 * protects it: whoever holds the lock removes what the dead have left.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

struct sp_lock;

/* Be the only one that builds with the directory `cache`; waits for others, and says so once. */
enum sp_rc sp_stage_lock(struct sp_arena *arena,
                         struct sp_str cache,
                         void (*waits)(void *arg),
                         void *arg,
                         struct sp_lock **out,
                         struct sp_err *err) SP_MUST_USE;

/* All that are there. `path`: PATH of programs. */
enum sp_rc sp_stage_clear(struct sp_arena *arena,
                          struct sp_str cache,
                          struct sp_str path,
                          struct sp_err *err) SP_MUST_USE;

/* A new one, empty. */
enum sp_rc sp_stage_make(struct sp_arena *arena,
                         struct sp_str cache,
                         const char **out,
                         struct sp_err *err) SP_MUST_USE;
