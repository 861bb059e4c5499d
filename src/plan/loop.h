/* SPDX-License-Identifier: BSD-3-Clause */
/* loop.h - the iterations of a recipe (spec stimela2.md 4.11). */
#pragma once

#include "plan/state.h"

/* After a recipe was entered: find out what to loop over. False: there are errors in diags. */
bool sp_loop_prepare(struct sp_walk *walk, struct sp_frame *frame);

/* Recipes without a loop have one iteration; before a run one is enough to find mistakes. */
bool sp_loop_has_next(const struct sp_walk *walk, const struct sp_frame *frame);

/* Begin the next iteration; false when there is none. */
bool sp_loop_next(struct sp_walk *walk, struct sp_frame *frame);

/* The next iteration of a scattered loop must not see what the others have changed: it gets a frame
 * of its own, put on top in place of this one. For walks that go through them one by one. */
struct sp_frame *sp_loop_set_apart(struct sp_walk *walk, struct sp_frame *frame);

/* The steps of an iteration are done: collect output_elements. False: errors in diags. */
bool sp_loop_collect(struct sp_walk *walk, struct sp_frame *frame);

/* No more iterations: the names of tasks have no counter any more. */
void sp_loop_end(struct sp_walk *walk, struct sp_frame *frame);
