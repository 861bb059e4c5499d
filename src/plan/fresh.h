/* SPDX-License-Identifier: BSD-3-Clause */
/* fresh.h - whether a step is skipped because its outputs are there: `skip_if_outputs` (spec
 * stimela2.md 4.9, decisions.md "What an attempt left behind").
 *
 *  exist   every output file that has a name is there, unless `must_exist: false`
 *  fresh   and none is older than the newest input file; the time of a directory is that of the
 *          newest thing in it
 *
 * Neither holds for what an attempt left behind that did not end well.
 */
#pragma once

#include "plan/skip.h"

/* After the step's parameters were evaluated. *reason is set when the answer is yes. */
enum sp_skip_answer sp_fresh_wanted(struct sp_walk *walk,
                                    struct sp_frame *frame,
                                    struct sp_str *reason);

/* For a step that is skipped but has run before: outputs that are not files and have no value get
 * those of that time. Not for steps whose `skip` says that they do not apply. */
void sp_fresh_recall(struct sp_walk *walk, struct sp_frame *frame);
