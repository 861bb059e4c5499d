/* SPDX-License-Identifier: BSD-3-Clause */
/* archive.c - the sources for archives, which are unpacked into the scratch directory first, with
 * the care of image/unpack.h. An OCI archive is then an OCI layout. One of `docker save` has
 *
 *     manifest.json          [{"Config": "HEX.json", "RepoTags": [...], "Layers": ["HEX/layer.tar",
 * ...]}]
 *
 * and no manifest as registries have it: we make one, always the same for the same archive.
 */
#include "image/layout.h"
#include "image/source.h"
#include "image/unpack.h"
#include "value/json.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BLOCK       ((size_t)256 * 1024)
#define ENTRIES_MAX ((uint64_t)20000)

/* A blob of the manifest that we have made, and its file in the archive. */
struct member {
    struct sp_descriptor what;
    const char *path;
};

struct docker {
    struct sp_image_source source;
    struct sp_arena *arena;
    int fd; /* of the scratch directory */
    struct sp_str manifest;
    struct member *members; /* the configuration, then the layers */
    size_t len;
};

/* --- the archive ---------------------------------------------------------------------------- */

static enum sp_rc unpack_archive(const char *file, int dir, struct sp_err *err)
{
    struct sp_unpack unpack = {
        .root_fd = dir,
        .max_entries = ENTRIES_MAX,
        .max_bytes = SP_UNPACK_BYTES_MAX,
    };
    sp_auto_layer struct sp_layer *layer = NULL;
    sp_auto_fd int fd = open(file, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return sp_fail_errno(err, "open '%s'", file);
    enum sp_rc rc = sp_layer_open(fd, SP_MEDIA_OTHER, &layer, err);
    if (rc == SP_OK)
        rc = sp_unpack_files(&unpack, layer, err);
    return rc ? sp_err_wrap(err, "archive '%s'", file) : SP_OK;
}

/* --- docker save ---------------------------------------------------------------------------- */

/* SHA-256, size and kind of a member. */
static enum sp_rc measure(int dir, struct member *member, struct sp_err *err)
{
    sp_auto_sha struct sp_sha *sha = sp_sha_new();
    sp_auto_free char *block = sp_alloc(BLOCK);
    sp_auto_fd int fd = -1;

    enum sp_rc rc = sp_beneath_open(dir, member->path, &fd, err);
    if (rc)
        return rc;
    member->what.media = SP_MEDIA_TAR;
    for (;;) {
        ssize_t got = read(fd, block, BLOCK);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return sp_fail_errno(err, "read '%s'", member->path);
        if (got == 0)
            break;
        if (!member->what.size && got > 3 && memcmp(block, "\x1f\x8b", 2) == 0)
            member->what.media = SP_MEDIA_TAR_GZIP;
        if (!member->what.size && got > 3 && memcmp(block, "\x28\xb5\x2f\xfd", 4) == 0)
            member->what.media = SP_MEDIA_TAR_ZSTD;
        member->what.size += (uint64_t)got;
        sp_sha_add(sha, (struct sp_str){ block, (size_t)got });
    }
    member->what.digest = sp_sha_end(sha);
    return SP_OK;
}

static bool has_tag(const struct sp_dict *image, struct sp_str tag, struct sp_buf *tags)
{
    const struct sp_value *list = sp_dict_get(image, "RepoTags");

    if (!list || list->kind != SP_LIST)
        return false;
    SP_LIST_EACH(item, list->list)
    {
        if (!sp_is_text(*item))
            continue;
        if (sp_str_eq(item->text, tag))
            return true;
        sp_buf_addf(tags, "%s'" SP_STR_FMT "'", tags->len ? ", " : "", SP_STR_ARG(item->text));
    }
    return false;
}

static enum sp_rc pick_image(const struct sp_value *all,
                             struct sp_str tag,
                             const struct sp_dict **out,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf tags = SP_BUF(SP_BUF_SMALL);

    if (all->kind != SP_LIST || !all->list->len)
        return sp_fail(err, SP_INVALID, "manifest.json: it is no list of images");
    SP_LIST_EACH(item, all->list)
    {
        if (item->kind != SP_DICT)
            return sp_fail(err, SP_INVALID, "manifest.json: it is no list of images");
        bool found = has_tag(item->dict, tag, &tags);
        if (found || (!tag.len && all->list->len == 1)) {
            *out = item->dict;
            return SP_OK;
        }
    }
    if (!tag.len)
        return sp_fail(err, SP_INVALID, "there are %zu images in it: name one: %s", all->list->len,
                       tags.ptr);
    return sp_fail(err, SP_NOT_FOUND, "there is no image '" SP_STR_FMT "', only %s",
                   SP_STR_ARG(tag), tags.len ? tags.ptr : "one without a name");
}

static void put_descriptor(struct sp_arena *arena,
                           const struct sp_descriptor *what,
                           struct sp_value *out)
{
    *out = sp_dict_new(arena);
    sp_dict_put_text(arena, out->dict, "mediaType", sp_str_of(sp_media_type(what->media)));
    sp_dict_put_text(arena, out->dict, "digest",
                     sp_arena_printf(arena, "sha256:%s", what->digest.hex));
    sp_dict_put(arena, out->dict, "size", sp_int((int64_t)what->size));
}

static void make_manifest(struct docker *docker)
{
    struct sp_arena *arena = docker->arena;
    sp_auto_buf struct sp_buf text = SP_BUF(SP_MANIFEST_MAX);
    struct sp_value dict = sp_dict_new(arena), layers = sp_list_new(arena), item;

    sp_dict_put(arena, dict.dict, "schemaVersion", sp_int(2));
    sp_dict_put_text(arena, dict.dict, "mediaType", sp_str_of(sp_media_type(SP_MEDIA_MANIFEST)));
    put_descriptor(arena, &docker->members[0].what, &item);
    sp_dict_put(arena, dict.dict, "config", item);
    for (size_t i = 1; i < docker->len; i++) {
        put_descriptor(arena, &docker->members[i].what, &item);
        sp_list_add(arena, layers.list, item);
    }
    sp_dict_put(arena, dict.dict, "layers", layers);
    sp_json_encode(dict, SP_JSON_COMPACT, &text);
    docker->manifest = sp_arena_str(arena, sp_buf_str(&text));
}

static enum sp_rc read_image(struct docker *docker, const struct sp_dict *image, struct sp_err *err)
{
    const struct sp_value *layers = sp_dict_get(image, "Layers");
    struct sp_str config = sp_dict_text(image, "Config");
    enum sp_rc rc = SP_OK;

