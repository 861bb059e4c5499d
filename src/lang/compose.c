/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/compose.h"

#include "base/nearest.h"

#include "lang/compose_internal.h"
#include "lang/interpolate.h"

#include <stdlib.h>

/* --- paths --------------------------------------------------------------------------------- */

struct sp_str sp_config_join(struct sp_arena *arena, struct sp_str dir, struct sp_str name)
{
    if (dir.len == 0)
        return name;
    return sp_arena_printf(arena, SP_STR_FMT "%s" SP_STR_FMT, SP_STR_ARG(dir),
                           sp_str_ends(dir, "/") ? "" : "/", SP_STR_ARG(name));
}

struct sp_str sp_config_dirname(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    if (slash == SIZE_MAX)
        return SP_STR("");
    return sp_str_slice(path, 0, slash ? slash : 1);
}

struct sp_str sp_config_basename(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? path : sp_str_slice(path, slash + 1, path.len);
}

void sp_config_offer(const struct sp_composer *composer,
                     struct sp_str dir,
                     struct sp_nearest *nearest)
{
    if (sp_str_has_wildcard(dir))
        return;
    struct sp_paths paths = composer->world->glob(
        composer->world->arg, sp_config_join(composer->arena, dir, SP_STR("*.y*ml")),
        composer->arena);
    for (size_t i = 0; i < paths.len; i++)
        sp_nearest_offer(nearest, sp_config_basename(paths.items[i]));
}

struct sp_str sp_config_shown(struct sp_arena *arena, struct sp_str path)
{
    char *out = sp_arena_alloc(arena, path.len + 1);
    size_t len = 0;

    for (struct sp_str rest = path; rest.ptr;) {
        struct sp_str part = sp_str_cut(&rest, '/');
        if ((part.len == 0 && len > 0) || sp_str_is(part, "."))
            continue;
        memcpy(out + len, part.ptr, part.len);
        len += part.len;
        if (rest.ptr)
            out[len++] = '/';
    }
    return len ? (struct sp_str){ out, len } : path;
}

void sp_composer_depend(struct sp_composer *composer, struct sp_str path, bool found)
{
    for (size_t i = 0; i < composer->dependency_count; i++)
        if (sp_str_eq(composer->dependencies[i].path, path))
            return;
    composer->dependencies =
        sp_grow(composer->dependencies, &composer->dependency_capacity,
                composer->dependency_count + 1, sizeof *composer->dependencies);
    composer->dependencies[composer->dependency_count++] = (struct sp_dependency){
        .path = sp_arena_str(composer->arena, path),
        .found = found,
    };
}

void sp_composer_fini(struct sp_composer *composer)
{
    free(composer->dependencies);
    composer->dependencies = NULL;
    composer->dependency_count = composer->dependency_capacity = 0;
}

/* --- reading ------------------------------------------------------------------------------- */

/* A lone word is a key without a value. */
static bool check_root(struct sp_composition *composition, struct sp_value *root)
{
    struct sp_composer *composer = composition->composer;

    if (root->kind == SP_DICT || root->kind == SP_LIST)
        return true;
    if (root->kind != SP_TEXT) {
        sp_diag_error(composer->diags, SP_DIAG_DOCUMENT, root->origin,
                      "the document is a %s, but must be a mapping", sp_kind_name(root->kind));
        return false;
    }
    struct sp_value mapping = sp_at(sp_dict_new(composer->arena), root->origin);
    sp_dict_set_at(composer->arena, mapping.dict, root->text, root->origin,
                   sp_at(sp_null(), root->origin));
    *root = mapping;
    return true;
}

bool sp_config_parse(struct sp_composition *composition,
                     const struct sp_config_file *file,
                     struct sp_str text,
                     struct sp_value *out)
{
    struct sp_composer *composer = composition->composer;
    struct sp_interpolation how = {
        .arena = composer->arena,
        .origins = composer->origins,
        .diags = composer->diags,
        .world = composer->world,
        .path = file->path,
        .dir = file->dir,
    };
    struct sp_err err = SP_ERR_INIT;
    struct sp_value tree;

    if (sp_yaml_parse(composer->arena, composer->origins,
                      sp_config_shown(composer->arena, file->path), text, SP_YAML_CONFIG,
                      composer->diags, &tree, &err) ||
        !check_root(composition, &tree))
        return false;
    if (sp_str_find_str(text, SP_STR("${")) != SIZE_MAX)
        tree = sp_interpolate(&how, tree);
    sp_directive_check(tree, composer->strict, composer->diags);
    *out = tree;
    return true;
}

bool sp_config_read(struct sp_composition *composition,
                    const struct sp_config_file *file,
                    uint32_t origin,
                    struct sp_value *out)
{
    struct sp_composer *composer = composition->composer;
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text;

    if (composer->world->read(composer->world->arg, file->path, composer->arena, &text, &err)) {
        struct sp_nearest nearest = SP_NEAREST(sp_config_basename(file->path));
        sp_diag_error(composer->diags, SP_DIAG_FILE, origin, "cannot %s", err.text);
        if (err.code == SP_NOT_FOUND) {
            sp_config_offer(composer, file->dir, &nearest);
            sp_diag_hint_nearest(composer->diags, &nearest);
        }
        return false;
    }
    sp_composer_depend(composer, file->path, true);
    return sp_config_parse(composition, file, text, out);
}

/* --- the whole ----------------------------------------------------------------------------- */

struct request {
    struct sp_composer *composer;
    struct sp_compose_sources sources;
};

/* Compose `file`, from memory if there is a `text`. */
static enum sp_rc compose(const struct request *request,
                          const struct sp_config_file *file,
                          const struct sp_str *text,
                          struct sp_value *out,
                          struct sp_err *err)
{
    struct sp_diags *diags = request->composer->diags;
    struct sp_composition composition = {
        .composer = request->composer,
        .sources = request->sources,
    };
    size_t errors = diags->errors;
    size_t findings = diags->len;
    struct sp_value tree;

    if (text ? sp_config_parse(&composition, file, *text, &tree)
             : sp_config_read(&composition, file, 0, &tree)) {
        tree = sp_resolve_tree(&composition, file, tree, true);
        if (!composition.exhausted)
            tree = sp_requires_apply(&composition, tree);
    }
    sp_map_fini(&composition.loaded);
    if (diags->errors > errors)
        return sp_diags_fail(diags, findings, err);
    *out = tree;
    return SP_OK;
}

enum sp_rc sp_compose_file(struct sp_composer *composer,
                           struct sp_str path,
                           struct sp_compose_sources sources,
                           struct sp_value *out,
                           struct sp_err *err)
{
    struct request request = { composer, sources };
    struct sp_config_file file = {
        .path = sp_arena_str(composer->arena, path),
        .dir = sp_arena_str(composer->arena, sp_config_dirname(path)),
        .real = composer->world->real(composer->world->arg, path, composer->arena),
    };

    return compose(&request, &file, NULL, out, err);
}

enum sp_rc sp_compose_text(struct sp_composer *composer,
                           struct sp_str name,
                           struct sp_str dir,
                           struct sp_str text,
                           struct sp_compose_sources sources,
                           struct sp_value *out,
                           struct sp_err *err)
{
    struct request request = { composer, sources };
    struct sp_config_file file = { .path = name, .dir = dir };

    return compose(&request, &file, &text, out, err);
}
