/* SPDX-License-Identifier: BSD-3-Clause */
/* tarball.c - two writers of libarchive in a row, as layer.c has two readers: the first makes the
 * tar, which is hashed on its way to the second, which only compresses ("raw" format). */
#include "image/tarball.h"

#include "base/fault.h"
#include "base/map.h"

#include "sys/sharedlib.h"

#include <archive.h>
#include <archive_entry.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <locale.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK     ((size_t)128 * 1024)
#define DEPTH_MAX 100
#define WHITEOUT  ".wh."

/* Of 410 MB of Debian's libraries, Python and measures, zstd makes 141 MB in 2.5 s at level 3, and
 * 128 MB in 10 s at level 9. */
#define ZSTD_OPTIONS "zstd:compression-level=3"
#define GZIP_OPTIONS "gzip:!timestamp"

#define CALLS(X)                               \
    X(archive_entry_clear)                     \
    X(archive_entry_free)                      \
    X(archive_entry_new)                       \
    X(archive_entry_set_filetype)              \
    X(archive_entry_set_hardlink)              \
    X(archive_entry_set_mtime)                 \
    X(archive_entry_set_pathname)              \
    X(archive_entry_set_perm)                  \
    X(archive_entry_set_size)                  \
    X(archive_entry_set_symlink)               \
    X(archive_error_string)                    \
    X(archive_set_error)                       \
    X(archive_write_add_filter_gzip)           \
    X(archive_write_add_filter_zstd)           \
    X(archive_write_close)                     \
    X(archive_write_data)                      \
    X(archive_write_free)                      \
    X(archive_write_header)                    \
    X(archive_write_new)                       \
    X(archive_write_open)                      \
    X(archive_write_set_bytes_in_last_block)   \
    X(archive_write_set_bytes_per_block)       \
    X(archive_write_set_format_pax_restricted) \
    X(archive_write_set_format_raw)            \
    X(archive_write_set_options)

static struct {
    CALLS(SP_SHAREDLIB_MEMBER)
} lib;

static const char *const call_names[] = { CALLS(SP_SHAREDLIB_NAME) NULL };

struct writer {
    const struct sp_tarball *tarball;
    struct archive *tar; /* entries -> plain */
    struct archive *raw; /* plain -> compressed; NULL: stays plain */
    struct archive_entry *entry;
    sp_blob_sink sink;
    void *arg;
    struct sp_sha *sha;
    struct sp_err failed; /* of the sink */
    struct sp_arena *arena;
    struct sp_map links; /* "device:inode" of files with several names -> the first of these */
    char *block, *other;
};

/* --- bytes on their way out ----------------------------------------------------------------- */

static ssize_t give(struct archive *archive, void *arg, const void *data, size_t len)
{
    struct writer *writer = arg;

    if (writer->sink(writer->arg, (struct sp_str){ data, len }, &writer->failed) == SP_OK)
        return (ssize_t)len;
    lib.archive_set_error(archive, EIO, "%s", writer->failed.text);
    return -1;
}

static ssize_t hash_and_give(struct archive *archive, void *arg, const void *data, size_t len)
{
    struct writer *writer = arg;

    sp_sha_add(writer->sha, (struct sp_str){ data, len });
    if (!writer->raw)
        return give(archive, arg, data, len);
    if (lib.archive_write_data(writer->raw, data, len) == (ssize_t)len)
        return (ssize_t)len;
    lib.archive_set_error(archive, EIO, "%s", lib.archive_error_string(writer->raw));
    return -1;
}

static enum sp_rc explain(const struct writer *writer, struct archive *archive, struct sp_err *err)
{
    const char *text = archive ? lib.archive_error_string(archive) : NULL;

    if (writer->failed.code) {
        *err = writer->failed;
        return err->code;
    }
    return sp_fail(err, SP_IO, "%s", text ? text : "libarchive cannot write it");
}

