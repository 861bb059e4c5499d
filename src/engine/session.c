/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/session.h"

#include "base/clock.h"
#include "base/nearest.h"

#include "engine/world.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"

#include <stdio.h>
#include <unistd.h>

/* What is in force before any configuration file is read (spec stimela2.md 1.9). */
static const char builtin_config[] = "images: {}\n"
                                     "lib: {params: {}, recipes: {}, steps: {}, misc: {},"
                                     " wisdom: {}}\n"
                                     "cabs: {}\n"
                                     "vars: {}\n"
                                     "run: {}\n"
                                     "opts:\n"
                                     "  backend: {select: 'singularity,native'}\n"
                                     "  backend_varieties: {}\n"
                                     "  log:\n"
                                     "    enable: true\n"
                                     "    name: 'log-{info.fqname}'\n"
                                     "    ext: .txt\n"
                                     "    dir: .\n"
                                     "    symlink: null\n"
                                     "    nest: 999\n"
                                     "    level: INFO\n"
                                     "  include: []\n"
                                     "  runtime: {}\n"
                                     "  profile: {print_depth: 9999, unroll_loops: false}\n"
                                     "  disable_skips: {fresh: false, exist: false}\n";

/* --- the `run` section -------------------------------------------------------------------- */

static void set_text(struct sp_session *session, struct sp_dict *dict, const char *key, char *text)
{
    sp_dict_set(session->arena, dict, sp_str_of(key), sp_text(sp_str_of(text)));
}

static struct sp_value environment(struct sp_arena *arena)
{
    struct sp_value env = sp_dict_new(arena);

    for (char **entry = environ; *entry; entry++) {
        struct sp_str rest = sp_str_of(*entry);
        struct sp_str name = sp_str_cut(&rest, '=');
        if (rest.ptr)
            sp_dict_set(arena, env.dict, name, sp_text(rest));
    }
    return env;
}

static void fill_run_section(struct sp_session *session)
{
    struct sp_arena *arena = session->arena;
    struct sp_dict *run = sp_dict_new(arena).dict;
    struct sp_clock_text now = sp_clock_local(sp_clock_realtime());
    char host[256] = "localhost";
    char date[9];
    char time[7];

    /* "2026-11-21 11:27:55" to "20261121" and "112755" */
    (void)snprintf(date, sizeof date, "%.4s%.2s%.2s", now.text, now.text + 5, now.text + 8);
    (void)snprintf(time, sizeof time, "%.2s%.2s%.2s", now.text + 11, now.text + 14, now.text + 17);
    (void)gethostname(host, sizeof host - 1);
    struct sp_str node = sp_str_of(host);
    node = sp_str_cut(&node, '.');

    set_text(session, run, "date", sp_arena_cstr(arena, sp_str_of(date)));
    set_text(session, run, "time", sp_arena_cstr(arena, sp_str_of(time)));
    sp_dict_set(arena, run, SP_STR("datetime"),
                sp_text(sp_arena_printf(arena, "%s-%s", date, time)));
    int64_t cpus = (int64_t)sysconf(_SC_NPROCESSORS_ONLN);
    sp_dict_set(arena, run, SP_STR("ncpu"), sp_int(cpus));
    sp_dict_set(arena, run, SP_STR("ncpu-logical"), sp_int(cpus));
    sp_dict_set(arena, run, SP_STR("ncpu-physical"), sp_int(cpus));
    sp_dict_set(arena, run, SP_STR("node"), sp_text(sp_arena_str(arena, node)));
    set_text(session, run, "hostname", sp_arena_cstr(arena, sp_str_of(host)));
    sp_dict_set(arena, run, SP_STR("env"), environment(arena));
    sp_dict_set(arena, session->config.root, SP_STR("run"),
                (struct sp_value){ .kind = SP_DICT, .dict = run });
}

/* --- loading ------------------------------------------------------------------------------ */

static enum sp_rc add_document(struct sp_session *session, struct sp_str path, struct sp_err *err)
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

static void add_builtin(struct sp_session *session)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_value document;

    if (sp_compose_text(&session->composer, SP_STR("<built in>"), session->world.cwd,
                        sp_str_of(builtin_config), SP_NO_SOURCES, &document, &err) == SP_OK)
        sp_config_add(&session->config, document);
}

static void add_config_if_there(struct sp_session *session, struct sp_str path)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_kind(path.ptr) == SP_FILE_REGULAR)
        (void)add_document(session, path, &err); /* what is wrong is in diags */
}

