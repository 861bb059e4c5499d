/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"
#include "base/nearest.h"
#include "base/vec.h"

#include "lang/compose_internal.h"
#include "lang/merge.h"

#define NESTING_MAX    50 /* files that include files */
#define NEIGHBOURS_MAX 2  /* directories in which similar names are looked for */

/* One file to include, as written: "(pkg)sub/file.yml [optional, warn]". */
struct spec {
    struct sp_str text; /* the whole */
    struct sp_str path; /* without flags */
    uint32_t origin;
    bool optional;
    bool warn;
};

struct specs {
    struct spec *items;
    size_t len;
    size_t capacity;
};

struct include {
    struct sp_resolver *resolver;
    struct sp_composer *composer;
    struct sp_str keyword; /* "_include", "_include_post" ... */
    struct specs specs;
};

/* --- what is asked for --------------------------------------------------------------------- */

static void parse_flags(struct spec *spec, struct sp_str flags)
{
    while (flags.ptr) {
        struct sp_str flag = sp_str_trim(sp_str_cut(&flags, ','));
        spec->optional = spec->optional || sp_str_is_nocase(flag, "optional");
        spec->warn = spec->warn || sp_str_is_nocase(flag, "warn");
    }
}

static void add_spec(struct include *include, struct sp_str prefix, struct sp_value value)
{
    struct sp_str text =
        prefix.ptr ? sp_config_join(include->composer->arena, prefix, value.text) : value.text;
    struct spec spec = { .text = text, .path = sp_str_trim(text), .origin = value.origin };
    size_t bracket = sp_str_ends(spec.path, "]") ? sp_str_rfind(spec.path, '[') : SIZE_MAX;

    if (sp_str_trim(value.text).len == 0) {
        sp_diag_error(include->composer->diags, SP_DIAG_INCLUDE, value.origin,
                      "empty " SP_STR_FMT " specifier", SP_STR_ARG(include->keyword));
        return;
    }
    if (bracket != SIZE_MAX) {
        parse_flags(&spec, sp_str_slice(spec.path, bracket + 1, spec.path.len - 1));
        spec.path = sp_str_trim(sp_str_slice(spec.path, 0, bracket));
    }
    *SP_VEC_ADD(&include->specs) = spec;
}

/* Texts, lists of these, and mappings from a directory to these, to any depth. */
static void collect(struct include *include, struct sp_str prefix, struct sp_value value)
{
    struct sp_arena *arena = include->composer->arena;

    if (value.kind == SP_TEXT) {
        add_spec(include, prefix, value);
    } else if (value.kind == SP_LIST) {
        SP_LIST_EACH(item, value.list)
        collect(include, prefix, *item);
    } else if (value.kind == SP_DICT) {
        SP_DICT_EACH(entry, value.dict)
        collect(include, prefix.ptr ? sp_config_join(arena, prefix, entry->key) : entry->key,
                entry->value);
    } else if (value.kind != SP_NULL) {
        sp_diag_error(include->composer->diags, SP_DIAG_INCLUDE, value.origin,
                      SP_STR_FMT " takes names of files, not a value of type %s",
                      SP_STR_ARG(include->keyword), sp_kind_name(value.kind));
    }
}

/* --- where it is --------------------------------------------------------------------------- */

/* As Python's splitext: leading dots of a name make no extension. */
static bool has_extension(struct sp_str path)
{
    struct sp_str name = sp_config_basename(path);

    while (sp_str_starts(name, "."))
        name = sp_str_slice(name, 1, name.len);
    return sp_str_find(name, '.') != SIZE_MAX;
}

/* Try a path, also with the usual extensions if it has none. */
static bool try_path(const struct include *include, struct sp_str path, struct sp_str *out)
{
    static const char *const extensions[] = { "", ".yml", ".yaml" };
    const struct sp_world *world = include->composer->world;
    size_t count = has_extension(path) ? 1 : SP_COUNT(extensions);

    for (size_t i = 0; i < count; i++) {
        struct sp_str candidate = sp_arena_printf(include->composer->arena, SP_STR_FMT "%s",
                                                  SP_STR_ARG(path), extensions[i]);
        if (world->kind(world->arg, candidate) == SP_PATH_FILE) {
            *out = candidate;
            return true;
        }
    }
    return false;
}

