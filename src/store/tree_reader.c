/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/tree_reader.h"

#include "base/clock.h"
#include "base/fault.h"

#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <unistd.h>

enum sp_rc sp_tree_reader_open(const struct sp_tree *tree,
                               const char *path,
                               struct sp_tree_reader *out,
                               struct sp_err *err)
{
    struct sp_tree_reader reader = { .path = path, .root = -1 };

    if (tree->len > 0 && tree->entries[0].type == SP_TREE_DIR) {
        reader.root = SP_FAULT("digest.open", EIO) ? -1 : open(path, O_DIRECTORY | O_CLOEXEC);
        if (reader.root < 0)
            return sp_fail_errno(err, "open directory '%s'", path);
    }
    *out = reader;
    return SP_OK;
}

void sp_tree_reader_close(struct sp_tree_reader *reader)
{
    sp_fd_closep(&reader->root);
}

/* "x.ms/table.dat" for messages; that of a single file is its own. */
static enum sp_rc fail_busy(const struct sp_tree_reader *reader,
                            const struct sp_tree_entry *entry,
                            struct sp_err *err)
{
    if (reader->root < 0)
        return sp_fail(err, SP_BUSY, "'%s' changed while it was read", reader->path);
    return sp_fail(err, SP_BUSY, "'%s/" SP_STR_FMT "' changed while it was read", reader->path,
                   SP_STR_ARG(entry->path));
}

static enum sp_rc fail_errno(const struct sp_tree_reader *reader,
                             const struct sp_tree_entry *entry,
                             const char *verb,
                             struct sp_err *err)
{
    if (reader->root < 0)
        return sp_fail_errno(err, "%s '%s'", verb, reader->path);
    return sp_fail_errno(err, "%s '%s/" SP_STR_FMT "'", verb, reader->path,
                         SP_STR_ARG(entry->path));
}

/* The kernel makes up what is in such files when they are read: their sizes and times say nothing.
 */
static bool is_made_up(int fd)
{
    struct statfs info;

    return fstatfs(fd, &info) == 0 &&
           (info.f_type == SYSFS_MAGIC || info.f_type == PROC_SUPER_MAGIC);
}

/* Trees that come from a manifest know no inode. */
static bool is_as_scanned(const struct stat *info, const struct sp_tree_entry *entry)
{
    if (!S_ISREG(info->st_mode) || (uint64_t)info->st_size != entry->size ||
        sp_clock_nsec(info->st_mtim) != entry->mtime)
        return false;
    return entry->ino == 0 || (info->st_ino == entry->ino && info->st_dev == entry->dev &&
                               sp_clock_nsec(info->st_ctim) == entry->changed);
}

enum sp_rc sp_tree_reader_check(const struct sp_tree_reader *reader,
                                const struct sp_tree_entry *entry,
                                int fd,
                                struct sp_err *err)
{
    struct stat info;

    if (SP_FAULT("digest.stat", EIO) || fstat(fd, &info) < 0)
        return fail_errno(reader, entry, "look at", err);
    bool same = is_as_scanned(&info, entry) || (S_ISREG(info.st_mode) && is_made_up(fd));
    return same ? SP_OK : fail_busy(reader, entry, err);
}

/* A pipe that took the file's place must not make us wait. */
static int open_file(const struct sp_tree_reader *reader, const struct sp_tree_entry *entry)
{
    const int flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY;
    char path[PATH_MAX];

    if (SP_FAULT("digest.open", EIO))
        return -1;
    if (reader->root < 0)
        return open(reader->path, flags);
    if (entry->path.len >= sizeof path) {
        errno = ENAMETOOLONG;
        return -1;
    }
    memcpy(path, entry->path.ptr, entry->path.len);
    path[entry->path.len] = '\0';
    return openat(reader->root, path, flags | O_NOFOLLOW);
}

enum sp_rc sp_tree_reader_file(const struct sp_tree_reader *reader,
                               const struct sp_tree_entry *entry,
                               int *fd,
                               struct sp_err *err)
{
    sp_auto_fd int file = open_file(reader, entry);

    if (file < 0 && errno == ELOOP)
        return fail_busy(reader, entry, err); /* now a link */
    if (file < 0)
        return fail_errno(reader, entry, "open", err);
    if (sp_tree_reader_check(reader, entry, file, err))
        return err->code;
    *fd = sp_take_fd(&file);
    return SP_OK;
}

enum sp_rc sp_tree_reader_read(const struct sp_tree_reader *reader,
                               const struct sp_tree_entry *entry,
                               int fd,
                               uint64_t at,
                               char *buffer,
                               size_t len,
                               struct sp_err *err)
{
    size_t done = 0;

    while (done < len) {
        ssize_t got = SP_FAULT("digest.read", EIO)
                          ? -1
                          : pread(fd, buffer + done, len - done, (off_t)(at + done));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return fail_errno(reader, entry, "read", err);
        if (got == 0 && !is_made_up(fd))
            return fail_busy(reader, entry, err); /* shorter than it was */
        if (got == 0) {
            memset(buffer + done, 0, len - done); /* 4096 bytes are promised, four are there */
            return SP_OK;
        }
        done += (size_t)got;
    }
    return SP_OK;
}