    if (!config.len || !layers || layers->kind != SP_LIST || layers->list->len > SP_LAYERS_MAX)
        return sp_fail(err, SP_INVALID, "manifest.json: 'Config' and 'Layers' must be there");
    docker->members = SP_ARENA_NEW(docker->arena, struct member, layers->list->len + 1);
    docker->members[0].path = sp_arena_cstr(docker->arena, config);
    docker->len = 1;
    SP_LIST_EACH(item, layers->list)
    {
        if (!sp_is_text(*item))
            return sp_fail(err, SP_INVALID, "manifest.json: 'Layers' is no list of files");
        docker->members[docker->len++].path = sp_arena_cstr(docker->arena, item->text);
    }
    for (size_t i = 0; i < docker->len && rc == SP_OK; i++)
        rc = measure(docker->fd, &docker->members[i], err);
    docker->members[0].what.media = SP_MEDIA_CONFIG;
    if (rc == SP_OK)
        make_manifest(docker);
    return rc;
}

/* --- the source of docker save -------------------------------------------------------------- */

static enum sp_rc document(struct sp_image_source *source,
                           const struct sp_sha_digest *digest,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err)
{
    const struct docker *docker = (const struct docker *)source;

    if (digest)
        return sp_fail(err, SP_NOT_FOUND, "the archive has no document sha256:%s", digest->hex);
    *out = sp_arena_str(arena, docker->manifest);
    return SP_OK;
}

static enum sp_rc blob(struct sp_image_source *source,
                       const struct sp_descriptor *what,
                       sp_blob_sink sink,
                       void *arg,
                       struct sp_err *err)
{
    const struct docker *docker = (const struct docker *)source;
    sp_auto_fd int fd = -1;

    for (size_t i = 0; i < docker->len; i++)
        if (sp_sha_eq(&docker->members[i].what.digest, &what->digest)) {
            enum sp_rc rc = sp_beneath_open(docker->fd, docker->members[i].path, &fd, err);
            return rc ? rc : sp_pour(fd, sink, arg, err);
        }
    return sp_fail(err, SP_NOT_FOUND, "the archive has no blob sha256:%s", what->digest.hex);
}

static void close_docker(struct sp_image_source *source)
{
    struct docker *docker = (struct docker *)source;

    sp_fd_closep(&docker->fd);
    sp_arena_free(docker->arena);
    free(docker);
}

static const struct sp_image_source_ops ops = { document, blob, close_docker };

static enum sp_rc open_docker(int dir,
                              struct sp_str tag,
                              struct sp_image_source **out,
                              struct sp_err *err)
{
    struct docker *docker = sp_alloc(sizeof *docker);
    const struct sp_dict *image = NULL;
    struct sp_str text;
    struct sp_value all;

    docker->source.ops = &ops;
    docker->arena = sp_arena_new();
    docker->fd = fcntl(dir, F_DUPFD_CLOEXEC, 3);
    enum sp_rc rc = docker->fd < 0 ? sp_fail_errno(err, "duplicate a descriptor") : SP_OK;
    if (rc == SP_OK)
        rc = sp_beneath_read(docker->fd, "manifest.json", SP_MANIFEST_MAX, docker->arena, &text,
                             err);
    if (rc == SP_OK)
        rc = sp_json_decode(docker->arena, text, &all, err);
    if (rc == SP_OK)
        rc = pick_image(&all, tag, &image, err);
    if (rc == SP_OK)
        rc = read_image(docker, image, err);
    if (rc)
        close_docker(&docker->source);
    else
        *out = &docker->source;
    return rc;
}

enum sp_rc sp_archive_open(const char *file,
                           struct sp_str tag,
                           enum sp_image_transport transport,
                           const char *scratch,
                           struct sp_image_source **out,
                           struct sp_err *err)
{
    sp_auto_fd int dir = open(scratch, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (dir < 0)
        return sp_fail_errno(err, "open '%s'", scratch);
    enum sp_rc rc = unpack_archive(file, dir, err);
    if (rc)
        return rc;
    rc = transport == SP_IMAGE_OCI_ARCHIVE ? sp_layout_open(scratch, tag, out, err)
                                           : open_docker(dir, tag, out, err);
    return rc ? sp_err_wrap(err, "archive '%s'", file) : SP_OK;
}
