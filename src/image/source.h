/* SPDX-License-Identifier: BSD-3-Clause */
/* source.h - where images come from: a directory, an archive, a registry.
 *
 * A source answers two questions and promises nothing: whoever asks checks digests and sizes
 * (image/pull.h does). Implementations: layout.c (OCI directory; archives are unpacked into one
 * first: archive.c), registry.c.
 */
#pragma once

#include "image/manifest.h"
#include "value/imagename.h"

struct sp_vault;
struct sp_image_source;

/* Take a part of a blob; anything but SP_OK ends it. */
typedef enum sp_rc (*sp_blob_sink)(void *arg, struct sp_str data, struct sp_err *err);

struct sp_image_source_ops {
    /* The document that the name of this source stands for (`digest` NULL), or the one with this
     * digest. SP_NOT_FOUND. */
    enum sp_rc (*document)(struct sp_image_source *source,
                           const struct sp_sha_digest *digest,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err);

    /* A configuration or a layer. SP_NOT_FOUND; what the sink returned. */
    enum sp_rc (*blob)(struct sp_image_source *source,
                       const struct sp_descriptor *what,
                       sp_blob_sink sink,
                       void *arg,
                       struct sp_err *err);

    void (*close)(struct sp_image_source *source);
};

/* First member of each implementation. */
struct sp_image_source {
    const struct sp_image_source_ops *ops;
};

struct sp_source_options {
    bool plain_http; /* the registry does not speak HTTPS */
    const char *const
        *auth_files; /* where passwords are, the first that has one wins; NULL-ended */
};

/* `scratch`: an empty directory for what has to be unpacked first; the caller removes it when the
 * source is closed. The caller owns *out. */
enum sp_rc sp_image_source_open(const struct sp_image_name *name,
                                const struct sp_source_options *options,
                                const char *scratch,
                                struct sp_image_source **out,
                                struct sp_err *err) SP_MUST_USE;
void sp_image_source_close(struct sp_image_source *source); /* accepts NULL */

/* Implementations. `dir`, `file` are what exists of name->file, `tag` the rest (may be empty). */
enum sp_rc sp_layout_open(const char *dir,
                          struct sp_str tag,
                          struct sp_image_source **out,
                          struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_archive_open(const char *file,
                           struct sp_str tag,
                           enum sp_image_transport transport,
                           const char *scratch,
                           struct sp_image_source **out,
                           struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_registry_open(const struct sp_image_name *name,
                            const struct sp_source_options *options,
                            struct sp_image_source **out,
                            struct sp_err *err) SP_MUST_USE;
