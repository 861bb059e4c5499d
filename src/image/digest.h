/* SPDX-License-Identifier: BSD-3-Clause */
/* digest.h - SHA-256 of what comes in parts, through nettle: names blobs of images
 * (base/sha256.h is for small texts). */
#pragma once

#include "base/str.h"

#define SP_SHA_HEX 64

struct sp_sha_digest {
    char hex[SP_SHA_HEX + 1]; /* lower case; empty: none */
};

struct sp_sha; /* under way */

struct sp_sha *sp_sha_new(void);
void sp_sha_add(struct sp_sha *sha, struct sp_str data);

/* Of all that was added; then it begins anew. */
struct sp_sha_digest sp_sha_end(struct sp_sha *sha);
void sp_sha_free(struct sp_sha *sha); /* accepts NULL */

static inline void sp_sha_freep(struct sp_sha **sha)
{
    sp_sha_free(*sha);
}

#define sp_auto_sha SP_CLEANUP(sp_sha_freep)

struct sp_sha_digest sp_sha_of(struct sp_str data);

/* "sha256:HEX"; false for anything else. */
bool sp_sha_parse(struct sp_str text, struct sp_sha_digest *out);

static inline bool sp_sha_eq(const struct sp_sha_digest *a, const struct sp_sha_digest *b)
{
    return strcmp(a->hex, b->hex) == 0;
}

/* Of a file system made of layers with these diff ids (OCI image specification, "ChainID"). */
struct sp_sha_digest sp_sha_chain(const struct sp_sha_digest *diff_ids, size_t count);
