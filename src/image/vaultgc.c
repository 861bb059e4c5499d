/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/vaultgc.h"

#include "base/fault.h"
#include "base/map.h"
#include "base/nearest.h"

#include "image/pull.h"
#include "sys/file.h"

#include <stdio.h>
#include <unistd.h>

struct sweep {
    struct sp_vault *vault;
    const struct sp_vault_sweep_options *options;
    struct sp_arena *arena;
    struct sp_map blobs, roots; /* that stay */
    struct sp_vault_names names;
    struct sp_vault_swept swept;
};

static void keep(struct sweep *sweep, struct sp_map *map, const struct sp_sha_digest *digest)
{
    static char yes;

    sp_map_set(map, sp_arena_str(sweep->arena, sp_str_of(digest->hex)), &yes);
}

/* --- names ---------------------------------------------------------------------------------- */

static bool is_dropped(const struct sweep *sweep, const struct sp_vault_name *name)
{
    for (size_t i = 0; i < sweep->options->drop_len; i++)
        if (sp_str_eq(sweep->options->drop[i], name->name))
            return true;
    return name->time < sweep->options->before;
}

static enum sp_rc check_drops(const struct sweep *sweep, struct sp_err *err)
{
    for (size_t i = 0; i < sweep->options->drop_len; i++) {
        struct sp_nearest nearest = SP_NEAREST(sweep->options->drop[i]);
        bool found = false;
        for (size_t k = 0; k < sweep->names.len; k++) {
            found |= sp_str_eq(sweep->names.items[k].name, sweep->options->drop[i]);
            sp_nearest_offer(&nearest, sweep->names.items[k].name);
        }
        if (!found)
            return sp_nearest_fail(&nearest, "'spoor image list' shows those there are", err,
                                   SP_NOT_FOUND, "there is no image '" SP_STR_FMT "'",
                                   SP_STR_ARG(sweep->options->drop[i]));
    }
    return SP_OK;
}

/* What this name needs. An image of which the manifest or the configuration is lost or damaged has
 * to be fetched again; but when one cannot be read just now, nobody knows what may go. */
static enum sp_rc mark(struct sweep *sweep, const struct sp_vault_name *name, struct sp_err *err)
{
    struct sp_image_found found;
    struct sp_err lost = SP_ERR_INIT;

    keep(sweep, &sweep->blobs, &name->digest);
    keep(sweep, &sweep->blobs, &name->manifest);
    enum sp_rc rc = sp_image_find(sweep->vault, name->name, sweep->arena, &found, &lost);
    if (rc == SP_NOT_FOUND || rc == SP_CORRUPT || rc == SP_INVALID)
        return SP_OK;
    if (rc) {
        *err = lost;
        return rc;
    }
    keep(sweep, &sweep->blobs, &found.manifest.config.digest);
    for (size_t i = 0; i < found.manifest.len; i++)
        keep(sweep, &sweep->blobs, &found.manifest.items[i].digest);
    keep(sweep, &sweep->roots, &found.chain);
    return SP_OK;
}

static enum sp_rc sweep_names(struct sweep *sweep, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < sweep->names.len && rc == SP_OK; i++)
        if (!is_dropped(sweep, &sweep->names.items[i]))
            rc = mark(sweep, &sweep->names.items[i], err);
    for (size_t i = 0; i < sweep->names.len && rc == SP_OK; i++) {
        const struct sp_vault_name *name = &sweep->names.items[i];
        if (!is_dropped(sweep, name))
            continue;
        sweep->swept.names++;
        if (!sweep->options->dry_run)
            rc = sp_vault_drop_name(sweep->vault, name->name, err);
    }
    return rc;
}

/* Files under names/ that cannot be read. */
static enum sp_rc sweep_damaged_names(struct sweep *sweep, struct sp_err *err)
{
    struct sp_str *files;
    size_t len;