/* Report a file that is not there, unless it may be missing. `places`: where it was looked for. */
static void report_missing(const struct include *include,
                           const struct spec *spec,
                           const struct sp_str *dirs,
                           size_t dir_count)
{
    const struct sp_composer *composer = include->composer;
    struct sp_nearest nearest = SP_NEAREST(sp_config_basename(spec->path));
    struct sp_str sub = sp_config_dirname(spec->path);
    sp_auto_buf struct sp_buf places = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < dir_count; i++) {
        sp_buf_addf(&places, "%s" SP_STR_FMT, i ? ", " : "", SP_STR_ARG(dirs[i]));
        if (i < NEIGHBOURS_MAX)
            sp_config_offer(composer, sp_config_join(composer->arena, dirs[i], sub), &nearest);
    }
    sp_diag_error(composer->diags, SP_DIAG_INCLUDE, spec->origin,
                  SP_STR_FMT " file '" SP_STR_FMT "' not found in %s", SP_STR_ARG(include->keyword),
                  SP_STR_ARG(spec->path), places.ptr);
    sp_diag_hint_nearest(composer->diags, &nearest);
}

/* A missing file that may be missing: remembered, and said if asked for. */
static bool is_excused(const struct include *include, const struct spec *spec)
{
    if (!spec->optional)
        return false;
    sp_composer_depend(include->composer, spec->path, false);
    if (spec->warn)
        sp_diag_warning(include->composer->diags, SP_DIAG_INCLUDE, spec->origin,
                        "optional " SP_STR_FMT " file '" SP_STR_FMT "' was not found",
                        SP_STR_ARG(include->keyword), SP_STR_ARG(spec->path));
    return true;
}

/* One place only: absolute, (package) and (.) names. */
static bool find_in(const struct include *include,
                    const struct spec *spec,
                    struct sp_str dir,
                    struct sp_str name,
                    struct sp_str *out)
{
    struct spec only = *spec;
    struct sp_str shown = dir.len ? dir : SP_STR(".");

    if (try_path(include, sp_config_join(include->composer->arena, dir, name), out))
        return true;
    only.path = name;
    if (!is_excused(include, spec))
        report_missing(include, &only, &shown, 1);
    return false;
}

/* "(NAME)rest": a package, or with a leading dot a directory beside the including file. */
static bool find_in_package(const struct include *include,
                            const struct spec *spec,
                            size_t bracket,
                            struct sp_str *out)
{
    struct sp_composer *composer = include->composer;
    struct sp_str name = sp_str_trim(sp_str_slice(spec->path, 1, bracket));
    struct sp_str rest = sp_str_slice(spec->path, bracket + 1, spec->path.len);
    struct sp_str dir;

    while (sp_str_starts(rest, "/"))
        rest = sp_str_slice(rest, 1, rest.len);
    if (sp_str_starts(name, "."))
        return find_in(include, spec,
                       sp_config_join(composer->arena, include->resolver->file->dir, name), rest,
                       out);
    if (composer->world->package(composer->world->arg, name, composer->arena, &dir))
        return find_in(include, spec, dir, rest, out);
    if (!is_excused(include, spec)) {
        sp_diag_error(composer->diags, SP_DIAG_INCLUDE, spec->origin,
                      SP_STR_FMT " '" SP_STR_FMT "': can't import package '" SP_STR_FMT "'",
                      SP_STR_ARG(include->keyword), SP_STR_ARG(spec->path), SP_STR_ARG(name));
        sp_diag_hint(composer->diags, "is it installed, in the environment that is active?");
    }
    return false;
}

/* The current directory before that of the including file: so a user can shadow what a package
 * brings. Then the include path. */
static bool find_relative(const struct include *include,
                          const struct spec *spec,
                          struct sp_str *out)
{
    struct sp_composer *composer = include->composer;
    struct sp_str dir = include->resolver->file->dir;
    struct sp_str *dirs =
        SP_ARENA_NEW(composer->arena, struct sp_str, composer->include_path_len + 2);
    size_t count = 0;

    dirs[count++] = SP_STR(".");
    if (dir.len && !sp_str_is(dir, "."))
        dirs[count++] = dir;
    for (size_t i = 0; i < composer->include_path_len; i++)
        dirs[count++] = composer->include_path[i];
    for (size_t i = 0; i < count; i++)
        if (try_path(include, sp_config_join(composer->arena, dirs[i], spec->path), out))
            return true;
    if (!is_excused(include, spec))
        report_missing(include, spec, dirs, count);
    return false;
}

