/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/digest.h"

#include <nettle/sha2.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX "sha256:"

struct sp_sha {
    struct sha256_ctx context;
};

struct sp_sha *sp_sha_new(void)
{
    struct sp_sha *sha = sp_alloc(sizeof *sha);

    sha256_init(&sha->context);
    return sha;
}

void sp_sha_add(struct sp_sha *sha, struct sp_str data)
{
    if (data.len)
        sha256_update(&sha->context, data.len, (const uint8_t *)data.ptr);
}

struct sp_sha_digest sp_sha_end(struct sp_sha *sha)
{
    uint8_t bytes[SHA256_DIGEST_SIZE];
    struct sp_sha_digest out;

    sha256_digest(&sha->context, sizeof bytes, bytes);
    for (size_t i = 0; i < sizeof bytes; i++)
        (void)snprintf(out.hex + 2 * i, 3, "%02x", bytes[i]);
    return out;
}

void sp_sha_free(struct sp_sha *sha)
{
    free(sha);
}

struct sp_sha_digest sp_sha_of(struct sp_str data)
{
    sp_auto_sha struct sp_sha *sha = sp_sha_new();

    sp_sha_add(sha, data);
    return sp_sha_end(sha);
}

bool sp_sha_parse(struct sp_str text, struct sp_sha_digest *out)
{
    struct sp_str hex = sp_str_slice(text, strlen(PREFIX), text.len);

    if (!sp_str_starts(text, PREFIX) || hex.len != SP_SHA_HEX)
        return false;
    for (size_t i = 0; i < hex.len; i++) {
        char c = hex.ptr[i];
        if ((c < '0' || c > '9') && (c < 'a' || c > 'f'))
            return false;
    }
    (void)snprintf(out->hex, sizeof out->hex, SP_STR_FMT, SP_STR_ARG(hex));
    return true;
}

struct sp_sha_digest sp_sha_chain(const struct sp_sha_digest *diff_ids, size_t count)
{
    struct sp_sha_digest chain = count ? diff_ids[0] : sp_sha_of(SP_STR(""));

    for (size_t i = 1; i < count; i++) {
        char text[2 * (sizeof PREFIX + SP_SHA_HEX) + 1];
        int len = snprintf(text, sizeof text, PREFIX "%s " PREFIX "%s", chain.hex, diff_ids[i].hex);
        chain = sp_sha_of((struct sp_str){ text, (size_t)len });
    }
    return chain;
}
