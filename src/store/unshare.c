/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/unshare.h"

#include "base/fault.h"

#include "store/copy.h"
#include "sys/clone.h"
#include "sys/file.h"

#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEMPORARY "+unshare" /* behind the name of the file */

struct name {
    char text[PATH_MAX];
};

static bool name_of(const char *path, const struct sp_tree_entry *entry, struct name *out)
{
    int len = sp_str_is(entry->path, ".") ? snprintf(out->text, sizeof out->text, "%s", path)
                                          : snprintf(out->text, sizeof out->text, "%s/" SP_STR_FMT,
                                                     path, SP_STR_ARG(entry->path));

    return (size_t)len < sizeof out->text;
}

static bool is_shared(const char *path, const struct sp_tree_entry *entry, struct name *name)
{
    struct stat info;

    return entry->type == SP_TREE_FILE && name_of(path, entry, name) &&
           lstat(name->text, &info) == 0 && S_ISREG(info.st_mode) && info.st_nlink > 1;
}

size_t sp_tree_shared(const char *path, const struct sp_tree *tree)
{
    struct name name;
    size_t count = 0;

    for (size_t i = 0; i < tree->len; i++)
        count += is_shared(path, &tree->entries[i], &name);
    return count;
}

static enum sp_rc copy_data(int from, int to, uint64_t size, struct sp_err *err)
{
    struct sp_digest exact;

    if (!SP_FAULT("unshare.clone", EOPNOTSUPP) && sp_clone_file(from, to))
        return SP_OK;
    return sp_copy_file(from, to, size, &exact, err);
}

static enum sp_rc copy_rest(int to, const struct stat *info, struct sp_err *err)
{
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, info->st_mtim };

    /* Somebody else's file may become ours: who may write into it may also replace it. */
    (void)!fchown(to, info->st_uid, info->st_gid);
    if (SP_FAULT("unshare.mode", EPERM) || fchmod(to, info->st_mode & 07777) < 0 ||
        futimens(to, times) < 0)
        return sp_fail_errno(err, "set its mode and time");
    return SP_OK;
}

static enum sp_rc copy_to(const char *name, const char *temporary, struct sp_err *err)
{
    struct stat info;
    sp_auto_fd int from = open(name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    sp_auto_fd int to =
        from < 0 || SP_FAULT("unshare.create", ENOSPC)
            ? -1
            : open(temporary, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (to < 0 || fstat(from, &info) < 0) {
        (void)sp_fail_errno(err, "copy it");
        return sp_room_error(err);
    }
    enum sp_rc rc = copy_data(from, to, (uint64_t)info.st_size, err);
    return rc ? rc : copy_rest(to, &info, err);
}

static enum sp_rc unshare(const char *name, struct sp_err *err)
{
    struct name temporary;

    if ((size_t)snprintf(temporary.text, sizeof temporary.text, "%s" TEMPORARY, name) >=
        sizeof temporary.text)
        return sp_fail(err, SP_LIMIT, "'%s': its path is too long", name);
    (void)unlink(temporary.text); /* of somebody who died here */
    enum sp_rc rc = copy_to(name, temporary.text, err);
    if (rc == SP_OK && (SP_FAULT("unshare.rename", EIO) || rename(temporary.text, name) < 0))
        rc = sp_fail_errno(err, "rename it");
    if (rc == SP_OK)
        return SP_OK;
    (void)unlink(temporary.text);
    return sp_err_wrap(err, "give '%s', which has other names (hard links), a copy of its own",
                       name);
}

enum sp_rc sp_tree_unshare(const char *path, const struct sp_tree *tree, struct sp_err *err)
{
    struct name name;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < tree->len && rc == SP_OK; i++)
        if (is_shared(path, &tree->entries[i], &name))
            rc = unshare(name.text, err);
    return rc;
}
