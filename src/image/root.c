/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/root.h"

#include "base/fault.h"

#include "sys/file.h"
#include "sys/lock.h"
#include "value/json.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define VERSION 1

static const char *root_path(const struct sp_vault *vault,
                             struct sp_arena *arena,
                             const struct sp_sha_digest *chain,
                             const char *part)
{
    return sp_arena_printf(arena, "%s/roots/%s/%s", sp_vault_dir(vault), chain->hex, part).ptr;
}

bool sp_root_is_there(const struct sp_vault *vault, const struct sp_sha_digest *chain)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_file_kind(root_path(vault, arena, chain, "rootfs")) == SP_FILE_DIR;
}

/* --- root.json ------------------------------------------------------------------------------ */

static enum sp_rc write_note(const char *dir,
                             const struct sp_image_found *image,
                             const struct sp_unpack *unpack,
                             struct sp_arena *arena,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value dict = sp_dict_new(arena), ids = sp_list_new(arena);

    for (size_t i = 0; i < image->config.len; i++)
        sp_list_add(arena, ids.list,
                    sp_text(sp_arena_printf(arena, "sha256:%s", image->config.diff_ids[i].hex)));
    sp_dict_put(arena, dict.dict, "version", sp_int(VERSION));
    sp_dict_put(arena, dict.dict, "diff_ids", ids);
    sp_dict_put(arena, dict.dict, "files", sp_int((int64_t)unpack->entries));
    sp_dict_put(arena, dict.dict, "bytes", sp_int((int64_t)unpack->bytes));
    sp_dict_put(arena, dict.dict, "skipped", sp_int((int64_t)unpack->skipped));
    sp_json_encode(dict, SP_JSON_COMPACT, &text);
    sp_buf_addc(&text, '\n');
    return sp_file_write(sp_arena_printf(arena, "%s/root.json", dir).ptr, sp_buf_str(&text), err);
}

enum sp_rc sp_root_find(const struct sp_vault *vault,
                        const struct sp_sha_digest *chain,
                        struct sp_arena *arena,
                        struct sp_root *out,
                        struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_value value;

    enum sp_rc rc = sp_file_read(root_path(vault, arena, chain, "root.json"), &text, err);
    if (rc)
        return rc;
    struct sp_str kept = sp_arena_str(arena, sp_buf_str(&text));
    if (sp_json_decode(arena, kept, &value, err) || value.kind != SP_DICT ||
        sp_dict_number(value.dict, "version") != VERSION)
        return sp_fail(err, SP_CORRUPT, "root sha256:%s is damaged: root.json", chain->hex);
    *out = (struct sp_root){
        .path = sp_str_of(root_path(vault, arena, chain, "rootfs")),
        .files = (uint64_t)sp_dict_number(value.dict, "files"),
        .bytes = (uint64_t)sp_dict_number(value.dict, "bytes"),
        .skipped = (uint64_t)sp_dict_number(value.dict, "skipped"),
    };
    return SP_OK;
}

/* --- unpacking ------------------------------------------------------------------------------ */

/* One pass over a layer: whiteouts, or files with the check of the diff id. */
static enum sp_rc pass_layer(struct sp_vault *vault,
                             const struct sp_image_found *image,
                             size_t number,
                             bool whiteouts,
                             struct sp_unpack *unpack,
                             struct sp_err *err)
{
    const struct sp_descriptor *what = &image->manifest.items[number];
    sp_auto_layer struct sp_layer *layer = NULL;
    struct sp_sha_digest got;
    sp_auto_fd int fd = -1;

    enum sp_rc rc = sp_vault_open_blob(vault, &what->digest, &fd, err);
    if (rc == SP_OK)
        rc = sp_layer_open(fd, what->media, &layer, err);
    if (rc == SP_OK && whiteouts)
        return sp_unpack_whiteouts(unpack, layer, err);
    if (rc == SP_OK)
        rc = sp_unpack_files(unpack, layer, err);
    if (rc == SP_OK)
        rc = sp_layer_finish(layer, &got, err);
    if (rc == SP_OK && !sp_sha_eq(&got, &image->config.diff_ids[number]))
        rc = sp_fail(err, SP_CORRUPT, "its diff id is sha256:%s, the configuration says sha256:%s",
                     got.hex, image->config.diff_ids[number].hex);
    return rc;
}

static enum sp_rc unpack_layers(struct sp_vault *vault,
                                const struct sp_image_found *image,
                                const struct sp_root_options *options,
                                struct sp_unpack *unpack,
                                struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < image->manifest.len && rc == SP_OK; i++) {
        if (options->layer)
            options->layer(options->arg, i + 1, image->manifest.len);
        if (i > 0)
            rc = pass_layer(vault, image, i, true, unpack, err);
        if (rc == SP_OK)
            rc = pass_layer(vault, image, i, false, unpack, err);
        if (rc)
            return sp_err_wrap(err, "layer %zu of %zu, sha256:%.12s...", i + 1, image->manifest.len,
                               image->manifest.items[i].digest.hex);
    }
    return rc;
}

