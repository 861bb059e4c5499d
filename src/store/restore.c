/* SPDX-License-Identifier: BSD-3-Clause */
/* restore.c - make a path what a manifest says, touching only what differs.
 *
 *  1. all objects that are needed are there, before anything is touched
 *  2. directories that will be changed can be written
 *  3. what is not wanted, or is of another type, is removed, from the leaves up
 *  4. missing directories are made, from the root down
 *  5. files and links are made under a name beside theirs and renamed; several threads
 *  6. modes and times, directories last, from the leaves up
 *  7. a scan says what is there now
 *
 * Whoever dies in between leaves a mixture, which the next restore sorts out: it begins with a
 * scan. Files that stay keep their inode; made ones have one of their own, never that of an object.
 */
#include "base/fault.h"

#include "store/copy.h"
#include "store/object.h"
#include "store/store_internal.h"
#include "sys/file.h"
#include "sys/pool.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY ".spoor-restoring-"

struct restore {
    struct sp_store *store;
    struct sp_tree *wanted;
    const struct sp_tree *there;
    struct sp_str path; /* links resolved, NUL-terminated */
    int base; /* what names are relative to: the tree, or of a single file its directory */
    SP_VEC(size_t) make; /* entries of `wanted` that are to be made: files and links */
};

struct name {
    char text[PATH_MAX];
};

/* --- names --------------------------------------------------------------------------------- */

/* Name of an entry below `base`. The root of a tree of one file is the last part of the path. */
static const char *name_of(const struct restore *restore, const struct sp_tree_entry *entry)
{
    size_t slash = sp_str_rfind(restore->path, '/');

    if (!sp_str_is(entry->path, ".") || entry->type == SP_TREE_DIR)
        return entry->path.ptr;
    return restore->path.ptr + slash + 1;
}

/* Beside it; the number keeps siblings apart, and is the same when it is tried again. */
static enum sp_rc temporary_of(const char *name,
                               size_t number,
                               struct name *out,
                               struct sp_err *err)
{
    const char *slash = strrchr(name, '/');
    int len = snprintf(out->text, sizeof out->text, "%.*s" TEMPORARY "%zu",
                       slash ? (int)(slash - name + 1) : 0, name, number);

    return (size_t)len < sizeof out->text ? SP_OK : sp_fail(err, SP_LIMIT, "its path is too long");
}

/* --- what differs -------------------------------------------------------------------------- */

static bool has_same_bytes(const struct sp_tree_entry *there, const struct sp_tree_entry *wanted)
{
    unsigned both = there->has & wanted->has;

    if (there->type != wanted->type)
        return false;
    if (there->type == SP_TREE_LINK)
        return sp_str_eq(there->target, wanted->target);
    return there->size == wanted->size &&
           (((both & SP_TREE_OBJECT) && sp_digest_eq(&there->object, &wanted->object)) ||
            ((both & SP_TREE_EXACT) && sp_digest_eq(&there->exact, &wanted->exact)));
}

static enum sp_rc check_object(const struct restore *restore,
                               const struct sp_tree_entry *entry,
                               struct sp_err *err)
{
    if (entry->type == SP_TREE_LINK)
        return SP_OK;
    if (!(entry->has & SP_TREE_OBJECT))
        return sp_fail(err, SP_NOT_FOUND, "'" SP_STR_FMT "' was not kept", SP_STR_ARG(entry->path));
    if (!sp_object_has(restore->store, &entry->object, entry->size))
        return sp_fail(err, SP_NOT_FOUND, "the object of '" SP_STR_FMT "' is not in the store (%s)",
                       SP_STR_ARG(entry->path),
                       sp_store_path(restore->store, "objects", &entry->object).text);
    return SP_OK;
}

