/* SPDX-License-Identifier: BSD-3-Clause */
/* fork.h - the iterations of a scattered loop as walks of their own; declared in walk.h.
 *
 * The loop's frame stays as it was when the loop began; each iteration starts from a copy of it,
 * so that none sees what another has changed. What the iterations give is put together in their
 * order: output_elements by number, everything else (outputs aliased from steps, `previous`,
 * `steps`) from the last one.
 */
#pragma once

#include "plan/state.h"

/* Get ready for iterations that come back in any order. */
void sp_gather_begin(struct sp_walk *walk, struct sp_frame *frame);

/* All are back: the frame of the last one takes the place of this one. False: some have failed;
 * a finding says which. */
bool sp_gather_end(struct sp_walk *walk, struct sp_frame *frame);