static int open_raw(struct writer *writer)
{
    bool zstd = writer->tarball->media == SP_MEDIA_TAR_ZSTD;
    struct archive *raw = writer->raw;

    int rc = zstd ? lib.archive_write_add_filter_zstd(raw) : lib.archive_write_add_filter_gzip(raw);
    if (rc == ARCHIVE_OK)
        rc = lib.archive_write_set_options(raw, zstd ? ZSTD_OPTIONS : GZIP_OPTIONS);
    if (rc == ARCHIVE_OK)
        rc = lib.archive_write_set_format_raw(raw);
    if (rc == ARCHIVE_OK)
        rc = lib.archive_write_set_bytes_in_last_block(raw, 1);
    if (rc == ARCHIVE_OK)
        rc = lib.archive_write_open(raw, writer, NULL, give, NULL);
    if (rc != ARCHIVE_OK)
        return rc;
    lib.archive_entry_set_filetype(writer->entry, AE_IFREG);
    lib.archive_entry_set_pathname(writer->entry, "tar");
    return lib.archive_write_header(raw, writer->entry);
}

static enum sp_rc open_writer(struct writer *writer, struct sp_err *err)
{
    writer->entry = lib.archive_entry_new();
    writer->tar = lib.archive_write_new();
    if (writer->tarball->media != SP_MEDIA_TAR)
        writer->raw = lib.archive_write_new();
    if (!writer->entry || !writer->tar || (writer->tarball->media != SP_MEDIA_TAR && !writer->raw))
        return sp_fail(err, SP_IO, "libarchive does not start");
    if (writer->raw && open_raw(writer) != ARCHIVE_OK)
        return explain(writer, writer->raw, err);
    if (lib.archive_write_set_format_pax_restricted(writer->tar) != ARCHIVE_OK ||
        lib.archive_write_set_bytes_per_block(writer->tar, (int)BLOCK) != ARCHIVE_OK ||
        lib.archive_write_set_bytes_in_last_block(writer->tar, 1) != ARCHIVE_OK ||
        lib.archive_write_open(writer->tar, writer, NULL, hash_and_give, NULL) != ARCHIVE_OK)
        return explain(writer, writer->tar, err);
    return SP_OK;
}

static void close_writer(struct writer *writer)
{
    if (writer->tar)
        (void)lib.archive_write_free(writer->tar);
    if (writer->raw)
        (void)lib.archive_write_free(writer->raw);
    if (writer->entry)
        lib.archive_entry_free(writer->entry);
    sp_map_fini(&writer->links);
    sp_sha_free(writer->sha);
    sp_arena_free(writer->arena);
    free(writer->block);
    free(writer->other);
}

static enum sp_rc end_writer(struct writer *writer, struct sp_sha_digest *out, struct sp_err *err)
{
    if (lib.archive_write_close(writer->tar) != ARCHIVE_OK)
        return explain(writer, writer->tar, err);
    if (writer->raw && lib.archive_write_close(writer->raw) != ARCHIVE_OK)
        return explain(writer, writer->raw, err);
    *out = sp_sha_end(writer->sha);
    return SP_OK;
}

/* --- entries -------------------------------------------------------------------------------- */

/* A directory and the one below it, on the way down. */
struct level {
    struct sp_str path; /* "usr/lib/"; empty: the top */
    int upper, lower;   /* -1: there is none below */
    unsigned depth;
};

/* One name in a directory. */
struct place {
    const struct level *level;
    const char *name;
    const char *path; /* from the top */
    struct stat info;
};

static enum sp_rc put_header(struct writer *writer,
                             const struct place *place,
                             const char *target,
                             bool is_hardlink,
                             struct sp_err *err)
{
    struct archive_entry *entry = lib.archive_entry_clear(writer->entry);
    sp_nsec latest = writer->tarball->latest / SP_NSEC_PER_SEC;
    bool is_file = S_ISREG(place->info.st_mode) && !is_hardlink;

