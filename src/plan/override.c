/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/override.h"

#include "base/nearest.h"

static const char *const loop_names[] = { "for_loop.over", "for_loop.scatter" };

static bool is_loop_name(const struct sp_recipe_node *node, struct sp_str name)
{
    for (size_t i = 0; i < SP_COUNT(loop_names); i++)
        if (node->recipe->loop.present && sp_str_is(name, loop_names[i]))
            return true;
    return false;
}

/* NAME==UNSET takes away what aliased steps say themselves (spec 4.5, 5). */
static void unset_steps(const struct sp_walk *walk,
                        struct sp_param *param,
                        const struct sp_alias *alias)
{
    if (alias->is_output)
        return;
    param->has_default = false;
    for (size_t i = 0; i < alias->target_count; i++)
        (void)sp_dict_remove(walk->arena, alias->targets[i].step->params, alias->targets[i].param);
}

static bool set_own(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    struct sp_param *param = sp_recipe_node_param(walk->nodes, walk->root, entry->key);

    if (!param)
        return false;
    const struct sp_alias *alias = sp_map_find(&walk->root->aliases, param->name);
    if (param->has_implicit || (alias && alias->is_implicit))
        sp_diag_error(walk->diags, SP_DIAG_IMPLICIT, entry->origin,
                      "implicit parameter " SP_STR_FMT " was supplied explicitly",
                      SP_STR_ARG(param->name));
    else
        sp_dict_set_at(walk->arena, walk->params, param->name, entry->origin, entry->value);
    if (alias && entry->value.kind == SP_UNSET)
        unset_steps(walk, param, alias);
    return true;
}

static bool set_step(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    struct sp_str rest;
    struct sp_step_node *step = sp_recipe_node_step(walk->root, entry->key, &rest);

    if (!step || !sp_step_node_set(walk->nodes, step, rest, entry->value))
        return false;
    struct sp_str full = sp_arena_join(walk->arena, step->fqname, ".", rest);
    sp_map_set(&walk->fixed_step, full, walk);
    return true;
}

static bool set_variable(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    if (!sp_map_has(&walk->root->assigned, entry->key) && !is_loop_name(walk->root, entry->key))
        return false;
    sp_dict_set_at(walk->arena, walk->fixed, entry->key, entry->origin, entry->value);
    return true;
}

static bool set_config(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    struct sp_err err = SP_ERR_INIT;

    if (!sp_str_starts(entry->key, "config."))
        return false;
    if (sp_config_set(walk->config, sp_str_slice(entry->key, 7, entry->key.len), entry->value,
                      &err))
        sp_diag_error(walk->diags, SP_DIAG_ASSIGN, entry->origin, "%s", err.text);
    return true;
}

static bool set_log(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    struct sp_str key = sp_str_slice(entry->key, 4, entry->key.len);
    const struct sp_value *known = sp_config_option(walk->config, "log");

    if (!sp_str_starts(entry->key, "log.") || !known || known->kind != SP_DICT ||
        !sp_dict_find(known->dict, key))
        return false;
    sp_dict_set_at(walk->arena, walk->log_set, key, entry->origin, entry->value);
    return true;
}

typedef bool (*try_fn)(struct sp_walk *walk, const struct sp_dict_entry *entry);

/* In this order; the first that knows the name takes it. */
static const try_fn takers[] = { set_own, set_config, set_step, set_variable, set_log };

static void unknown(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);
    const struct sp_value *log = sp_config_option(walk->config, "log");
    bool is_cab = walk->root->bare;

    sp_recipe_node_offer(walk->root, &nearest);
    if (is_cab)
        SP_MAP_EACH (param, &walk->root->steps[0].schema->params)
            sp_nearest_offer(&nearest, param->key);
    if (!is_cab && log && log->kind == SP_DICT)
        SP_DICT_EACH(option, log->dict)
    sp_nearest_offer(&nearest,
                     sp_arena_printf(walk->arena, "log." SP_STR_FMT, SP_STR_ARG(option->key)));
    sp_diag_error(walk->diags, SP_DIAG_UNKNOWN_PARAM, entry->origin,
                  "unknown parameter '" SP_STR_FMT "': it does not refer to a known parameter%s "
                  "of %s '" SP_STR_FMT "'",
                  SP_STR_ARG(entry->key), is_cab ? "" : ", step or variable",
                  is_cab ? "cab" : "recipe", SP_STR_ARG(walk->root->fqname));
    sp_diag_hint_nearest(walk->diags, &nearest);
}

static void apply_to_cab(struct sp_walk *walk, const struct sp_dict *params)
{
    struct sp_step_node *step = &walk->root->steps[0];

    sp_step_node_adapt(walk->nodes, step, params);
    const struct sp_dict *flat = sp_schema_flatten(walk->arena, step->schema, params);
    SP_DICT_EACH(entry, flat)
    {
        if (sp_step_node_set(walk->nodes, step, entry->key, entry->value) ||
            set_config(walk, entry) || set_log(walk, entry))
            continue;
        if (sp_step_node_is_vague(step, flat))
            sp_dict_set_at(walk->arena, step->params, entry->key, entry->origin, entry->value);
        else
            unknown(walk, entry);
    }
}

static bool take(struct sp_walk *walk, const struct sp_dict_entry *entry)
{
    for (size_t i = 0; i < SP_COUNT(takers); i++)
        if (takers[i](walk, entry))
            return true;
    return false;
}

static bool has_below(const struct sp_map *map, struct sp_str section)
{
    SP_MAP_EACH (entry, map)
        if (sp_str_starts(entry->key, section.ptr))
            return true;
    return false;
}

/* Can anything have a name that begins so? */
static bool is_section(struct sp_walk *walk, struct sp_str name)
{
    const struct sp_recipe_node *root = walk->root;
    struct sp_str section = sp_arena_printf(walk->arena, SP_STR_FMT ".", SP_STR_ARG(name));
    struct sp_str rest;

    return sp_str_starts(section, "config.") || sp_str_starts(section, "log.") ||
           (root->recipe->loop.present && sp_str_is(name, "for_loop")) ||
           sp_recipe_node_step(root, section, &rest) || has_below(&root->schema.params, section) ||
           has_below(&root->aliases, section) || has_below(&root->assigned, section);
}

/* A mapping under a name that stands for several parameters is taken apart. */
static void apply(struct sp_walk *walk, struct sp_str prefix, const struct sp_dict *params)
{
    SP_DICT_EACH(entry, params)
    {
        struct sp_dict_entry full = *entry;
        if (prefix.len)
            full.key = sp_arena_join(walk->arena, prefix, ".", entry->key);
        if (!full.value.origin)
            full.value.origin = full.origin;
        if (take(walk, &full))
            continue;
        if (full.value.kind == SP_DICT && full.value.dict->len && is_section(walk, full.key))
            apply(walk, full.key, full.value.dict);
        else
            unknown(walk, &full);
    }
}

void sp_override_apply(struct sp_walk *walk, const struct sp_dict *params)
{
    if (!params)
        return;
    if (walk->root->bare)
        apply_to_cab(walk, params);
    else
        apply(walk, SP_STR(""), params);
}
