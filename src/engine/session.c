/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/session.h"

#include "base/nearest.h"

#include "engine/given.h"
#include "engine/images.h"
#include "engine/library.h"
#include "engine/package.h"
#include "engine/replay.h"
#include "engine/startup.h"
#include "engine/world.h"
#include "lang/word.h"
#include "recipe/setting.h"
#include "sys/file.h"

#include <string.h>

/* --- loading ------------------------------------------------------------------------------ */

enum sp_rc sp_session_load(struct sp_session *session, struct sp_str path, struct sp_err *err)
{
    const struct sp_dict *items[] = { session->config.root, session->loaded };
    struct sp_compose_sources sources = { items, SP_COUNT(items) };
    struct sp_value document;

    enum sp_rc rc = sp_compose_file(&session->composer, path, sources, &document, err);
    if (rc)
        return rc;
    if (document.kind != SP_DICT) {
        sp_diag_error(&session->diags, SP_DIAG_DOCUMENT, document.origin,
                      "a recipe file must be a mapping, not a %s", sp_kind_name(document.kind));
        return sp_fail(err, SP_INVALID, SP_STR_FMT " is not a mapping", SP_STR_ARG(path));
    }
    sp_config_add(&session->config, document);
    struct sp_value base = { .kind = SP_DICT, .dict = session->loaded };
    session->loaded = sp_merge(session->arena, base, document, &session->diags).dict;
    return SP_OK;
}

/* --- settings of the command line ---------------------------------------------------------- */

/* A list, a mapping, or quoted; "{info.fqname}" is a substitution. */
static bool is_collection(struct sp_str text)
{
    return sp_str_starts(text, "[") || sp_str_starts(text, "'") || sp_str_starts(text, "\"") ||
           (sp_str_starts(text, "{") && sp_str_find_str(text, SP_STR(": ")) != SIZE_MAX);
}

static void set(struct sp_session *session, struct sp_str path, struct sp_str text)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_null();
    size_t known = session->diags.errors;
    enum sp_rc rc = SP_OK;

    if (is_collection(text))
        rc = sp_yaml_parse(session->arena, session->origins, SP_STR("<command line>"), text,
                           SP_YAML_CONFIG, &session->diags, &value, &err);
    else if (text.len)
        value = sp_yaml_scalar(session->arena, text, SP_YAML_CONFIG);
    if (rc == SP_OK)
        rc = sp_config_set(&session->config, path, value, &err);
    /* What is wrong may have been said already, with a hint. */
    if (rc && session->diags.errors == known)
        sp_diag_error(&session->diags, SP_DIAG_UNKNOWN_KEY, 0, "%s", err.text);
}

static void set_word(struct sp_session *session, const char *word)
{
    struct sp_str value = sp_str_of(word);
    struct sp_str path = sp_str_cut(&value, '=');

    if (value.ptr)
        set(session, path, value);
    else
        sp_diag_error(&session->diags, SP_DIAG_UNKNOWN_KEY, 0,
                      "setting '%s': no value; write %s=VALUE", word, word);
}

/* A word of --config is a file, unless it has a '=' and there is no such file. */
static bool is_setting(const char *word)
{
    return strchr(word, '=') && sp_file_kind(word) == SP_FILE_NONE;
}

/* The options of a command win over every file, so this is done once before recipes are loaded
 * (their composition may look at settings) and once after. Settings in front of the command are
 * part of the start-up configuration: recipes win over them (spec stimela2.md 1.1). */
static void apply_settings(struct sp_session *session, bool loaded)
{
    const struct sp_session_options *options = session->options;

    for (size_t i = loaded ? options->settings_early : 0; i < options->settings_len; i++)
        set_word(session, options->settings[i]);
    for (size_t i = 0; i < options->config_len; i++)
        if (is_setting(options->config[i]))
            set_word(session, options->config[i]);
    for (size_t i = 0; i + 1 < options->config_pairs_len; i += 2)
        set(session, sp_str_of(options->config_pairs[i]), sp_str_of(options->config_pairs[i + 1]));
    if (options->backend)
        set(session, SP_STR("opts.backend.select"), sp_str_of(options->backend));
    if (options->slurm)
        set(session, SP_STR("opts.backend.slurm.enable"), SP_STR("true"));
    if (options->verbose)
        set(session, SP_STR("opts.log.level"), SP_STR("DEBUG"));
}

