/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/guard.h"

#include "sys/procstat.h"

#include <stdio.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

void sp_guard_fini(struct sp_guard *guard)
{
    sp_scratch_free(guard->scratch);
    sp_strays_free(guard->strays);
}

static uint64_t room_of(const char *path)
{
    struct statvfs info;

    return statvfs(path, &info) < 0 ? UINT64_MAX : (uint64_t)info.f_bavail * info.f_frsize;
}

const char *sp_guard_oversee(struct sp_guard *guard, const struct sp_procsum *sum)
{
    const struct sp_box *box = guard->box;

    if (box && box->memory && sum->memory > box->memory)
        (void)snprintf(guard->text, sizeof guard->text,
                       "ended: it used %.0f MB of memory, %.0f MB is its limit "
                       "(opts.backend.box.memory)",
                       (double)sum->memory / 1e6, (double)box->memory / 1e6);
    else if (box && box->keep_free && box->scratch && room_of(box->scratch) < box->keep_free)
        (void)snprintf(guard->text, sizeof guard->text,
                       "ended: less than %.0f MB is free on the disk that it writes to "
                       "(opts.backend.box.keep_free)",
                       (double)box->keep_free / 1e6);
    else
        return NULL;
    return guard->text;
}

/* What programs say when a box has refused something. The last one may have other reasons. */
static const struct {
    const char *text;
    bool certain;
} refusals[] = {
    { "Read-only file system", true },
    { "read-only file system", true },
    { "Errno 30", true },
    { "EROFS", true },
    { "Device or resource busy", false },
};

void sp_guard_hear(struct sp_guard *guard, struct sp_str text)
{
    for (size_t i = 0; i < SP_COUNT(refusals) && !guard->is_certain; i++)
        if (sp_str_find_str(text, sp_str_of(refusals[i].text)) != SIZE_MAX) {
            struct sp_str line = sp_str_trim(sp_str_slice(text, 0, sizeof guard->hint - 1));
            (void)snprintf(guard->hint, sizeof guard->hint, SP_STR_FMT, SP_STR_ARG(line));
            guard->is_certain = refusals[i].certain;
            return;
        }
}

void sp_guard_take_files(struct sp_guard *guard, struct sp_child_end *end)
{
    struct sp_err err = SP_ERR_INIT;

    if (!guard->scratch)
        return;
    guard->strays = sp_strays_new(guard->box, guard->scratch->cwd);
    const struct sp_open_dir *wide = sp_scratch_wide(guard->scratch);
    if (wide)
        sp_strays_overlook(guard->strays, wide->path, wide->files);
    if (sp_scratch_harvest(guard->scratch, guard->strays, &err)) {
        (void)snprintf(guard->text, sizeof guard->text, "%s", err.text);
        end->failure = err.sys_errno == ENOSPC ? SP_FAILURE_RESOURCE : SP_FAILURE_INFRASTRUCTURE;
        end->fault = guard->text;
    } else {
        sp_strays_tell(guard->strays, end);
    }
}

void sp_guard_explain(struct sp_guard *guard, struct sp_child_end *end)
{
    bool failed = !WIFEXITED(end->status) || WEXITSTATUS(end->status) != 0;

    if (!guard->hint[0] || end->fault || end->cancelled || (!failed && !guard->is_certain))
        return;
    (void)snprintf(guard->text, sizeof guard->text,
                   "it may not write what its cab does not declare, and said: %s", guard->hint);
    end->fault = guard->text;
}
