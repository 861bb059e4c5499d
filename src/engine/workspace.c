/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/workspace.h"

#include "base/clock.h"
#include "base/fault.h"

#include "sys/file.h"
#include "sys/glob.h"
#include "sys/lock.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

#define STAMP_LEN     15 /* "20261121-112755" */
#define NUMBERS_TRIED 10000

enum sp_rc sp_workspace_open(struct sp_arena *arena,
                             const char *dir,
                             struct sp_workspace *out,
                             struct sp_err *err)
{
    struct sp_workspace workspace = { .arena = arena };

    workspace.dir = sp_arena_printf(arena, "%s/.spoor", dir);
    struct sp_str runs = sp_arena_printf(arena, "%s/runs", workspace.dir.ptr);
    struct sp_str lock = sp_arena_printf(arena, "%s/lock", workspace.dir.ptr);
    enum sp_rc rc = sp_make_dirs(runs.ptr, err);
    if (rc == SP_OK)
        rc = sp_lock_take(lock.ptr, &workspace.lock, err);
    if (rc)
        return sp_err_wrap(err, "workspace %s", dir);
    *out = workspace;
    return SP_OK;
}

enum sp_rc sp_workspace_read(struct sp_arena *arena,
                             const char *dir,
                             struct sp_workspace *out,
                             struct sp_err *err)
{
    struct sp_str path = sp_arena_printf(arena, "%s/.spoor", dir);

    if (sp_file_kind(path.ptr) != SP_FILE_DIR)
        return sp_fail(err, SP_NOT_FOUND, "nothing has been run in %s yet (it has no .spoor)",
                       strcmp(dir, ".") == 0 ? "this directory" : dir);
    *out = (struct sp_workspace){ .arena = arena, .dir = path };
    return SP_OK;
}

void sp_workspace_close(struct sp_workspace *workspace)
{
    sp_lock_release(workspace->lock);
    workspace->lock = NULL;
}

/* Number that the next run of this second gets. Earlier numbers may be free, if those runs have
 * been removed, but would stand before the newest. When the clock was set back (each year, in most
 * countries) the newest run is of a second that is still to come, and stays the newest but one. */
static unsigned first_number(const struct sp_workspace *workspace, char stamp[STAMP_LEN + 1])
{
    struct sp_str *ids;
    size_t count = sp_workspace_runs(workspace, &ids);
    int64_t last = 1;

    if (!count || ids[count - 1].len < STAMP_LEN ||
        sp_str_cmp(sp_str_slice(ids[count - 1], 0, STAMP_LEN), sp_str_of(stamp)) < 0)
        return 1;
    memcpy(stamp, ids[count - 1].ptr, STAMP_LEN);
    (void)sp_str_int(sp_str_slice(ids[count - 1], STAMP_LEN + 1, ids[count - 1].len), &last);
    return (unsigned)last + 1;
}

enum sp_rc sp_workspace_new_run(struct sp_workspace *workspace,
                                struct sp_str *id,
                                struct sp_str *dir,
                                struct sp_err *err)
{
    struct sp_clock_text now = sp_clock_local(sp_clock_realtime());
    char stamp[STAMP_LEN + 1];

    /* "2026-11-21 11:27:55" to "20261121-112755" */
    (void)snprintf(stamp, sizeof stamp, "%.4s%.2s%.2s-%.2s%.2s%.2s", now.text, now.text + 5,
                   now.text + 8, now.text + 11, now.text + 14, now.text + 17);
    unsigned first = first_number(workspace, stamp);
    for (unsigned n = first; n < first + NUMBERS_TRIED; n++) {
        struct sp_str name = n == 1 ? sp_arena_str(workspace->arena, sp_str_of(stamp))
                                    : sp_arena_printf(workspace->arena, "%s-%u", stamp, n);
        struct sp_str path =
            sp_arena_printf(workspace->arena, "%s/runs/%s", workspace->dir.ptr, name.ptr);
        if (!SP_FAULT("workspace.mkdir", ENOSPC) && mkdir(path.ptr, 0777) == 0) {
            *id = name;
            *dir = path;
            return SP_OK;
        }
        if (errno != EEXIST)
            return sp_fail_errno(err, "create %s", path.ptr);
    }
    return sp_fail(err, SP_LIMIT, "too many runs in one second");
}

struct sp_str sp_workspace_mark(const struct sp_workspace *workspace, struct sp_str id)
{
    struct sp_str dir = sp_arena_printf(workspace->arena, "%s/runs/" SP_STR_FMT, workspace->dir.ptr,
                                        SP_STR_ARG(id));
    struct stat info = { 0 };

    (void)!stat(dir.ptr, &info);
    return sp_arena_printf(workspace->arena, SP_STR_FMT "@%ju:%ju", SP_STR_ARG(id),
                           (uintmax_t)info.st_dev, (uintmax_t)info.st_ino);
}

/* By time; "X", "X-2" ... "X-10" started in the same second. */
static int compare_ids(const void *a, const void *b)
{
    const struct sp_str *x = a;
    const struct sp_str *y = b;
    int stamp = sp_str_cmp(sp_str_slice(*x, 0, STAMP_LEN), sp_str_slice(*y, 0, STAMP_LEN));

    if (stamp != 0)
        return stamp;
    if (x->len != y->len)
        return x->len < y->len ? -1 : 1;
    return sp_str_cmp(*x, *y);
}

size_t sp_workspace_runs(const struct sp_workspace *workspace, struct sp_str **ids)
{
    struct sp_str pattern =
        sp_arena_printf(workspace->arena, "%s/runs/*/journal.jsonl", workspace->dir.ptr);
    struct sp_glob found = sp_glob_find(workspace->arena, pattern);
    size_t before = workspace->dir.len + strlen("/runs/");

    for (size_t i = 0; i < found.len; i++) {
        struct sp_str path = sp_str_slice(found.items[i], before, found.items[i].len);
        found.items[i] = sp_arena_str(workspace->arena, sp_str_cut(&path, '/'));
    }
    if (found.len > 1)
        qsort(found.items, found.len, sizeof *found.items, compare_ids);
    *ids = found.items;
    return found.len;
}

struct sp_str sp_workspace_journal(const struct sp_workspace *workspace, struct sp_str id)
{
    return sp_arena_printf(workspace->arena, "%s/runs/" SP_STR_FMT "/journal.jsonl",
                           workspace->dir.ptr, SP_STR_ARG(id));
}
