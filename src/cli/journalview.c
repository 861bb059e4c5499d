/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/journalview.h"

#include "cli/command.h"

#include <stdio.h>

int sp_journal_pick(struct sp_arena *arena,
                    const char *id,
                    struct sp_workspace *workspace,
                    struct sp_run_summary *out)
{
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(arena, ".", workspace, &err);
    if (rc == SP_OK) {
        struct sp_str found;
        rc = sp_history_find(workspace, sp_str_of(id ? id : "last"), &found, &err);
        if (rc == SP_OK)
            rc = sp_history_run(workspace, found, out, &err);
    }
    if (rc == SP_OK)
        return -1;
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_CORRUPT || rc == SP_IO ? SP_EXIT_STORE : SP_EXIT_FAILED;
}
