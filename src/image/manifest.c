/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/manifest.h"

#include "value/json.h"

#include <sys/utsname.h>

#define OCI    "application/vnd.oci.image."
#define DOCKER "application/vnd.docker."

static const struct {
    const char *type;
    enum sp_media media;
} types[] = {
    /* the first of each kind is the one that we write */
    { OCI "index.v1+json", SP_MEDIA_INDEX },
    { OCI "manifest.v1+json", SP_MEDIA_MANIFEST },
    { OCI "config.v1+json", SP_MEDIA_CONFIG },
    { OCI "layer.v1.tar", SP_MEDIA_TAR },
    { OCI "layer.v1.tar+gzip", SP_MEDIA_TAR_GZIP },
    { OCI "layer.v1.tar+zstd", SP_MEDIA_TAR_ZSTD },
    { DOCKER "distribution.manifest.list.v2+json", SP_MEDIA_INDEX },
    { DOCKER "distribution.manifest.v2+json", SP_MEDIA_MANIFEST },
    { DOCKER "container.image.v1+json", SP_MEDIA_CONFIG },
    { DOCKER "image.rootfs.diff.tar", SP_MEDIA_TAR },
    { DOCKER "image.rootfs.diff.tar.gzip", SP_MEDIA_TAR_GZIP },
    { DOCKER "image.rootfs.diff.tar.zstd", SP_MEDIA_TAR_ZSTD },
    { DOCKER "image.rootfs.foreign.diff.tar.gzip", SP_MEDIA_TAR_GZIP },
    { OCI "layer.nondistributable.v1.tar", SP_MEDIA_TAR },
    { OCI "layer.nondistributable.v1.tar+gzip", SP_MEDIA_TAR_GZIP },
};

enum sp_media sp_media_of(struct sp_str type)
{
    struct sp_str bare = sp_str_trim(sp_str_slice(type, 0, sp_str_find(type, ';')));

    for (size_t i = 0; i < SP_COUNT(types); i++)
        if (sp_str_is(bare, types[i].type))
            return types[i].media;
    return SP_MEDIA_OTHER;
}

const char *sp_media_type(enum sp_media media)
{
    for (size_t i = 0; i < SP_COUNT(types); i++)
        if (types[i].media == media)
            return types[i].type;
    return "application/octet-stream";
}

/* --- reading -------------------------------------------------------------------------------- */

/* The place in the document, for messages. */
struct place {
    const char *in; /* NULL: `key` alone */
    size_t index;   /* in a list; SIZE_MAX: it is none */
};

static enum sp_rc refuse(const struct place *at,
                         const char *key,
                         const char *what,
                         struct sp_err *err)
{
    if (at->in && at->index != SIZE_MAX)
        return sp_fail(err, SP_INVALID, "%s[%zu].%s: %s", at->in, at->index, key, what);
    if (at->in)
        return sp_fail(err, SP_INVALID, "%s.%s: %s", at->in, key, what);
    return sp_fail(err, SP_INVALID, "%s: %s", key, what);
}

static const struct sp_dict *sub_dict(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_DICT ? value->dict : NULL;
}

static const struct sp_list *sub_list(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && value->kind == SP_LIST ? value->list : NULL;
}

static struct sp_platform read_platform(const struct sp_dict *dict)
{
    if (!dict)
        return (struct sp_platform){ 0 };
    return (struct sp_platform){
        .os = sp_dict_text(dict, "os"),
        .architecture = sp_dict_text(dict, "architecture"),
        .variant = sp_dict_text(dict, "variant"),
    };
}

static enum sp_rc read_descriptor(const struct sp_value *value,
                                  const struct place *at,
                                  struct sp_descriptor *out,
                                  struct sp_err *err)
{
    if (!value || value->kind != SP_DICT)
        return refuse(at, "digest", "there is none", err);
    const struct sp_value *size = sp_dict_get(value->dict, "size");
    const struct sp_dict *notes = sub_dict(value->dict, "annotations");
    if (!sp_sha_parse(sp_dict_text(value->dict, "digest"), &out->digest))
        return refuse(at, "digest", "it is not 'sha256:' and 64 digits", err);
    if (!size || size->kind != SP_INT || size->integer < 0)
        return refuse(at, "size", "it is not a number of bytes", err);
    out->size = (uint64_t)size->integer;
    out->media = sp_media_of(sp_dict_text(value->dict, "mediaType"));
    out->platform = read_platform(sub_dict(value->dict, "platform"));
    out->name = notes ? sp_dict_text(notes, "org.opencontainers.image.ref.name") : SP_STR("");
    return SP_OK;
}

