/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/journalview.h"

#include "base/nearest.h"

#include "cli/command.h"

#include <stdio.h>

int sp_journal_pick(struct sp_arena *arena,
                    const char *id,
                    enum sp_history_detail detail,
                    struct sp_workspace *workspace,
                    struct sp_run_summary *out)
{
    struct sp_err err = SP_ERR_INIT;

    enum sp_rc rc = sp_workspace_read(arena, ".", workspace, &err);
    if (rc == SP_OK) {
        struct sp_str found;
        rc = sp_history_find(workspace, sp_str_of(id ? id : "last"), &found, &err);
        if (rc == SP_OK)
            rc = sp_history_run(workspace, found, detail, out, &err);
    }
    if (rc == SP_OK)
        return -1;
    (void)fprintf(stderr, "spoor: %s\n", err.text);
    return rc == SP_CORRUPT || rc == SP_IO ? SP_EXIT_STORE : SP_EXIT_FAILED;
}

bool sp_journal_is_meant(struct sp_str task, const char *wanted)
{
    size_t len = strlen(wanted);

    if (sp_str_is(task, wanted) || sp_str_match(sp_str_of(wanted), task))
        return true;
    if (task.len > len + 1 && sp_str_ends(task, wanted) && task.ptr[task.len - len - 1] == '.')
        return true;
    /* The label of a step inside a loop: "loop.2.image" is meant by "image" */
    struct sp_str rest = task;
    while (rest.ptr) {
        struct sp_str part = sp_str_cut(&rest, '.');
        if (sp_str_is(part, wanted))
            return true;
    }
    return false;
}

int sp_journal_no_such_step(const struct sp_run_summary *run, const char *wanted)
{
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(wanted));

    for (size_t i = 0; i < run->step_count; i++) {
        struct sp_str rest = run->steps[i].task;
        while (rest.ptr)
            sp_nearest_offer(&nearest, sp_str_cut(&rest, '.'));
    }
    (void)fprintf(stderr, "spoor: run " SP_STR_FMT " has no step '%s'", SP_STR_ARG(run->id),
                  wanted);
    if (nearest.best.ptr)
        (void)fprintf(stderr, "; did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest.best));
    else
        (void)fprintf(stderr, "; 'spoor status " SP_STR_FMT "' lists its steps",
                      SP_STR_ARG(run->id));
    (void)fprintf(stderr, "\n");
    return SP_EXIT_FAILED;
}
