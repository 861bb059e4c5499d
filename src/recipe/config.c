/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/config.h"

#include "base/nearest.h"

#include "lang/compose.h"
#include "recipe/setting.h"
#include "recipe/words.h"

/* --- what sections there are ---------------------------------------------------------------- */

struct section {
    const char *name;
    const char *const *keys; /* NULL: any */
};

static const char *const lib_keys[] = { "params", "recipes", "steps", "misc", "wisdom", NULL };
static const char *const log_keys[] = { "enable", "name",  "ext",   "dir", "symlink",
                                        "nest",   "level", "purge", NULL };
static const char *const opts_keys[] = {
    "backend", "backend_varieties", "log",   "include", "runtime",
    "profile", "disable_skips",     "store", NULL,
};
static const char *const store_keys[] = { "enable", "dir",        "snapshot",     "edits",
                                          "sync",   "salt",       "budget",       "keep_free",
                                          "images", "plain_http", "digest_limit", NULL };
static const struct section sections[] = {
    { "images", NULL },    { "lib", lib_keys }, { "cabs", NULL },
    { "opts", opts_keys }, { "vars", NULL },    { "run", NULL },
};

static const struct section *find_section(struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(sections); i++)
        if (sp_str_is(name, sections[i].name))
            return &sections[i];
    return NULL;
}

/* --- built-in settings ------------------------------------------------------------------------ */

static void set_text(struct sp_arena *arena,
                     struct sp_dict *dict,
                     const char *key,
                     const char *text)
{
    sp_dict_set(arena, dict, sp_str_of(key), sp_text(sp_str_of(text)));
}

static struct sp_dict *add_dict(struct sp_arena *arena, struct sp_dict *parent, const char *key)
{
    struct sp_value dict = sp_dict_new(arena);

    sp_dict_set(arena, parent, sp_str_of(key), dict);
    return dict.dict;
}

static void set_default_options(struct sp_arena *arena, struct sp_dict *opts)
{
    struct sp_dict *log = add_dict(arena, opts, "log");
    sp_dict_set(arena, log, SP_STR("enable"), sp_bool(true));
    set_text(arena, log, "name", "log-{info.fqname}");
    set_text(arena, log, "ext", ".txt");
    set_text(arena, log, "dir", ".");
    sp_dict_set(arena, log, SP_STR("symlink"), sp_null());
    sp_dict_set(arena, log, SP_STR("nest"), sp_int(999));
    set_text(arena, log, "level", "INFO");

    struct sp_dict *backend = add_dict(arena, opts, "backend");
    set_text(arena, backend, "select", "container,sandbox,native");
    set_text(arena, backend, "default_registry", "quay.io/stimela2");

    struct sp_dict *profile = add_dict(arena, opts, "profile");
    sp_dict_set(arena, profile, SP_STR("print_depth"), sp_int(9999));
    sp_dict_set(arena, profile, SP_STR("unroll_loops"), sp_bool(false));

    struct sp_dict *skips = add_dict(arena, opts, "disable_skips");
    sp_dict_set(arena, skips, SP_STR("fresh"), sp_bool(false));
    sp_dict_set(arena, skips, SP_STR("exist"), sp_bool(false));

    struct sp_dict *store = add_dict(arena, opts, "store");
    sp_dict_set(arena, store, SP_STR("enable"), sp_bool(true));
    set_text(arena, store, "snapshot", "auto");
    set_text(arena, store, "edits", "refuse");
    sp_dict_set(arena, store, SP_STR("digest_limit"), sp_int(64));
    sp_dict_set(arena, store, SP_STR("sync"), sp_bool(true));
}

void sp_config_init(struct sp_config *config, struct sp_arena *arena, struct sp_diags *diags)
{
    *config = (struct sp_config){ .arena = arena, .diags = diags };
    config->root = sp_dict_new(arena).dict;
    config->top_level = sp_list_new(arena).list;
    for (size_t i = 0; i < SP_COUNT(sections); i++)
        add_dict(arena, config->root, sections[i].name);
    struct sp_dict *lib = sp_dict_get(config->root, "lib")->dict;
    for (const char *const *key = lib_keys; *key; key++)
        add_dict(arena, lib, *key);
    set_default_options(arena, sp_dict_get(config->root, "opts")->dict);
}

