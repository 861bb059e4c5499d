/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/alias.h"

#include "base/nearest.h"

#include "plan/skip.h"

/* One target text, taken apart: which steps, which parameter. */
struct target {
    struct sp_str steps; /* label, pattern, or the name inside (name) */
    struct sp_str param;
    bool by_name; /* (name) */
    bool exact;
    uint32_t origin;
};

static bool is_explicit(const struct sp_step_node *step, struct sp_str param)
{
    return sp_dict_find(step->params, param) != NULL;
}

static bool is_assigned(const struct sp_step_node *step, struct sp_str param)
{
    char name[512];
    size_t len = step->step->label.len + 1 + param.len;

    /* Longer names are not found: they then count as not assigned, which only asks for a value. */
    if (!step->owner->assigned.len || len > sizeof name)
        return false;
    memcpy(name, step->step->label.ptr, step->step->label.len);
    name[step->step->label.len] = '.';
    memcpy(name + step->step->label.len + 1, param.ptr, param.len);
    return sp_map_has(&step->owner->assigned, (struct sp_str){ name, len });
}

static const struct sp_value *default_of(const struct sp_step_node *step,
                                         const struct sp_param *param)
{
    const struct sp_value *value = NULL;

    if (step->defaults)
        value = sp_dict_find(step->defaults, param->name);
    if (!value && param->has_default)
        value = &param->default_value;
    return value;
}

/* Does the step itself give this parameter a value, default, or assignment? */
static bool has_value(const struct sp_step_node *step, const struct sp_param *param)
{
    return is_explicit(step, param->name) || default_of(step, param) ||
           is_assigned(step, param->name);
}

/* --- one target ---------------------------------------------------------------------------- */

/* "$$" stands for the alias, "$" for its last component. */
static struct sp_str expand(struct sp_nodes *nodes, struct sp_str alias, struct sp_str text)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    size_t dot = sp_str_rfind(alias, '.');
    struct sp_str last = dot == SIZE_MAX ? alias : sp_str_slice(alias, dot + 1, alias.len);

    if (sp_str_find(text, '$') == SIZE_MAX)
        return text;
    for (size_t i = 0; i < text.len; i++) {
        if (text.ptr[i] != '$') {
            sp_buf_addc(&out, text.ptr[i]);
        } else if (i + 1 < text.len && text.ptr[i + 1] == '$') {
            sp_buf_add(&out, alias);
            i++;
        } else {
            sp_buf_add(&out, last);
        }
    }
    return sp_arena_str(nodes->arena, sp_buf_str(&out));
}

static bool parse_target(const struct sp_recipe_node *node,
                         struct sp_str text,
                         uint32_t origin,
                         struct target *out)
{
    struct sp_str rest = text;
    size_t close = sp_str_find(text, ')');

    *out = (struct target){ .exact = true, .origin = origin };
    if (text.len && text.ptr[0] == '(' && close != SIZE_MAX) {
        rest = sp_str_slice(text, close + 1, text.len);
        *out = (struct target){ .by_name = true,
                                .steps = sp_str_slice(text, 1, close),
                                .param = sp_str_slice(rest, 1, rest.len),
                                .origin = origin };
        return rest.len > 1 && rest.ptr[0] == '.';
    }
    const struct sp_step_node *step = sp_recipe_node_step(node, text, &out->param);
    if (step) {
        out->steps = step->step->label;
        return out->param.len > 0;
    }
    out->steps = sp_str_cut(&rest, '.');
    out->param = rest.ptr ? rest : SP_STR("");
    out->exact = !sp_str_has_wildcard(out->steps);
    return out->param.len > 0;
}

static bool is_meant(const struct target *target, const struct sp_step_node *step)
{
    if (target->by_name)
        return step->step->target.len && sp_str_eq(step->step->target, target->steps);
    return sp_str_match(target->steps, step->step->label);
}

/* --- the schema of an alias ---------------------------------------------------------------- */

static bool has_target(const struct sp_alias *alias,
                       const struct sp_step_node *step,
                       const struct sp_param *param)
{
    return sp_map_find(&step->aliases, param->name) == alias;
}

static void add_target(struct sp_nodes *nodes,
                       struct sp_alias *alias,
                       struct sp_step_node *step,
                       const struct sp_param *param)
{
    if (has_target(alias, step, param))
        return;
    if (alias->target_count == alias->target_capacity) {
        size_t capacity = SP_MAX(2 * alias->target_capacity, (size_t)2);
        struct sp_alias_target *targets =
            SP_ARENA_NEW(nodes->arena, struct sp_alias_target, capacity);
        if (alias->target_count)
            memcpy(targets, alias->targets, alias->target_count * sizeof *targets);
        alias->targets = targets;
        alias->target_capacity = capacity;
    }
    alias->targets[alias->target_count++] = (struct sp_alias_target){ step, param->name };
    sp_map_set(&step->aliases, param->name, alias);
}