static void load_config_files(struct sp_session *session)
{
    const struct sp_session_options *options = session->options;
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < options->config_len; i++) {
        size_t known = session->diags.errors;
        if (!is_setting(options->config[i]) &&
            sp_session_load(session, sp_str_of(options->config[i]), &err) &&
            session->diags.errors == known)
            sp_diag_error(&session->diags, SP_DIAG_FILE, 0, "%s", err.text);
    }
}

/* Packages are where they were, but under the root of the replay; our own among them. */
static void replay_files(struct sp_session *session)
{
    struct sp_replay *replay = session->options->replay;
    const struct sp_value *packages = sp_dict_get(replay->start, "packages");

    session->files_world = sp_replay_world(replay, &session->world);
    session->places.cabs = sp_replay_place(replay, session->places.cabs);
    if (!packages || packages->kind != SP_DICT)
        return;
    SP_DICT_EACH(entry, packages->dict)
    {
        if (!sp_is_text(entry->value))
            continue;
        struct sp_str dir = sp_replay_place(replay, entry->value.text);
        if (sp_str_is(entry->key, "spoor"))
            session->places.cabs = dir;
        else
            sp_package_set(session->places.packages, entry->key, dir);
    }
}

void sp_session_init(struct sp_session *session, const struct sp_session_options *options)
{
    *session = (struct sp_session){ 0 };
    session->arena = sp_arena_new();
    session->options = SP_ARENA_NEW(session->arena, struct sp_session_options, 1);
    *session->options = *options;
    session->origins = sp_origins_new();
    sp_diags_init(&session->diags, session->arena, session->origins);
    sp_places_find(session->arena, options->include, options->include_len, &session->places);
    sp_world_real(&session->world, session->arena, &session->places);
    session->asked = (struct sp_asked){ session->arena, sp_dict_new(session->arena).dict };
    session->places.asked = &session->asked;
    session->files_world = session->world;
    if (options->replay)
        replay_files(session);
    session->composer = (struct sp_composer){
        .arena = session->arena,
        .origins = session->origins,
        .diags = &session->diags,
        .world = &session->files_world,
        .strict = options->strict,
    };
    session->loaded = sp_dict_new(session->arena).dict;
    session->params = sp_dict_new(session->arena).dict;
    session->files = sp_list_new(session->arena).list;
    session->past = sp_past_new(session->arena, ".");
    session->images = sp_images_new(session);
    sp_config_init(&session->config, session->arena, &session->diags);
    sp_start_up(session);
    load_config_files(session);
    apply_settings(session, false);
    sp_start_up_done(session);
}

void sp_session_fini(struct sp_session *session)
{
    sp_past_free(session->past);
    sp_images_free(session->images);
    sp_config_fini(&session->config);
    sp_composer_fini(&session->composer);
    sp_diags_fini(&session->diags);
    sp_origins_free(session->origins);
    sp_arena_free(session->arena);
    *session = (struct sp_session){ 0 };
}

/* --- words -------------------------------------------------------------------------------- */

bool sp_session_is_file(struct sp_str word)
{
    struct sp_word parsed;
    struct sp_err err = SP_ERR_INIT;

    return sp_word_parse(word, &parsed, &err) == SP_OK && parsed.kind == SP_WORD_FILE;
}

static uint32_t origin_of_word(struct sp_session *session, struct sp_str name, struct sp_str text)
{
    struct sp_str word = sp_arena_printf(session->arena, SP_STR_FMT "=" SP_STR_FMT,
                                         SP_STR_ARG(name), SP_STR_ARG(text));
    uint32_t file = sp_origins_add_file(session->origins, SP_STR("<command line>"), word);

    return sp_origins_add(session->origins, file, 0, word.len);
}

static enum sp_rc assign(struct sp_session *session,
                         struct sp_str name,
                         struct sp_str text,
                         struct sp_err *err)
{
    struct sp_value value;

    enum sp_rc rc =
        sp_word_value(session->arena, session->origins, &session->diags, text, &value, err);
    if (rc)
        return sp_err_wrap(err, "'" SP_STR_FMT "=" SP_STR_FMT "'", SP_STR_ARG(name),
                           SP_STR_ARG(text));
    uint32_t word = origin_of_word(session, name, text);
    if (!value.origin)
        value.origin = word;
    sp_given_set(session->arena, session->params, sp_arena_str(session->arena, name), word, value);
    return SP_OK;
}

