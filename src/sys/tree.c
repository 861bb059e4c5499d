/* SPDX-License-Identifier: BSD-3-Clause */
/* tree.c - what file.h says about whole trees: one walk, three uses. */
#include "base/clock.h"
#include "base/fault.h"

#include "sys/file.h"
#include "sys/witness.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* A descriptor stays open for each level; a limit of 1024 of them is usual. */
#define DEPTH_MAX 200

/* `visit` is called for everything in a tree, a directory after its contents, the top as well.
 * `evade` is called before that for a directory that is too deep to walk into; NULL: that is a
 * failure. */
struct visitor {
    enum sp_rc (*visit)(int dir_fd,
                        const char *name,
                        const struct stat *info,
                        void *arg,
                        struct sp_err *err);
    void *arg;
    enum sp_rc (*evade)(int dir_fd, const char *name, void *arg, struct sp_err *err);
};

static enum sp_rc walk(int dir_fd,
                       const char *name,
                       const struct visitor *visitor,
                       unsigned depth,
                       struct sp_err *err);

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static enum sp_rc walk_dir(int dir_fd,
                           const char *name,
                           const struct visitor *visitor,
                           unsigned depth,
                           struct sp_err *err)
{
    if (depth >= DEPTH_MAX)
        return visitor->evade ? visitor->evade(dir_fd, name, visitor->arg, err)
                              : sp_fail(err, SP_LIMIT, "it is deeper than %d levels", DEPTH_MAX);

    int fd = SP_FAULT("tree.open", EMFILE)
                 ? -1
                 : openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    SP_CLEANUP(close_dirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    if (!dir) {
        enum sp_rc rc = sp_fail_errno(err, "open directory '%s'", name);
        sp_fd_closep(&fd);
        return rc;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            return sp_fail_errno(err, "read directory '%s'", name);
        if (!entry)
            return SP_OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        enum sp_rc rc = walk(dirfd(dir), entry->d_name, visitor, depth + 1, err);
        if (rc)
            return rc;
    }
}

static enum sp_rc walk(int dir_fd,
                       const char *name,
                       const struct visitor *visitor,
                       unsigned depth,
                       struct sp_err *err)
{
    struct stat info;

    if (fstatat(dir_fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "'%s'", name);
    if (S_ISDIR(info.st_mode)) {
        enum sp_rc rc = walk_dir(dir_fd, name, visitor, depth, err);
        if (rc)
            return rc;
    }
    return visitor->visit(dir_fd, name, &info, visitor->arg, err);
}

/* --- removing ------------------------------------------------------------------------------ */

struct removal {
    int top_fd;      /* of the tree; -1: it is no directory */
    unsigned number; /* of directories that have been moved to its top */
    bool again;      /* one of them has been since the walk began */
};

static enum sp_rc remove_entry(int dir_fd,
                               const char *name,
                               const struct stat *info,
                               void *arg,
                               struct sp_err *err)
{
    (void)arg;
    if (!SP_FAULT("tree.unlink", EACCES) &&
        unlinkat(dir_fd, name, S_ISDIR(info->st_mode) ? AT_REMOVEDIR : 0) == 0)
        return SP_OK;
    return errno == ENOENT ? SP_OK : sp_fail_errno(err, "'%s'", name);
}

/* To the top with it, for the next walk: remove_entry finds nothing there any more. What has the
 * new name already will be removed as well, so an empty directory may be replaced. */
static enum sp_rc move_up(int dir_fd, const char *name, void *arg, struct sp_err *err)
{
    struct removal *removal = arg;
    char up[32];

    do {
        (void)snprintf(up, sizeof up, ".deep-%u", removal->number++);
        if (!SP_FAULT("tree.move", EACCES) && renameat(dir_fd, name, removal->top_fd, up) == 0) {
            removal->again = true;
            return SP_OK;
        }
    } while (errno == EEXIST || errno == ENOTEMPTY || errno == ENOTDIR);
    return errno == ENOENT ? SP_OK : sp_fail_errno(err, "move '%s' out of the depths", name);
}

static enum sp_rc remove_all(int dir_fd, const char *name, struct sp_err *err)
{
    sp_auto_fd int top_fd = openat(dir_fd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    struct removal removal = { .top_fd = top_fd };
    const struct visitor visitor = { .visit = remove_entry, .evade = move_up, .arg = &removal };
    const struct stat info = { .st_mode = S_IFDIR };
    enum sp_rc rc = SP_OK;

    if (top_fd < 0)
        return walk(dir_fd, name, &visitor, 0, err);
    do {
        removal.again = false;
        rc = walk_dir(dir_fd, name, &visitor, 0, err);
    } while (rc == SP_OK && removal.again);
    return rc ? rc : remove_entry(dir_fd, name, &info, NULL, err);
}

enum sp_rc sp_remove_tree(const char *path, struct sp_err *err)
{
    sp_auto_free char *name = sp_strdup(path);
    size_t len = strlen(name);

    /* "link/" would mean what the link points to. */
    while (len > 1 && name[len - 1] == '/')
        name[--len] = '\0';
    if (len == 0 || strcmp(name, "/") == 0)
        return sp_fail(err, SP_INVALID, "remove '%s': refused", path);
    enum sp_rc rc = remove_all(AT_FDCWD, name, err);
    return rc ? sp_err_wrap(err, "remove '%s'", path) : SP_OK;
}

enum sp_rc sp_remove_entry(int dir_fd, const char *name, struct sp_err *err)
{
    enum sp_rc rc = remove_all(dir_fd, name, err);
    return rc ? sp_err_wrap(err, "remove '%s'", name) : SP_OK;
}

/* --- measuring ----------------------------------------------------------------------------- */

struct newest {
    sp_nsec time;
    bool by_change;
};

static enum sp_rc newest_entry(int dir_fd,
                               const char *name,
                               const struct stat *info,
                               void *arg,
                               struct sp_err *err)
{
    struct newest *newest = arg;
    const struct timespec *time = newest->by_change ? &info->st_ctim : &info->st_mtim;

    (void)dir_fd;
    (void)name;
    (void)err;
    newest->time = SP_MAX(newest->time, sp_clock_nsec(*time));
    return SP_OK;
}

static enum sp_rc add_size(int dir_fd,
                           const char *name,
                           const struct stat *info,
                           void *arg,
                           struct sp_err *err)
{
    (void)dir_fd;
    (void)name;
    (void)err;
    *(uint64_t *)arg += S_ISREG(info->st_mode) ? (uint64_t)info->st_size : 0;
    return SP_OK;
}

/* Over what `path` stands for: a link at the top is followed. What cannot be read is left out. */
static void measure(const char *path, const struct visitor *visitor)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct stat info;

    sp_witness_tree(path, true);
    if (stat(path, &info) < 0)
        return;
    if (S_ISDIR(info.st_mode)) {
        sp_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (fd >= 0)
            (void)walk_dir(fd, ".", visitor, 0, &ignored);
    }
    (void)visitor->visit(AT_FDCWD, path, &info, visitor->arg, &ignored);
}

sp_nsec sp_tree_mtime(const char *path)
{
    struct newest newest = { 0 };

    measure(path, &(struct visitor){ newest_entry, &newest });
    return newest.time;
}

sp_nsec sp_tree_changed(const char *path)
{
    struct newest newest = { .by_change = true };

    measure(path, &(struct visitor){ newest_entry, &newest });
    return newest.time;
}

uint64_t sp_tree_size(const char *path)
{
    uint64_t size = 0;

    measure(path, &(struct visitor){ add_size, &size });
    return size;
}
