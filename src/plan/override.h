/* SPDX-License-Identifier: BSD-3-Clause */
/* override.h - NAME=VALUE from the command line, put where it belongs (spec stimela2.md 6.3). */
#pragma once

#include "plan/state.h"

/* Sort walk options' params into parameters of the outermost recipe (walk->params), parameters of
 * steps, variables, settings and log options. A name that is none of these is an error with the
 * nearest one as a hint. */
void sp_override_apply(struct sp_walk *walk, const struct sp_dict *params);