static const struct sp_param *first_target(struct sp_nodes *nodes, const struct sp_alias *alias)
{
    return alias->target_count
               ? sp_step_node_param(nodes, alias->targets[0].step, alias->targets[0].param)
               : NULL;
}

/* What the rules say against joining this target, or NULL. */
static const char *objection(struct sp_nodes *nodes,
                             const struct sp_alias *alias,
                             const struct sp_step_node *step,
                             const struct sp_param *param)
{
    const struct sp_param *first = first_target(nodes, alias);
    const struct sp_alias *other = sp_map_find(&step->aliases, param->name);

    if (param->has_implicit && !param->is_output)
        return "is an implicit input, which cannot be aliased";
    if (other && other != alias)
        return "is driven by another alias already";
    if (!first)
        return NULL;
    if (first->is_output != param->is_output)
        return "cannot be joined: the alias refers to both an input and an output";
    if (param->is_output && !has_target(alias, step, param))
        return "cannot be joined: an output can have one target only, it is defined more than once";
    if (!sp_str_eq(sp_str_trim(first->dtype_text), sp_str_trim(param->dtype_text)))
        return "doesn't match previous dtype of the alias";
    return NULL;
}

static void unknown_target(struct sp_nodes *nodes,
                           const struct sp_step_node *step,
                           const struct sp_alias *alias,
                           const struct target *target)
{
    struct sp_nearest nearest = SP_NEAREST(target->param);

    SP_MAP_EACH (entry, &step->schema->params)
        sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(nodes->diags, SP_DIAG_ALIAS, target->origin,
                  "alias '" SP_STR_FMT "': step '" SP_STR_FMT "' has no parameter '" SP_STR_FMT "'",
                  SP_STR_ARG(alias->name), SP_STR_ARG(step->fqname), SP_STR_ARG(target->param));
    sp_diag_hint_nearest(nodes->diags, &nearest);
}

static void join(struct sp_nodes *nodes,
                 struct sp_alias *alias,
                 struct sp_step_node *step,
                 const struct target *target)
{
    const struct sp_param *param = sp_step_node_param(nodes, step, target->param);

    if (!param) {
        if (target->exact && (step->step->cab || step->recipe))
            unknown_target(nodes, step, alias, target);
        return;
    }
    if (!target->exact &&
        (is_explicit(step, param->name) || sp_map_has(&step->aliases, param->name)))
        return;
    const char *why = objection(nodes, alias, step, param);
    if (why)
        sp_diag_error(nodes->diags, SP_DIAG_ALIAS, target->origin,
                      "alias '" SP_STR_FMT "': '" SP_STR_FMT "." SP_STR_FMT "' %s",
                      SP_STR_ARG(alias->name), SP_STR_ARG(step->fqname), SP_STR_ARG(param->name),
                      why);
    else
        add_target(nodes, alias, step, param);
}

static void unknown_step(struct sp_nodes *nodes,
                         const struct sp_recipe_node *node,
                         const struct sp_alias *alias,
                         const struct target *target)
{
    struct sp_nearest nearest = SP_NEAREST(target->steps);

    for (size_t i = 0; i < node->step_count; i++)
        sp_nearest_offer(&nearest, node->steps[i].step->label);
    sp_diag_error(nodes->diags, SP_DIAG_ALIAS, target->origin,
                  "alias '" SP_STR_FMT "': recipe '" SP_STR_FMT "' has no step '" SP_STR_FMT "'",
                  SP_STR_ARG(alias->name), SP_STR_ARG(node->fqname), SP_STR_ARG(target->steps));
    sp_diag_hint_nearest(nodes->diags, &nearest);
}

static void join_all(struct sp_nodes *nodes,
                     struct sp_recipe_node *node,
                     struct sp_alias *alias,
                     const struct target *target)
{
    if (target->exact) {
        struct sp_step_node *step = sp_map_find(&node->by_label, target->steps);
        if (step)
            join(nodes, alias, step, target);
        else
            unknown_step(nodes, node, alias, target);
        return;
    }
    for (size_t i = 0; i < node->step_count; i++)
        if (is_meant(target, &node->steps[i]))
            join(nodes, alias, &node->steps[i], target);
}