static enum sp_rc list_made(struct restore *restore, struct sp_err *err)
{
    for (size_t i = 0; i < restore->wanted->len; i++) {
        const struct sp_tree_entry *entry = &restore->wanted->entries[i];
        if (entry->type == SP_TREE_DIR)
            continue;
        const struct sp_tree_entry *there = sp_tree_find(restore->there, entry->path);
        if (there && has_same_bytes(there, entry))
            continue;
        enum sp_rc rc = check_object(restore, entry, err);
        if (rc)
            return rc;
        *SP_VEC_ADD(&restore->make) = i;
    }
    return SP_OK;
}

/* --- making place -------------------------------------------------------------------------- */

static bool is_dir(const struct sp_tree *tree)
{
    return tree->len > 0 && tree->entries[0].type == SP_TREE_DIR;
}

/* Read-only directories: all that are there can be changed until the end. */
static enum sp_rc open_directories(const struct restore *restore, int root, struct sp_err *err)
{
    for (size_t i = 0; i < restore->there->len; i++) {
        const struct sp_tree_entry *entry = &restore->there->entries[i];
        if (entry->type != SP_TREE_DIR || (entry->mode & S_IRWXU) == S_IRWXU)
            continue;
        if (SP_FAULT("restore.open-dir", EPERM) ||
            fchmodat(root, entry->path.ptr, entry->mode | S_IRWXU, 0) < 0)
            return sp_fail_errno(err, "make '" SP_STR_FMT "' writable", SP_STR_ARG(entry->path));
    }
    return SP_OK;
}

/* Is it wanted as something of the same type? Files and links replace each other by renaming. */
static bool stays(const struct restore *restore, const struct sp_tree_entry *there)
{
    const struct sp_tree_entry *wanted = sp_tree_find(restore->wanted, there->path);

    return wanted && (wanted->type == SP_TREE_DIR) == (there->type == SP_TREE_DIR);
}

static enum sp_rc remove_unwanted(const struct restore *restore, int root, struct sp_err *err)
{
    for (size_t i = restore->there->len; i-- > 1;) {
        const struct sp_tree_entry *entry = &restore->there->entries[i];
        if (stays(restore, entry))
            continue;
        int flags = entry->type == SP_TREE_DIR ? AT_REMOVEDIR : 0;
        if ((SP_FAULT("restore.remove", EPERM) || unlinkat(root, entry->path.ptr, flags) < 0) &&
            errno != ENOENT)
            return sp_fail_errno(err, "remove '" SP_STR_FMT "'", SP_STR_ARG(entry->path));
    }
    return SP_OK;
}

static enum sp_rc remove_root(const struct restore *restore, struct sp_err *err)
{
    int dir = is_dir(restore->there);

    if (restore->there->len == 0 || (restore->wanted->len > 0 && dir == is_dir(restore->wanted)))
        return SP_OK;
    if (SP_FAULT("restore.remove-root", EPERM) ||
        (dir ? rmdir(restore->path.ptr) : unlink(restore->path.ptr)) < 0)
        return sp_fail_errno(err, "remove it");
    return SP_OK;
}

static enum sp_rc make_place(const struct restore *restore, struct sp_err *err)
{
    if (is_dir(restore->there)) {
        sp_auto_fd int root = open(restore->path.ptr, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (root < 0)
            return sp_fail_errno(err, "open it");
        enum sp_rc rc = open_directories(restore, root, err);
        if (!rc)
            rc = remove_unwanted(restore, root, err);
        if (rc)
            return rc;
    }
    return remove_root(restore, err);
}

static enum sp_rc make_directories(const struct restore *restore, struct sp_err *err)
{
    for (size_t i = 1; i < restore->wanted->len; i++) {
        const struct sp_tree_entry *entry = &restore->wanted->entries[i];
        if (entry->type != SP_TREE_DIR)
            continue;
        if ((SP_FAULT("restore.mkdir", ENOSPC) ||
             mkdirat(restore->base, entry->path.ptr, 0700) < 0) &&
            errno != EEXIST) {
            (void)sp_fail_errno(err, "create the directory '" SP_STR_FMT "'",
                                SP_STR_ARG(entry->path));
            return sp_room_error(err);
        }
    }
    return SP_OK;
}

/* The directory that names are relative to; made if it is the root of the tree. */
static enum sp_rc open_base(struct restore *restore, struct sp_err *err)
{
    sp_auto_free char *dir = sp_strdup(restore->path.ptr);
    size_t parent = SP_MAX(sp_str_rfind(restore->path, '/'), (size_t)1);
    char cut = dir[parent];

