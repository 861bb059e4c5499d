/* SPDX-License-Identifier: BSD-3-Clause */
/* layout.h - from a job and its box to the plan that the first process carries out. */
#pragma once

#include "exec/job.h"
#include "exec/sandbox/init.h"
#include "exec/sandbox/probe.h"

/* Fill what of `plan` does not depend on descriptors. `scratch` may be NULL: no new files. Memory
 * is the arena's. SP_NOT_FOUND: there is no such program. SP_INVALID: something cannot be shown
 * where it is wanted. */
enum sp_rc sp_layout_make(struct sp_arena *arena,
                          const struct sp_job *job,
                          const struct sp_scratch *scratch,
                          unsigned features,
                          struct sp_box_plan *plan,
                          struct sp_err *err) SP_MUST_USE;
