/* SPDX-License-Identifier: BSD-3-Clause */
/* journalview.h - the run that `status` and `log` are asked about. */
#pragma once

#include "engine/history.h"

/* Open the workspace of the current directory and read the run that `id` means
 * (sp_history_find; NULL: the newest).
 * -1 to go on, else the exit status; the fault has been shown. */
int sp_journal_pick(struct sp_arena *arena,
                    const char *id,
                    struct sp_workspace *workspace,
                    struct sp_run_summary *out);
