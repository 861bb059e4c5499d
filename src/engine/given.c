/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/given.h"

#include "base/nearest.h"

#include "lang/path.h"

void sp_given_set(struct sp_arena *arena,
                  struct sp_dict *given,
                  struct sp_str name,
                  uint32_t origin,
                  struct sp_value value)
{
    if (!sp_dict_find(given, name))
        for (size_t dot = name.len; dot-- > 0;) {
            struct sp_value *outer =
                name.ptr[dot] == '.' ? sp_dict_find(given, sp_str_slice(name, 0, dot)) : NULL;
            if (!outer || outer->kind != SP_DICT)
                continue;
            sp_given_set(arena, outer->dict, sp_str_slice(name, dot + 1, name.len), origin, value);
            return;
        }
    sp_dict_set_at(arena, given, name, origin, value);
}

/* Mappings are merged: a later file adds to what an earlier one gives. */
static void add_all(struct sp_arena *arena, struct sp_dict *given, const struct sp_dict *document)
{
    SP_DICT_EACH(entry, document)
    {
        const struct sp_value *known = sp_dict_find(given, entry->key);
        if (known && known->kind == SP_DICT && entry->value.kind == SP_DICT)
            add_all(arena, known->dict, entry->value.dict);
        else
            sp_given_set(arena, given, entry->key, entry->origin, entry->value);
    }
}

static enum sp_rc not_there(struct sp_session *session, struct sp_str path, struct sp_err *err)
{
    const struct sp_world *world = &session->world;
    struct sp_nearest nearest = SP_NEAREST(sp_path_basename(path));
    struct sp_str dir = sp_path_dirname(path);
    struct sp_paths paths = world->glob(
        world->arg,
        sp_arena_printf(session->arena, SP_STR_FMT "%s*", SP_STR_ARG(dir), dir.len ? "/" : ""),
        session->arena);

    for (size_t i = 0; i < paths.len; i++)
        sp_nearest_offer(&nearest, sp_path_basename(paths.items[i]));
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND,
                           "there is no parameter file '" SP_STR_FMT "'", SP_STR_ARG(path));
}

enum sp_rc sp_given_add_file(struct sp_session *session, const char *path, struct sp_err *err)
{
    struct sp_world *world = &session->world;
    struct sp_str name = sp_str_of(path);
    struct sp_str text;
    struct sp_value document;

    if (world->kind(world->arg, name) == SP_PATH_NONE)
        return not_there(session, name, err);
    enum sp_rc rc = world->read(world->arg, name, session->arena, &text, err);
    if (rc == SP_OK)
        rc = sp_yaml_parse(session->arena, session->origins, name, text, SP_YAML_COMMAND_LINE,
                           &session->diags, &document, err);
    if (rc)
        return sp_err_wrap(err, "parameter file '%s'", path);
    if (document.kind == SP_NULL) /* empty */
        return SP_OK;
    if (document.kind != SP_DICT) {
        sp_diag_error(&session->diags, SP_DIAG_DOCUMENT, document.origin,
                      "a parameter file must be a mapping of names to values, not a %s",
                      sp_kind_name(document.kind));
        return sp_fail(err, SP_INVALID, "parameter file '%s' is not a mapping", path);
    }
    add_all(session->arena, session->params, document.dict);
    return SP_OK;
}