void sp_config_fini(struct sp_config *config)
{
    for (size_t i = 0; i < config->owned_cabs.len; i++)
        sp_cab_fini(config->owned_cabs.entries[i].value);
    for (size_t i = 0; i < config->owned_recipes.len; i++)
        sp_recipe_fini(config->owned_recipes.entries[i].value);
    sp_map_fini(&config->owned_cabs);
    sp_map_fini(&config->owned_recipes);
    sp_map_fini(&config->loading);
    sp_map_fini(&config->cabs);
    sp_map_fini(&config->recipes);
}

/* --- adding documents ------------------------------------------------------------------------- */

static void check_names(struct sp_config *config,
                        const char *section,
                        const char *const *keys,
                        const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        bool known = false;
        for (const char *const *key = keys; *key && !known; key++) {
            known = sp_str_is(entry->key, *key);
            sp_nearest_offer(&nearest, sp_str_of(*key));
        }
        if (known)
            continue;
        sp_diag_error(config->diags, SP_DIAG_UNKNOWN_KEY, entry->origin,
                      "unknown key '" SP_STR_FMT "' in '%s'", SP_STR_ARG(entry->key), section);
        sp_diag_hint_nearest(config->diags, &nearest);
    }
}

static void check_keys(struct sp_config *config,
                       const struct section *section,
                       const struct sp_dict *dict)
{
    const struct sp_value *log = sp_dict_get(dict, "log");
    const struct sp_value *store = sp_dict_get(dict, "store");
    const struct sp_value *backend = sp_dict_get(dict, "backend");
    const struct sp_value *varieties = sp_dict_get(dict, "backend_varieties");

    check_names(config, section->name, section->keys, dict);
    if (section->keys == opts_keys && backend)
        sp_setting_check_backend(config->diags, NULL, *backend);
    if (section->keys == opts_keys && varieties && varieties->kind == SP_DICT)
        SP_DICT_EACH(entry, varieties->dict)
    sp_setting_check_backend(
        config->diags,
        sp_arena_printf(config->arena, "variety '" SP_STR_FMT "'", SP_STR_ARG(entry->key)).ptr,
        entry->value);
    if (section->keys == opts_keys && log && log->kind == SP_DICT)
        check_names(config, "opts.log", log_keys, log->dict);
    if (section->keys == opts_keys && store && store->kind == SP_DICT)
        check_names(config, "opts.store", store_keys, store->dict);
}

/* `vars: {steps: ...}`: somebody has a recipe of that name in mind. */
static void suspect_recipe(struct sp_config *config,
                           const struct section *section,
                           const struct sp_dict_entry *entry)
{
    const struct sp_value *steps = sp_dict_get(entry->value.dict, "steps");

    if (section->keys || sp_str_is(entry->key, "cabs") || !steps || steps->kind != SP_DICT)
        return;
    sp_diag_warning(config->diags, SP_DIAG_DOCUMENT, entry->origin,
                    "'%s' has steps like a recipe, but is a section of the configuration",
                    section->name);
    sp_diag_hint(config->diags, "give the recipe another name");
}

static void merge_section(struct sp_config *config,
                          const struct section *section,
                          const struct sp_dict_entry *entry)
{
    struct sp_value *slot = sp_dict_get(config->root, section->name);

    if (entry->value.kind == SP_NULL)
        return;
    if (entry->value.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_DOCUMENT, entry->value.origin,
                      "section '%s' must be a mapping, not a %s", section->name,
                      sp_kind_name(entry->value.kind));
        return;
    }
    suspect_recipe(config, section, entry);
    if (section->keys)
        check_keys(config, section, entry->value.dict);
    *slot = sp_merge(config->arena, *slot, entry->value, config->diags);
}