static bool find_file(const struct include *include, const struct spec *spec, struct sp_str *out)
{
    struct sp_str path = spec->path;
    size_t bracket = sp_str_starts(path, "(") ? sp_str_find(path, ')') : SIZE_MAX;

    if (bracket != SIZE_MAX && bracket > 1)
        return find_in_package(include, spec, bracket, out);
    if (sp_str_is(path, "~") || sp_str_starts(path, "~/"))
        return find_in(include, spec, include->composer->world->home,
                       sp_str_slice(path, 2, path.len), out);
    if (sp_str_starts(path, "/"))
        return find_in(include, spec, SP_STR("/"), sp_str_slice(path, 1, path.len), out);
    return find_relative(include, spec, out);
}

/* --- what is in it ------------------------------------------------------------------------- */

static bool check_recursion(const struct include *include,
                            const struct spec *spec,
                            const struct sp_config_file *file)
{
    struct sp_composer *composer = include->composer;

    for (const struct sp_config_file *above = file->includer; above; above = above->includer) {
        if (!sp_str_eq(above->real, file->real))
            continue;
        sp_diag_error(composer->diags, SP_DIAG_INCLUDE, spec->origin,
                      "'" SP_STR_FMT "' is included recursively",
                      SP_STR_ARG(sp_config_shown(composer->arena, file->path)));
        if (above != file->includer)
            sp_diag_hint(composer->diags, "'" SP_STR_FMT "' is on the way from there to here",
                         SP_STR_ARG(sp_config_shown(composer->arena, file->includer->path)));
        return false;
    }
    if (file->depth <= NESTING_MAX)
        return true;
    sp_diag_error(composer->diags, SP_DIAG_INCLUDE, spec->origin,
                  "includes are nested deeper than %d files", NESTING_MAX);
    return false;
}

/* The file with its own includes resolved. Read once, however often it is included. */
static bool load_file(const struct include *include,
                      const struct spec *spec,
                      struct sp_str path,
                      struct sp_value *out)
{
    struct sp_composition *composition = include->resolver->composition;
    const struct sp_composer *composer = include->composer;
    const struct sp_world *world = composer->world;
    struct sp_config_file file = {
        .path = path,
        .dir = sp_config_dirname(path),
        .real = world->real(world->arg, path, composer->arena),
        .includer = include->resolver->file,
        .depth = include->resolver->file->depth + 1,
    };
    const struct sp_value *known = sp_map_find(&composition->loaded, path);
    struct sp_value tree;

    if (!check_recursion(include, spec, &file))
        return false;
    if (known) {
        *out = *known;
        return known->kind == SP_DICT;
    }
    struct sp_value *kept = SP_ARENA_NEW(composer->arena, struct sp_value, 1);
    bool read = sp_config_read(composition, &file, spec->origin, &tree);
    if (read && tree.kind == SP_DICT)
        *kept = sp_resolve_tree(composition, &file, tree, false);
    else if (read)
        sp_diag_error(composer->diags, SP_DIAG_INCLUDE, spec->origin,
                      "'" SP_STR_FMT "' holds a list and cannot be included",
                      SP_STR_ARG(sp_config_shown(composer->arena, path)));
    sp_map_set(&composition->loaded, path, kept);
    *out = *kept;
    return kept->kind == SP_DICT;
}

struct sp_value sp_include_load(struct sp_resolver *resolver, const struct sp_dict_entry *entry)
{
    struct include include = {
        .resolver = resolver,
        .composer = resolver->composition->composer,
        .keyword = entry->key,
    };
    struct sp_arena *arena = include.composer->arena;
    struct sp_value sum = sp_dict_new(arena);

    collect(&include, (struct sp_str){ NULL, 0 }, entry->value);
    for (size_t i = 0; i < include.specs.len; i++) {
        struct sp_str path;
        struct sp_value loaded;
        if (find_file(&include, &include.specs.items[i], &path) &&
            load_file(&include, &include.specs.items[i], path, &loaded))
            sp_merge_into(arena, sum.dict, loaded.dict, include.composer->diags);
    }
    SP_VEC_FINI(&include.specs);
    return sum;
}
