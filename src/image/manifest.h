/* SPDX-License-Identifier: BSD-3-Clause */
/* manifest.h - the JSON documents of an image: index, manifest, configuration (OCI image
 * specification 1.1, and Docker's of the same shape).
 *
 *     sp_image_document_parse(arena, text, &document, &err);
 *     if (document.is_index)
 *         sp_image_index_pick(&document, sp_image_architecture(), &descriptor, &err);
 *     sp_image_config_parse(arena, text, &config, &err);
 *
 * What is wrong is said with the place in the document: "layers[2].digest: ...". Keys that nobody
 * knows are passed over, as the specification demands.
 */
#pragma once

#include "base/err.h"

#include "image/digest.h"
#include "value/value.h"

#define SP_MANIFEST_MAX     ((size_t)4 * 1024 * 1024)
#define SP_IMAGE_CONFIG_MAX ((size_t)8 * 1024 * 1024)
#define SP_LAYERS_MAX       ((size_t)500)

enum sp_media {
    SP_MEDIA_OTHER,
    SP_MEDIA_INDEX,
    SP_MEDIA_MANIFEST,
    SP_MEDIA_CONFIG,
    SP_MEDIA_TAR, /* layers */
    SP_MEDIA_TAR_GZIP,
    SP_MEDIA_TAR_ZSTD
};

struct sp_platform {
    struct sp_str os, architecture, variant; /* "linux", "arm", "v7"; empty: not said */
};

/* Points to a blob. */
struct sp_descriptor {
    struct sp_sha_digest digest;
    uint64_t size;
    enum sp_media media;
    struct sp_platform platform;
    struct sp_str name; /* org.opencontainers.image.ref.name */
};

struct sp_image_document {
    bool is_index;
    struct sp_descriptor config; /* of a manifest */
    struct sp_descriptor *items; /* manifests of an index, layers of a manifest */
    size_t len;
};

struct sp_image_config {
    struct sp_platform platform;
    struct sp_sha_digest *diff_ids;
    size_t len;
    const struct sp_dict *run; /* "config": Env, Entrypoint, Cmd, WorkingDir, User; or NULL */
};

enum sp_media sp_media_of(struct sp_str type);

/* The usual type of a layer or document. */
const char *sp_media_type(enum sp_media media);

/* SP_INVALID. */
enum sp_rc sp_image_document_parse(struct sp_arena *arena,
                                   struct sp_str text,
                                   struct sp_image_document *out,
                                   struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_image_config_parse(struct sp_arena *arena,
                                 struct sp_str text,
                                 struct sp_image_config *out,
                                 struct sp_err *err) SP_MUST_USE;

/* Of this machine, in the words of images: "amd64", "arm64". */
const char *sp_image_architecture(void);

/* The manifest for Linux on `architecture`. SP_NOT_FOUND says which ones there are. */
enum sp_rc sp_image_index_pick(const struct sp_image_document *index,
                               const char *architecture,
                               struct sp_descriptor *out,
                               struct sp_err *err) SP_MUST_USE;

/* Is that what runs on `architecture`? SP_INVALID says what it is for. What it does not say is
 * taken to fit. */
enum sp_rc sp_image_platform_check(const struct sp_platform *platform,
                                   const char *architecture,
                                   struct sp_err *err) SP_MUST_USE;
