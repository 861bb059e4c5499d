/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/vault.h"

#include "base/fault.h"

#include "image/vault_internal.h"
#include "sys/file.h"
#include "sys/lock.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define FORMAT         "spoor images "
#define FORMAT_VERSION 1
#define WAIT_NS        (100 * SP_NSEC_PER_MS) /* between two looks at what somebody else makes */

static const char *const dirs[] = { "blobs/sha256", "names", "roots", "locks", "tmp" };

const char *sp_vault_dir(const struct sp_vault *vault)
{
    return vault->dir;
}

struct sp_str sp_vault_path(const struct sp_vault *vault,
                            struct sp_arena *arena,
                            const char *kind,
                            const char *name)
{
    return sp_arena_printf(arena, "%s/%s/%s", vault->dir, kind, name);
}

/* --- opening -------------------------------------------------------------------------------- */

static enum sp_rc check_format(const char *dir, const char *path, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    int64_t version = 0;

    enum sp_rc rc = sp_file_read(path, &text, err);
    if (rc)
        return rc;
    struct sp_str said = sp_str_trim(sp_buf_str(&text));
    if (!sp_str_starts(said, FORMAT) ||
        !sp_str_int(sp_str_slice(said, strlen(FORMAT), said.len), &version))
        return sp_fail(err, SP_INVALID, "'%s' is no directory of images: 'format' is not of spoor",
                       dir);
    if (version > FORMAT_VERSION)
        return sp_fail(err, SP_INVALID,
                       "'%s' was made by a newer spoor (format %lld, this one knows %d)", dir,
                       (long long)version, FORMAT_VERSION);
    return SP_OK;
}

static enum sp_rc make_vault(const char *dir, struct sp_arena *arena, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < SP_COUNT(dirs) && rc == SP_OK; i++)
        rc = sp_make_dirs(sp_arena_printf(arena, "%s/%s", dir, dirs[i]).ptr, err);
    const char *format = sp_arena_printf(arena, "%s/format", dir).ptr;
    if (rc == SP_OK && sp_file_kind(format) == SP_FILE_NONE)
        rc = sp_file_write(format, sp_arena_printf(arena, FORMAT "%d\n", FORMAT_VERSION), err);
    return rc;
}

/* Nobody else is here: what is in tmp/ belongs to the dead. */
static enum sp_rc clear_tmp(const char *dir, struct sp_arena *arena, struct sp_err *err)
{
    const char *tmp = sp_arena_printf(arena, "%s/tmp", dir).ptr;

    enum sp_rc rc = sp_remove_tree(tmp, err);
    return rc ? rc : sp_make_dirs(tmp, err);
}

/* Somebody clears, or collects garbage: that ends. */
static enum sp_rc share_lock(const char *path, struct sp_lock **out, struct sp_err *err)
{
    for (;;) {
        enum sp_rc rc = sp_lock_share(path, out, err);
        if (rc != SP_BUSY)
            return rc;
        sp_vault_wait();
    }
}

/* Whoever can have it alone for a moment clears away what the dead have left. */
static enum sp_rc lock_vault(const char *dir,
                             struct sp_arena *arena,
                             enum sp_vault_use use,
                             struct sp_lock **out,
                             struct sp_err *err)
{
    const char *path = sp_arena_printf(arena, "%s/lock", dir).ptr;
    struct sp_lock *alone = NULL;
    struct sp_err busy = SP_ERR_INIT;

    if (use == SP_VAULT_READ)
        return share_lock(path, out, err);
    enum sp_rc rc = sp_lock_take(path, &alone, &busy);
    if (rc == SP_OK)
        rc = clear_tmp(dir, arena, err);
    else if (rc == SP_BUSY && use == SP_VAULT_SHARE)
        rc = SP_OK;
    else
        *err = busy;
    if (rc == SP_OK && use == SP_VAULT_ALONE) {
        *out = alone;
        return SP_OK;
    }
    sp_lock_release(alone);
    return rc ? rc : share_lock(path, out, err);
}

void sp_vault_wait(void)
{
    const struct timespec pause = { .tv_nsec = WAIT_NS };

    (void)nanosleep(&pause, NULL);
}

enum sp_rc sp_vault_open(const char *dir,
                         enum sp_vault_use use,
                         struct sp_vault **out,
                         struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *format = sp_arena_printf(arena, "%s/format", dir).ptr;
    struct sp_lock *lock = NULL;
    enum sp_rc rc = SP_OK;

    if (use == SP_VAULT_READ && sp_file_kind(format) == SP_FILE_NONE)
        return sp_fail(err, SP_NOT_FOUND, "there are no images in '%s'", dir);
    if (sp_file_kind(format) != SP_FILE_NONE)
        rc = check_format(dir, format, err);
    if (rc == SP_OK && use != SP_VAULT_READ)
        rc = make_vault(dir, arena, err);
    if (rc == SP_OK)
        rc = lock_vault(dir, arena, use, &lock, err);
    if (rc)
        return sp_err_wrap(err, "images in '%s'", dir);
    *out = sp_alloc(sizeof **out);
    (*out)->dir = sp_strdup(dir);
    (*out)->lock = lock;
    return SP_OK;
}

void sp_vault_close(struct sp_vault *vault)
{
    if (!vault)
        return;
    sp_lock_release(vault->lock);
    free(vault->dir);
    free(vault);
}

/* --- work ----------------------------------------------------------------------------------- */

enum sp_rc sp_vault_scratch(struct sp_vault *vault,
                            struct sp_arena *arena,
                            struct sp_str *out,
                            struct sp_err *err)
{
    char *path = sp_arena_cstr(arena, sp_vault_path(vault, arena, "tmp", "work-XXXXXX"));

    if (SP_FAULT("vault.scratch", ENOSPC) || !mkdtemp(path))
        return sp_fail_errno(err, "make a directory in '%s/tmp'", vault->dir);
    *out = sp_str_of(path);
    return SP_OK;
}

enum sp_rc sp_vault_claim(struct sp_vault *vault,
                          const struct sp_sha_digest *digest,
                          struct sp_lock **out,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str path = sp_vault_path(vault, arena, "locks", digest->hex);

    for (;;) {
        enum sp_rc rc = sp_lock_take(path.ptr, out, err);
        if (rc != SP_BUSY)
            return rc;
        sp_vault_wait();
    }
}

static int by_text(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

enum sp_rc sp_vault_list(const struct sp_vault *vault,
                         const char *kind,
                         struct sp_arena *arena,
                         struct sp_str **out,
                         size_t *out_len,
                         struct sp_err *err)
{
    sp_auto_free struct sp_str *names = NULL;
    size_t len = 0, capacity = 0;
    const char *path = sp_arena_printf(arena, "%s/%s", vault->dir, kind).ptr;
    SP_CLEANUP(close_dirp) DIR *dir = opendir(path);

    if (!dir)
        return sp_fail_errno(err, "read '%s'", path);
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            return sp_fail_errno(err, "read '%s'", path);
        if (!entry)
            break;
        if (entry->d_name[0] == '.')
            continue;
        names = sp_grow(names, &capacity, len + 1, sizeof *names);
        names[len++] = sp_arena_str(arena, sp_str_of(entry->d_name));
    }
    if (len)
        qsort(names, len, sizeof *names, by_text);
    *out = SP_ARENA_NEW(arena, struct sp_str, len + 1);
    for (size_t i = 0; i < len; i++)
        (*out)[i] = names[i];
    *out_len = len;
    return SP_OK;
}
