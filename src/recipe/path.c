/* SPDX-License-Identifier: BSD-3-Clause */
/* path.c - file names as the language rewrites them (spec stimela2.md 2.6).
 *
 * A name is remote only with "://"; "a:b", "a#b" and "a?b" are names of local files. Query and
 * fragment are cut off, and %-escapes decoded, only where somebody wrote "file:". */
#include "lang/path.h"

#include "recipe/params.h"

static bool is_scheme_char(char c, bool first)
{
    bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');

    return letter || (!first && ((c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.'));
}

/* Length of the scheme in "scheme:rest", or 0. */
static size_t scheme_length(struct sp_str text)
{
    size_t colon = sp_str_find(text, ':');

    if (colon == SIZE_MAX)
        return 0;
    for (size_t i = 0; i < colon; i++)
        if (!is_scheme_char(text.ptr[i], i == 0))
            return 0;
    return colon;
}

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

static struct sp_str decode_percent(struct sp_arena *arena, struct sp_str text)
{
    char *out = sp_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        int high = i + 2 < text.len && text.ptr[i] == '%' ? hex_digit(text.ptr[i + 1]) : -1;
        int low = high >= 0 ? hex_digit(text.ptr[i + 2]) : -1;
        bool escape = high >= 0 && low >= 0 && high + low > 0;
        out[len++] = (char)(escape ? high * 16 + low : text.ptr[i]);
        i += escape ? 2 : 0;
    }
    return (struct sp_str){ out, len };
}

/* The path of what follows "file:": no host, no query, no fragment. */
static struct sp_str file_uri_path(struct sp_arena *arena, struct sp_str rest)
{
    size_t end = 0;

    while (end < rest.len && rest.ptr[end] != '?' && rest.ptr[end] != '#')
        end++;
    struct sp_str path = sp_str_slice(rest, 0, end);
    if (sp_str_starts(path, "//")) {
        struct sp_str host = sp_str_slice(path, 2, path.len);
        size_t slash = sp_str_find(host, '/');
        path = slash == SIZE_MAX ? SP_STR("") : sp_str_slice(host, slash, host.len);
    }
    return decode_percent(arena, path);
}

/* Relative to `dir` if it is in there. */
static struct sp_str relative_to(struct sp_str path, struct sp_str dir)
{
    if (sp_str_eq(path, dir))
        return SP_STR(".");
    size_t len = sp_str_ends(dir, "/") ? dir.len - 1 : dir.len;
    if (path.len > len + 1 && memcmp(path.ptr, dir.ptr, len) == 0 && path.ptr[len] == '/')
        return sp_str_slice(path, len + 1, path.len);
    return path;
}

struct sp_str sp_path_normalise(struct sp_arena *arena,
                                const struct sp_world *world,
                                struct sp_str text,
                                bool *remote)
{
    size_t scheme = scheme_length(text);
    struct sp_str path = text;

    *remote = false;
    if (scheme && sp_str_is_nocase(sp_str_slice(text, 0, scheme), "file")) {
        path = file_uri_path(arena, sp_str_slice(text, scheme + 1, text.len));
    } else if (scheme && sp_str_starts(sp_str_slice(text, scheme, text.len), "://")) {
        *remote = true;
        return text;
    }
    path = sp_path_expand_home(arena, path, world->home);
    if (!path.len)
        return SP_STR(".");
    return relative_to(world->real(world->arg, path, arena), world->cwd);
}
