/* SPDX-License-Identifier: BSD-3-Clause */
/* planview.h - what would run: for `spoor plan` and `spoor run --dry-run`. */
#pragma once

#include "engine/session.h"

/* Walk dry and print every tool run with its full command line (or a JSON document). Findings go
 * to stderr. Returns an exit status. */
int sp_show_plan(struct sp_session *session, bool json);
