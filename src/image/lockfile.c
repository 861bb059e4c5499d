/* SPDX-License-Identifier: BSD-3-Clause */
#include "image/lockfile.h"

#include "sys/file.h"
#include "value/imagename.h"
#include "value/json.h"

#define FORMAT   "spoor image lock"
#define VERSION  1
#define FILE_MAX ((size_t)4 * 1024 * 1024)

struct sp_str sp_lockfile_path(struct sp_arena *arena, struct sp_str recipe)
{
    return sp_arena_join(arena, recipe, ".", SP_STR("lock"));
}

void sp_lockfile_set(struct sp_lockfile *lockfile, const struct sp_pinned_image *image)
{
    struct sp_pinned_image own = {
        .name = sp_arena_str(lockfile->arena, image->name),
        .digest = image->digest,
        .pinned = sp_arena_str(lockfile->arena, image->pinned),
    };

    for (size_t i = 0; i < lockfile->len; i++)
        if (sp_str_eq(lockfile->items[i].name, own.name)) {
            lockfile->items[i] = own;
            return;
        }
    if (lockfile->len == lockfile->capacity) {
        size_t capacity = 2 * lockfile->capacity + 8;
        struct sp_pinned_image *items =
            SP_ARENA_NEW(lockfile->arena, struct sp_pinned_image, capacity);
        for (size_t i = 0; i < lockfile->len; i++)
            items[i] = lockfile->items[i];
        lockfile->items = items;
        lockfile->capacity = capacity;
    }
    lockfile->items[lockfile->len++] = own;
}

const struct sp_pinned_image *sp_lockfile_find(const struct sp_lockfile *lockfile,
                                               struct sp_str name)
{
    for (size_t i = 0; i < lockfile->len; i++)
        if (sp_str_eq(lockfile->items[i].name, name))
            return &lockfile->items[i];
    return NULL;
}

static enum sp_rc read_image(struct sp_lockfile *lockfile,
                             const struct sp_dict_entry *entry,
                             struct sp_err *err)
{
    struct sp_pinned_image image = { .name = entry->key };
    struct sp_image_name name;

    enum sp_rc rc = sp_image_name_parse(entry->key, &name, err);
    if (rc)
        return rc;
    if (entry->value.kind != SP_DICT ||
        !sp_sha_parse(sp_dict_text(entry->value.dict, "digest"), &image.digest))
        return sp_fail(err, SP_INVALID,
                       "image '" SP_STR_FMT "': its digest is not 'sha256:' and 64 digits",
                       SP_STR_ARG(entry->key));
    image.pinned = sp_dict_text(entry->value.dict, "pinned");
    sp_lockfile_set(lockfile, &image);
    return SP_OK;
}

enum sp_rc sp_lockfile_parse(struct sp_arena *arena,
                             struct sp_str text,
                             struct sp_lockfile *out,
                             struct sp_err *err)
{
    struct sp_lockfile lockfile = { .arena = arena };
    struct sp_value value;

    enum sp_rc rc = sp_json_decode(arena, text, &value, err);
    if (rc)
        return rc;
    if (value.kind != SP_DICT || !sp_str_is(sp_dict_text(value.dict, "format"), FORMAT))
        return sp_fail(err, SP_INVALID, "it is no lock file of images: format is not '" FORMAT "'");
    const struct sp_value *version = sp_dict_get(value.dict, "version");
    if (!version || version->kind != SP_INT || version->integer < 1)
        return sp_fail(err, SP_INVALID, "version: it is not a number");
    if (version->integer > VERSION)
        return sp_fail(err, SP_INVALID,
                       "it was written by a newer spoor (version %lld, this one "
                       "knows %d)",
                       (long long)version->integer, VERSION);
    const struct sp_value *images = sp_dict_get(value.dict, "images");
    if (!images || images->kind != SP_DICT)
        return sp_fail(err, SP_INVALID, "images: it is not an object");
    SP_DICT_EACH(entry, images->dict)
    {
        rc = read_image(&lockfile, entry, err);
        if (rc)
            return rc;
    }
    *out = lockfile;
    return SP_OK;
}

void sp_lockfile_format(const struct sp_lockfile *lockfile, struct sp_buf *out)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_value dict = sp_dict_new(arena), images = sp_dict_new(arena);

    for (size_t i = 0; i < lockfile->len; i++) {
        const struct sp_pinned_image *image = &lockfile->items[i];
        struct sp_value entry = sp_dict_new(arena);
        sp_dict_put_text(arena, entry.dict, "digest",
                         sp_arena_printf(arena, "sha256:%s", image->digest.hex));
        sp_dict_put_text(arena, entry.dict, "pinned", image->pinned);
        sp_dict_set(arena, images.dict, image->name, entry);
    }
    sp_dict_put_text(arena, dict.dict, "format", SP_STR(FORMAT));
    sp_dict_put(arena, dict.dict, "version", sp_int(VERSION));
    sp_dict_put(arena, dict.dict, "images", images);
    sp_json_encode(dict, SP_JSON_PRETTY, out);
    sp_buf_addc(out, '\n');
}

enum sp_rc sp_lockfile_read(const char *path,
                            struct sp_arena *arena,
                            struct sp_lockfile *out,
                            struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(FILE_MAX);

    enum sp_rc rc = sp_file_read(path, &text, err);
    if (rc)
        return rc;
    rc = sp_lockfile_parse(arena, sp_arena_str(arena, sp_buf_str(&text)), out, err);
    return rc ? sp_err_wrap(err, "lock file '%s'", path) : SP_OK;
}

enum sp_rc sp_lockfile_write(const struct sp_lockfile *lockfile,
                             const char *path,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(FILE_MAX);

    sp_lockfile_format(lockfile, &text);
    if (!sp_buf_ok(&text))
        return sp_fail(err, SP_LIMIT, "lock file '%s': it would be longer than %zu bytes", path,
                       FILE_MAX);
    return sp_file_write(path, sp_buf_str(&text), err);
}
