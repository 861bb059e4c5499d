/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/pull.h"

#include "base/clock.h"

#include "sys/file.h"
#include "sys/lock.h"

#define NESTING_MAX 3 /* indices in indices */

/* A pull on its way. */
struct pull {
    struct sp_vault *vault;
    struct sp_image_source *source;
    const struct sp_pull_options *options;
    struct sp_arena *arena;
    struct sp_image_document manifest;
    struct sp_sha_digest digest; /* of what the name stands for */
    struct sp_sha_digest chosen; /* of the manifest */
    size_t part;
};

/* --- documents ------------------------------------------------------------------------------ */

/* A document, checked against its digest (NULL: whatever the name stands for) and kept. */
static enum sp_rc take_document(struct pull *pull,
                                const struct sp_sha_digest *wanted,
                                struct sp_sha_digest *got,
                                struct sp_image_document *out,
                                struct sp_err *err)
{
    struct sp_str text;
    enum sp_rc rc;

    if (wanted && sp_vault_has(pull->vault, wanted, UINT64_MAX))
        rc = sp_vault_read(pull->vault, wanted, SP_MANIFEST_MAX, pull->arena, &text, err);
    else
        rc = pull->source->ops->document(pull->source, wanted, pull->arena, &text, err);
    if (rc)
        return sp_err_wrap(err, "manifest");
    *got = sp_sha_of(text);
    if (wanted && !sp_sha_eq(got, wanted))
        return sp_fail(err, SP_CORRUPT, "manifest: its digest is sha256:%s, not sha256:%s",
                       got->hex, wanted->hex);
    rc = sp_image_document_parse(pull->arena, text, out, err);
    if (rc)
        return sp_err_wrap(err, "manifest sha256:%.12s...", got->hex);
    return sp_vault_put_text(pull->vault, text, got, err);
}

/* Follow indices down to the manifest for the architecture. */
static enum sp_rc choose(struct pull *pull, const struct sp_image_name *name, struct sp_err *err)
{
    const char *architecture =
        pull->options->architecture ? pull->options->architecture : sp_image_architecture();
    struct sp_sha_digest wanted;
    bool has_digest = name->digest.len && sp_sha_parse(name->digest, &wanted);

    enum sp_rc rc =
        take_document(pull, has_digest ? &wanted : NULL, &pull->digest, &pull->manifest, err);
    pull->chosen = pull->digest;
    for (unsigned depth = 0; rc == SP_OK && pull->manifest.is_index; depth++) {
        struct sp_descriptor next;
        if (depth == NESTING_MAX)
            return sp_fail(err, SP_INVALID, "indices name one another");
        rc = sp_image_index_pick(&pull->manifest, architecture, &next, err);
        if (rc == SP_OK)
            rc = take_document(pull, &next.digest, &pull->chosen, &pull->manifest, err);
    }
    return rc;
}

/* --- blobs ---------------------------------------------------------------------------------- */

struct arrival {
    struct pull *pull;
    struct sp_intake *intake;
    uint64_t bytes;
};

static void tell(const struct pull *pull, uint64_t done, uint64_t bytes, bool known)
{
    struct sp_pull_progress progress = {
        .part = pull->part,
        .parts = pull->manifest.len + 1,
        .done = done,
        .bytes = bytes,
        .known = known,
    };

    if (pull->options->progress)
        pull->options->progress(pull->options->arg, &progress);
}

static enum sp_rc take_part(void *arg, struct sp_str data, struct sp_err *err)
{
    struct arrival *arrival = arg;

    enum sp_rc rc = sp_intake_add(arrival->intake, data, err);
    if (rc == SP_OK && sp_intake_size(arrival->intake) < arrival->bytes)
        tell(arrival->pull, sp_intake_size(arrival->intake), arrival->bytes, false);
    return rc;
}

static enum sp_rc fetch_blob(struct pull *pull,
                             const struct sp_descriptor *what,
                             struct sp_err *err)
{
    struct arrival arrival = { .pull = pull, .bytes = what->size };

    enum sp_rc rc = sp_vault_intake(pull->vault, &what->digest, what->size, &arrival.intake, err);
    if (rc)
        return rc;
    rc = pull->source->ops->blob(pull->source, what, take_part, &arrival, err);
    if (rc) {
        sp_intake_drop(arrival.intake);
        return rc;
    }
    return sp_intake_finish(arrival.intake, NULL, err);
}

/* Whoever comes second waits, and finds it there. */
static enum sp_rc take_blob(struct pull *pull, const struct sp_descriptor *what, struct sp_err *err)
{
    struct sp_lock *claim = NULL;
    bool known = sp_vault_has(pull->vault, &what->digest, what->size);
    enum sp_rc rc = SP_OK;