    enum sp_rc rc = sp_vault_list(sweep->vault, "names", sweep->arena, &files, &len, err);
    for (size_t i = 0; rc == SP_OK && i < len; i++) {
        sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
        const char *path = sp_vault_path(sweep->vault, sweep->arena, "names", files[i].ptr).ptr;
        struct sp_vault_name name;
        struct sp_err damaged = SP_ERR_INIT;
        rc = sp_file_read(path, &text, err);
        if (rc || sp_vault_name_parse(sweep->arena, sp_buf_str(&text), &name, &damaged) == SP_OK)
            continue;
        sweep->swept.names++;
        if (!sweep->options->dry_run && unlink(path) < 0)
            rc = sp_fail_errno(err, "remove '%s'", path);
    }
    return rc;
}

/* --- files ---------------------------------------------------------------------------------- */

static bool is_damaged(const struct sweep *sweep, struct sp_str name)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_sha_digest digest;
    struct sp_err err = SP_ERR_INIT;

    return sweep->options->damaged &&
           (!sp_sha_parse(sp_arena_printf(arena, "sha256:" SP_STR_FMT, SP_STR_ARG(name)),
                          &digest) ||
            sp_vault_verify(sweep->vault, &digest, &err) == SP_CORRUPT);
}

/* Roots are renamed into tmp/ first, so that none is ever there in part. */
static enum sp_rc remove_one(struct sweep *sweep,
                             const char *path,
                             bool is_root,
                             struct sp_err *err)
{
    struct sp_str scratch;

    if (!is_root)
        return SP_FAULT("vaultgc.unlink", EIO) || unlink(path) < 0
                   ? sp_fail_errno(err, "remove '%s'", path)
                   : SP_OK;
    enum sp_rc rc = sp_vault_scratch(sweep->vault, sweep->arena, &scratch, err);
    if (rc)
        return rc;
    if (SP_FAULT("vaultgc.rename", EIO) || rename(path, scratch.ptr) < 0)
        return sp_fail_errno(err, "rename '%s'", path);
    return sp_remove_tree(scratch.ptr, err);
}

static enum sp_rc sweep_files(struct sweep *sweep, const char *kind, bool roots, struct sp_err *err)
{
    const struct sp_map *stay = roots ? &sweep->roots : &sweep->blobs;
    struct sp_str *files;
    size_t len;

    enum sp_rc rc = sp_vault_list(sweep->vault, kind, sweep->arena, &files, &len, err);
    for (size_t i = 0; rc == SP_OK && i < len; i++) {
        const char *path = sp_vault_path(sweep->vault, sweep->arena, kind, files[i].ptr).ptr;
        if (sp_map_has(stay, files[i]) && (roots || !is_damaged(sweep, files[i])))
            continue;
        *(roots ? &sweep->swept.roots : &sweep->swept.blobs) += 1;
        sweep->swept.bytes += sp_tree_size(path);
        if (!sweep->options->dry_run)
            rc = remove_one(sweep, path, roots, err);
    }
    return rc;
}

static enum sp_rc carry_out(struct sweep *sweep, struct sp_err *err)
{
    enum sp_rc rc = sp_vault_list_names(sweep->vault, sweep->arena, &sweep->names, err);

    if (rc == SP_OK)
        rc = check_drops(sweep, err);
    if (rc == SP_OK && sweep->names.damaged && !sweep->options->damaged)
        rc = sp_fail(err, SP_CORRUPT,
                     "%zu name%s cannot be read, so that nobody knows what may go: '--damaged' "
                     "removes them",
                     sweep->names.damaged, sweep->names.damaged == 1 ? "" : "s");
    if (rc == SP_OK && sweep->options->damaged)
        rc = sweep_damaged_names(sweep, err);
    if (rc == SP_OK)
        rc = sweep_names(sweep, err);
    if (rc == SP_OK)
        rc = sweep_files(sweep, "roots", true, err);
    if (rc == SP_OK)
        rc = sweep_files(sweep, "blobs/sha256", false, err);
    return rc;
}

enum sp_rc sp_vault_sweep(struct sp_vault *vault,
                          const struct sp_vault_sweep_options *options,
                          struct sp_vault_swept *out,
                          struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sweep sweep = { .vault = vault, .options = options, .arena = arena };

    enum sp_rc rc = carry_out(&sweep, err);
    sp_map_fini(&sweep.blobs);
    sp_map_fini(&sweep.roots);
    if (rc == SP_OK)
        *out = sweep.swept;
    return rc;
}