static enum sp_rc read_items(struct sp_arena *arena,
                             const struct sp_dict *dict,
                             const char *key,
                             struct sp_image_document *out,
                             struct sp_err *err)
{
    const struct sp_list *list = sub_list(dict, key);

    if (!list)
        return sp_fail(err, SP_INVALID, "%s: it is not a list", key);
    if (list->len > SP_LAYERS_MAX)
        return sp_fail(err, SP_LIMIT, "%s: %zu of them: %zu at most are read", key, list->len,
                       SP_LAYERS_MAX);
    out->items = SP_ARENA_NEW(arena, struct sp_descriptor, list->len + 1);
    for (size_t i = 0; i < list->len; i++) {
        const struct place at = { key, i };
        enum sp_rc rc = read_descriptor(&list->items[i], &at, &out->items[i], err);
        if (rc)
            return rc;
    }
    out->len = list->len;
    return SP_OK;
}

static enum sp_rc check_layers(const struct sp_image_document *manifest, struct sp_err *err)
{
    for (size_t i = 0; i < manifest->len; i++) {
        const struct place at = { "layers", i };
        if (manifest->items[i].media < SP_MEDIA_TAR)
            return refuse(&at, "mediaType", "it is no layer of a file system (tar, gzip or zstd)",
                          err);
    }
    return SP_OK;
}

static enum sp_rc decode(struct sp_arena *arena,
                         struct sp_str text,
                         const struct sp_dict **out,
                         struct sp_err *err)
{
    struct sp_value value;

    enum sp_rc rc = sp_json_decode(arena, text, &value, err);
    if (rc)
        return rc;
    if (value.kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "it is a %s, not an object of JSON",
                       sp_kind_name(value.kind));
    *out = value.dict;
    return SP_OK;
}

enum sp_rc sp_image_document_parse(struct sp_arena *arena,
                                   struct sp_str text,
                                   struct sp_image_document *out,
                                   struct sp_err *err)
{
    static const struct place top = { 0 };
    static const struct place config = { "config", SIZE_MAX };
    struct sp_image_document document = { 0 };
    const struct sp_dict *dict;

    enum sp_rc rc = decode(arena, text, &dict, err);
    if (rc)
        return rc;
    enum sp_media media = sp_media_of(sp_dict_text(dict, "mediaType"));
    const struct sp_value *version = sp_dict_get(dict, "schemaVersion");
    if (!version || version->kind != SP_INT || version->integer != 2)
        return refuse(&top, "schemaVersion",
                      "it is not 2 (1 is Docker's format before 2016: push the image again)", err);
    bool has_manifests = sp_dict_get(dict, "manifests") != NULL;
    bool has_layers = sp_dict_get(dict, "layers") != NULL;
    /* A document that is both would be another image to another program. */
    if (has_manifests == has_layers || (media == SP_MEDIA_INDEX && has_layers) ||
        (media == SP_MEDIA_MANIFEST && has_manifests))
        return sp_fail(err, SP_INVALID,
                       "it must have either 'layers' (a manifest) or 'manifests' (an index), as "
                       "its mediaType says");
    document.is_index = has_manifests;
    if (has_manifests) {
        rc = read_items(arena, dict, "manifests", &document, err);
    } else {
        rc = read_descriptor(sp_dict_get(dict, "config"), &config, &document.config, err);
        if (rc == SP_OK)
            rc = read_items(arena, dict, "layers", &document, err);
        if (rc == SP_OK)
            rc = check_layers(&document, err);
    }
    if (rc == SP_OK)
        *out = document;
    return rc;
}

