/* SPDX-License-Identifier: BSD-3-Clause */
/* planview.h - what would run: for `spoor plan` and `spoor run --dry-run`. */
#pragma once

#include "engine/session.h"

struct sp_plan_options {
    bool json;
    bool fresh, on_top; /* as of a run */
    const char *edits;
};

/* Walk dry and print every tool run with its full command line, and whether it would run or its
 * result is known (or a JSON document). Nothing is touched. Findings go to stderr. Returns an exit
 * status. */
int sp_show_plan(struct sp_session *session, const struct sp_plan_options *options);