    lib.archive_entry_set_pathname(entry, place->path);
    lib.archive_entry_set_filetype(entry, place->info.st_mode & S_IFMT);
    lib.archive_entry_set_perm(entry, place->info.st_mode & 07777);
    lib.archive_entry_set_mtime(entry, SP_MIN(place->info.st_mtim.tv_sec, latest), 0);
    lib.archive_entry_set_size(entry, is_file ? place->info.st_size : 0);
    if (is_hardlink)
        lib.archive_entry_set_hardlink(entry, target);
    else if (target)
        lib.archive_entry_set_symlink(entry, target);
    int rc = lib.archive_write_header(writer->tar, entry);
    /* WARN: a name that is not of this locale, which is no matter. */
    return rc == ARCHIVE_OK || rc == ARCHIVE_WARN ? SP_OK : explain(writer, writer->tar, err);
}

static enum sp_rc put_content(struct writer *writer, const struct place *place, struct sp_err *err)
{
    sp_auto_fd int fd = openat(place->level->upper, place->name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
    uint64_t left = (uint64_t)place->info.st_size;

    if (fd < 0)
        return sp_fail_errno(err, "open it");
    while (left) {
        ssize_t got = SP_FAULT("tarball.read", EIO)
                          ? -1
                          : read(fd, writer->block, SP_MIN(BLOCK, (size_t)left));
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read it");
        if (got == 0)
            return sp_fail(err, SP_BUSY, "it became shorter while it was read");
        if (lib.archive_write_data(writer->tar, writer->block, (size_t)got) != got)
            return explain(writer, writer->tar, err);
        left -= (uint64_t)got;
    }
    return SP_OK;
}

static enum sp_rc put_file(struct writer *writer, const struct place *place, struct sp_err *err)
{
    if (place->info.st_nlink > 1) {
        struct sp_str key =
            sp_arena_printf(writer->arena, "%llx:%llx", (unsigned long long)place->info.st_dev,
                            (unsigned long long)place->info.st_ino);
        const char *first = sp_map_find(&writer->links, key);
        if (first)
            return put_header(writer, place, first, true, err);
        sp_map_set(&writer->links, key, (void *)place->path);
    }
    enum sp_rc rc = put_header(writer, place, NULL, false, err);
    return rc ? rc : put_content(writer, place, err);
}

static enum sp_rc read_link(struct writer *writer,
                            int dir,
                            const char *name,
                            struct sp_str *out,
                            struct sp_err *err)
{
    char target[PATH_MAX];
    ssize_t len = readlinkat(dir, name, target, sizeof target);

    if (len < 0)
        return sp_fail_errno(err, "read the link");
    *out = sp_arena_str(writer->arena, (struct sp_str){ target, (size_t)len });
    return SP_OK;
}

static enum sp_rc put_entry(struct writer *writer, const struct place *place, struct sp_err *err)
{
    struct sp_str target;

    if (S_ISREG(place->info.st_mode))
        return put_file(writer, place, err);
    if (S_ISDIR(place->info.st_mode))
        return put_header(writer, place, NULL, false, err);
    enum sp_rc rc = read_link(writer, place->level->upper, place->name, &target, err);
    return rc ? rc : put_header(writer, place, target.ptr, false, err);
}

/* --- what both have ------------------------------------------------------------------------- */

/* All of a block, or what is left of the file. */
static ssize_t read_block(int fd, char *block)
{
    size_t len = 0;

    while (len < BLOCK) {
        ssize_t got = read(fd, block + len, BLOCK - len);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return -1;
        if (got == 0)
            break;
        len += (size_t)got;
    }
    return (ssize_t)len;
}

static enum sp_rc compare_content(struct writer *writer,
                                  const struct place *place,
                                  bool *alike,
                                  struct sp_err *err)
{
    const int flags = O_RDONLY | O_NOFOLLOW | O_CLOEXEC;
    sp_auto_fd int a = openat(place->level->upper, place->name, flags);
    sp_auto_fd int b = openat(place->level->lower, place->name, flags);
    ssize_t got;