static enum sp_rc fill(struct sp_vault *vault,
                       const struct sp_image_found *image,
                       const struct sp_root_options *options,
                       const char *dir,
                       struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *rootfs = sp_arena_printf(arena, "%s/rootfs", dir).ptr;
    struct sp_unpack unpack = {
        .max_entries = options->max_entries ? options->max_entries : SP_UNPACK_ENTRIES_MAX,
        .max_bytes = options->max_bytes ? options->max_bytes : SP_UNPACK_BYTES_MAX,
    };

    enum sp_rc rc = sp_make_dirs(rootfs, err);
    if (rc)
        return rc;
    sp_auto_fd int fd = open(rootfs, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return sp_fail_errno(err, "open '%s'", rootfs);
    unpack.root_fd = fd;
    rc = unpack_layers(vault, image, options, &unpack, err);
    if (rc == SP_OK)
        rc = write_note(dir, image, &unpack, arena, err);
    /* All files at once: one sync each would take minutes. */
    if (rc == SP_OK && (SP_FAULT("root.sync", EIO) || syncfs(fd) < 0))
        rc = sp_fail_errno(err, "sync '%s'", rootfs);
    return rc;
}

static enum sp_rc sync_dir(const char *path, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0 || SP_FAULT("root.sync-dir", EIO) || fsync(fd) < 0)
        return sp_fail_errno(err, "sync '%s'", path);
    return SP_OK;
}

/* With the claim on it. */
static enum sp_rc make(struct sp_vault *vault,
                       const struct sp_image_found *image,
                       const struct sp_root_options *options,
                       struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *final = sp_vault_path(vault, arena, "roots", image->chain.hex).ptr;
    struct sp_str scratch;

    enum sp_rc rc = sp_vault_scratch(vault, arena, &scratch, err);
    if (rc)
        return rc;
    rc = fill(vault, image, options, scratch.ptr, err);
    if (rc == SP_OK && (SP_FAULT("root.rename", EIO) || rename(scratch.ptr, final) < 0))
        rc = sp_fail_errno(err, "rename to '%s'", final);
    if (rc) {
        struct sp_err leftover = SP_ERR_INIT;
        if (sp_remove_tree(scratch.ptr, &leftover))
            (void)sp_err_wrap(err, "%s", leftover.text);
        return rc;
    }
    return sync_dir(sp_vault_path(vault, arena, "roots", ".").ptr, err);
}

enum sp_rc sp_root_make(struct sp_vault *vault,
                        const struct sp_image_found *image,
                        const struct sp_root_options *options,
                        struct sp_arena *arena,
                        struct sp_root *out,
                        struct sp_err *err)
{
    struct sp_lock *claim = NULL;
    struct sp_root root;
    bool made = false;
    enum sp_rc rc = SP_OK;

    if (image->config.len != image->manifest.len)
        return sp_fail(err, SP_CORRUPT,
                       "the manifest has %zu layers, the configuration %zu diff_ids",
                       image->manifest.len, image->config.len);
    if (!sp_root_is_there(vault, &image->chain)) {
        rc = sp_vault_claim(vault, &image->chain, &claim, err);
        made = rc == SP_OK && !sp_root_is_there(vault, &image->chain);
        if (made)
            rc = make(vault, image, options, err);
        sp_lock_release(claim);
    }
    if (rc == SP_OK)
        rc = sp_root_find(vault, &image->chain, arena, &root, err);
    if (rc)
        return sp_err_wrap(err, "unpack image '" SP_STR_FMT "'", SP_STR_ARG(image->name.name));
    *out = root;
    out->made = made;
    return SP_OK;
}

/* --- looking inside ------------------------------------------------------------------------- */

static bool find_inside(const char *rootfs, const char *path, struct stat *out)
{
    struct open_how how = {
        .flags = O_PATH | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };
    sp_auto_fd int root = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
    sp_auto_fd int fd = root < 0 ? -1 : (int)syscall(SYS_openat2, root, path, &how, sizeof how);

    return fd >= 0 && fstat(fd, out) == 0;
}

bool sp_root_has(const char *rootfs, const char *path)
{
    struct stat info;

    return find_inside(rootfs, path, &info);
}

bool sp_root_has_program(const char *rootfs, const char *name, const char *search_path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_str dirs = sp_str_of(strchr(name, '/') || !search_path ? "" : search_path);
    struct stat info;

    while (dirs.ptr) {
        struct sp_str dir = sp_str_cut(&dirs, ':');
        struct sp_str path = sp_arena_join(arena, dir, "/", sp_str_of(name));
        if (find_inside(rootfs, path.ptr, &info) && S_ISREG(info.st_mode) && info.st_mode & 0111)
            return true;
    }
    return false;
}