static void set_default_name(struct sp_config *config, const struct sp_dict_entry *entry)
{
    if (sp_is_text(entry->value))
        config->default_name = entry->value.text;
    else
        sp_diag_error(config->diags, SP_DIAG_DOCUMENT, entry->origin,
                      "DEFAULT must be the name of a recipe or cab");
}

static void note_top_level(struct sp_config *config, const struct sp_dict_entry *entry)
{
    SP_LIST_EACH(known, config->top_level)
    if (sp_str_eq(known->text, entry->key))
        return;
    sp_list_add(config->arena, config->top_level, sp_at(sp_text(entry->key), entry->origin));
}

/* A top-level section that is not configuration is a recipe. */
static void collect_recipe(struct sp_config *config,
                           struct sp_dict *recipes,
                           const struct sp_dict_entry *entry)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);

    if (entry->value.kind == SP_DICT) {
        note_top_level(config, entry);
        sp_dict_set_at(config->arena, recipes, entry->key, entry->origin, entry->value);
        return;
    }
    for (size_t i = 0; i < SP_COUNT(sections); i++)
        sp_nearest_offer(&nearest, sp_str_of(sections[i].name));
    sp_diag_error(config->diags, SP_DIAG_DOCUMENT, entry->origin,
                  "top-level key '" SP_STR_FMT "' is neither configuration nor a recipe: a mapping "
                  "is expected, not a %s",
                  SP_STR_ARG(entry->key), sp_kind_name(entry->value.kind));
    sp_diag_hint_nearest(config->diags, &nearest);
}

/* What was typed from earlier documents may have changed. */
static void forget_typed(struct sp_config *config)
{
    sp_map_fini(&config->cabs);
    sp_map_fini(&config->recipes);
}

void sp_config_add(struct sp_config *config, struct sp_value document)
{
    struct sp_dict *recipes = sp_dict_new(config->arena).dict;

    if (document.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_DOCUMENT, document.origin,
                      "the document must be a mapping, not a %s", sp_kind_name(document.kind));
        return;
    }
    forget_typed(config);
    SP_DICT_EACH(entry, document.dict)
    {
        const struct section *section = find_section(entry->key);
        if (section)
            merge_section(config, section, entry);
        else if (sp_str_is(entry->key, "DEFAULT"))
            set_default_name(config, entry);
        else
            collect_recipe(config, recipes, entry);
    }
    if (!recipes->len)
        return;
    struct sp_value lib = sp_dict_new(config->arena);
    sp_dict_set(config->arena, lib.dict, SP_STR("recipes"),
                (struct sp_value){ .kind = SP_DICT, .dict = recipes });
    struct sp_value *slot = sp_dict_get(config->root, "lib");
    *slot = sp_merge(config->arena, *slot, lib, config->diags);
}

/* --- typed objects -----------------------------------------------------------------------------
 */

static void own(struct sp_config *config, struct sp_map *owned, void *object)
{
    sp_map_set(owned, sp_arena_printf(config->arena, "%zu", owned->len), object);
}

void sp_config_own_recipe(struct sp_config *config, struct sp_recipe *recipe)
{
    own(config, &config->owned_recipes, recipe);
}

struct sp_cab *sp_config_inline_cab(struct sp_config *config,
                                    struct sp_str name,
                                    struct sp_value value)
{
    struct sp_cab *cab = sp_cab_load(config->arena, name, value, config->diags);

    if (cab)
        own(config, &config->owned_cabs, cab);
    return cab;
}

struct sp_cab *sp_config_cab(struct sp_config *config, struct sp_str name)
{
    const struct sp_value *cabs = sp_dict_get(config->root, "cabs");

    if (sp_map_has(&config->cabs, name))
        return sp_map_find(&config->cabs, name);
    const struct sp_dict_entry *entry = sp_dict_entry_of(cabs->dict, name);
    if (!entry)
        return NULL;
    struct sp_value value = entry->value;
    if (!value.origin)
        value.origin = entry->origin;
    struct sp_cab *cab = sp_config_inline_cab(config, entry->key, value);
    if (cab)
        sp_map_set(&config->cabs, entry->key, cab);
    return cab;
}