static enum sp_rc add_files(struct sp_session *session,
                            const struct sp_word *word,
                            struct sp_err *err)
{
    struct sp_list *found = sp_list_new(session->arena).list;

    enum sp_rc rc = sp_word_files(session->arena, &session->world, word, found, err);
    for (size_t i = 0; i < found->len && rc == SP_OK; i++) {
        sp_list_add(session->arena, session->files, found->items[i]);
        rc = sp_session_load(session, found->items[i].text, err);
    }
    return rc;
}

static enum sp_rc add_word(struct sp_session *session, const char *text, struct sp_err *err)
{
    struct sp_word word;

    enum sp_rc rc = sp_word_parse(sp_str_of(text), &word, err);
    if (rc)
        return rc;
    if (word.kind == SP_WORD_ASSIGNMENT)
        return assign(session, word.name, word.value, err);
    if (word.kind == SP_WORD_FILE)
        return add_files(session, &word, err);
    if (session->name.len)
        return sp_fail(err, SP_INVALID,
                       "multiple recipe or cab names given, '" SP_STR_FMT
                       "' and '%s': which is meant?",
                       SP_STR_ARG(session->name), text);
    session->name = sp_arena_str(session->arena, word.name);
    return SP_OK;
}

/* Parameter files, then assignments: words win over both. */
static enum sp_rc add_parameters(struct sp_session *session, struct sp_err *err)
{
    const struct sp_session_options *options = session->options;
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < options->parameter_files_len && rc == SP_OK; i++)
        rc = sp_given_add_file(session, options->parameter_files[i], err);
    for (size_t i = 0; i + 1 < options->assign_len && rc == SP_OK; i += 2)
        rc = assign(session, sp_str_of(options->assign[i]), sp_str_of(options->assign[i + 1]), err);
    return rc;
}

enum sp_rc sp_session_add_words(struct sp_session *session,
                                const char *const *words,
                                size_t count,
                                struct sp_err *err)
{
    enum sp_rc rc = add_parameters(session, err);

    for (size_t i = 0; i < count && rc == SP_OK; i++)
        rc = add_word(session, words[i], err);
    return rc;
}

/* --- choosing ----------------------------------------------------------------------------- */

bool sp_session_add_library(struct sp_session *session, struct sp_str name)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str path = sp_library_find(session->arena, &session->places, name);

    return path.len && sp_session_load(session, path, &err) == SP_OK;
}

struct sp_list *sp_session_library(struct sp_session *session)
{
    return sp_library_names(session->arena, &session->places);
}

static const struct sp_dict *cab_section(const struct sp_session *session)
{
    const struct sp_value *cabs = sp_dict_get(session->config.root, "cabs");

    return cabs && cabs->kind == SP_DICT ? cabs->dict : NULL;
}

static bool pick_by_name(struct sp_session *session, struct sp_str name)
{
    session->recipe = sp_config_recipe(&session->config, name);
    if (!session->recipe)
        session->cab = sp_config_cab(&session->config, name);
    if (!session->recipe && !session->cab && sp_session_add_library(session, name))
        session->cab = sp_config_cab(&session->config, name);
    return session->recipe || session->cab;
}

/* "a, b, c" of at most ten names. */
static void add_names(const struct sp_list *names, struct sp_buf *out)
{
    for (size_t i = 0; i < names->len && i < 10; i++)
        sp_buf_addf(out, "%s" SP_STR_FMT, i ? ", " : "", SP_STR_ARG(names->items[i].text));
    if (names->len > 10)
        sp_buf_adds(out, ", ...");
}

static const struct sp_list *keys_of(struct sp_arena *arena, const struct sp_dict *dict)
{
    struct sp_list *keys = sp_list_new(arena).list;

    SP_DICT_EACH(entry, dict)
    sp_list_add(arena, keys, sp_text(entry->key));
    return keys;
}

/* "; recipes: a, b; cabs: c" */
static void add_available(struct sp_session *session, struct sp_buf *out)
{
    const struct sp_dict *cabs = cab_section(session);

    if (session->config.top_level->len) {
        sp_buf_adds(out, "; available recipes: ");
        add_names(session->config.top_level, out);
    }
    if (cabs && cabs->len) {
        sp_buf_adds(out, "; available cabs: ");
        add_names(keys_of(session->arena, cabs), out);
    }
}

