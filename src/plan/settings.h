/* SPDX-License-Identifier: BSD-3-Clause */
/* settings.h - backend settings of a step: opts.backend, then the recipes from the outermost to
 * the innermost, the cab, the step, and the variety that results (spec stimela2.md 7.1). */
#pragma once

#include "plan/state.h"

/* The evaluated settings for the step under way. False: there are errors in diags. */
bool sp_settings(struct sp_walk *walk, struct sp_frame *frame, struct sp_value *out);
