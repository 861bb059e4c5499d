/* SPDX-License-Identifier: BSD-3-Clause */
/* hooks.h - preamble and epilogue: expressions that must hold before and after a step, or that
 * just say something (spec stimela2.md 4.10). */
#pragma once

#include "plan/state.h"

/* Evaluate the preamble (epilogue) of the step under way: that of its cab or recipe, overridden
 * label by label by the step's. False: one does not hold, or ABORT() was called; the finding is
 * in diags. */
bool sp_hooks_preamble(struct sp_walk *walk, struct sp_frame *frame);
bool sp_hooks_epilogue(struct sp_walk *walk, struct sp_frame *frame);

/* The same for the outermost recipe, which is no step of anything. */
bool sp_hooks_recipe(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const char *name,
                     const struct sp_dict *hooks);
