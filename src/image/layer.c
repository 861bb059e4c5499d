/* SPDX-License-Identifier: BSD-3-Clause */
/* layer.c - two readers of libarchive in a row: the first takes the compression off ("raw" format),
 * the second reads the tar that comes out, which is hashed on its way between them. */
#include "image/layer.h"

#include "base/fault.h"

#include "sys/sharedlib.h"

#include <archive.h>
#include <archive_entry.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK ((size_t)128 * 1024)

#define CALLS(X)                         \
    X(archive_entry_filetype)            \
    X(archive_entry_hardlink)            \
    X(archive_entry_hardlink_utf8)       \
    X(archive_entry_mtime)               \
    X(archive_entry_mtime_nsec)          \
    X(archive_entry_pathname)            \
    X(archive_entry_pathname_utf8)       \
    X(archive_entry_perm)                \
    X(archive_entry_set_mtime)           \
    X(archive_entry_size)                \
    X(archive_entry_symlink)             \
    X(archive_entry_symlink_utf8)        \
    X(archive_error_string)              \
    X(archive_filter_count)              \
    X(archive_read_data)                 \
    X(archive_read_data_block)           \
    X(archive_read_free)                 \
    X(archive_read_new)                  \
    X(archive_read_next_header)          \
    X(archive_read_open)                 \
    X(archive_read_support_filter_gzip)  \
    X(archive_read_support_filter_zstd)  \
    X(archive_read_support_format_empty) \
    X(archive_read_support_format_raw)   \
    X(archive_read_support_format_tar)   \
    X(archive_set_error)

static struct {
    CALLS(SP_SHAREDLIB_MEMBER)
} lib;

static const char *const names[] = { CALLS(SP_SHAREDLIB_NAME) NULL };

struct sp_layer {
    int fd;
    struct archive *raw; /* as stored -> plain */
    struct archive *tar; /* plain -> entries */
    struct sp_sha *sha;
    char *plain;  /* what the tar reader gets */
    bool at_end;  /* of the plain bytes */
    bool broken;  /* the first reader failed: it knows why */
    char *stored; /* what the first reader gets */
};

static enum sp_rc explain(struct archive *archive, struct sp_err *err)
{
    const char *text = lib.archive_error_string(archive);

    return sp_fail(err, SP_CORRUPT, "%s", text ? text : "the archive is damaged");
}

