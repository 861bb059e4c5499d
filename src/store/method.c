/* SPDX-License-Identifier: BSD-3-Clause */
/* method.c - how data at a path would get into the store, and whether there is room. */
#include "store/store_internal.h"
#include "sys/clone.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define PROBE_SIZE 4096

static void close_dir(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* The nearest directory or file that is there: of `path` itself, else above it. */
static bool stat_nearest(struct sp_str path, struct stat *info)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    char *text = sp_arena_cstr(arena, sp_real_path(arena, path));

    while (stat(text, info) < 0) {
        char *slash = strrchr(text, '/');
        if (!slash || slash == text)
            return stat("/", info) == 0;
        *slash = '\0';
    }
    return true;
}

static int make_scratch(struct sp_store *store)
{
    struct sp_store_path path = sp_store_temporary(store);
    int fd = open(path.text, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

    if (fd >= 0)
        (void)unlink(path.text);
    return fd;
}

/* Some file of the artefact, at its top. */
static int open_sample(const char *path)
{
    SP_CLEANUP(close_dir) DIR *stream = opendir(path);
    struct stat info;

    if (!stream)
        return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    for (const struct dirent *item; (item = readdir(stream));) {
        if (fstatat(dirfd(stream), item->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 &&
            S_ISREG(info.st_mode) && info.st_size > 0)
            return openat(dirfd(stream), item->d_name, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    }
    return -1;
}

/* By doing it: with scratch files of ours on one file system; from one to the other (subvolumes)
 * only a file that is there can tell. */
static bool can_clone(struct sp_store *store, const char *path, bool same_device)
{
    static const char block[PROBE_SIZE] = "spoor";
    sp_auto_fd int to = make_scratch(store);
    sp_auto_fd int from = same_device ? make_scratch(store) : open_sample(path);

    if (to < 0 || from < 0 ||
        (same_device && write(from, block, sizeof block) != (ssize_t)sizeof block))
        return false;
    return sp_clone_file(from, to);
}

static enum sp_snapshot_method probe(struct sp_store *store,
                                     const char *path,
                                     const struct stat *info)
{
    struct stat own;

    for (size_t i = 0; i < store->probes.len; i++)
        if (store->probes.items[i].dev == info->st_dev)
            return store->probes.items[i].method;
    if (stat(store->tmp, &own) < 0)
        return SP_SNAPSHOT_COPY;
    bool clones = can_clone(store, path, own.st_dev == info->st_dev);
    enum sp_snapshot_method method = clones ? SP_SNAPSHOT_CLONE : SP_SNAPSHOT_COPY;
    *SP_VEC_ADD(&store->probes) = (struct sp_store_probe){ .dev = info->st_dev, .method = method };
    return method;
}

enum sp_snapshot_method sp_store_method(struct sp_store *store, const char *path)
{
    struct stat info;

    if (store->method != SP_SNAPSHOT_AUTO)
        return store->method;
    if (store->use == SP_STORE_READ || !stat_nearest(sp_str_of(path), &info))
        return SP_SNAPSHOT_COPY;
    return probe(store, path, &info);
}

uint64_t sp_store_room(struct sp_store *store, const char *path)
{
    struct statvfs info;

    if (sp_store_method(store, path) == SP_SNAPSHOT_CLONE)
        return UINT64_MAX;
    if (statvfs(store->dir, &info) < 0)
        return UINT64_MAX; /* then writing will tell */
    uint64_t total = (uint64_t)info.f_blocks * info.f_frsize;
    uint64_t avail = (uint64_t)info.f_bavail * info.f_frsize;
    return avail > total / 20 ? avail - total / 20 : 0;
}
