/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/unpack.h"

#include "base/fault.h"

#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_BYTES ((size_t)4096)
#define DEPTH_MAX  100 /* levels; half of what sys/file.h can remove */
#define WHITEOUT   ".wh."
#define OPAQUE     ".wh..wh..opq"

/* The directory of the entry before is often that of the next. */
struct work {
    struct sp_unpack *unpack;
    char path[PATH_BYTES];   /* of the entry, made clean: "usr/lib/x"; empty: the root itself */
    char target[PATH_BYTES]; /* the same for what a hard link names */
    char parent[PATH_BYTES]; /* that parent_fd stands for */
    int parent_fd;           /* -1: none */
    bool stale;              /* it is to be looked up again */
};

/* --- names ---------------------------------------------------------------------------------- */

/* Without "." and empty components. SP_INVALID: it climbs, or is too long or too deep. */
static enum sp_rc clean(struct sp_str text, char out[static PATH_BYTES], struct sp_err *err)
{
    size_t len = 0;
    unsigned depth = 0;

    while (text.ptr) {
        struct sp_str part = sp_str_cut(&text, '/');
        if (!part.len || sp_str_is(part, "."))
            continue;
        if (sp_str_is(part, ".."))
            return sp_fail(err, SP_INVALID, "it has '..' in it");
        if (len + part.len + 2 > PATH_BYTES || part.len > 255)
            return sp_fail(err, SP_INVALID, "its name is too long");
        if (++depth > DEPTH_MAX)
            return sp_fail(err, SP_LIMIT, "it is deeper than %d levels", DEPTH_MAX);
        if (len)
            out[len++] = '/';
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
    }
    out[len] = '\0';
    return SP_OK;
}

static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash ? slash + 1 : path;
}

static bool is_whiteout(const char *name)
{
    return strncmp(name, WHITEOUT, strlen(WHITEOUT)) == 0;
}

/* Any component: also what is in a directory of bookkeeping. */
static bool has_whiteout(const char *path)
{
    return is_whiteout(path) || strstr(path, "/" WHITEOUT) != NULL;
}

/* --- directories ---------------------------------------------------------------------------- */

