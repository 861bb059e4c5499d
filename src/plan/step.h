/* SPDX-License-Identifier: BSD-3-Clause */
/* step.h - one step, from its raw parameters to its results (spec stimela2.md 4.10). */
#pragma once

#include "plan/state.h"

enum sp_step_verdict {
    SP_STEP_RUNS,
    SP_STEP_SKIPPED,
    SP_STEP_FAILED, /* findings are in diags */
};

/* Take the frame's current step up: assignments, skip, validation. *reason is set when it is
 * skipped; its results are then noted already. */
enum sp_step_verdict sp_step_begin(struct sp_walk *walk,
                                   struct sp_frame *frame,
                                   struct sp_str *reason);

/* Can sp_step_prepare say something, so that people must know before whose words those are? */
bool sp_step_needs_notice(const struct sp_step_node *node);

/* The step runs: its preamble, and for a cab everything that walk->task needs. False: it cannot. */
bool sp_step_prepare(struct sp_walk *walk, struct sp_frame *frame);

/* A cab has run well: look at its outputs (walk->found holds those of wranglers), fill
 * walk->task.outputs, note the results. False: they are not as they should be. */
bool sp_step_finish(struct sp_walk *walk, struct sp_frame *frame);

/* A nested recipe has ended well with these outputs. */
bool sp_step_finish_recipe(struct sp_walk *walk,
                           struct sp_frame *frame,
                           const struct sp_dict *outputs);

/* Before a run: the step has mistakes; go on as if its outputs were not known yet. */
void sp_step_give_up(struct sp_walk *walk, struct sp_frame *frame);