enum sp_rc sp_image_config_parse(struct sp_arena *arena,
                                 struct sp_str text,
                                 struct sp_image_config *out,
                                 struct sp_err *err)
{
    struct sp_image_config config = { 0 };
    const struct sp_dict *dict;

    enum sp_rc rc = decode(arena, text, &dict, err);
    if (rc)
        return rc;
    const struct sp_dict *rootfs = sub_dict(dict, "rootfs");
    const struct sp_list *ids = rootfs ? sub_list(rootfs, "diff_ids") : NULL;
    if (!ids || !sp_str_is(sp_dict_text(rootfs, "type"), "layers"))
        return sp_fail(err, SP_INVALID,
                       "rootfs: it is not {\"type\": \"layers\", \"diff_ids\": [...]}");
    if (ids->len > SP_LAYERS_MAX)
        return sp_fail(err, SP_LIMIT, "rootfs.diff_ids: %zu of them: %zu at most are read",
                       ids->len, SP_LAYERS_MAX);
    config.platform = read_platform(dict);
    config.run = sub_dict(dict, "config");
    config.diff_ids = SP_ARENA_NEW(arena, struct sp_sha_digest, ids->len + 1);
    for (size_t i = 0; i < ids->len; i++)
        if (!sp_is_text(ids->items[i]) || !sp_sha_parse(ids->items[i].text, &config.diff_ids[i]))
            return sp_fail(err, SP_INVALID,
                           "rootfs.diff_ids[%zu]: it is not 'sha256:' and 64 digits", i);
    config.len = ids->len;
    *out = config;
    return SP_OK;
}

/* --- architectures -------------------------------------------------------------------------- */

const char *sp_image_architecture(void)
{
    static const struct {
        const char *machine, *architecture;
    } names[] = {
        { "x86_64", "amd64" }, { "aarch64", "arm64" },   { "armv7l", "arm" },
        { "armv6l", "arm" },   { "i686", "386" },        { "ppc64le", "ppc64le" },
        { "s390x", "s390x" },  { "riscv64", "riscv64" }, { "loongarch64", "loong64" },
    };
    struct utsname system;

    if (uname(&system) == 0)
        for (size_t i = 0; i < SP_COUNT(names); i++)
            if (strcmp(system.machine, names[i].machine) == 0)
                return names[i].architecture;
    return "unknown";
}

static bool fits(const struct sp_platform *platform, const char *architecture)
{
    return (!platform->os.len || sp_str_is(platform->os, "linux")) &&
           (!platform->architecture.len || sp_str_is(platform->architecture, architecture));
}

enum sp_rc sp_image_platform_check(const struct sp_platform *platform,
                                   const char *architecture,
                                   struct sp_err *err)
{
    if (fits(platform, architecture))
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "the image is for " SP_STR_FMT "/" SP_STR_FMT ", this machine is linux/%s",
                   SP_STR_ARG(platform->os), SP_STR_ARG(platform->architecture), architecture);
}

/* Attestations and the like are in an index as "unknown/unknown". */
static bool is_image(const struct sp_descriptor *item)
{
    return item->media == SP_MEDIA_MANIFEST || item->media == SP_MEDIA_INDEX ||
           item->media == SP_MEDIA_OTHER;
}

enum sp_rc sp_image_index_pick(const struct sp_image_document *index,
                               const char *architecture,
                               struct sp_descriptor *out,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf others = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < index->len; i++) {
        const struct sp_platform *platform = &index->items[i].platform;
        if (!is_image(&index->items[i]))
            continue;
        if (fits(platform, architecture)) {
            *out = index->items[i];
            return SP_OK;
        }
        if (!sp_str_is(platform->os, "unknown"))
            sp_buf_addf(&others, "%s" SP_STR_FMT "/" SP_STR_FMT "%s" SP_STR_FMT,
                        others.len ? ", " : "", SP_STR_ARG(platform->os),
                        SP_STR_ARG(platform->architecture), platform->variant.len ? "/" : "",
                        SP_STR_ARG(platform->variant));
    }
    if (!others.len)
        return sp_fail(err, SP_NOT_FOUND, "the index names no image at all");
    return sp_fail(err, SP_NOT_FOUND, "there is no image for linux/%s, only for %s", architecture,
                   others.ptr);
}
