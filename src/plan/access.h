/* SPDX-License-Identifier: BSD-3-Clause */
/* access.h - the files that a task touches: may it, and has it (spec stimela2.md 4.10.7, 8). */
#pragma once

#include "plan/state.h"

/* Fill task->writes and task->remove. */
void sp_access_collect(struct sp_walk *walk, const struct sp_frame *frame, struct sp_task *task);

/* Permissions: what is changed must be writable, what is made must have a writable parent. False:
 * there are errors in diags. */
bool sp_access_check(struct sp_walk *walk, const struct sp_frame *frame);

/* After a run: outputs that must exist do. */
bool sp_access_check_made(struct sp_walk *walk, const struct sp_frame *frame);
