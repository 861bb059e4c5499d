/* SPDX-License-Identifier: BSD-3-Clause */
/* blob.c - what vault.h says about blobs. */
#include "base/fault.h"

#include "image/vault_internal.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOBS "blobs/sha256"
#define BLOCK ((size_t)256 * 1024)

struct sp_intake {
    struct sp_vault *vault;
    struct sp_sha_digest wanted; /* empty: not known */
    uint64_t promised, size;
    struct sp_sha *sha;
    char *path; /* under tmp/ */
    int fd;
};

/* --- reading -------------------------------------------------------------------------------- */

bool sp_vault_has(const struct sp_vault *vault, const struct sp_sha_digest *digest, uint64_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct stat info;

    return stat(sp_vault_path(vault, arena, BLOBS, digest->hex).ptr, &info) == 0 &&
           S_ISREG(info.st_mode) && (size == UINT64_MAX || (uint64_t)info.st_size == size);
}

enum sp_rc sp_vault_open_blob(const struct sp_vault *vault,
                              const struct sp_sha_digest *digest,
                              int *out_fd,
                              struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *path = sp_vault_path(vault, arena, BLOBS, digest->hex).ptr;

    int fd = SP_FAULT("blob.open", EMFILE) ? -1 : open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return sp_fail_errno(err, "open '%s'", path);
    *out_fd = fd;
    return SP_OK;
}

static enum sp_rc damaged(const struct sp_sha_digest *digest, struct sp_err *err)
{
    return sp_fail(
        err, SP_CORRUPT,
        "blob sha256:%.12s... is damaged: 'spoor image gc --damaged' removes it, then pull "
        "again",
        digest->hex);
}

enum sp_rc sp_vault_read(const struct sp_vault *vault,
                         const struct sp_sha_digest *digest,
                         size_t max,
                         struct sp_arena *arena,
                         struct sp_str *out,
                         struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(max);
    struct sp_str path = sp_vault_path(vault, arena, BLOBS, digest->hex);

    enum sp_rc rc = sp_file_read(path.ptr, &text, err);
    if (rc)
        return rc;
    struct sp_sha_digest got = sp_sha_of(sp_buf_str(&text));
    if (!sp_sha_eq(&got, digest))
        return damaged(digest, err);
    *out = sp_arena_str(arena, sp_buf_str(&text));
    return SP_OK;
}

enum sp_rc sp_vault_verify(const struct sp_vault *vault,
                           const struct sp_sha_digest *digest,
                           struct sp_err *err)
{
    sp_auto_sha struct sp_sha *sha = sp_sha_new();
    sp_auto_free char *block = sp_alloc(BLOCK);
    sp_auto_fd int fd = -1;

