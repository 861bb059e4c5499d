/* SPDX-License-Identifier: BSD-3-Clause */
/* pull.h - bring an image from a source into the vault, and find what is in the vault.
 *
 * Every byte is checked before it gets a name: the manifest against the digest that was asked for,
 * everything else against the manifest. The name is written last, so that whoever finds it finds
 * all of the image.
 */
#pragma once

#include "image/source.h"
#include "image/vault.h"

/* An image that is in the vault. */
struct sp_image_found {
    struct sp_vault_name name;
    struct sp_image_document manifest;
    struct sp_image_config config;
    struct sp_sha_digest chain; /* names the root */
    uint64_t bytes;             /* of manifest, configuration and layers */
};

struct sp_pull_progress {
    size_t part, parts;   /* this blob, of so many: 1 is the configuration */
    uint64_t done, bytes; /* of this blob */
    bool known;           /* it was there already */
};

struct sp_pull_options {
    struct sp_source_options source;
    struct sp_str as;         /* the name it gets; empty: that of the source */
    const char *architecture; /* NULL: of this machine */
    void (*progress)(void *arg, const struct sp_pull_progress *progress);
    void *arg;
};

/* SP_NOT_FOUND: no such image, or none for this machine; SP_CORRUPT: what comes is not what was
 * promised; SP_BUSY: the network. *out lives in `arena`. */
enum sp_rc sp_image_pull(struct sp_vault *vault,
                         const struct sp_image_name *name,
                         const struct sp_pull_options *options,
                         struct sp_arena *arena,
                         struct sp_image_found *out,
                         struct sp_err *err) SP_MUST_USE;

/* What a name's digest is, now: an index or a manifest. Nothing is fetched but that. */
enum sp_rc sp_image_resolve(struct sp_vault *vault,
                            const struct sp_image_name *name,
                            const struct sp_source_options *options,
                            struct sp_sha_digest *out,
                            struct sp_err *err) SP_MUST_USE;

/* From the vault alone. A name with a digest is also found under another name with this digest.
 * SP_NOT_FOUND; SP_CORRUPT. */
enum sp_rc sp_image_find(const struct sp_vault *vault,
                         struct sp_str name,
                         struct sp_arena *arena,
                         struct sp_image_found *out,
                         struct sp_err *err) SP_MUST_USE;
