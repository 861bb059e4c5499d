/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/recorded.h"

#include "base/sha256.h"

#include "sys/file.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)

/* The file at `path`, if it has that digest. */
static bool read_same(struct sp_arena *arena,
                      struct sp_str path,
                      struct sp_str sha256,
                      struct sp_str *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(FILE_MAX);
    struct sp_err ignored = SP_ERR_INIT;

    if (sp_file_read(sp_arena_cstr(arena, path), &text, &ignored) ||
        !sp_str_is(sha256, sp_sha256(sp_buf_str(&text)).text))
        return false;
    *out = sp_arena_str(arena, sp_buf_str(&text));
    return true;
}

static struct sp_str kept_path(const struct sp_workspace *workspace, struct sp_str sha256)
{
    return sp_arena_printf(workspace->arena, "%s/recipes/" SP_STR_FMT, workspace->dir.ptr,
                           SP_STR_ARG(sha256));
}

enum sp_rc sp_recorded_keep(const struct sp_workspace *workspace,
                            struct sp_str text,
                            struct sp_err *err)
{
    struct sp_sha256_text sha256 = sp_sha256(text);
    struct sp_str path = kept_path(workspace, sp_str_of(sha256.text));
    struct sp_str dir = sp_str_slice(path, 0, sp_str_rfind(path, '/'));
    struct sp_str same;

    /* One that is there but damaged is replaced. */
    if (read_same(workspace->arena, path, sp_str_of(sha256.text), &same))
        return SP_OK;
    enum sp_rc rc = sp_make_dirs(sp_arena_cstr(workspace->arena, dir), err);
    return rc ? rc : sp_file_write(path.ptr, text, err);
}

enum sp_rc sp_recorded_text(const struct sp_workspace *workspace,
                            const struct sp_dict *file,
                            struct sp_str *out,
                            struct sp_err *err)
{
    struct sp_arena *arena = workspace->arena;
    struct sp_str path = sp_dict_text(file, "path");
    struct sp_str sha256 = sp_dict_text(file, "sha256");

    if (!sha256.len)
        return sp_fail(err, SP_NOT_FOUND, SP_STR_FMT ": it could not be read then",
                       SP_STR_ARG(path));
    if (read_same(arena, kept_path(workspace, sha256), sha256, out) ||
        read_same(arena, path, sha256, out))
        return SP_OK;
    return sp_fail(err, SP_NOT_FOUND, SP_STR_FMT ": %s since, and its content was not kept",
                   SP_STR_ARG(path),
                   sp_file_kind(sp_arena_cstr(arena, path)) == SP_FILE_NONE ? "it has gone"
                                                                            : "it has changed");
}