/* --- defaults and requirements ------------------------------------------------------------- */

/* The value that an alias without one of its own takes from its steps: what a step is explicitly
 * given, else the default of the first target's cab. */
static const struct sp_value *inherited(struct sp_nodes *nodes, const struct sp_alias *alias)
{
    for (size_t i = 0; i < alias->target_count; i++) {
        const struct sp_alias_target *target = &alias->targets[i];
        const struct sp_value *value = sp_dict_find(target->step->params, target->param);
        if (value)
            return value;
    }
    const struct sp_param *first = first_target(nodes, alias);
    return first ? default_of(alias->targets[0].step, first) : NULL;
}

/* Does a step require it (with `selected`: one that may run) that has no value of its own? */
static bool is_needed(struct sp_nodes *nodes, const struct sp_alias *alias, bool selected)
{
    for (size_t i = 0; i < alias->target_count; i++) {
        const struct sp_alias_target *target = &alias->targets[i];
        const struct sp_param *param = sp_step_node_param(nodes, target->step, target->param);
        if (selected && sp_skip_is_certain(target->step))
            continue;
        if (param->required == SP_YES && !param->has_implicit && !has_value(target->step, param))
            return true;
    }
    return false;
}

static void drop_explicit(struct sp_nodes *nodes, const struct sp_alias *alias)
{
    for (size_t i = 0; i < alias->target_count; i++)
        (void)sp_dict_remove(nodes->arena, alias->targets[i].step->params, alias->targets[i].param);
}

static void settle_default(struct sp_nodes *nodes,
                           struct sp_recipe_node *node,
                           struct sp_alias *alias,
                           const struct sp_param *own,
                           struct sp_param *out)
{
    const struct sp_dict *defaults = node->recipe->defaults;
    bool has_own = (own && own->has_default) || (defaults && sp_dict_find(defaults, alias->name));

    out->has_default = false;
    if (has_own) {
        drop_explicit(nodes, alias);
        out->has_default = own && own->has_default;
        out->default_value = own ? own->default_value : sp_null();
    } else {
        /* An expression belongs to the step's own context and is evaluated there. */
        const struct sp_value *value = alias->is_implicit ? NULL : inherited(nodes, alias);
        if (value && sp_is_value(*value) && !sp_is_expression(*value)) {
            out->has_default = true;
            out->default_value = *value;
        }
    }
    out->required = SP_NO;
    if (!has_own && !alias->is_implicit && is_needed(nodes, alias, false))
        out->required = SP_YES;
    if (own && own->required != SP_UNDECIDED)
        out->required = own->required;
    if (out->required == SP_YES && (out->has_default || alias->is_implicit))
        out->required = SP_NO;
}

/* Also when it is an alias, within a nested recipe, of something implicit. */
static bool is_implicit(const struct sp_step_node *step, const struct sp_param *param)
{
    const struct sp_alias *alias =
        step->recipe ? sp_map_find(&step->recipe->aliases, param->name) : NULL;

    return param->has_implicit || (alias && alias->is_implicit);
}

static void settle(struct sp_nodes *nodes,
                   struct sp_recipe_node *node,
                   struct sp_alias *alias,
                   const struct sp_param *declared)
{
    const struct sp_param *first = first_target(nodes, alias);
    struct sp_param *param = sp_schema_find(&node->schema, alias->name);
    struct sp_param own = { 0 };

    if (!first)
        return;
    if (declared)
        own = *declared;
    if (!param)
        param = SP_ARENA_NEW(nodes->arena, struct sp_param, 1);
    *param = *first;
    param->name = alias->name;
    param->origin = alias->origin;
    alias->is_output = first->is_output;
    alias->is_implicit = is_implicit(alias->targets[0].step, first);
    param->has_implicit = false;
    param->aliases = NULL;
    settle_default(nodes, node, alias, declared ? &own : NULL, param);
    if (own.info.len)
        param->info = own.info;
    if (own.has_category) {
        param->has_category = true;
        param->category = own.category;
    } else if (!param->has_category) {
        param->category = alias->is_implicit          ? SP_IMPLICIT
                          : param->required == SP_YES ? SP_REQUIRED
                                                      : SP_OPTIONAL;
    }
    sp_schema_add(&node->schema, param);
    sp_map_set(&node->aliases, alias->name, alias);
}

/* --- building ------------------------------------------------------------------------------ */

static struct sp_alias *new_alias(struct sp_nodes *nodes, struct sp_str name, uint32_t origin)
{
    struct sp_alias *alias = SP_ARENA_NEW(nodes->arena, struct sp_alias, 1);

