/* SPDX-License-Identifier: BSD-3-Clause */
/* debris.h - what runs that failed or were killed have left in a workspace.
 *
 * Only what a journal names counts: a path that a tool was going to make, that was not there when
 * the tool was started, whose step did not end well, and which no later step has made good. Files
 * that were there before, inputs that a tool changes in place, and whatever somebody has changed
 * since the step failed are never named.
 */
#pragma once

#include "engine/workspace.h"
#include "value/value.h"

struct sp_debris_item {
    struct sp_str path; /* relative to the workspace, as in the recipe */
    struct sp_str run, step;
    uint64_t size;
};

struct sp_debris {
    struct sp_debris_item *items; /* arena; in the order in which they were made */
    size_t len;
};

/* Look through all journals. Call while holding the lock of the workspace: else a step that is
 * running looks like one that was killed. */
enum sp_rc sp_debris_find(const struct sp_workspace *workspace,
                          struct sp_debris *out,
                          struct sp_err *err) SP_MUST_USE;

/* Run directories but the newest `keep`, oldest first: their ids and sizes. */
size_t sp_debris_old_runs(const struct sp_workspace *workspace,
                          size_t keep,
                          struct sp_debris_item **out);