    enum sp_rc rc = sp_vault_open_blob(vault, digest, &fd, err);
    while (rc == SP_OK) {
        ssize_t got = SP_FAULT("blob.read", EIO) ? -1 : read(fd, block, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read blob sha256:%s", digest->hex);
        if (got == 0)
            break;
        sp_sha_add(sha, (struct sp_str){ block, (size_t)got });
    }
    if (rc)
        return rc;
    struct sp_sha_digest is = sp_sha_end(sha);
    return sp_sha_eq(&is, digest) ? SP_OK : damaged(digest, err);
}

/* --- taking in ------------------------------------------------------------------------------ */

enum sp_rc sp_vault_intake(struct sp_vault *vault,
                           const struct sp_sha_digest *digest,
                           uint64_t size,
                           struct sp_intake **out,
                           struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    char *path = sp_arena_cstr(arena, sp_vault_path(vault, arena, "tmp", "blob-XXXXXX"));

    int fd = SP_FAULT("intake.create", ENOSPC) ? -1 : mkostemp(path, O_CLOEXEC);
    if (fd < 0)
        return sp_fail_errno(err, "make a file in '%s/tmp'", vault->dir);
    *out = sp_alloc(sizeof **out);
    **out = (struct sp_intake){
        .vault = vault,
        .wanted = *digest,
        .promised = size,
        .sha = sp_sha_new(),
        .path = sp_strdup(path),
        .fd = fd,
    };
    return SP_OK;
}

enum sp_rc sp_intake_add(struct sp_intake *intake, struct sp_str data, struct sp_err *err)
{
    if (data.len > intake->promised - intake->size)
        return sp_fail(err, SP_CORRUPT, "it is longer than the %llu bytes that were promised",
                       (unsigned long long)intake->promised);
    intake->size += data.len;
    sp_sha_add(intake->sha, data);
    return sp_write_all(intake->fd, data, err);
}

uint64_t sp_intake_size(const struct sp_intake *intake)
{
    return intake->size;
}

void sp_intake_drop(struct sp_intake *intake)
{
    if (!intake)
        return;
    if (intake->path)
        (void)unlink(intake->path);
    sp_fd_closep(&intake->fd);
    sp_sha_free(intake->sha);
    free(intake->path);
    free(intake);
}

static enum sp_rc check(struct sp_intake *intake, struct sp_sha_digest *got, struct sp_err *err)
{
    if (intake->promised != UINT64_MAX && intake->size != intake->promised)
        return sp_fail(err, SP_CORRUPT, "it ends after %llu of %llu bytes",
                       (unsigned long long)intake->size, (unsigned long long)intake->promised);
    *got = sp_sha_end(intake->sha);
    if (intake->wanted.hex[0] && !sp_sha_eq(got, &intake->wanted))
        return sp_fail(err, SP_CORRUPT, "its digest is sha256:%s, not sha256:%s", got->hex,
                       intake->wanted.hex);
    return SP_OK;
}

static enum sp_rc sync_dir(const char *path, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || SP_FAULT("intake.sync-dir", EIO) || fsync(fd) < 0)
        return sp_fail_errno(err, "sync '%s'", path);
    return SP_OK;
}

static enum sp_rc publish(struct sp_intake *intake,
                          const struct sp_sha_digest *digest,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *path = sp_vault_path(intake->vault, arena, BLOBS, digest->hex).ptr;

    if (fchmod(intake->fd, 0444) < 0 || SP_FAULT("intake.sync", EIO) || fsync(intake->fd) < 0)
        return sp_fail_errno(err, "sync a blob");
    if (SP_FAULT("intake.rename", EIO) || rename(intake->path, path) < 0)
        return sp_fail_errno(err, "rename a blob to '%s'", path);
    free(SP_TAKE(intake->path));
    return sync_dir(sp_vault_path(intake->vault, arena, "blobs", "sha256").ptr, err);
}

enum sp_rc sp_intake_finish(struct sp_intake *intake, struct sp_sha_digest *out, struct sp_err *err)
{
    struct sp_sha_digest digest;

    enum sp_rc rc = check(intake, &digest, err);
    if (rc == SP_OK)
        rc = publish(intake, &digest, err);
    sp_intake_drop(intake);
    if (rc == SP_OK && out)
        *out = digest;
    return rc;
}

enum sp_rc sp_vault_put_text(struct sp_vault *vault,
                             struct sp_str text,
                             struct sp_sha_digest *out,
                             struct sp_err *err)
{
    struct sp_sha_digest digest = sp_sha_of(text);
    sp_auto_intake struct sp_intake *intake = NULL;
    enum sp_rc rc = SP_OK;

    if (!sp_vault_has(vault, &digest, text.len)) {
        rc = sp_vault_intake(vault, &digest, text.len, &intake, err);
        if (rc == SP_OK)
            rc = sp_intake_add(intake, text, err);
        if (rc == SP_OK)
            rc = sp_intake_finish(SP_TAKE(intake), NULL, err);
    }
    if (rc == SP_OK)
        *out = digest;
    return rc;
}