static void add_start_up(struct sp_session *session, const struct sp_session_options *options)
{
    struct sp_arena *arena = session->arena;
    struct sp_str xdg = sp_env_get(SP_STR("XDG_CONFIG_HOME"));

    add_builtin(session);
    fill_run_section(session);
    if (options->no_system_config)
        return;
    add_config_if_there(session, SP_STR("/etc/spoor/spoor.conf"));
    if (xdg.len == 0)
        xdg = sp_arena_printf(arena, SP_STR_FMT "/.config", SP_STR_ARG(session->world.home));
    add_config_if_there(session,
                        sp_arena_printf(arena, SP_STR_FMT "/spoor/spoor.conf", SP_STR_ARG(xdg)));
    add_config_if_there(session, SP_STR("spoor.conf"));
}

/* Where relative includes are searched (spec 1.8), our own cab library last. */
static void set_include_path(struct sp_session *session, const struct sp_session_options *options)
{
    struct sp_arena *arena = session->arena;
    struct sp_str from_env = session->world.env(session->world.arg, SP_STR("STIMELA_INCLUDE"));
    size_t most = options->include_len + 64;
    struct sp_str *path = SP_ARENA_NEW(arena, struct sp_str, most);
    size_t len = 0;

    for (size_t i = 0; i < options->include_len; i++)
        path[len++] = sp_str_of(options->include[i]);
    while (from_env.ptr && len + 1 < most) {
        struct sp_str dir = sp_str_cut(&from_env, ':');
        if (dir.len)
            path[len++] = sp_arena_str(arena, dir);
    }
    path[len++] = session->places.cabs;
    session->composer.include_path = path;
    session->composer.include_path_len = len;
}

/* The command line wins over every file, so this is done once before recipes are loaded (their
 * composition may look at settings) and once after. */
static void apply_settings(struct sp_session *session)
{
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < session->settings_len; i++) {
        struct sp_str value = sp_str_of(session->settings[i]);
        struct sp_str path = sp_str_cut(&value, '=');
        size_t known = session->diags.errors;
        struct sp_value parsed =
            value.ptr ? sp_yaml_scalar(session->arena, value, SP_YAML_CONFIG) : sp_null();
        enum sp_rc rc = value.ptr
                            ? sp_config_set(&session->config, path, parsed, &err)
                            : sp_fail(&err, SP_INVALID, "setting '%s': no value; write %s=VALUE",
                                      session->settings[i], session->settings[i]);
        /* What is wrong may have been said already, with a hint. */
        if (rc && session->diags.errors == known)
            sp_diag_error(&session->diags, SP_DIAG_UNKNOWN_KEY, 0, "%s", err.text);
    }
}

void sp_session_init(struct sp_session *session, const struct sp_session_options *options)
{
    struct sp_err err = SP_ERR_INIT;

    *session = (struct sp_session){ 0 };
    session->arena = sp_arena_new();
    session->origins = sp_origins_new();
    sp_diags_init(&session->diags, session->arena, session->origins);
    sp_places_find(session->arena, options->include, options->include_len, &session->places);
    sp_world_real(&session->world, session->arena, &session->places);
    session->composer = (struct sp_composer){
        .arena = session->arena,
        .origins = session->origins,
        .diags = &session->diags,
        .world = &session->world,
        .strict = options->strict,
    };
    session->loaded = sp_dict_new(session->arena).dict;
    session->params = sp_dict_new(session->arena).dict;
    session->files = sp_list_new(session->arena).list;
    sp_config_init(&session->config, session->arena, &session->diags);
    set_include_path(session, options);
    add_start_up(session, options);
    for (size_t i = 0; i < options->config_len; i++)
        (void)add_document(session, sp_str_of(options->config[i]), &err);
    session->settings = options->settings;
    session->settings_len = options->settings_len;
    apply_settings(session);
}

void sp_session_fini(struct sp_session *session)
{
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
    return sp_str_ends(word, ".yml") || sp_str_ends(word, ".yaml") || sp_str_ends(word, ".YML") ||
           sp_str_ends(word, ".YAML") || sp_str_find(word, '/') != SIZE_MAX ||
           sp_str_is(word, ".") || sp_str_is(word, "..") || sp_str_starts(word, "(");
}

/* NAME=VALUE: the value is YAML, or a formula when it starts with '='. */
static enum sp_rc add_assignment(struct sp_session *session, struct sp_str word, struct sp_err *err)
{
    struct sp_str text = word;
    struct sp_str name = sp_str_cut(&text, '=');
    struct sp_value value = sp_null();

    if (name.len == 0)
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "': no name before '='", SP_STR_ARG(word));
    if (text.len) {
        enum sp_rc rc = sp_yaml_parse(session->arena, session->origins, SP_STR("<command line>"),
                                      sp_arena_str(session->arena, text), SP_YAML_COMMAND_LINE,
                                      &session->diags, &value, err);
        if (rc)
            return sp_err_wrap(err, "'" SP_STR_FMT "'", SP_STR_ARG(word));
    }
    sp_dict_set(session->arena, session->params, sp_arena_str(session->arena, name), value);
    return SP_OK;
}

