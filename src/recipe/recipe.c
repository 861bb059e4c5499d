/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/recipe.h"

#include "recipe/config.h"
#include "recipe/fields.h"
#include "recipe/setting.h"
#include "recipe/step.h"
#include "recipe/words.h"

#define MAX_DEPTH 100 /* recipes within recipes */

struct raw_recipe {
    struct sp_recipe recipe;
    const struct sp_dict *inputs, *outputs, *steps;
    struct sp_value aliases, for_loop;
};

#define RECIPE(field) offsetof(struct raw_recipe, recipe.field)
#define RAW(field)    offsetof(struct raw_recipe, field)

static const struct sp_field fields[] = {
    { "name", SP_FIELD_TEXT, RECIPE(title) },
    { "fqname", SP_FIELD_IGNORED, 0 },
    { "info", SP_FIELD_TEXT, RECIPE(info) },
    { "extra_info", SP_FIELD_MAPPING, RECIPE(extra_info) },
    { "inputs", SP_FIELD_MAPPING, RAW(inputs) },
    { "outputs", SP_FIELD_MAPPING, RAW(outputs) },
    { "defaults", SP_FIELD_MAPPING, RECIPE(defaults) },
    { "backend", SP_FIELD_ANY, RECIPE(backend) },
    { "dynamic_schema", SP_FIELD_TEXT, RECIPE(dynamic_schema) },
    { "preamble", SP_FIELD_MAPPING, RECIPE(preamble) },
    { "epilogue", SP_FIELD_MAPPING, RECIPE(epilogue) },
    { "steps", SP_FIELD_MAPPING, RAW(steps) },
    { "assign", SP_FIELD_MAPPING, RECIPE(assign) },
    { "assign_based_on", SP_FIELD_MAPPING, RECIPE(assign_based_on) },
    { "aliases", SP_FIELD_ANY, RAW(aliases) },
    { "for_loop", SP_FIELD_ANY, RAW(for_loop) },
};

/* --- aliases: name -> list of target texts ------------------------------------------------------
 */

static bool add_target(struct sp_config *config, struct sp_list *targets, struct sp_value value)
{
    if (!sp_is_text(value))
        return false;
    if (sp_str_find(value.text, '.') == SIZE_MAX)
        sp_diag_error(config->diags, SP_DIAG_ALIAS, value.origin,
                      "alias target '" SP_STR_FMT "' must be written as step.parameter",
                      SP_STR_ARG(value.text));
    else
        sp_list_add(config->arena, targets, value);
    return true;
}

static void flatten_aliases(struct sp_config *config,
                            struct sp_str prefix,
                            const struct sp_dict *dict,
                            struct sp_dict *out)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_value targets = sp_at(sp_list_new(config->arena), entry->origin);
        struct sp_str name = entry->key;
        bool usable = true;
        if (prefix.len)
            name = sp_arena_join(config->arena, prefix, ".", entry->key);
        if (entry->value.kind == SP_DICT) {
            flatten_aliases(config, name, entry->value.dict, out);
            continue;
        }
        if (sp_is_list(entry->value)) {
            SP_LIST_EACH(item, entry->value.list)
            usable = add_target(config, targets.list, *item) && usable;
        } else {
            usable = add_target(config, targets.list, entry->value);
        }
        if (usable)
            sp_dict_set_at(config->arena, out, name, entry->origin, targets);
        else
            sp_diag_error(config->diags, SP_DIAG_ALIAS, entry->origin,
                          "alias '" SP_STR_FMT "' must be a target or a list of targets",
                          SP_STR_ARG(name));
    }
}

static void read_aliases(struct sp_config *config, struct raw_recipe *raw, const char *what)
{
    struct sp_value value = raw->aliases;

    if (value.kind == SP_NULL)
        return;
    if (value.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_ALIAS, value.origin,
                      "'aliases' of %s must be a mapping, not a %s", what,
                      sp_kind_name(value.kind));
        return;
    }
    struct sp_dict *aliases = sp_dict_new(config->arena).dict;
    flatten_aliases(config, SP_STR(""), value.dict, aliases);
    SP_DICT_EACH(entry, aliases)
    {
        if (!sp_schema_find(&raw->recipe.schema, entry->key))
            continue;
        sp_diag_error(config->diags, SP_DIAG_ALIAS, entry->origin,
                      "alias '" SP_STR_FMT "' also appears under inputs or outputs of %s",
                      SP_STR_ARG(entry->key), what);
        sp_diag_hint(config->diags, "write its targets there: aliases: [step.parameter]");
    }
    raw->recipe.aliases = aliases;
}

