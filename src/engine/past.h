/* SPDX-License-Identifier: BSD-3-Clause */
/* past.h - what earlier runs in the workspace tell about a step (plan/walk.h, struct sp_past).
 *
 * Two folds over their journals, made when they are first asked for:
 *
 *   attempts   oldest run first: tasks whose last attempt did not end well, and when it was
 *   outputs    newest run first, only as far back as needed
 *
 * Of runs that ended well only the last line is read, as long as there are no such tasks.
 */
#pragma once

#include "engine/workspace.h"
#include "plan/walk.h"

struct sp_past_runs;

/* Of the workspace `dir`. Nothing is read yet, and nothing needs to be there. The caller owns the
 * result; what it answers lives in `arena`. */
struct sp_past_runs *sp_past_new(struct sp_arena *arena, const char *dir);

/* Accepts NULL. */
void sp_past_free(struct sp_past_runs *runs);

/* The questions of a walk; lives as long as `runs`. */
const struct sp_past *sp_past_questions(struct sp_past_runs *runs);
