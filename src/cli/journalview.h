/* SPDX-License-Identifier: BSD-3-Clause */
/* journalview.h - the run that `status` and `log` are asked about. */
#pragma once

#include "engine/history.h"

/* Open the workspace of the current directory and read the run that `id` means
 * (sp_history_find; NULL: the newest).
 * -1 to go on, else the exit status; the fault has been shown. */
int sp_journal_pick(struct sp_arena *arena,
                    const char *id,
                    enum sp_history_detail detail,
                    struct sp_workspace *workspace,
                    struct sp_run_summary *out);

/* Does "image", "demo.image", "demo.image.2" or "demo.*" mean this step? */
bool sp_journal_is_meant(struct sp_str task, const char *wanted);

/* Say that the run has no such step, with the nearest name; the exit status. */
int sp_journal_no_such_step(const struct sp_run_summary *run, const char *wanted);