static int open_beneath(int root, const char *path)
{
    struct open_how how = {
        .flags = O_PATH | O_DIRECTORY | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    if (SP_FAULT("unpack.open", EMFILE))
        return -1;
    return (int)syscall(SYS_openat2, root, *path ? path : ".", &how, sizeof how);
}

static enum sp_rc fail_open(struct sp_err *err)
{
    if (errno == ENOSYS || errno == EPERM)
        return sp_fail(err, SP_IO,
                       "openat2 is missing: images need Linux 5.6 or newer, and no filter "
                       "of system calls that is older than that");
    if (errno == ENOTDIR || errno == ELOOP)
        return sp_fail(err, SP_INVALID, "what is above it is no directory");
    return sp_fail_errno(err, "open its directory");
}

/* Links on the way may lead deeper than the name says. */
static enum sp_rc check_depth(const struct sp_unpack *unpack, int fd, struct sp_err *err)
{
    char link[64];
    char at[2][PATH_BYTES] = { "", "" };
    const int fds[2] = { unpack->root_fd, fd };
    unsigned depth = 0;

    for (size_t i = 0; i < 2; i++) {
        (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fds[i]);
        ssize_t len = readlink(link, at[i], PATH_BYTES - 1);
        if (len < 0)
            return SP_OK; /* no /proc: then depths are what the names say */
        at[i][len] = '\0';
    }
    for (const char *c = at[1] + SP_MIN(strlen(at[0]), strlen(at[1])); *c; c++)
        depth += *c == '/';
    return depth > DEPTH_MAX ? sp_fail(err, SP_LIMIT, "it is deeper than %d levels", DEPTH_MAX)
                             : SP_OK;
}

/* One directory whose parents are there. */
static enum sp_rc make_one(const struct sp_unpack *unpack, char *path, struct sp_err *err)
{
    char *slash = strrchr(path, '/');

    if (slash)
        *slash = '\0';
    sp_auto_fd int above = open_beneath(unpack->root_fd, slash ? path : "");
    if (slash)
        *slash = '/';
    if (above < 0)
        return fail_open(err);
    if (!SP_FAULT("unpack.mkdir", ENOSPC) && mkdirat(above, base_of(path), 0755) == 0)
        return SP_OK;
    return errno == EEXIST ? sp_fail(err, SP_INVALID, "a link above it leads nowhere")
                           : sp_fail_errno(err, "make the directory '%s'", path);
}

/* Make what is missing of `path`, from the top. */
static enum sp_rc make_missing(const struct sp_unpack *unpack, char *path, struct sp_err *err)
{
    char *end = path;

    for (;;) {
        end += strcspn(end, "/");
        char last = *end;
        *end = '\0';
        sp_auto_fd int there = open_beneath(unpack->root_fd, path);
        enum sp_rc rc = there >= 0        ? SP_OK
                        : errno == ENOENT ? make_one(unpack, path, err)
                                          : fail_open(err);
        *end = last;
        if (rc || last == '\0')
            return rc;
        end++;
    }
}

static void forget_parent(struct work *work)
{
    sp_fd_closep(&work->parent_fd);
    work->parent_fd = -1;
    work->stale = false;
}

/* The directory that `path` is in. *fd is borrowed until the next call. SP_NOT_FOUND: it is not
 * there, and was not to be made. */
static enum sp_rc enter(struct work *work, const char *path, bool make, int *fd, struct sp_err *err)
{
    char above[PATH_BYTES];
    size_t len = (size_t)(base_of(path) - path);

    memcpy(above, path, len);
    above[len ? len - 1 : 0] = '\0';
    if (work->parent_fd < 0 || work->stale || strcmp(above, work->parent) != 0) {
        forget_parent(work);
        int opened = open_beneath(work->unpack->root_fd, above);
        if (opened < 0 && errno == ENOENT && make) {
            enum sp_rc rc = make_missing(work->unpack, above, err);
            if (rc)
                return rc;
            opened = open_beneath(work->unpack->root_fd, above);
        }
        if (opened < 0)
            return fail_open(err);
        work->parent_fd = opened;
        memcpy(work->parent, above, strlen(above) + 1);
        enum sp_rc rc = check_depth(work->unpack, opened, err);
        if (rc)
            return rc;
    }
    *fd = work->parent_fd;
    return SP_OK;
}

/* --- making --------------------------------------------------------------------------------- */

/* Remove what is there, but not a directory if one is to come. */
static enum sp_rc make_way(struct work *work,
                           int dir,
                           const char *name,
                           bool for_dir,
                           bool *there,
                           struct sp_err *err)
{
    struct stat info;

    *there = false;
    if (fstatat(dir, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "look at it");
    if (for_dir && S_ISDIR(info.st_mode)) {
        *there = true;
        return SP_OK;
    }
    enum sp_rc rc = sp_remove_entry(dir, name, err);
    work->stale |= !S_ISREG(info.st_mode); /* names may lead elsewhere now */
    return rc;
}

static enum sp_rc write_blocks(struct work *work,
                               struct sp_layer *layer,
                               const struct sp_layer_entry *entry,
                               int fd,
                               struct sp_err *err)
{
    struct sp_layer_block block;

    for (;;) {
        enum sp_rc rc = sp_layer_read(layer, &block, err);
        if (rc || !block.data.len)
            return rc;
        if (block.offset > entry->size || block.data.len > entry->size - block.offset)
            return sp_fail(err, SP_CORRUPT, "it has more data than its size");
        work->unpack->bytes += block.data.len;
        if (work->unpack->bytes > work->unpack->max_bytes)
            return sp_fail(err, SP_LIMIT, "the image has more than %llu bytes",
                           (unsigned long long)work->unpack->max_bytes);
        if (lseek(fd, (off_t)block.offset, SEEK_SET) < 0)
            return sp_fail_errno(err, "seek");
        rc = sp_write_all(fd, block.data, err);
        if (rc)
            return rc;
    }
}

static enum sp_rc make_file(struct work *work,
                            int dir,
                            struct sp_layer *layer,
                            const struct sp_layer_entry *entry,
                            struct sp_err *err)
{
    struct timespec times[2];

    if (entry->size > work->unpack->max_bytes)
        return sp_fail(err, SP_LIMIT, "it has %llu bytes, more than a whole image may have",
                       (unsigned long long)entry->size);
    sp_auto_fd int fd = SP_FAULT("unpack.create", ENOSPC)
                            ? -1
                            : openat(dir, base_of(work->path),
                                     O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return sp_fail_errno(err, "create it");
    enum sp_rc rc = write_blocks(work, layer, entry, fd, err);
    if (rc)
        return rc;
    sp_nsec second = entry->mtime / SP_NSEC_PER_SEC - (entry->mtime % SP_NSEC_PER_SEC < 0);
    times[0].tv_sec = times[1].tv_sec = (time_t)second;
    times[0].tv_nsec = times[1].tv_nsec = (long)(entry->mtime - second * SP_NSEC_PER_SEC);
    if (ftruncate(fd, (off_t)entry->size) < 0 || fchmod(fd, (entry->mode & 0777) | 0600) < 0)
        return sp_fail_errno(err, "set its size and mode");
    /* Times that the file system cannot hold are no reason to refuse an image. */
    if (futimens(fd, times) < 0 && errno != EINVAL && errno != EOVERFLOW)
        return sp_fail_errno(err, "set its time");
    return SP_OK;
}

static enum sp_rc make_dir(struct work *work,
                           int dir,
                           const struct sp_layer_entry *entry,
                           bool there,
                           struct sp_err *err)
{
    const char *name = base_of(work->path);

    if (!there && (SP_FAULT("unpack.mkdir", ENOSPC) || mkdirat(dir, name, 0700) < 0))
        return sp_fail_errno(err, "make it");
    if (fchmodat(dir, name, (entry->mode & 0777) | 0700, 0) < 0)
        return sp_fail_errno(err, "set its mode");
    return SP_OK;
}

static enum sp_rc make_symlink(struct work *work,
                               int dir,
                               const struct sp_layer_entry *entry,
                               struct sp_err *err)
{
    if (!entry->target.len || entry->target.len >= PATH_BYTES)
        return sp_fail(err, SP_INVALID, "it is a link to %s",
                       entry->target.len ? "a name that is too long" : "nothing");
    sp_auto_free char *target = sp_try_alloc(entry->target.len + 1, 1);
    if (!target)
        return sp_fail(err, SP_IO, "out of memory");
    memcpy(target, entry->target.ptr, entry->target.len);
    if (SP_FAULT("unpack.symlink", ENOSPC) || symlinkat(target, dir, base_of(work->path)) < 0)
        return sp_fail_errno(err, "make it");
    return SP_OK;
}

static enum sp_rc make_hardlink(struct work *work,
                                const struct sp_layer_entry *entry,
                                struct sp_err *err)
{
    struct stat from, to;
    bool there;
    int dir;

    enum sp_rc rc = clean(entry->target, work->target, err);
    if (rc)
        return sp_err_wrap(err, "it is a link to '" SP_STR_FMT "'", SP_STR_ARG(entry->target));
    rc = enter(work, work->target, false, &dir, err);
    if (rc)
        return sp_err_wrap(err, "it is a link to '%s'", work->target);
    /* Two directories at once: this one is kept apart from the one that is remembered. */
    sp_auto_fd int from_dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    if (from_dir < 0)
        return sp_fail_errno(err, "duplicate a descriptor");
    if (fstatat(from_dir, base_of(work->target), &from, AT_SYMLINK_NOFOLLOW) < 0)
        return sp_fail_errno(err, "it is a link to '%s'", work->target);
    if (S_ISDIR(from.st_mode))
        return sp_fail(err, SP_INVALID, "it is a link to '%s', a directory", work->target);
    rc = enter(work, work->path, true, &dir, err);
    if (rc)
        return rc;
    if (fstatat(dir, base_of(work->path), &to, AT_SYMLINK_NOFOLLOW) == 0 &&
        to.st_ino == from.st_ino && to.st_dev == from.st_dev)
        return SP_OK;
    rc = make_way(work, dir, base_of(work->path), false, &there, err);
    if (rc)
        return rc;
    if (SP_FAULT("unpack.link", EMLINK) ||
        linkat(from_dir, base_of(work->target), dir, base_of(work->path), 0) < 0)
        return sp_fail_errno(err, "link it to '%s'", work->target);
    return SP_OK;
}

static enum sp_rc make_entry(struct work *work,
                             struct sp_layer *layer,
                             const struct sp_layer_entry *entry,
                             struct sp_err *err)
{
    bool there;
    int dir;

    if (entry->type == SP_ENTRY_OTHER) {
        work->unpack->skipped++;
        return SP_OK;
    }
    if (++work->unpack->entries > work->unpack->max_entries)
        return sp_fail(err, SP_LIMIT, "the image has more than %llu entries",
                       (unsigned long long)work->unpack->max_entries);
    if (entry->type == SP_ENTRY_HARDLINK)
        return make_hardlink(work, entry, err);
    enum sp_rc rc = enter(work, work->path, true, &dir, err);
    if (rc == SP_OK)
        rc = make_way(work, dir, base_of(work->path), entry->type == SP_ENTRY_DIR, &there, err);
    if (rc)
        return rc;
    switch (entry->type) {
    case SP_ENTRY_FILE: return make_file(work, dir, layer, entry, err);
    case SP_ENTRY_DIR: return make_dir(work, dir, entry, there, err);
    case SP_ENTRY_SYMLINK: return make_symlink(work, dir, entry, err);
    case SP_ENTRY_HARDLINK:
    case SP_ENTRY_OTHER: break;
    }
    return SP_OK;
}

/* --- whiteouts ------------------------------------------------------------------------------ */

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static enum sp_rc empty_dir(int dir, struct sp_err *err)
{
    int fd = openat(dir, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    SP_CLEANUP(close_dirp) DIR *entries = fd < 0 ? NULL : fdopendir(fd);

    if (!entries) {
        enum sp_rc rc = sp_fail_errno(err, "open the directory");
        sp_fd_closep(&fd);
        return rc;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(entries);
        if (!entry)
            return errno ? sp_fail_errno(err, "read the directory") : SP_OK;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        enum sp_rc rc = sp_remove_entry(dirfd(entries), entry->d_name, err);
        if (rc)
            return rc;
    }
}

static enum sp_rc white_out(struct work *work, struct sp_err *err)
{
    const char *base = base_of(work->path);
    struct sp_err missing = SP_ERR_INIT;
    int dir;

    bool opaque = strcmp(base, OPAQUE) == 0;
    if (!is_whiteout(base) || (!opaque && is_whiteout(base + strlen(WHITEOUT))))
        return SP_OK;
    const char *name = base + strlen(WHITEOUT);
    if (*name == '\0' || strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
        return sp_fail(err, SP_INVALID, "it is a whiteout of no name");
    enum sp_rc rc = enter(work, work->path, false, &dir, &missing);
    if (rc == SP_NOT_FOUND || rc == SP_INVALID)
        return SP_OK; /* the layers below have nothing there */
    if (rc) {
        *err = missing;
        return rc;
    }
    rc = opaque ? empty_dir(dir, err) : sp_remove_entry(dir, name, err);
    forget_parent(work);
    return rc;
}

/* --- layers --------------------------------------------------------------------------------- */

static enum sp_rc each_entry(struct sp_unpack *unpack,
                             struct sp_layer *layer,
                             bool whiteouts,
                             struct sp_err *err)
{
    sp_auto_free struct work *work = sp_alloc(sizeof *work);
    struct sp_layer_entry entry;
    bool more = true;

    work->unpack = unpack;
    work->parent_fd = -1;
    enum sp_rc rc = sp_layer_next(layer, &entry, &more, err);
    while (rc == SP_OK && more) {
        rc = clean(entry.path, work->path, err);
        if (rc == SP_OK && whiteouts)
            rc = white_out(work, err);
        else if (rc == SP_OK && work->path[0] && !has_whiteout(work->path))
            rc = make_entry(work, layer, &entry, err);
        if (rc)
            rc = sp_err_wrap(err, "entry '" SP_STR_FMT "'", SP_STR_ARG(entry.path));
        else
            rc = sp_layer_next(layer, &entry, &more, err);
    }
    forget_parent(work);
    return rc;
}

enum sp_rc sp_unpack_whiteouts(struct sp_unpack *unpack, struct sp_layer *layer, struct sp_err *err)
{
    return each_entry(unpack, layer, true, err);
}

enum sp_rc sp_unpack_files(struct sp_unpack *unpack, struct sp_layer *layer, struct sp_err *err)
{
    return each_entry(unpack, layer, false, err);
}
