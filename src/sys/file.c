/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/file.h"

#include "base/fault.h"

#include "sys/witness.h"

#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_SIZE      ((size_t)64 * 1024)
#define NAME_MAX_BYTES 255 /* of one component, on every Linux file system */

/* --- reading ------------------------------------------------------------------------------- */

static enum sp_rc read_to_end(int fd, struct sp_buf *out, struct sp_err *err)
{
    sp_auto_free char *block = sp_alloc(READ_SIZE);

    for (;;) {
        ssize_t got = SP_FAULT("file.read", EIO) ? -1 : read(fd, block, READ_SIZE);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read");
        if (got == 0)
            return SP_OK;
        sp_buf_add(out, (struct sp_str){ block, (size_t)got });
        if (!sp_buf_ok(out))
            return sp_fail(err, SP_LIMIT, "it is larger than %zu bytes", out->max);
    }
}

enum sp_rc sp_file_read(const char *path, struct sp_buf *out, struct sp_err *err)
{
    struct stat info;
    size_t before = out->len;

    sp_witness_path(path);
    /* O_NONBLOCK: a named pipe without a writer must not hold us up. */
    sp_auto_fd int fd = SP_FAULT("file.open", EMFILE)
                            ? -1
                            : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "read '%s'", path);
    if (!S_ISREG(info.st_mode))
        return sp_fail(err, SP_INVALID, "read '%s': it is %s, not a file", path,
                       S_ISDIR(info.st_mode) ? "a directory" : "a device or pipe");
    enum sp_rc rc = read_to_end(fd, out, err);
    if (rc) {
        out->overflowed = false;
        sp_buf_truncate(out, before);
        return sp_err_wrap(err, "read '%s'", path);
    }
    return SP_OK;
}

/* --- writing ------------------------------------------------------------------------------- */

enum sp_rc sp_write_all(int fd, struct sp_str data, struct sp_err *err)
{
    while (data.len > 0) {
        ssize_t put = SP_FAULT("file.write", ENOSPC) ? -1 : write(fd, data.ptr, data.len);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return sp_fail_errno(err, "write");
        data.ptr += put;
        data.len -= (size_t)put;
    }
    return SP_OK;
}

/* Where a file goes before it gets its name. */
struct place {
    int dir_fd;
    const char *name;                   /* last component of the path */
    char temporary[NAME_MAX_BYTES + 1]; /* beside it; cut if the name is long already */
};

static enum sp_rc open_place(const char *path, struct place *place, struct sp_err *err)
{
    static unsigned serial; /* the loop's thread is the only one that writes files */
    const char *slash = strrchr(path, '/');
    sp_auto_free char *dir = sp_strdup(path);

    place->name = slash ? slash + 1 : path;
    if (place->name[0] == '\0')
        return sp_fail(err, SP_INVALID, "it has no file name");
    dir[slash ? SP_MAX(slash - path, 1) : 0] = '\0';
    (void)snprintf(place->temporary, sizeof place->temporary, ".tmp-%d-%u-%s", (int)getpid(),
                   ++serial, place->name);
    place->dir_fd = SP_FAULT("file.open-dir", EMFILE)
                        ? -1
                        : open(slash ? dir : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (place->dir_fd < 0)
        return sp_fail_errno(err, "open directory '%s'", slash ? dir : ".");
    return SP_OK;
}

/* Make the temporary file with its final mode, contents and a sync. */
static enum sp_rc fill_temporary(const struct place *place, struct sp_str data, struct sp_err *err)
{
    struct stat old;
    sp_auto_fd int fd = SP_FAULT("file.create", ENOSPC)
                            ? -1
                            : openat(place->dir_fd, place->temporary,
                                     O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0666);
    if (fd < 0)
        return sp_fail_errno(err, "create a temporary file beside it");
    enum sp_rc rc = sp_write_all(fd, data, err);
    if (rc)
        return rc;
    if (fstatat(place->dir_fd, place->name, &old, AT_SYMLINK_NOFOLLOW) == 0 &&
        S_ISREG(old.st_mode) && fchmod(fd, old.st_mode & 07777) < 0)
        return sp_fail_errno(err, "set its mode");
    if (SP_FAULT("file.sync", EIO) || fsync(fd) < 0)
        return sp_fail_errno(err, "sync");
    return SP_OK;
}

enum sp_rc sp_file_write(const char *path, struct sp_str data, struct sp_err *err)
{
    struct place place = { .dir_fd = -1 };

    enum sp_rc rc = open_place(path, &place, err);
    sp_auto_fd int dir_fd = place.dir_fd;
    if (rc)
        return sp_err_wrap(err, "write '%s'", path);

    rc = fill_temporary(&place, data, err);
    if (!rc &&
        (SP_FAULT("file.rename", EIO) || renameat(dir_fd, place.temporary, dir_fd, place.name) < 0))
        rc = sp_fail_errno(err, "rename");
    if (rc) {
        (void)unlinkat(dir_fd, place.temporary, 0);
        return sp_err_wrap(err, "write '%s'", path);
    }
    if (SP_FAULT("file.sync-dir", EIO) || fsync(dir_fd) < 0)
        return sp_fail_errno(err, "write '%s': sync of its directory", path);
    return SP_OK;
}

/* --- questions ----------------------------------------------------------------------------- */

enum sp_file_kind sp_file_kind(const char *path)
{
    struct stat info;

    sp_witness_path(path);
    if (stat(path, &info) < 0)
        return SP_FILE_NONE;
    if (S_ISDIR(info.st_mode))
        return SP_FILE_DIR;
    return S_ISREG(info.st_mode) ? SP_FILE_REGULAR : SP_FILE_OTHER;
}

bool sp_file_is_writable(const char *path)
{
    sp_witness_path(path);
    return faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) == 0;
}

/* --- directories --------------------------------------------------------------------------- */

/* One directory whose parents exist. */
static enum sp_rc make_dir(const char *path, struct sp_err *err)
{
    if (!SP_FAULT("file.mkdir", ENOSPC) && mkdir(path, 0777) == 0)
        return SP_OK;
    int saved = errno;
    enum sp_file_kind kind = sp_file_kind(path);

    if (kind == SP_FILE_DIR)
        return SP_OK;
    if (saved == EEXIST || saved == ENOTDIR)
        return sp_fail(err, SP_EXISTS, "'%s' is %s", path,
                       kind == SP_FILE_NONE ? "a dangling link" : "not a directory");
    errno = saved;
    return sp_fail_errno(err, "'%s'", path);
}

enum sp_rc sp_make_dirs(const char *path, struct sp_err *err)
{
    sp_auto_free char *partial = sp_strdup(path);

    if (path[0] == '\0')
        return sp_fail(err, SP_INVALID, "create directory: the name is empty");
    for (char *p = partial + 1; p[-1] != '\0'; p++) {
        char end = *p;
        if (end != '\0' && (end != '/' || p[-1] == '/'))
            continue;
        *p = '\0';
        enum sp_rc rc = make_dir(partial, err);
        if (rc)
            return sp_err_wrap(err, "create directory '%s'", path);
        *p = end;
        if (end == '\0')
            break;
    }
    return SP_OK;
}