/* --- parts
 * ---------------------------------------------------------------------------------------- */

static void read_loop(struct sp_config *config, struct raw_recipe *raw, const char *what)
{
    struct sp_for_loop *loop = &raw->recipe.loop;

    if (raw->for_loop.kind == SP_NULL)
        return;
    sp_for_loop_load(config, what, raw->for_loop, loop);
    const struct sp_param *clash = sp_schema_find(&raw->recipe.schema, loop->var);
    if (loop->present && loop->var.len && clash)
        sp_diag_error(config->diags, SP_DIAG_LOOP, loop->origin,
                      "for_loop.var=" SP_STR_FMT " clashes with an %s parameter of %s",
                      SP_STR_ARG(loop->var), clash->is_output ? "output" : "input", what);
}

static void read_steps(struct sp_config *config, struct raw_recipe *raw)
{
    struct sp_recipe *recipe = &raw->recipe;

    if (!raw->steps)
        return;
    recipe->steps = SP_ARENA_NEW(config->arena, struct sp_step, raw->steps->len);
    for (size_t i = 0; i < raw->steps->len; i++)
        sp_step_load(config, recipe->name, &raw->steps->entries[i], &recipe->steps[i]);
    recipe->step_count = raw->steps->len;
}

static bool enter_loading(struct sp_config *config, struct sp_str name, struct sp_value value)
{
    if (config->loading.len >= MAX_DEPTH) {
        sp_diag_error(config->diags, SP_DIAG_RECIPE, value.origin,
                      "recipe '" SP_STR_FMT "' is nested more than %d deep", SP_STR_ARG(name),
                      MAX_DEPTH);
        return false;
    }
    sp_map_set(&config->loading, name, config);
    return true;
}

struct sp_recipe *sp_recipe_load(struct sp_config *config,
                                 struct sp_str name,
                                 struct sp_value value)
{
    struct sp_str what =
        sp_arena_printf(config->arena, "recipe '" SP_STR_FMT "'", SP_STR_ARG(name));
    struct raw_recipe raw = { .recipe = { .name = name, .title = name, .origin = value.origin } };
    struct sp_fields table = { fields, SP_COUNT(fields), what.ptr };

    if (value.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_RECIPE, value.origin, "%s must be a mapping, not a %s",
                      what.ptr, sp_kind_name(value.kind));
        return NULL;
    }
    if (!enter_loading(config, name, value))
        return NULL;
    raw.recipe.written = value.dict;
    sp_fields_read(config->arena, &table, value.dict, &raw, config->diags);
    sp_schema_load(config->arena, raw.inputs, raw.outputs, what.ptr, &raw.recipe.schema,
                   config->diags);
    if (raw.recipe.defaults)
        raw.recipe.defaults =
            sp_schema_flatten(config->arena, &raw.recipe.schema, raw.recipe.defaults);
    sp_setting_check_backend(config->diags, what.ptr, raw.recipe.backend);
    read_aliases(config, &raw, what.ptr);
    read_loop(config, &raw, what.ptr);
    read_steps(config, &raw);
    sp_map_remove(&config->loading, name);

    struct sp_recipe *recipe = SP_ARENA_NEW(config->arena, struct sp_recipe, 1);
    *recipe = raw.recipe;
    sp_config_own_recipe(config, recipe);
    return recipe;
}

void sp_recipe_fini(struct sp_recipe *recipe)
{
    if (recipe)
        sp_schema_fini(&recipe->schema);
}

const char *sp_recipe_field_name(size_t i)
{
    return i < SP_COUNT(fields) ? fields[i].name : NULL;
}