    pull->part++;
    if (!known) {
        rc = sp_vault_claim(pull->vault, &what->digest, &claim, err);
        if (rc == SP_OK && !sp_vault_has(pull->vault, &what->digest, what->size))
            rc = fetch_blob(pull, what, err);
        sp_lock_release(claim);
    }
    if (rc == SP_OK)
        tell(pull, what->size, what->size, known);
    return rc;
}

static enum sp_rc check_config(struct pull *pull,
                               struct sp_image_config *config,
                               struct sp_err *err)
{
    const char *architecture =
        pull->options->architecture ? pull->options->architecture : sp_image_architecture();
    struct sp_str text;

    enum sp_rc rc = sp_vault_read(pull->vault, &pull->manifest.config.digest, SP_IMAGE_CONFIG_MAX,
                                  pull->arena, &text, err);
    if (rc == SP_OK)
        rc = sp_image_config_parse(pull->arena, text, config, err);
    if (rc)
        return sp_err_wrap(err, "configuration");
    if (config->len != pull->manifest.len)
        return sp_fail(err, SP_INVALID,
                       "the manifest has %zu layers, the configuration %zu diff_ids",
                       pull->manifest.len, config->len);
    return sp_image_platform_check(&config->platform, architecture, err);
}

/* The configuration first: it may be for another machine. */
static enum sp_rc take_blobs(struct pull *pull, struct sp_image_config *config, struct sp_err *err)
{
    if (pull->manifest.config.size > SP_IMAGE_CONFIG_MAX)
        return sp_fail(err, SP_LIMIT, "the configuration has %llu bytes: %zu at most are read",
                       (unsigned long long)pull->manifest.config.size, SP_IMAGE_CONFIG_MAX);
    enum sp_rc rc = take_blob(pull, &pull->manifest.config, err);
    if (rc)
        return sp_err_wrap(err, "configuration");
    rc = check_config(pull, config, err);
    for (size_t i = 0; rc == SP_OK && i < pull->manifest.len; i++) {
        rc = take_blob(pull, &pull->manifest.items[i], err);
        if (rc)
            return sp_err_wrap(err, "layer %zu of %zu, sha256:%.12s...", i + 1, pull->manifest.len,
                               pull->manifest.items[i].digest.hex);
    }
    return rc;
}

/* --- together ------------------------------------------------------------------------------- */

static uint64_t size_of(const struct sp_image_document *manifest)
{
    uint64_t bytes = manifest->config.size;

    for (size_t i = 0; i < manifest->len; i++)
        bytes += manifest->items[i].size;
    return bytes;
}

static enum sp_rc take_image(struct pull *pull,
                             const struct sp_image_name *name,
                             struct sp_image_found *out,
                             struct sp_err *err)
{
    struct sp_image_found found = { 0 };

    enum sp_rc rc = choose(pull, name, err);
    if (rc == SP_OK)
        rc = take_blobs(pull, &found.config, err);
    if (rc)
        return rc;
    found.manifest = pull->manifest;
    found.chain = sp_sha_chain(found.config.diff_ids, found.config.len);
    found.bytes = size_of(&found.manifest);
    found.name = (struct sp_vault_name){
        .name = pull->options->as.len ? pull->options->as : sp_image_name_format(pull->arena, name),
        .digest = pull->digest,
        .manifest = pull->chosen,
        .time = sp_clock_realtime(),
    };
    rc = sp_vault_put_name(pull->vault, &found.name, err);
    if (rc == SP_OK)
        *out = found;
    return rc;
}

/* Open the source, which may need a directory to unpack into; `scratch` is empty if none was made.
 */
static enum sp_rc open_source(struct sp_vault *vault,
                              const struct sp_image_name *name,
                              const struct sp_source_options *options,
                              struct sp_arena *arena,
                              struct sp_str *scratch,
                              struct sp_image_source **out,
                              struct sp_err *err)
{
    bool is_archive =
        name->transport == SP_IMAGE_OCI_ARCHIVE || name->transport == SP_IMAGE_DOCKER_ARCHIVE;

    if (is_archive) {
        enum sp_rc rc = sp_vault_scratch(vault, arena, scratch, err);
        if (rc)
            return rc;
    }
    return sp_image_source_open(name, options, scratch->ptr, out, err);
}

static enum sp_rc close_source(struct sp_image_source *source,
                               struct sp_str scratch,
                               enum sp_rc rc,
                               struct sp_err *err)
{
    struct sp_err leftover = SP_ERR_INIT;