    *alias = (struct sp_alias){ .name = name, .origin = origin };
    return alias;
}

static void build_one(struct sp_nodes *nodes,
                      struct sp_recipe_node *node,
                      struct sp_alias *alias,
                      const struct sp_list *texts,
                      const struct sp_param *declared)
{
    SP_LIST_EACH(text, texts)
    {
        struct target target;
        struct sp_str expanded = expand(nodes, alias->name, text->text);
        if (parse_target(node, expanded, text->origin, &target))
            join_all(nodes, node, alias, &target);
        else
            sp_diag_error(nodes->diags, SP_DIAG_ALIAS, text->origin,
                          "alias '" SP_STR_FMT "': target '" SP_STR_FMT
                          "' must be written as step.parameter",
                          SP_STR_ARG(alias->name), SP_STR_ARG(expanded));
    }
    settle(nodes, node, alias, declared);
}

static void build_declared(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    for (size_t i = 0; i < node->schema.params.len; i++) {
        struct sp_param *param = node->schema.params.entries[i].value;
        if (!param->aliases)
            continue;
        build_one(nodes, node, new_alias(nodes, param->name, param->origin), param->aliases, param);
    }
}

static void build_section(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    if (!node->recipe->aliases)
        return;
    SP_DICT_EACH(entry, node->recipe->aliases)
    {
        if (sp_schema_find(&node->schema, entry->key))
            continue; /* a clash, found when the recipe was loaded */
        struct sp_alias *alias = new_alias(nodes, entry->key, entry->origin);
        size_t errors = nodes->diags->errors;
        build_one(nodes, node, alias, entry->value.list, NULL);
        if (!alias->target_count && nodes->diags->errors == errors)
            sp_diag_warning(nodes->diags, SP_DIAG_PITFALL, entry->origin,
                            "alias '" SP_STR_FMT "' matches no parameter of any step",
                            SP_STR_ARG(entry->key));
    }
}

struct sp_param *sp_alias_automatic(struct sp_nodes *nodes,
                                    struct sp_step_node *step,
                                    const struct sp_param *source)
{
    struct sp_recipe_node *node = step->owner;

    if (node->bare || is_implicit(step, source) || sp_map_has(&step->aliases, source->name) ||
        has_value(step, source))
        return NULL;
    struct sp_str name = sp_arena_join(nodes->arena, step->step->label, ".", source->name);
    const struct sp_param *clash = sp_schema_find(&node->schema, name);
    if (clash) {
        sp_diag_error(nodes->diags, SP_DIAG_ALIAS, clash->origin,
                      "parameter '" SP_STR_FMT "' of recipe '" SP_STR_FMT
                      "' has the same name as a parameter of its step",
                      SP_STR_ARG(name), SP_STR_ARG(node->fqname));
        return NULL;
    }
    struct sp_alias *alias = new_alias(nodes, name, step->step->origin);
    add_target(nodes, alias, step, source);
    settle(nodes, node, alias, NULL);
    struct sp_param *param = sp_schema_find(&node->schema, name);
    param->has_category = true;
    param->category = param->required == SP_YES ? SP_REQUIRED : SP_OBSCURE;
    return param;
}

static void build_automatic(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    for (size_t i = 0; i < node->step_count; i++) {
        struct sp_step_node *step = &node->steps[i];
        for (size_t k = 0; k < step->schema->params.len; k++) {
            const struct sp_param *param = step->schema->params.entries[k].value;
            if (param->required == SP_YES && (!param->is_output || sp_param_is_named_output(param)))
                (void)sp_alias_automatic(nodes, step, param);
        }
    }
}

void sp_alias_build(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    build_declared(nodes, node);
    build_section(nodes, node);
    build_automatic(nodes, node);
}

void sp_alias_relax(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    for (size_t i = 0; i < node->step_count; i++)
        if (node->steps[i].recipe)
            sp_alias_relax(nodes, node->steps[i].recipe);
    if (node->bare)
        return;
    SP_MAP_EACH (entry, &node->aliases) {
        struct sp_alias *alias = entry->value;
        struct sp_param *param = sp_schema_find(&node->schema, alias->name);
        const struct sp_param *own = sp_schema_find(&node->recipe->schema, alias->name);
        if (!param || param->required != SP_YES || (own && own->required == SP_YES) ||
            is_needed(nodes, alias, true))
            continue;
        param->required = SP_NO;
        alias->relaxed = true;
    }
}