    *alike = true;
    if (a < 0 || b < 0)
        return sp_fail_errno(err, "open it");
    do {
        got = SP_FAULT("tarball.compare", EIO) ? -1 : read_block(a, writer->block);
        ssize_t other = got < 0 ? -1 : read_block(b, writer->other);
        if (other < 0)
            return sp_fail_errno(err, "read it");
        *alike = got == other && memcmp(writer->block, writer->other, (size_t)got) == 0;
    } while (*alike && got > 0);
    return SP_OK;
}

static enum sp_rc compare(struct writer *writer,
                          const struct place *place,
                          const struct stat *below,
                          bool *alike,
                          struct sp_err *err)
{
    struct sp_str a, b;

    *alike = place->info.st_mode == below->st_mode;
    if (!*alike || S_ISDIR(below->st_mode))
        return SP_OK;
    if (S_ISREG(below->st_mode)) {
        *alike = place->info.st_size == below->st_size;
        return *alike ? compare_content(writer, place, alike, err) : SP_OK;
    }
    enum sp_rc rc = read_link(writer, place->level->upper, place->name, &a, err);
    if (rc == SP_OK)
        rc = read_link(writer, place->level->lower, place->name, &b, err);
    *alike = rc == SP_OK && sp_str_eq(a, b);
    return rc;
}

/* --- directories ---------------------------------------------------------------------------- */

struct names {
    const char **items; /* in byte order */
    size_t len, capacity;
};

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* `names->items` is the caller's to free. */
static enum sp_rc list_names(struct writer *writer, int fd, struct names *names, struct sp_err *err)
{
    int own = SP_FAULT("tarball.list", EMFILE) ? -1 : openat(fd, ".", O_RDONLY | O_CLOEXEC);
    SP_CLEANUP(close_dirp) DIR *dir = own < 0 ? NULL : fdopendir(own);

    if (!dir) {
        enum sp_rc rc = sp_fail_errno(err, "open the directory");
        sp_fd_closep(&own);
        return rc;
    }
    for (;;) {
        errno = 0;
        const struct dirent *entry = readdir(dir);
        if (!entry && errno)
            return sp_fail_errno(err, "read the directory");
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
            continue;
        names->items =
            sp_grow(names->items, &names->capacity, names->len + 1, sizeof *names->items);
        names->items[names->len++] = sp_arena_cstr(writer->arena, sp_str_of(entry->d_name));
    }
    if (names->len)
        qsort(names->items, names->len, sizeof *names->items, by_bytes);
    return SP_OK;
}

/* What the directory below has and this one has not. */
static enum sp_rc put_whiteouts(struct writer *writer,
                                const struct level *level,
                                const struct names *here,
                                struct sp_err *err)
{
    struct names below = { 0 };
    enum sp_rc rc = list_names(writer, level->lower, &below, err);

    for (size_t i = 0; i < below.len && rc == SP_OK; i++) {
        const char *name = below.items[i];
        if (here->len &&
            bsearch(&name, here->items, here->len, sizeof *here->items, by_bytes) != NULL)
            continue;
        struct place place = {
            .level = level,
            .name = name,
            .path = sp_arena_printf(writer->arena, SP_STR_FMT WHITEOUT "%s",
                                    SP_STR_ARG(level->path), name)
                        .ptr,
            .info = { .st_mode = S_IFREG | 0644 },
        };
        rc = put_header(writer, &place, NULL, false, err);
    }
    free(below.items);
    return rc;
}

static enum sp_rc put_level(struct writer *writer, const struct level *level, struct sp_err *err);

static enum sp_rc go_down(struct writer *writer,
                          const struct place *place,
                          bool is_below,
                          struct sp_err *err)
{
    const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
    const struct level *above = place->level;
    sp_auto_fd int upper = openat(above->upper, place->name, flags);
    sp_auto_fd int lower = is_below ? openat(above->lower, place->name, flags) : -1;
    const struct level level = {
        .path = sp_arena_printf(writer->arena, "%s/", place->path),
        .upper = upper,
        .lower = lower,
        .depth = above->depth + 1,
    };

