/* SPDX-License-Identifier: BSD-3-Clause */
/* variant.h - which schema a cab has for the values that its step has now (spec stimela2.md 2.9).
 *
 * A step node has the schema for what is written; aliases are made with it. Here it is chosen once
 * more, each time the step is taken up, for the values that it then has.
 */
#pragma once

#include "plan/validate.h"

/* Set frame->cab. `look` is the validation that is to follow, for the schema as written: values
 * that the schema depends on are evaluated with it. False: a finding is in diags, unless
 * look->loose. */
bool sp_variant_choose(struct sp_walk *walk, struct sp_frame *frame, struct sp_validation look);
