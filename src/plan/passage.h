/* SPDX-License-Identifier: BSD-3-Clause */
/* passage.h - a recipe is entered, and left (spec stimela2.md 4.5, 4.11). */
#pragma once

#include "plan/state.h"

/* Evaluate the parameters and assignments of the recipe on top, hand values down to its steps.
 * For a nested recipe `validated` are its parameters, evaluated by the enclosing step; NULL for
 * the outermost. False: there are errors in diags. */
bool sp_passage_enter(struct sp_walk *walk,
                      struct sp_frame *frame,
                      const struct sp_dict *validated);

/* All steps have run: validate the outputs of the recipe. */
bool sp_passage_leave(struct sp_walk *walk, struct sp_frame *frame, struct sp_dict **outputs);
