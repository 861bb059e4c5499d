/* SPDX-License-Identifier: BSD-3-Clause */
/* manifest_fuzz.c - what is read as an index, a manifest or a configuration keeps to the limits,
 * and all its digests are digests: they become names of files. */
#include "image/manifest.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool ok)
{
    if (!ok)
        abort();
}

static void check_digest(const struct sp_sha_digest *digest)
{
    require(strlen(digest->hex) == SP_SHA_HEX &&
            strspn(digest->hex, "0123456789abcdef") == SP_SHA_HEX);
}

static void check_document(const struct sp_image_document *document)
{
    struct sp_descriptor found;
    struct sp_err err = SP_ERR_INIT;

    require(document->len <= SP_LAYERS_MAX);
    if (!document->is_index)
        check_digest(&document->config.digest);
    for (size_t i = 0; i < document->len; i++) {
        check_digest(&document->items[i].digest);
        require(document->is_index || document->items[i].media >= SP_MEDIA_TAR);
    }
    if (document->is_index && sp_image_index_pick(document, "amd64", &found, &err) == SP_OK)
        require(sp_image_platform_check(&found.platform, "amd64", &err) == SP_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, SP_MIN(size, (size_t)65536) };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_image_document document;
    struct sp_image_config config;
    struct sp_err err = SP_ERR_INIT;

    if (sp_image_document_parse(arena, text, &document, &err) == SP_OK)
        check_document(&document);
    else
        require(err.text[0]);
    err = SP_ERR_INIT;
    if (sp_image_config_parse(arena, text, &config, &err)) {
        require(err.text[0]);
        return 0;
    }
    require(config.len <= SP_LAYERS_MAX);
    for (size_t i = 0; i < config.len; i++)
        check_digest(&config.diff_ids[i]);
    struct sp_sha_digest chain = sp_sha_chain(config.diff_ids, config.len);
    check_digest(&chain);
    return 0;
}