static enum sp_rc add_file(struct sp_session *session, struct sp_str word, struct sp_err *err)
{
    struct sp_str path = sp_arena_str(session->arena, word);
    static const char *const endings[] = { "", ".yml", ".yaml" };

    if (sp_str_starts(path, "(")) { /* (package)file: composition knows how to find it */
        sp_list_add(session->arena, session->files, sp_text(path));
        return add_document(session, path, err);
    }
    for (size_t i = 0; i < SP_COUNT(endings); i++) {
        struct sp_str candidate =
            sp_arena_printf(session->arena, SP_STR_FMT "%s", SP_STR_ARG(path), endings[i]);
        if (sp_file_kind(candidate.ptr) != SP_FILE_REGULAR)
            continue;
        sp_list_add(session->arena, session->files, sp_text(candidate));
        return add_document(session, candidate, err);
    }
    if (sp_file_kind(path.ptr) == SP_FILE_DIR)
        return sp_fail(err, SP_INVALID, "'%s' is a directory; name a recipe file in it", path.ptr);
    return sp_fail(err, SP_NOT_FOUND, "there is no recipe file '%s'", path.ptr);
}

enum sp_rc sp_session_add_words(struct sp_session *session,
                                const char *const *words,
                                size_t count,
                                struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; i < count && rc == SP_OK; i++) {
        struct sp_str word = sp_str_of(words[i]);
        size_t equals = sp_str_find(word, '=');
        if (equals != SIZE_MAX)
            rc = add_assignment(session, word, err);
        else if (sp_session_is_file(word))
            rc = add_file(session, word, err);
        else if (session->name.len)
            rc = sp_fail(err, SP_INVALID,
                         "two names given, '" SP_STR_FMT "' and '%s': which recipe is meant?",
                         SP_STR_ARG(session->name), words[i]);
        else
            session->name = sp_arena_str(session->arena, word);
    }
    return rc;
}

/* --- choosing ----------------------------------------------------------------------------- */

bool sp_session_add_library(struct sp_session *session, struct sp_str name)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str path = sp_arena_printf(session->arena, SP_STR_FMT "/" SP_STR_FMT ".yml",
                                         SP_STR_ARG(session->places.cabs), SP_STR_ARG(name));

    return sp_str_find(name, '/') == SIZE_MAX && sp_file_kind(path.ptr) == SP_FILE_REGULAR &&
           add_document(session, path, &err) == SP_OK;
}

struct sp_list *sp_session_library(struct sp_session *session)
{
    struct sp_list *names = sp_list_new(session->arena).list;
    struct sp_str pattern =
        sp_arena_printf(session->arena, SP_STR_FMT "/*.yml", SP_STR_ARG(session->places.cabs));
    struct sp_glob found = sp_glob_find(session->arena, pattern);

    for (size_t i = 0; i < found.len; i++) {
        struct sp_str path = found.items[i];
        struct sp_str base = sp_str_slice(path, session->places.cabs.len + 1, path.len - 4);
        sp_list_add(session->arena, names, sp_text(base));
    }
    return names;
}

static const struct sp_dict *cab_section(const struct sp_session *session)
{
    const struct sp_value *cabs = sp_dict_get(session->config.root, "cabs");

    return cabs && cabs->kind == SP_DICT ? cabs->dict : NULL;
}

static enum sp_rc no_such_name(struct sp_session *session, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(session->name);
    const struct sp_dict *cabs = cab_section(session);

    SP_LIST_EACH(name, session->config.top_level)
    sp_nearest_offer(&nearest, name->text);
    if (cabs)
        SP_DICT_EACH(entry, cabs)
    sp_nearest_offer(&nearest, entry->key);
    SP_LIST_EACH(name, sp_session_library(session))
    sp_nearest_offer(&nearest, name->text);
    if (nearest.best.ptr)
        return sp_fail(err, SP_NOT_FOUND,
                       "no recipe or cab is called '" SP_STR_FMT "'; did you mean '" SP_STR_FMT
                       "'?",
                       SP_STR_ARG(session->name), SP_STR_ARG(nearest.best));
    return sp_fail(err, SP_NOT_FOUND, "no recipe or cab is called '" SP_STR_FMT "'",
                   SP_STR_ARG(session->name));
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
    apply_settings(session);
    if (session->name.len == 0)
        return pick_default(session, err);
    return pick_by_name(session, session->name) ? SP_OK : no_such_name(session, err);
}
