/* SPDX-License-Identifier: BSD-3-Clause */
/* layout.c - the source for a directory with an OCI image layout:
 *
 *     oci-layout             {"imageLayoutVersion": "1.0.0"}
 *     index.json             the images in it, with their tags
 *     blobs/sha256/HEX
 */
#include "image/layout.h"

#include "base/fault.h"
#include "base/nearest.h"

#include "image/source.h"
#include "value/json.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BLOCK ((size_t)256 * 1024)

struct layout {
    struct sp_image_source source;
    int fd;
    char *tag; /* "": the only one */
};

/* --- files beneath -------------------------------------------------------------------------- */

enum sp_rc sp_beneath_open(int dir_fd, const char *path, int *out, struct sp_err *err)
{
    struct open_how how = {
        .flags = O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY,
        .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS,
    };
    struct stat info;

    sp_auto_fd int fd = SP_FAULT("layout.open", EMFILE)
                            ? -1
                            : (int)syscall(SYS_openat2, dir_fd, path, &how, sizeof how);
    if (fd < 0 && errno == EXDEV)
        return sp_fail(err, SP_INVALID, "'%s' is a link that leads out of the directory", path);
    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "read '%s'", path);
    if (!S_ISREG(info.st_mode))
        return sp_fail(err, SP_INVALID, "'%s' is no file", path);
    *out = sp_take_fd(&fd);
    return SP_OK;
}

enum sp_rc sp_pour(int fd, sp_blob_sink sink, void *arg, struct sp_err *err)
{
    sp_auto_free char *block = sp_alloc(BLOCK);

    for (;;) {
        ssize_t got = SP_FAULT("layout.read", EIO) ? -1 : read(fd, block, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read");
        if (got == 0)
            return SP_OK;
        enum sp_rc rc = sink(arg, (struct sp_str){ block, (size_t)got }, err);
        if (rc)
            return rc;
    }
}

static enum sp_rc add_to_buf(void *arg, struct sp_str data, struct sp_err *err)
{
    struct sp_buf *buf = arg;

    sp_buf_add(buf, data);
    return sp_buf_ok(buf) ? SP_OK : sp_fail(err, SP_LIMIT, "it is larger than %zu bytes", buf->max);
}

enum sp_rc sp_beneath_read(int dir_fd,
                           const char *path,
                           size_t max,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(max);
    sp_auto_fd int fd = -1;

    enum sp_rc rc = sp_beneath_open(dir_fd, path, &fd, err);
    if (rc)
        return rc;
    rc = sp_pour(fd, add_to_buf, &text, err);
    if (rc)
        return sp_err_wrap(err, "'%s'", path);
    *out = sp_arena_str(arena, sp_buf_str(&text));
    return SP_OK;
}

/* --- the source ----------------------------------------------------------------------------- */

static const char *blob_path(struct sp_arena *arena, const struct sp_sha_digest *digest)
{
    return sp_arena_printf(arena, "blobs/sha256/%s", digest->hex).ptr;
}

/* The entry of index.json with our tag; without a tag the only one there is. */
static enum sp_rc pick(const struct layout *layout,
                       const struct sp_image_document *index,
                       struct sp_descriptor *out,
                       struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(layout->tag));
    sp_auto_buf struct sp_buf tags = SP_BUF(SP_BUF_SMALL);

    if (!index->len)
        return sp_fail(err, SP_NOT_FOUND, "index.json names no image");
    if (!layout->tag[0] && index->len == 1) {
        *out = index->items[0];
        return SP_OK;
    }
    for (size_t i = 0; i < index->len; i++) {
        struct sp_str name = index->items[i].name;
        if (layout->tag[0] && sp_str_is(name, layout->tag)) {
            *out = index->items[i];
            return SP_OK;
        }
        sp_nearest_offer(&nearest, name);
        sp_buf_addf(&tags, "%s'" SP_STR_FMT "'", tags.len ? ", " : "", SP_STR_ARG(name));
    }
    if (!layout->tag[0])
        return sp_fail(err, SP_INVALID, "there are %zu images in it: name one with a tag: %s",
                       index->len, tags.ptr);
    const char *there = sp_buf_ok(&tags) ? tags.ptr : "others";
    sp_auto_buf struct sp_buf otherwise = SP_BUF(SP_BUF_SMALL);
    sp_buf_addf(&otherwise, "there is %s", there);
    return sp_nearest_fail(&nearest, otherwise.ptr, err, SP_NOT_FOUND, "there is no tag '%s'",
                           layout->tag);
}

