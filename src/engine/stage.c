/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/stage.h"

#include "base/fault.h"

#include "engine/errand.h"
#include "image/digest.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/lock.h"

#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define WAIT_NS (200 * SP_NSEC_PER_MS)

enum sp_rc sp_stage_lock(struct sp_arena *arena,
                         struct sp_str cache,
                         void (*waits)(void *arg),
                         void *arg,
                         struct sp_lock **out,
                         struct sp_err *err)
{
    static const struct timespec pause = { .tv_nsec = WAIT_NS };
    const char *path = sp_arena_join(arena, cache, "/", SP_STR("build.lock")).ptr;
    enum sp_rc rc = sp_make_dirs(sp_arena_cstr(arena, cache), err);

    if (rc)
        return rc;
    for (bool told = false;; told = true) {
        rc = sp_lock_take(path, out, err);
        if (rc != SP_BUSY)
            return rc;
        *err = SP_ERR_INIT;
        if (!told && waits)
            waits(arg);
        (void)nanosleep(&pause, NULL);
    }
}

/* DIR/spoor-image-HEX-, where HEX stands for the lock. */
static struct sp_str prefix(struct sp_arena *arena, struct sp_str cache)
{
    struct sp_str tmp = sp_env_get(SP_STR("TMPDIR"));
    struct sp_sha_digest digest = sp_sha_of(cache);

    if (geteuid() == 0)
        tmp = cache;
    else if (!tmp.len || tmp.ptr[0] != '/')
        tmp = SP_STR("/var/tmp");
    return sp_arena_printf(arena, SP_STR_FMT "/spoor-image-%.12s-", SP_STR_ARG(tmp), digest.hex);
}

/* What belongs to subordinate ids goes with the help of the program that made it. */
static enum sp_rc remove_stage(struct sp_arena *arena,
                               const char *dir,
                               struct sp_str path,
                               struct sp_err *err)
{
    const char *const argv[] = { "mmdebstrap", "--unshare-helper",
                                 "rm",         "-rf",
                                 "--",         sp_arena_printf(arena, "%s/work", dir).ptr,
                                 NULL };
    struct sp_err first = SP_ERR_INIT;
    struct sp_str complaint;
    int status;

    if (sp_remove_tree(dir, &first) == SP_OK)
        return SP_OK;
    if (geteuid() == 0 || sp_errand_run(arena, argv, path, NULL, &status, &complaint, err)) {
        *err = first;
        return err->code;
    }
    return sp_remove_tree(dir, err);
}

enum sp_rc sp_stage_clear(struct sp_arena *arena,
                          struct sp_str cache,
                          struct sp_str path,
                          struct sp_err *err)
{
    struct sp_glob found =
        sp_glob_find(arena, sp_arena_join(arena, prefix(arena, cache), "", SP_STR("*")));
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < found.len && rc == SP_OK; i++)
        rc = remove_stage(arena, found.items[i].ptr, path, err);
    return rc;
}

enum sp_rc sp_stage_make(struct sp_arena *arena,
                         struct sp_str cache,
                         const char **out,
                         struct sp_err *err)
{
    char *path =
        sp_arena_cstr(arena, sp_arena_join(arena, prefix(arena, cache), "", SP_STR("XXXXXX")));

    if (SP_FAULT("stage.make", ENOSPC) || !mkdtemp(path) || chmod(path, 0755) < 0)
        return sp_fail_errno(err, "make the directory '%s'", path);
    *out = path;
    return SP_OK;
}
