/* SPDX-License-Identifier: BSD-3-Clause */
/* skip.h - whether a step is skipped because of its `skip`, or the selection (spec
 * stimela2.md 4.8). */
#pragma once

#include "plan/state.h"

enum sp_skip_answer {
    SP_SKIP_NO,
    SP_SKIP_YES,
    SP_SKIP_FAILED, /* cannot be told; the finding is in diags */
};

/* Is the step skipped whatever happens: not selected, or `skip` is a constant that says so? */
bool sp_skip_is_certain(const struct sp_step_node *step);

/* By `skip`, before parameters are evaluated. *reason is set when the answer is yes. */
enum sp_skip_answer sp_skip_wanted(struct sp_walk *walk,
                                   struct sp_frame *frame,
                                   struct sp_str *reason);