    sp_image_source_close(source);
    if (scratch.len && sp_remove_tree(scratch.ptr, &leftover) && rc == SP_OK)
        *err = leftover;
    return rc ? rc : leftover.code;
}

enum sp_rc sp_image_pull(struct sp_vault *vault,
                         const struct sp_image_name *name,
                         const struct sp_pull_options *options,
                         struct sp_arena *arena,
                         struct sp_image_found *out,
                         struct sp_err *err)
{
    struct pull pull = { .vault = vault, .options = options, .arena = arena };
    struct sp_str scratch = SP_STR("");

    enum sp_rc rc = open_source(vault, name, &options->source, arena, &scratch, &pull.source, err);
    if (rc == SP_OK)
        rc = take_image(&pull, name, out, err);
    rc = close_source(pull.source, scratch, rc, err);
    return rc ? sp_err_wrap(err, "image '" SP_STR_FMT "'",
                            SP_STR_ARG(sp_image_name_format(arena, name)))
              : SP_OK;
}

enum sp_rc sp_image_resolve(struct sp_vault *vault,
                            const struct sp_image_name *name,
                            const struct sp_source_options *options,
                            struct sp_sha_digest *out,
                            struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_image_source *source = NULL;
    struct sp_str scratch = SP_STR(""), text;

    if (name->digest.len && sp_sha_parse(name->digest, out))
        return SP_OK;
    enum sp_rc rc = open_source(vault, name, options, arena, &scratch, &source, err);
    if (rc == SP_OK)
        rc = source->ops->document(source, NULL, arena, &text, err);
    if (rc == SP_OK)
        *out = sp_sha_of(text);
    rc = close_source(source, scratch, rc, err);
    return rc ? sp_err_wrap(err, "image '" SP_STR_FMT "'",
                            SP_STR_ARG(sp_image_name_format(arena, name)))
              : SP_OK;
}

/* --- finding -------------------------------------------------------------------------------- */

/* "x@sha256:..." that was fetched as "x:tag". */
static enum sp_rc find_by_digest(const struct sp_vault *vault,
                                 struct sp_str name,
                                 struct sp_arena *arena,
                                 struct sp_vault_name *out,
                                 struct sp_err *err)
{
    size_t at = sp_str_find(name, '@');
    struct sp_sha_digest digest;
    struct sp_vault_names names;

    if (at == SIZE_MAX || !sp_sha_parse(sp_str_slice(name, at + 1, name.len), &digest))
        return sp_fail(err, SP_NOT_FOUND, "there is no such image here");
    enum sp_rc rc = sp_vault_list_names(vault, arena, &names, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < names.len; i++)
        if (sp_sha_eq(&names.items[i].digest, &digest) ||
            sp_sha_eq(&names.items[i].manifest, &digest)) {
            *out = names.items[i];
            return SP_OK;
        }
    return sp_fail(err, SP_NOT_FOUND, "there is no such image here");
}

static enum sp_rc load(const struct sp_vault *vault,
                       struct sp_arena *arena,
                       struct sp_image_found *found,
                       struct sp_err *err)
{
    struct sp_str text;

    enum sp_rc rc = sp_vault_read(vault, &found->name.manifest, SP_MANIFEST_MAX, arena, &text, err);
    if (rc == SP_OK)
        rc = sp_image_document_parse(arena, text, &found->manifest, err);
    if (rc == SP_OK && found->manifest.is_index)
        rc = sp_fail(err, SP_CORRUPT, "its manifest is an index");
    if (rc == SP_OK)
        rc = sp_vault_read(vault, &found->manifest.config.digest, SP_IMAGE_CONFIG_MAX, arena, &text,
                           err);
    if (rc == SP_OK)
        rc = sp_image_config_parse(arena, text, &found->config, err);
    if (rc)
        return rc;
    found->chain = sp_sha_chain(found->config.diff_ids, found->config.len);
    found->bytes = size_of(&found->manifest);
    return SP_OK;
}

enum sp_rc sp_image_find(const struct sp_vault *vault,
                         struct sp_str name,
                         struct sp_arena *arena,
                         struct sp_image_found *out,
                         struct sp_err *err)
{
    struct sp_image_found found = { 0 };

    enum sp_rc rc = sp_vault_get_name(vault, name, arena, &found.name, err);
    if (rc == SP_NOT_FOUND)
        rc = find_by_digest(vault, name, arena, &found.name, err);
    if (rc == SP_OK)
        rc = load(vault, arena, &found, err);
    if (rc)
        return sp_err_wrap(err, "image '" SP_STR_FMT "'", SP_STR_ARG(name));
    *out = found;
    return SP_OK;
}
