/* SPDX-License-Identifier: BSD-3-Clause */
/* loop.h - the iterations of a recipe (spec stimela2.md 4.11). */
#pragma once

#include "plan/state.h"

/* After a recipe was entered: find out what to loop over. False: there are errors in diags. */
bool sp_loop_prepare(struct sp_walk *walk, struct sp_frame *frame);

/* Begin the next iteration; false when there is none. Recipes without a loop have one. */
bool sp_loop_next(struct sp_walk *walk, struct sp_frame *frame);

/* The steps of an iteration are done: collect output_elements. False: errors in diags. */
bool sp_loop_collect(struct sp_walk *walk, struct sp_frame *frame);

/* No more iterations: the names of tasks have no counter any more. */
void sp_loop_end(struct sp_walk *walk, struct sp_frame *frame);