static ssize_t read_stored(struct archive *archive, void *arg, const void **out)
{
    struct sp_layer *layer = arg;

    *out = layer->stored;
    for (;;) {
        ssize_t got = SP_FAULT("layer.read", EIO) ? -1 : read(layer->fd, layer->stored, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            lib.archive_set_error(archive, errno, "read: %s", strerrordesc_np(errno));
        return got < 0 ? -1 : got;
    }
}

static ssize_t read_plain(struct archive *archive, void *arg, const void **out)
{
    struct sp_layer *layer = arg;

    *out = layer->plain;
    if (layer->at_end)
        return 0;
    ssize_t got = lib.archive_read_data(layer->raw, layer->plain, BLOCK);
    if (got < 0) {
        const char *text = lib.archive_error_string(layer->raw);
        layer->broken = true;
        lib.archive_set_error(archive, EIO, "%s", text ? text : "the archive is damaged");
        return -1;
    }
    layer->at_end = got == 0;
    sp_sha_add(layer->sha, (struct sp_str){ layer->plain, (size_t)got });
    return got;
}

/* --- opening -------------------------------------------------------------------------------- */

static int allow_filters(struct archive *raw, enum sp_media media)
{
    int rc = ARCHIVE_OK;

    if (rc == ARCHIVE_OK && (media == SP_MEDIA_TAR_GZIP || media == SP_MEDIA_OTHER))
        rc = lib.archive_read_support_filter_gzip(raw);
    if (rc == ARCHIVE_OK && (media == SP_MEDIA_TAR_ZSTD || media == SP_MEDIA_OTHER))
        rc = lib.archive_read_support_filter_zstd(raw);
    if (rc == ARCHIVE_OK)
        rc = lib.archive_read_support_format_raw(raw);
    return rc == ARCHIVE_OK ? lib.archive_read_support_format_empty(raw) : rc;
}

static enum sp_rc open_raw(struct sp_layer *layer, enum sp_media media, struct sp_err *err)
{
    struct archive_entry *entry;

    layer->raw = lib.archive_read_new();
    if (!layer->raw)
        return sp_fail(err, SP_IO, "libarchive does not start");
    if (allow_filters(layer->raw, media) != ARCHIVE_OK ||
        lib.archive_read_open(layer->raw, layer, NULL, read_stored, NULL) != ARCHIVE_OK)
        return explain(layer->raw, err);
    int rc = lib.archive_read_next_header(layer->raw, &entry);
    layer->at_end = rc == ARCHIVE_EOF;
    if (rc != ARCHIVE_OK && rc != ARCHIVE_EOF)
        return explain(layer->raw, err);
    if ((media == SP_MEDIA_TAR_GZIP || media == SP_MEDIA_TAR_ZSTD) &&
        lib.archive_filter_count(layer->raw) < 2)
        return sp_fail(err, SP_CORRUPT, "it is not compressed as its media type says");
    return SP_OK;
}

static enum sp_rc open_tar(struct sp_layer *layer, struct sp_err *err)
{
    layer->tar = lib.archive_read_new();
    if (!layer->tar)
        return sp_fail(err, SP_IO, "libarchive does not start");
    if (lib.archive_read_support_format_tar(layer->tar) != ARCHIVE_OK ||
        lib.archive_read_support_format_empty(layer->tar) != ARCHIVE_OK ||
        lib.archive_read_open(layer->tar, layer, NULL, read_plain, NULL) != ARCHIVE_OK)
        return explain(layer->tar, err);
    return SP_OK;
}

enum sp_rc sp_layer_open(int fd, enum sp_media media, struct sp_layer **out, struct sp_err *err)
{
    enum sp_rc rc = sp_sharedlib_load("libarchive.so.13", names, &lib, err);

    if (rc)
        return rc;
    sp_auto_layer struct sp_layer *layer = sp_alloc(sizeof *layer);
    layer->fd = fd;
    layer->plain = sp_alloc(BLOCK);
    layer->stored = sp_alloc(BLOCK);
    layer->sha = sp_sha_new();
    rc = open_raw(layer, media, err);
    if (rc == SP_OK)
        rc = open_tar(layer, err);
    if (rc == SP_OK)
        *out = SP_TAKE(layer);
    return rc;
}

void sp_layer_close(struct sp_layer *layer)
{
    if (!layer)
        return;
    if (layer->tar)
        (void)lib.archive_read_free(layer->tar);
    if (layer->raw)
        (void)lib.archive_read_free(layer->raw);
    sp_sha_free(layer->sha);
    free(layer->plain);
    free(layer->stored);
    free(layer);
}

/* --- reading -------------------------------------------------------------------------------- */

/* Texts that the locale cannot hold come as UTF-8 only. */
static struct sp_str text_of(const char *as_is, const char *utf8)
{
    return sp_str_of(as_is ? as_is : utf8);
}

static enum sp_entry_type type_of(struct archive_entry *entry)
{
    if (lib.archive_entry_hardlink(entry) || lib.archive_entry_hardlink_utf8(entry))
        return SP_ENTRY_HARDLINK;
    switch (lib.archive_entry_filetype(entry)) {
    case AE_IFREG: return SP_ENTRY_FILE;
    case AE_IFDIR: return SP_ENTRY_DIR;
    case AE_IFLNK: return SP_ENTRY_SYMLINK;
    default: return SP_ENTRY_OTHER;
    }
}

static void describe(struct archive_entry *entry, struct sp_layer_entry *out)
{
    int64_t size = lib.archive_entry_size(entry);

    *out = (struct sp_layer_entry){
        .path = text_of(lib.archive_entry_pathname(entry), lib.archive_entry_pathname_utf8(entry)),
        .type = type_of(entry),
        .mode = (uint32_t)lib.archive_entry_perm(entry),
        .size = size > 0 ? (uint64_t)size : 0,
        .mtime =
            lib.archive_entry_mtime(entry) * SP_NSEC_PER_SEC + lib.archive_entry_mtime_nsec(entry),
    };
    if (out->type == SP_ENTRY_HARDLINK)
        out->target =
            text_of(lib.archive_entry_hardlink(entry), lib.archive_entry_hardlink_utf8(entry));
    else if (out->type == SP_ENTRY_SYMLINK)
        out->target =
            text_of(lib.archive_entry_symlink(entry), lib.archive_entry_symlink_utf8(entry));
}

/* Is the time one that fits into nanoseconds? */
static bool has_sane_time(struct archive_entry *entry)
{
    int64_t seconds = lib.archive_entry_mtime(entry);

    return seconds > INT64_MIN / SP_NSEC_PER_SEC + 1 && seconds < INT64_MAX / SP_NSEC_PER_SEC - 1;
}

enum sp_rc sp_layer_next(struct sp_layer *layer,
                         struct sp_layer_entry *out,
                         bool *more,
                         struct sp_err *err)
{
    struct archive_entry *entry;
    int rc;

    do
        rc = lib.archive_read_next_header(layer->tar, &entry);
    while (rc == ARCHIVE_RETRY);
    if (rc == ARCHIVE_EOF) {
        *more = false;
        return SP_OK;
    }
    /* WARN: a name that is not of this locale, which is no matter. */
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return explain(layer->tar, err);
    if (!has_sane_time(entry))
        lib.archive_entry_set_mtime(entry, 0, 0);
    describe(entry, out);
    *more = true;
    return SP_OK;
}

enum sp_rc sp_layer_read(struct sp_layer *layer, struct sp_layer_block *out, struct sp_err *err)
{
    const void *data = NULL;
    size_t len = 0;
    int64_t offset = 0;

    int rc;

    do
        rc = lib.archive_read_data_block(layer->tar, &data, &len, &offset);
    while ((rc == ARCHIVE_OK && !len) || rc == ARCHIVE_RETRY);
    if (rc == ARCHIVE_EOF) {
        *out = (struct sp_layer_block){ .data = SP_STR("") };
        return SP_OK;
    }
    if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN)
        return explain(layer->tar, err);
    if (offset < 0)
        return sp_fail(err, SP_CORRUPT, "a file has data in front of its begin");
    *out = (struct sp_layer_block){ { data, len }, (uint64_t)offset };
    return SP_OK;
}

enum sp_rc sp_layer_finish(struct sp_layer *layer, struct sp_sha_digest *out, struct sp_err *err)
{
    const void *block;

    while (!layer->at_end && !layer->broken)
        (void)read_plain(layer->tar, layer, &block);
    if (layer->broken)
        return explain(layer->raw, err);
    *out = sp_sha_end(layer->sha);
    return SP_OK;
}
