/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/listing.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct walk {
    sp_listing_fn each;
    void *arg;
};

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static bool is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

/* `shard`: the digits that the folder stands for. */
static enum sp_rc show(const struct walk *walk,
                       const struct stat *info,
                       const char *path,
                       const char *shard,
                       const char *name,
                       struct sp_err *err)
{
    char hex[SP_DIGEST_HEX + 1] = "";
    size_t front = strlen(shard);
    struct sp_listing_item item = {
        .path = path,
        .regular = S_ISREG(info->st_mode),
        .size = (uint64_t)info->st_size,
        .bytes = (uint64_t)info->st_blocks * 512,
        .mtime = sp_clock_nsec(info->st_mtim),
    };

    if (front + strlen(name) == SP_DIGEST_HEX) {
        /* NOLINTBEGIN(bugprone-not-null-terminated-result): `hex` is zeroed, and one longer */
        memcpy(hex, shard, front);
        memcpy(hex + front, name, SP_DIGEST_HEX - front);
        /* NOLINTEND(bugprone-not-null-terminated-result) */
        item.named = item.regular && sp_digest_parse(sp_str_of(hex), &item.id);
    }
    return walk->each(walk->arg, &item, err);
}

static bool is_shard(const struct stat *info, const char *name)
{
    return S_ISDIR(info->st_mode) && strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

/* NOLINTNEXTLINE(readability-function-cognitive-complexity): a directory, and those in it */
static enum sp_rc list(const struct walk *walk,
                       const char *folder,
                       const char *shard,
                       bool sharded,
                       struct sp_err *err)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    SP_CLEANUP(close_dirp) DIR *dir = SP_FAULT("listing.open", EMFILE) ? NULL : opendir(folder);

    if (!dir)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "open directory '%s'", folder);
    for (;;) {
        struct stat info;
        errno = 0;
        const struct dirent *entry = SP_FAULT("listing.read", EIO) ? NULL : readdir(dir);
        if (!entry && errno)
            return sp_fail_errno(err, "read directory '%s'", folder);
        if (!entry)
            return SP_OK;
        if (is_dots(entry->d_name))
            continue;
        if (fstatat(dirfd(dir), entry->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0) {
            if (errno == ENOENT)
                continue; /* somebody else was faster */
            return sp_fail_errno(err, "'%s/%s'", folder, entry->d_name);
        }
        sp_buf_clear(&path);
        sp_buf_addf(&path, "%s/%s", folder, entry->d_name);
        enum sp_rc rc = sharded && is_shard(&info, entry->d_name)
                            ? list(walk, path.ptr, entry->d_name, false, err)
                            : show(walk, &info, path.ptr, shard, entry->d_name, err);
        if (rc)
            return rc;
    }
}

enum sp_rc sp_listing_each(const char *folder,
                           enum sp_listing_shape shape,
                           sp_listing_fn each,
                           void *arg,
                           struct sp_err *err)
{
    return list(&(struct walk){ each, arg }, folder, "", shape == SP_LISTING_SHARDED, err);
}