static enum sp_rc document(struct sp_image_source *source,
                           const struct sp_sha_digest *digest,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err)
{
    const struct layout *layout = (const struct layout *)source;
    struct sp_image_document index;
    struct sp_descriptor descriptor;
    struct sp_str text;

    if (digest)
        return sp_beneath_read(layout->fd, blob_path(arena, digest), SP_MANIFEST_MAX, arena, out,
                               err);
    enum sp_rc rc = sp_beneath_read(layout->fd, "index.json", SP_MANIFEST_MAX, arena, &text, err);
    if (rc)
        return rc;
    rc = sp_image_document_parse(arena, text, &index, err);
    if (rc == SP_OK && !index.is_index)
        rc = sp_fail(err, SP_INVALID, "it is no index");
    if (rc)
        return sp_err_wrap(err, "index.json");
    rc = pick(layout, &index, &descriptor, err);
    if (rc)
        return rc;
    rc = sp_beneath_read(layout->fd, blob_path(arena, &descriptor.digest), SP_MANIFEST_MAX, arena,
                         out, err);
    if (rc)
        return rc;
    struct sp_sha_digest got = sp_sha_of(*out);
    if (!sp_sha_eq(&got, &descriptor.digest))
        return sp_fail(err, SP_CORRUPT,
                       "the manifest's digest is sha256:%s, index.json says sha256:%s", got.hex,
                       descriptor.digest.hex);
    return SP_OK;
}

static enum sp_rc blob(struct sp_image_source *source,
                       const struct sp_descriptor *what,
                       sp_blob_sink sink,
                       void *arg,
                       struct sp_err *err)
{
    const struct layout *layout = (const struct layout *)source;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int fd = -1;

    enum sp_rc rc = sp_beneath_open(layout->fd, blob_path(arena, &what->digest), &fd, err);
    return rc ? rc : sp_pour(fd, sink, arg, err);
}

static void close_layout(struct sp_image_source *source)
{
    struct layout *layout = (struct layout *)source;

    sp_fd_closep(&layout->fd);
    free(layout->tag);
    free(layout);
}

static const struct sp_image_source_ops ops = { document, blob, close_layout };

static enum sp_rc check_version(int fd, struct sp_arena *arena, struct sp_err *err)
{
    struct sp_str text;
    struct sp_value value;

    enum sp_rc rc = sp_beneath_read(fd, "oci-layout", SP_BUF_SMALL, arena, &text, err);
    if (rc)
        return rc == SP_NOT_FOUND
                   ? sp_fail(err, rc, "it is no OCI image layout: there is no file 'oci-layout'")
                   : rc;
    rc = sp_json_decode(arena, text, &value, err);
    if (rc)
        return sp_err_wrap(err, "oci-layout");
    struct sp_str version =
        value.kind == SP_DICT ? sp_dict_text(value.dict, "imageLayoutVersion") : SP_STR("");
    if (!sp_str_starts(version, "1."))
        return sp_fail(err, SP_INVALID,
                       "oci-layout: version '" SP_STR_FMT "' is not known (1.x is)",
                       SP_STR_ARG(version));
    return SP_OK;
}

enum sp_rc sp_layout_open(const char *dir,
                          struct sp_str tag,
                          struct sp_image_source **out,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "open directory '%s'", dir);
    enum sp_rc rc = check_version(fd, arena, err);
    if (rc)
        return sp_err_wrap(err, "'%s'", dir);
    struct layout *layout = sp_alloc(sizeof *layout);
    layout->source.ops = &ops;
    layout->fd = sp_take_fd(&fd);
    layout->tag = sp_strdup(sp_arena_cstr(arena, tag));
    *out = &layout->source;
    return SP_OK;
}
