/* SPDX-License-Identifier: BSD-3-Clause */
/* vaultname.c - what vault.h says about names. */
#include "base/clock.h"

#include "image/vault_internal.h"
#include "sys/file.h"
#include "value/imagename.h"
#include "value/json.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define VERSION        1
#define NAME_MAX_BYTES ((size_t)64 * 1024)

/* The file of a name: the name itself may be too long for one. */
static const char *file_of(const struct sp_vault *vault, struct sp_arena *arena, struct sp_str name)
{
    struct sp_sha_digest digest = sp_sha_of(name);

    return sp_arena_printf(arena, "%s/names/%s.json", vault->dir, digest.hex).ptr;
}

static struct sp_str digest_text(struct sp_arena *arena, const struct sp_sha_digest *digest)
{
    return sp_arena_printf(arena, "sha256:%s", digest->hex);
}

enum sp_rc sp_vault_put_name(struct sp_vault *vault,
                             const struct sp_vault_name *name,
                             struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(NAME_MAX_BYTES);
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_put(arena, dict.dict, "version", sp_int(VERSION));
    sp_dict_put_text(arena, dict.dict, "name", name->name);
    sp_dict_put_text(arena, dict.dict, "digest", digest_text(arena, &name->digest));
    sp_dict_put_text(arena, dict.dict, "manifest", digest_text(arena, &name->manifest));
    sp_dict_put_text(arena, dict.dict, "time",
                     sp_arena_printf(arena, "%s", sp_clock_iso(name->time).text));
    sp_json_encode(dict, SP_JSON_COMPACT, &text);
    sp_buf_addc(&text, '\n');
    return sp_file_write(file_of(vault, arena, name->name), sp_buf_str(&text), err);
}

enum sp_rc sp_vault_name_parse(struct sp_arena *arena,
                               struct sp_str text,
                               struct sp_vault_name *out,
                               struct sp_err *err)
{
    struct sp_vault_name name = { 0 };
    struct sp_value value;

    enum sp_rc rc = sp_json_decode(arena, text, &value, err);
    if (rc)
        return rc;
    const struct sp_value *version =
        value.kind == SP_DICT ? sp_dict_get(value.dict, "version") : NULL;
    if (!version || version->kind != SP_INT || version->integer != VERSION)
        return sp_fail(err, SP_INVALID, "version: it is not %d", VERSION);
    name.name = sp_dict_text(value.dict, "name");
    if (!name.name.len || !sp_sha_parse(sp_dict_text(value.dict, "digest"), &name.digest) ||
        !sp_sha_parse(sp_dict_text(value.dict, "manifest"), &name.manifest) ||
        !sp_clock_parse_iso(sp_dict_text(value.dict, "time"), &name.time))
        return sp_fail(err, SP_INVALID, "name, digest, manifest and time must be there");
    *out = name;
    return SP_OK;
}

static enum sp_rc read_name(const char *path,
                            struct sp_arena *arena,
                            struct sp_vault_name *out,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(NAME_MAX_BYTES);

    enum sp_rc rc = sp_file_read(path, &text, err);
    if (rc)
        return rc;
    rc = sp_vault_name_parse(arena, sp_arena_str(arena, sp_buf_str(&text)), out, err);
    if (!rc)
        return SP_OK;
    (void)sp_err_wrap(err, "'%s' is damaged", path);
    err->code = SP_CORRUPT;
    return SP_CORRUPT;
}

enum sp_rc sp_vault_get_name(const struct sp_vault *vault,
                             struct sp_str name,
                             struct sp_arena *arena,
                             struct sp_vault_name *out,
                             struct sp_err *err)
{
    return read_name(file_of(vault, arena, name), arena, out, err);
}

enum sp_rc sp_vault_drop_name(struct sp_vault *vault, struct sp_str name, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    if (unlink(file_of(vault, arena, name)) < 0)
        return sp_fail_errno(err, "forget image '" SP_STR_FMT "'", SP_STR_ARG(name));
    return SP_OK;
}

static int by_name(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_vault_name *)a)->name,
                      ((const struct sp_vault_name *)b)->name);
}

enum sp_rc sp_vault_list_names(const struct sp_vault *vault,
                               struct sp_arena *arena,
                               struct sp_vault_names *out,
                               struct sp_err *err)
{
    struct sp_vault_names names = { 0 };
    struct sp_str *files;
    size_t len;

    enum sp_rc rc = sp_vault_list(vault, "names", arena, &files, &len, err);
    if (rc)
        return rc;
    names.items = SP_ARENA_NEW(arena, struct sp_vault_name, len + 1);
    for (size_t i = 0; i < len; i++) {
        struct sp_err damaged = SP_ERR_INIT;
        const char *path = sp_vault_path(vault, arena, "names", files[i].ptr).ptr;
        rc = read_name(path, arena, &names.items[names.len], &damaged);
        names.len += rc == SP_OK;
        names.damaged += rc == SP_CORRUPT;
        if (rc && rc != SP_CORRUPT && rc != SP_NOT_FOUND) { /* it may have been dropped just now */
            *err = damaged;
            return rc;
        }
    }
    if (names.len)
        qsort(names.items, names.len, sizeof *names.items, by_name);
    *out = names;
    return SP_OK;
}
