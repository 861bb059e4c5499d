/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/library.h"

#include "engine/package.h"
#include "lang/yaml.h"
#include "sys/file.h"
#include "sys/glob.h"

#include <stdlib.h>

/* --- one file ------------------------------------------------------------------------------ */

static size_t indent_of(struct sp_str line)
{
    size_t indent = 0;

    while (indent < line.len && line.ptr[indent] == ' ')
        indent++;
    return indent;
}

static struct sp_str unquoted(struct sp_str name)
{
    bool quoted = name.len > 1 && (name.ptr[0] == '"' || name.ptr[0] == '\'') &&
                  name.ptr[name.len - 1] == name.ptr[0];

    return quoted ? sp_str_slice(name, 1, name.len - 1) : name;
}

void sp_library_scan(struct sp_arena *arena, struct sp_str text, struct sp_list *out)
{
    bool in_cabs = false;
    size_t depth = 0; /* of the names; 0: not seen yet */

    while (text.len) {
        struct sp_str line = sp_str_cut(&text, '\n');
        size_t indent = indent_of(line);
        struct sp_str words = sp_str_trim(line);
        if (!words.len || words.ptr[0] == '#')
            continue;
        struct sp_str name = sp_str_cut(&words, ':');
        bool is_key = words.ptr && (!words.len || words.ptr[0] == ' ');
        if (indent == 0) {
            in_cabs = is_key && sp_str_is(name, "cabs");
            depth = 0;
        }
        if (!in_cabs || indent == 0 || (depth && indent != depth))
            continue;
        depth = indent;
        if (is_key && name.ptr[0] != '_')
            sp_list_add(arena, out, sp_text(sp_arena_str(arena, unquoted(name))));
    }
}

/* --- all files ----------------------------------------------------------------------------- */

#define PLACES_MAX 3

/* Patterns of the files, ours first. */
static size_t patterns_of(struct sp_arena *arena,
                          const struct sp_places *places,
                          struct sp_str out[PLACES_MAX])
{
    struct sp_str package;

    out[0] = sp_arena_printf(arena, SP_STR_FMT "/*.yml", SP_STR_ARG(places->cabs));
    if (!places->packages || !sp_package_find(places->packages, SP_STR("cultcargo"), &package))
        return 1;
    out[1] = sp_arena_printf(arena, SP_STR_FMT "/*.yml", SP_STR_ARG(package));
    out[2] = sp_arena_printf(arena, SP_STR_FMT "/casa/*.yml", SP_STR_ARG(package));
    return 3;
}

static void add_names_in(struct sp_arena *arena, struct sp_str path, struct sp_list *out)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err ignored = SP_ERR_INIT;

    if (sp_file_read(path.ptr, &text, &ignored) == SP_OK)
        sp_library_scan(arena, sp_buf_str(&text), out);
}

static int by_text(const void *a, const void *b)
{
    return sp_str_cmp(((const struct sp_value *)a)->text, ((const struct sp_value *)b)->text);
}

static struct sp_list *names_in(struct sp_arena *arena, const struct sp_str *patterns, size_t count)
{
    struct sp_list *names = sp_list_new(arena).list;

    for (size_t p = 0; p < count; p++) {
        struct sp_glob files = sp_glob_find(arena, patterns[p]);
        for (size_t i = 0; i < files.len; i++)
            add_names_in(arena, files.items[i], names);
    }
    if (names->len)
        qsort(names->items, names->len, sizeof *names->items, by_text);
    return names;
}

struct sp_list *sp_library_names(struct sp_arena *arena, const struct sp_places *places)
{
    struct sp_str patterns[PLACES_MAX];

    (void)patterns_of(arena, places, patterns);
    return names_in(arena, patterns, 1);
}

struct sp_list *sp_library_all_names(struct sp_arena *arena, const struct sp_places *places)
{
    struct sp_str patterns[PLACES_MAX];
    size_t count = patterns_of(arena, places, patterns);

    return names_in(arena, patterns, count);
}

static bool defines(struct sp_arena *arena, struct sp_str path, struct sp_str name)
{
    struct sp_list *names = sp_list_new(arena).list;

    add_names_in(arena, path, names);
    SP_LIST_EACH(known, names)
    if (sp_str_eq(known->text, name))
        return true;
    return false;
}

struct sp_str sp_library_find(struct sp_arena *arena,
                              const struct sp_places *places,
                              struct sp_str name)
{
    struct sp_str patterns[PLACES_MAX];
    size_t count = patterns_of(arena, places, patterns);

    if (sp_str_find(name, '/') != SIZE_MAX)
        return SP_STR("");
    for (size_t p = 0; p < count; p++) {
        struct sp_glob files = sp_glob_find(arena, patterns[p]);
        for (size_t i = 0; i < files.len; i++)
            if (defines(arena, files.items[i], name))
                return files.items[i];
    }
    return SP_STR("");
}

/* --- what programs do ---------------------------------------------------------------------- */

void sp_library_effects(struct sp_arena *arena,
                        const struct sp_places *places,
                        struct sp_origins *origins,
                        struct sp_effects_library *out,
                        struct sp_diags *diags)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_str path = places->effects;
    struct sp_value document = sp_null();
    struct sp_err err = SP_ERR_INIT;

    *out = (struct sp_effects_library){ 0 };
    if (sp_file_read(path.ptr, &text, &err) ||
        sp_yaml_parse(arena, origins, path, sp_arena_str(arena, sp_buf_str(&text)), SP_YAML_CONFIG,
                      diags, &document, &err))
        sp_diag_error(diags, SP_DIAG_FILE, 0, SP_STR_FMT ": %s", SP_STR_ARG(path), err.text);
    else
        sp_effects_library_load(arena, document, out, diags);
}