    dir[parent] = '\0';
    enum sp_rc rc = sp_make_dirs(dir, err);
    if (rc)
        return sp_room_error(err);
    if (is_dir(restore->wanted)) {
        dir[parent] = cut;
        if ((SP_FAULT("restore.mkdir", ENOSPC) || mkdir(dir, 0700) < 0) && errno != EEXIST) {
            (void)sp_fail_errno(err, "create the directory");
            return sp_room_error(err);
        }
    }
    restore->base = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    return restore->base < 0 ? sp_fail_errno(err, "open '%s'", dir) : SP_OK;
}

/* --- files and links ----------------------------------------------------------------------- */

static struct timespec time_of(int64_t nsec)
{
    int64_t rest = nsec % SP_NSEC_PER_SEC;

    rest += rest < 0 ? SP_NSEC_PER_SEC : 0;
    return (struct timespec){ .tv_sec = (nsec - rest) / SP_NSEC_PER_SEC, .tv_nsec = rest };
}

static enum sp_rc set_times(int base, const char *name, int64_t mtime, struct sp_err *err)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, time_of(mtime) };

    if (SP_FAULT("restore.times", EPERM) || utimensat(base, name, times, AT_SYMLINK_NOFOLLOW) < 0)
        return sp_fail_errno(err, "set its time");
    return SP_OK;
}

static enum sp_rc make_file(struct restore *restore,
                            const struct sp_tree_entry *entry,
                            const char *name,
                            struct sp_err *err)
{
    sp_auto_fd int fd =
        SP_FAULT("restore.create", ENOSPC)
            ? -1
            : openat(restore->base, name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0) {
        (void)sp_fail_errno(err, "create '%s'", name);
        return sp_room_error(err);
    }
    enum sp_rc rc = sp_object_give(restore->store, entry, fd, err);
    if (!rc && (SP_FAULT("restore.mode", EPERM) || fchmod(fd, entry->mode) < 0))
        rc = sp_fail_errno(err, "set its mode");
    return rc;
}

static enum sp_rc make_link(const struct restore *restore,
                            const struct sp_tree_entry *entry,
                            const char *name,
                            struct sp_err *err)
{
    if (!SP_FAULT("restore.link", ENOSPC) && symlinkat(entry->target.ptr, restore->base, name) == 0)
        return SP_OK;
    (void)sp_fail_errno(err, "create a link");
    return sp_room_error(err);
}

static enum sp_rc make_entry(struct restore *restore, size_t number, struct sp_err *err)
{
    const struct sp_tree_entry *entry = &restore->wanted->entries[number];
    const char *name = name_of(restore, entry);
    struct name temporary;

    enum sp_rc rc = temporary_of(name, number, &temporary, err);
    if (rc)
        return rc;
    (void)unlinkat(restore->base, temporary.text, 0); /* of somebody who died here */
    rc = entry->type == SP_TREE_LINK ? make_link(restore, entry, temporary.text, err)
                                     : make_file(restore, entry, temporary.text, err);
    if (!rc)
        rc = set_times(restore->base, temporary.text, entry->mtime, err);
    if (!rc && (SP_FAULT("restore.rename", EIO) ||
                renameat(restore->base, temporary.text, restore->base, name) < 0))
        rc = sp_fail_errno(err, "rename");
    if (rc)
        (void)unlinkat(restore->base, temporary.text, 0);
    return rc;
}

static enum sp_rc make_item(void *arg, size_t at, struct sp_err *err)
{
    struct restore *restore = arg;
    size_t number = restore->make.items[at];
    enum sp_rc rc = make_entry(restore, number, err);

    return rc ? sp_err_wrap(err, "'" SP_STR_FMT "'",
                            SP_STR_ARG(restore->wanted->entries[number].path))
              : SP_OK;
}

