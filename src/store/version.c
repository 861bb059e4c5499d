/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/version.h"

#include <stdlib.h>

struct sp_version sp_version_plain(struct sp_digest id)
{
    return (struct sp_version){ .id = id, .rest = id };
}

static struct sp_digest made(const struct sp_digest *key, struct sp_str role, struct sp_str column)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.made.1");
    sp_hasher_add_digest(&hasher, key);
    sp_hasher_add(&hasher, role);
    sp_hasher_add(&hasher, column);
    return sp_hasher_end(&hasher);
}

struct sp_version sp_version_made(const struct sp_digest *key, struct sp_str role)
{
    return sp_version_plain(made(key, role, SP_STR("")));
}

/* --- columns ------------------------------------------------------------------------------ */

static struct sp_digest column_id(const struct sp_version *version, struct sp_str name)
{
    for (size_t i = 0; i < version->len; i++)
        if (sp_str_eq(version->columns[i].name, name))
            return version->columns[i].id;
    return version->rest;
}

static int by_name(const void *a, const void *b)
{
    const struct sp_version_column *x = a, *y = b;

    return sp_str_cmp(x->name, y->name);
}

/* The id of the whole follows from its parts. */
static struct sp_digest id_of_parts(const struct sp_version *version)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.columns.1");
    sp_hasher_add_digest(&hasher, &version->rest);
    for (size_t i = 0; i < version->len; i++) {
        sp_hasher_add(&hasher, version->columns[i].name);
        sp_hasher_add_digest(&hasher, &version->columns[i].id);
    }
    return sp_hasher_end(&hasher);
}

static void set_column(struct sp_version *version, struct sp_str name, struct sp_digest id)
{
    size_t at = 0;

    while (at < version->len && !sp_str_eq(version->columns[at].name, name))
        at++;
    if (at == version->len)
        version->len++;
    version->columns[at] = (struct sp_version_column){ .name = name, .id = id };
}

struct sp_version sp_version_change(struct sp_arena *arena,
                                    const struct sp_version *before,
                                    const struct sp_digest *key,
                                    struct sp_str role,
                                    const struct sp_str *columns,
                                    size_t len)
{
    struct sp_version out = { .rest = before->rest };

    if (!len || before->len + len > SP_VERSION_COLUMNS_MAX)
        return sp_version_made(key, role);
    out.columns = SP_ARENA_NEW(arena, struct sp_version_column, before->len + len);
    for (size_t i = 0; i < before->len; i++)
        set_column(&out, before->columns[i].name, before->columns[i].id);
    for (size_t i = 0; i < len; i++)
        set_column(&out, sp_arena_str(arena, columns[i]), made(key, role, columns[i]));
    qsort(out.columns, out.len, sizeof *out.columns, by_name);
    out.id = id_of_parts(&out);
    return out;
}

struct sp_digest sp_version_view(const struct sp_version *version,
                                 const struct sp_str *columns,
                                 size_t len)
{
    struct sp_hasher hasher;
    bool differ = false;

    for (size_t i = 0; i < len; i++) {
        struct sp_digest id = column_id(version, columns[i]);
        differ = differ || !sp_digest_eq(&id, &version->rest);
    }
    if (!len)
        return version->id;
    if (!differ) /* nobody has changed any of them: as of the version that they come from */
        return version->rest;
    sp_hasher_init(&hasher, "spoor.view.1");
    for (size_t i = 0; i < len; i++) {
        struct sp_digest id = column_id(version, columns[i]);
        sp_hasher_add(&hasher, columns[i]);
        sp_hasher_add_digest(&hasher, &id);
    }
    return sp_hasher_end(&hasher);
}

bool sp_version_eq(const struct sp_version *a, const struct sp_version *b)
{
    return sp_digest_eq(&a->id, &b->id);
}

/* --- text --------------------------------------------------------------------------------- */

static void write_part(struct sp_buf *out, struct sp_str name, const struct sp_digest *id)
{
    sp_buf_adds(out, ";");
    sp_buf_add(out, name);
    sp_buf_adds(out, "=");
    sp_buf_adds(out, sp_digest_hex(id).text);
}

void sp_version_write(const struct sp_version *version, struct sp_buf *out)
{
    sp_buf_adds(out, sp_digest_hex(&version->id).text);
    if (!version->len)
        return;
    write_part(out, SP_STR("*"), &version->rest);
    for (size_t i = 0; i < version->len; i++)
        write_part(out, version->columns[i].name, &version->columns[i].id);
}

/* "NAME=HEX" */
static bool read_part(struct sp_str part, struct sp_arena *arena, struct sp_version_column *out)
{
    size_t equals = sp_str_find(part, '=');

    if (equals == SIZE_MAX || equals == 0)
        return false;
    out->name = sp_arena_str(arena, sp_str_slice(part, 0, equals));
    return sp_digest_parse(sp_str_slice(part, equals + 1, part.len), &out->id);
}

bool sp_version_read(struct sp_str text, struct sp_arena *arena, struct sp_version *out)
{
    struct sp_version_column parts[SP_VERSION_COLUMNS_MAX + 1];
    struct sp_digest id;
    size_t len = 0, at = SP_MIN((size_t)SP_DIGEST_HEX, text.len);

    if (!sp_digest_parse(sp_str_slice(text, 0, at), &id))
        return false;
    *out = sp_version_plain(id);
    while (at < text.len) {
        struct sp_str rest = sp_str_slice(text, at + 1, text.len);
        size_t end = SP_MIN(sp_str_find(rest, ';'), rest.len);
        if (text.ptr[at] != ';' || len == SP_COUNT(parts) ||
            !read_part(sp_str_slice(rest, 0, end), arena, &parts[len++]))
            return false;
        at += end + 1;
    }
    if (!len)
        return true;
    if (len == 1 || !sp_str_is(parts[0].name, "*"))
        return false;
    out->rest = parts[0].id;
    out->columns = SP_ARENA_NEW(arena, struct sp_version_column, len - 1);
    out->len = len - 1;
    memcpy(out->columns, parts + 1, (len - 1) * sizeof *parts);
    id = id_of_parts(out);
    return sp_digest_eq(&id, &out->id);
}