static void offer_names(struct sp_session *session, struct sp_nearest *nearest)
{
    const struct sp_dict *cabs = cab_section(session);
    const struct sp_value *recipes = sp_dict_walk(session->config.root, SP_STR("lib.recipes"));

    if (recipes && recipes->kind == SP_DICT)
        SP_DICT_EACH(entry, recipes->dict)
    sp_nearest_offer(nearest, entry->key);
    if (cabs)
        SP_DICT_EACH(entry, cabs)
    sp_nearest_offer(nearest, entry->key);
    SP_LIST_EACH(name, sp_library_all_names(session->arena, &session->places))
    sp_nearest_offer(nearest, name->text);
}

/* A name without a slash is no file, even where there is one of that name. */
static bool is_file_name(struct sp_session *session)
{
    static const char *const endings[] = { "", ".yml", ".yaml" };

    for (size_t i = 0; i < SP_COUNT(endings); i++) {
        struct sp_str path =
            sp_arena_printf(session->arena, SP_STR_FMT "%s", SP_STR_ARG(session->name), endings[i]);
        if (sp_file_kind(path.ptr) != SP_FILE_NONE)
            return true;
    }
    return false;
}

static enum sp_rc no_such_name(struct sp_session *session, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(session->name);
    sp_auto_buf struct sp_buf rest = SP_BUF(SP_BUF_SMALL);

    offer_names(session, &nearest);
    if (nearest.best.ptr)
        sp_buf_addf(&rest, "; did you mean '" SP_STR_FMT "'?", SP_STR_ARG(nearest.best));
    else if (is_file_name(session))
        sp_buf_addf(&rest, "; for the file write ./" SP_STR_FMT, SP_STR_ARG(session->name));
    else
        add_available(session, &rest);
    return sp_fail(err, SP_NOT_FOUND, "'" SP_STR_FMT "' does not refer to a recipe or a cab%s",
                   SP_STR_ARG(session->name), rest.ptr);
}

static enum sp_rc pick_last(struct sp_session *session, struct sp_err *err)
{
    const struct sp_list *recipes = session->config.top_level;

    if (recipes->len == 0)
        return sp_fail(err, SP_INVALID, "--last-recipe is given, but no recipes were loaded");
    session->name = recipes->items[recipes->len - 1].text;
    return pick_by_name(session, session->name) ? SP_OK : no_such_name(session, err);
}

static enum sp_rc pick_default(struct sp_session *session, struct sp_err *err)
{
    const struct sp_list *recipes = session->config.top_level;
    const struct sp_dict *cabs = cab_section(session);

    if (session->config.default_name.len)
        session->name = session->config.default_name;
    else if (recipes->len == 1)
        session->name = recipes->items[0].text;
    else if (recipes->len == 0 && cabs && cabs->len == 1)
        session->name = cabs->entries[0].key;

    if (session->name.len)
        return pick_by_name(session, session->name) ? SP_OK : no_such_name(session, err);
    if (session->files->len == 0)
        return sp_fail(err, SP_INVALID, "no recipe file given");
    if (recipes->len == 0 && (!cabs || cabs->len == 0))
        return sp_fail(err, SP_INVALID, SP_STR_FMT ": there is no recipe in it",
                       SP_STR_ARG(session->files->items[0].text));
    sp_auto_buf struct sp_buf names = SP_BUF(SP_BUF_SMALL);
    if (recipes->len == 0) {
        add_names(keys_of(session->arena, cabs), &names);
        return sp_fail(err, SP_INVALID, "there is no recipe, but several cabs: name one of %s",
                       names.ptr);
    }
    add_names(recipes, &names);
    return sp_fail(err, SP_INVALID, "there are several recipes: name one of %s", names.ptr);
}

enum sp_rc sp_session_pick(struct sp_session *session, struct sp_err *err)
{
    apply_settings(session, true);
    sp_setting_check_values(&session->diags, *sp_dict_get(session->config.root, "opts"));
    if (session->name.len == 0)
        return session->options->last_recipe ? pick_last(session, err) : pick_default(session, err);
    return pick_by_name(session, session->name) ? SP_OK : no_such_name(session, err);
}

struct sp_walk_options sp_session_walk_options(struct sp_session *session)
{
    return (struct sp_walk_options){
        .config = &session->config,
        .world = &session->world,
        .diags = &session->diags,
        .recipe = session->recipe,
        .cab = session->cab,
        .params = session->params,
        .selection = session->selection,
    };
}