/* --- modes and times ----------------------------------------------------------------------- */

static enum sp_rc set_attributes(const struct restore *restore,
                                 const struct sp_tree_entry *entry,
                                 struct sp_err *err)
{
    const char *name = name_of(restore, entry);
    struct stat info;

    if (SP_FAULT("restore.stat", EIO) ||
        fstatat(restore->base, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return sp_fail_errno(err, "look at '%s'", name);
    if (entry->type != SP_TREE_LINK && (info.st_mode & 07777) != entry->mode &&
        (SP_FAULT("restore.mode", EPERM) || fchmodat(restore->base, name, entry->mode, 0) < 0))
        return sp_fail_errno(err, "set the mode of '%s'", name);
    struct timespec mtime = time_of(entry->mtime);
    if (info.st_mtim.tv_sec == mtime.tv_sec && info.st_mtim.tv_nsec == mtime.tv_nsec)
        return SP_OK;
    return set_times(restore->base, name, entry->mtime, err);
}

static enum sp_rc finish_attributes(const struct restore *restore, struct sp_err *err)
{
    for (size_t i = restore->wanted->len; i-- > 0;) {
        enum sp_rc rc = set_attributes(restore, &restore->wanted->entries[i], err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

/* What lstat says now; names, types and sizes must be the wanted ones. */
static enum sp_rc look_again(const struct restore *restore, struct sp_err *err)
{
    struct sp_tree *wanted = restore->wanted;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree now;

    enum sp_rc rc = sp_tree_scan(restore->path.ptr, arena, &now, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < SP_MAX(now.len, wanted->len); i++) {
        bool same = i < now.len && i < wanted->len &&
                    sp_str_eq(now.entries[i].path, wanted->entries[i].path) &&
                    now.entries[i].type == wanted->entries[i].type &&
                    now.entries[i].size == wanted->entries[i].size;
        if (!same)
            return sp_fail(err, SP_BUSY, "'" SP_STR_FMT "' changed meanwhile",
                           SP_STR_ARG(i < now.len ? now.entries[i].path : wanted->entries[i].path));
    }
    for (size_t i = 0; i < now.len; i++) {
        struct sp_tree_entry *entry = &wanted->entries[i];
        entry->dev = now.entries[i].dev;
        entry->ino = now.entries[i].ino;
        entry->changed = now.entries[i].changed;
        entry->mtime = now.entries[i].mtime; /* as precise as this file system keeps it */
        entry->mode = now.entries[i].mode;
    }
    wanted->scanned = now.scanned;
    return SP_OK;
}

static enum sp_rc restore_all(struct restore *restore, struct sp_err *err)
{
    enum sp_rc rc = list_made(restore, err);

    if (!rc)
        rc = make_place(restore, err);
    if (rc)
        return rc;
    if (restore->wanted->len > 0) {
        rc = open_base(restore, err);
        if (!rc)
            rc = make_directories(restore, err);
        if (!rc)
            rc = sp_pool_try(restore->make.len, make_item, restore, err);
        if (!rc)
            rc = finish_attributes(restore, err);
    }
    return rc ? rc : look_again(restore, err);
}

enum sp_rc sp_store_restore(struct sp_store *store,
                            struct sp_tree *wanted,
                            const char *path,
                            const struct sp_tree *there,
                            struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct restore restore = { .store = store,
                               .wanted = wanted,
                               .there = there,
                               .path = sp_real_path(arena, sp_str_of(path)),
                               .base = -1 };

    enum sp_rc rc = restore_all(&restore, err);
    if (rc ==
        SP_CORRUPT) /* what is damaged, too, is not to be taken for kept when it is made again */
        for (size_t i = 0; i < restore.make.len; i++)
            sp_object_weed(store, &wanted->entries[restore.make.items[i]]);
    sp_fd_closep(&restore.base);
    SP_VEC_FINI(&restore.make);
    return rc ? sp_err_wrap(err, "restore '%s'", path) : SP_OK;
}