static const struct sp_value *find_recipe(const struct sp_config *config, struct sp_str name)
{
    const struct sp_value *recipes = sp_dict_walk(config->root, SP_STR("lib.recipes"));
    const struct sp_value *value = NULL;

    if (recipes && recipes->kind == SP_DICT)
        value = sp_dict_find(recipes->dict, name);
    if (!value && sp_str_find(name, '.') != SIZE_MAX)
        value = sp_dict_walk(config->root, name);
    return value;
}

struct sp_recipe *sp_config_recipe(struct sp_config *config, struct sp_str name)
{
    if (sp_map_has(&config->recipes, name))
        return sp_map_find(&config->recipes, name);
    const struct sp_value *value = find_recipe(config, name);
    if (!value)
        return NULL;
    name = sp_arena_str(config->arena, name);
    struct sp_recipe *recipe = sp_recipe_load(config, name, *value);
    if (recipe)
        sp_map_set(&config->recipes, name, recipe);
    return recipe;
}

/* --- single settings ----------------------------------------------------------------------------
 */

const struct sp_value *sp_config_option(const struct sp_config *config, const char *path)
{
    const struct sp_value *opts = sp_dict_get(config->root, "opts");

    if (strncmp(path, "opts.", 5) == 0)
        path += 5;
    return opts->kind == SP_DICT ? sp_dict_walk(opts->dict, sp_str_of(path)) : NULL;
}

static enum sp_rc unknown_section(struct sp_str path, struct sp_str name, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    for (size_t i = 0; i < SP_COUNT(sections); i++)
        sp_nearest_offer(&nearest, sp_str_of(sections[i].name));
    return sp_nearest_fail(&nearest, "there are images, lib, cabs, opts, vars, run", err,
                           SP_INVALID,
                           "setting '" SP_STR_FMT "': there is no section '" SP_STR_FMT "'",
                           SP_STR_ARG(path), SP_STR_ARG(name));
}

/* {a: {b: value}} for the path "a.b". */
static struct sp_value nest(struct sp_arena *arena, struct sp_str path, struct sp_value value)
{
    for (size_t dot; path.ptr && path.len; path = sp_str_slice(path, 0, dot)) {
        dot = sp_str_rfind(path, '.');
        struct sp_str key = dot == SIZE_MAX ? path : sp_str_slice(path, dot + 1, path.len);
        struct sp_value outer = sp_dict_new(arena);
        sp_dict_set_at(arena, outer.dict, sp_arena_str(arena, key), value.origin, value);
        value = sp_at(outer, value.origin);
        if (dot == SIZE_MAX)
            break;
    }
    return value;
}

enum sp_rc sp_config_set(struct sp_config *config,
                         struct sp_str path,
                         struct sp_value value,
                         struct sp_err *err)
{
    struct sp_str rest = path;
    struct sp_str name = sp_str_cut(&rest, '.');
    const struct section *section = find_section(name);

    if (!section)
        return unknown_section(path, name, err);
    if (!rest.ptr || !rest.len)
        return sp_fail(err, SP_INVALID, "setting '" SP_STR_FMT "': name a setting within it",
                       SP_STR_ARG(path));
    struct sp_value overlay = nest(config->arena, rest, value);
    size_t errors = config->diags->errors;
    struct sp_value *slot = sp_dict_get(config->root, section->name);
    if (section->keys)
        check_keys(config, section, overlay.dict);
    if (config->diags->errors == errors)
        *slot = sp_merge(config->arena, *slot, overlay, config->diags);
    if (config->diags->errors != errors)
        return sp_fail(err, SP_INVALID, "setting '" SP_STR_FMT "': %s", SP_STR_ARG(path),
                       config->diags->items[config->diags->len - 1].text);
    if (sp_str_is(name, "cabs") || sp_str_is(name, "lib"))
        forget_typed(config);
    return SP_OK;
}

const char *sp_config_section_name(size_t i)
{
    return i < SP_COUNT(sections) ? sections[i].name : NULL;
}
