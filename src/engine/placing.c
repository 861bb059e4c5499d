/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/placing.h"

#include "base/fault.h"

#include "image/layer.h"
#include "image/layout.h"
#include "image/tarball.h"
#include "image/unpack.h"
#include "lang/path.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

static enum sp_rc drop(void *arg, struct sp_str data, struct sp_err *err)
{
    (void)arg;
    (void)data;
    (void)err;
    return SP_OK;
}

static enum sp_rc add_to_hash(void *arg, struct sp_str data, struct sp_err *err)
{
    (void)err;
    sp_sha_add(arg, data);
    return SP_OK;
}

static enum sp_rc write_to(void *arg, struct sp_str data, struct sp_err *err)
{
    return sp_write_all(*(int *)arg, data, err);
}

/* Open for reading, and what it is. The caller owns *fd. */
static enum sp_rc open_source(const struct sp_build_entry *entry,
                              int *fd,
                              struct stat *info,
                              struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int opened = SP_FAULT("placing.open", EACCES)
                                ? -1
                                : open(sp_arena_cstr(arena, entry->source), O_RDONLY | O_CLOEXEC);

    if (opened < 0 || fstat(opened, info) < 0)
        return sp_fail_errno(err, "open '" SP_STR_FMT "'", SP_STR_ARG(entry->source));
    if (!S_ISREG(info->st_mode) && !S_ISDIR(info->st_mode))
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is neither a file nor a directory",
                       SP_STR_ARG(entry->source));
    *fd = sp_take_fd(&opened);
    return SP_OK;
}

enum sp_rc sp_placing_digest(const struct sp_build_entry *entry,
                             struct sp_sha_digest *out,
                             struct sp_err *err)
{
    sp_auto_sha struct sp_sha *sha = sp_sha_new();
    sp_auto_fd int fd = -1;
    struct stat info;

    enum sp_rc rc = open_source(entry, &fd, &info, err);
    if (rc)
        return rc;
    if (S_ISDIR(info.st_mode)) {
        const struct sp_tarball all = { .tree_fd = fd, .lower_fd = -1, .media = SP_MEDIA_TAR };
        return sp_tarball_write(&all, drop, NULL, out, err);
    }
    sp_sha_add(sha, info.st_mode & S_IXUSR ? SP_STR("program ") : SP_STR("file "));
    rc = sp_pour(fd, add_to_hash, sha, err);
    if (rc == SP_OK)
        *out = sp_sha_end(sha);
    return rc;
}

/* --- putting -------------------------------------------------------------------------------- */

/* The directory that the target is in, made if need be, as it really is. */
static enum sp_rc enter(struct sp_arena *arena,
                        const struct sp_build_entry *entry,
                        const char *tree,
                        struct sp_str *out,
                        struct sp_err *err)
{
    struct sp_str top = sp_real_path(arena, sp_str_of(tree));
    struct sp_str dir =
        sp_real_path(arena, sp_arena_join(arena, top, "", sp_path_dirname(entry->target)));

    if (!sp_str_eq(dir, top) && !sp_str_starts(dir, sp_arena_join(arena, top, "/", SP_STR("")).ptr))
        return sp_fail(err, SP_INVALID, "a link in the image leads out of it");
    *out = dir;
    return sp_make_dirs(sp_arena_cstr(arena, dir), err);
}

static enum sp_rc put_file(int from, mode_t mode, const char *to, struct sp_err *err)
{
    if (unlink(to) < 0 && errno != ENOENT)
        return sp_fail_errno(err, "replace what is there");
    sp_auto_fd int fd = SP_FAULT("placing.create", ENOSPC)
                            ? -1
                            : open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return sp_fail_errno(err, "make it");
    if (fchmod(fd, mode & S_IXUSR ? 0755 : 0644) < 0)
        return sp_fail_errno(err, "set its mode");
    return sp_pour(from, write_to, &fd, err);
}

/* Through an archive: its reader keeps to the directory, whatever comes. */
static enum sp_rc put_dir(int from, const char *to, const char *scratch, struct sp_err *err)
{
    const struct sp_tarball all = { .tree_fd = from, .lower_fd = -1, .media = SP_MEDIA_TAR };
    sp_auto_layer struct sp_layer *layer = NULL;
    struct sp_sha_digest digest;

    enum sp_rc rc = sp_make_dirs(to, err);
    if (rc)
        return rc;
    sp_auto_fd int fd = open(scratch, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sp_auto_fd int dir = open(to, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    if (fd < 0 || dir < 0)
        return sp_fail_errno(err, "open '%s'", fd < 0 ? scratch : to);
    (void)unlink(scratch);
    rc = sp_tarball_write(&all, write_to, &fd, &digest, err);
    if (rc == SP_OK && lseek(fd, 0, SEEK_SET) < 0)
        rc = sp_fail_errno(err, "rewind '%s'", scratch);
    if (rc == SP_OK)
        rc = sp_layer_open(fd, SP_MEDIA_TAR, &layer, err);
    struct sp_unpack unpack = {
        .root_fd = dir,
        .max_entries = SP_UNPACK_ENTRIES_MAX,
        .max_bytes = SP_UNPACK_BYTES_MAX,
    };
    return rc ? rc : sp_unpack_files(&unpack, layer, err);
}

enum sp_rc sp_placing_put(const struct sp_build_entry *entry,
                          const char *tree,
                          const char *scratch,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int fd = -1;
    struct sp_str dir;
    struct stat info;

    enum sp_rc rc = open_source(entry, &fd, &info, err);
    if (rc == SP_OK)
        rc = enter(arena, entry, tree, &dir, err);
    if (rc == SP_OK) {
        const char *to = sp_arena_join(arena, dir, "/", sp_path_basename(entry->target)).ptr;
        rc = S_ISDIR(info.st_mode) ? put_dir(fd, to, scratch, err)
                                   : put_file(fd, info.st_mode, to, err);
    }
    return rc ? sp_err_wrap(err, "'" SP_STR_FMT "' of the image", SP_STR_ARG(entry->target))
              : SP_OK;
}