    if (upper < 0 || (is_below && lower < 0))
        return sp_fail_errno(err, "open '/%s'", place->path);
    if (level.depth > DEPTH_MAX)
        return sp_fail(err, SP_LIMIT, "'/%s' is deeper than %d levels", place->path, DEPTH_MAX);
    return put_level(writer, &level, err);
}

/* Without what is in it. *is_below: there is a directory below this one. */
static enum sp_rc put_place(struct writer *writer,
                            struct place *place,
                            bool *is_below,
                            struct sp_err *err)
{
    struct stat below;
    bool alike = false;

    *is_below = false;
    if (strncmp(place->name, WHITEOUT, strlen(WHITEOUT)) == 0)
        return sp_fail(err, SP_INVALID, "in an image such a name means that something is removed");
    if (fstatat(place->level->upper, place->name, &place->info, AT_SYMLINK_NOFOLLOW) < 0)
        return sp_fail_errno(err, "look at it");
    if (!S_ISDIR(place->info.st_mode) && !S_ISREG(place->info.st_mode) &&
        !S_ISLNK(place->info.st_mode))
        return SP_OK;
    if (place->level->lower >= 0 &&
        fstatat(place->level->lower, place->name, &below, AT_SYMLINK_NOFOLLOW) == 0) {
        enum sp_rc rc = compare(writer, place, &below, &alike, err);
        if (rc)
            return rc;
        *is_below = S_ISDIR(below.st_mode);
    }
    return alike ? SP_OK : put_entry(writer, place, err);
}

/* NOLINTNEXTLINE(misc-no-recursion): DEPTH_MAX */
static enum sp_rc put_level(struct writer *writer, const struct level *level, struct sp_err *err)
{
    struct names names = { 0 };
    enum sp_rc rc = list_names(writer, level->upper, &names, err);

    if (rc == SP_OK && level->lower >= 0)
        rc = put_whiteouts(writer, level, &names, err);
    if (rc)
        (void)sp_err_wrap(err, "'/" SP_STR_FMT "'", SP_STR_ARG(level->path));
    for (size_t i = 0; i < names.len && rc == SP_OK; i++) {
        struct place place = { .level = level, .name = names.items[i] };
        bool is_below;
        place.path =
            sp_arena_printf(writer->arena, SP_STR_FMT "%s", SP_STR_ARG(level->path), place.name)
                .ptr;
        rc = put_place(writer, &place, &is_below, err);
        if (rc)
            (void)sp_err_wrap(err, "'/%s'", place.path);
        else if (S_ISDIR(place.info.st_mode))
            rc = go_down(writer, &place, is_below, err);
    }
    free(names.items);
    return rc;
}

enum sp_rc sp_tarball_write(const struct sp_tarball *tarball,
                            sp_blob_sink sink,
                            void *arg,
                            struct sp_sha_digest *diff_id,
                            struct sp_err *err)
{
    struct writer writer = {
        .tarball = tarball,
        .sink = sink,
        .arg = arg,
        .sha = sp_sha_new(),
        .arena = sp_arena_new(),
        .block = sp_alloc(BLOCK),
        .other = sp_alloc(BLOCK),
    };
    const struct level top = {
        .path = SP_STR(""),
        .upper = tarball->tree_fd,
        .lower = tarball->lower_fd,
    };
    /* Names are bytes, whatever the locale of the user makes of them. */
    locale_t plain = newlocale(LC_ALL_MASK, "C", NULL), users = uselocale(plain);

    enum sp_rc rc = sp_sharedlib_load("libarchive.so.13", call_names, &lib, err);
    if (rc == SP_OK)
        rc = open_writer(&writer, err);
    if (rc == SP_OK)
        rc = put_level(&writer, &top, err);
    if (rc == SP_OK)
        rc = end_writer(&writer, diff_id, err);
    close_writer(&writer);
    (void)uselocale(users);
    freelocale(plain);
    return rc;
}
