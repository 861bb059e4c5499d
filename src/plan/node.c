/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/node.h"

#include "base/nearest.h"

#include "plan/alias.h"

#define MAX_STEPS 200000 /* in all places together */

bool sp_is_expression(struct sp_value value)
{
    if (sp_is_text(value))
        return sp_str_starts(value.text, "=") || sp_str_find(value.text, '{') != SIZE_MAX;
    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    if (sp_is_expression(*item))
        return true;
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    if (sp_is_expression(entry->value))
        return true;
    return false;
}

struct sp_step_node *sp_recipe_node_step(const struct sp_recipe_node *node,
                                         struct sp_str name,
                                         struct sp_str *rest)
{
    for (size_t at = name.len; at-- > 1;) {
        if (name.ptr[at] != '.')
            continue;
        struct sp_step_node *step = sp_map_find(&node->by_label, sp_str_slice(name, 0, at));
        if (!step)
            continue;
        *rest = sp_str_slice(name, at + 1, name.len);
        return step;
    }
    return NULL;
}

/* --- parameters, also those of nested steps ------------------------------------------------------
 */

struct sp_param *sp_step_node_param(struct sp_nodes *nodes,
                                    struct sp_step_node *step,
                                    struct sp_str name)
{
    if (step->recipe)
        return sp_recipe_node_param(nodes, step->recipe, name);
    return sp_schema_find(step->schema, name);
}

struct sp_param *sp_recipe_node_param(struct sp_nodes *nodes,
                                      struct sp_recipe_node *node,
                                      struct sp_str name)
{
    struct sp_param *param = sp_schema_find(&node->schema, name);
    struct sp_str rest;

    if (param)
        return param;
    struct sp_step_node *step = sp_recipe_node_step(node, name, &rest);
    if (!step)
        return NULL;
    const struct sp_param *source = sp_step_node_param(nodes, step, rest);
    return source ? sp_alias_automatic(nodes, step, source) : NULL;
}

bool sp_step_node_set(struct sp_nodes *nodes,
                      struct sp_step_node *step,
                      struct sp_str name,
                      struct sp_value value)
{
    const struct sp_param *param = sp_step_node_param(nodes, step, name);
    struct sp_str rest;

    if (param) {
        sp_dict_set_at(nodes->arena, step->params, param->name, value.origin, value);
        return true;
    }
    if (!step->recipe)
        return false;
    struct sp_step_node *inner = sp_recipe_node_step(step->recipe, name, &rest);
    return inner && sp_step_node_set(nodes, inner, rest, value);
}

void sp_recipe_node_expand(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    for (size_t i = 0; i < node->step_count; i++) {
        struct sp_step_node *step = &node->steps[i];
        if (step->recipe)
            sp_recipe_node_expand(nodes, step->recipe);
        for (size_t k = 0; k < step->schema->params.len; k++)
            (void)sp_alias_automatic(nodes, step, step->schema->params.entries[k].value);
    }
}

/* When the wanted name begins with a step: what the step has, if that is nearer. */
static void offer_step(const struct sp_recipe_node *node, struct sp_nearest *nearest)
{
    struct sp_str rest;
    const struct sp_step_node *step = sp_recipe_node_step(node, nearest->wanted, &rest);

    if (!step)
        return;
    struct sp_nearest inner = SP_NEAREST(rest);
    SP_MAP_EACH (entry, &step->schema->params)
        sp_nearest_offer(&inner, entry->key);
    if (inner.best.ptr && inner.distance < nearest->distance) {
        nearest->best = inner.best;
        nearest->distance = inner.distance;
    }
}

void sp_recipe_node_offer(const struct sp_recipe_node *node, struct sp_nearest *nearest)
{
    SP_MAP_EACH (entry, &node->schema.params)
        sp_nearest_offer(nearest, entry->key);
    SP_MAP_EACH (entry, &node->assigned)
        sp_nearest_offer(nearest, entry->key);
    offer_step(node, nearest);
}

/* --- values written in a step -------------------------------------------------------------- */

static bool is_section(const struct sp_step_node *step, struct sp_str name)
{
    struct sp_str rest;

    if (sp_schema_has_section(step->schema, name))
        return true;
    if (!step->recipe)
        return false;
    if (sp_map_has(&step->recipe->by_label, name))
        return true;
    struct sp_step_node *inner = sp_recipe_node_step(step->recipe, name, &rest);
    return inner && is_section(inner, rest);
}

static void unknown_param(struct sp_nodes *nodes,
                          const struct sp_step_node *step,
                          struct sp_str name,
                          uint32_t origin)
{
    struct sp_nearest nearest = SP_NEAREST(name);

    if (!step->cab && !step->recipe)
        return;
    if (step->recipe)
        sp_recipe_node_offer(step->recipe, &nearest);
    else
        SP_MAP_EACH (entry, &step->schema->params)
            sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(nodes->diags, SP_DIAG_UNKNOWN_PARAM, origin,
                  "unknown parameter '" SP_STR_FMT "." SP_STR_FMT "'", SP_STR_ARG(step->fqname),
                  SP_STR_ARG(name));
    sp_diag_hint_nearest(nodes->diags, &nearest);
}

static void set_written(struct sp_nodes *nodes,
                        struct sp_step_node *step,
                        struct sp_str prefix,
                        const struct sp_dict *values)
{
    if (!values)
        return;
    SP_DICT_EACH(entry, values)
    {
        struct sp_str name = entry->key;
        struct sp_value value = entry->value;
        if (!value.origin)
            value.origin = entry->origin;
        if (prefix.len)
            name = sp_arena_join(nodes->arena, prefix, ".", entry->key);
        if (sp_step_node_set(nodes, step, name, value))
            continue;
        if (value.kind == SP_DICT && is_section(step, name))
            set_written(nodes, step, name, value.dict);
        else if (sp_step_node_is_vague(step, step->step->params))
            sp_dict_set_at(nodes->arena, step->params, name, entry->origin, value);
        else
            unknown_param(nodes, step, name, entry->origin);
    }
}

/* --- cabs with a dynamic schema ------------------------------------------------------------ */

bool sp_step_node_is_vague(const struct sp_step_node *step, const struct sp_dict *params)
{
    const struct sp_cab *cab = step->step->cab;

    if (!cab || !cab->dynamic_schema.len || !params)
        return false;
    SP_DICT_EACH(entry, params)
    if (sp_is_expression(entry->value) && sp_dynamic_looks_at(cab, entry->key))
        return true;
    return false;
}

static void use_cab(struct sp_step_node *step, const struct sp_cab *cab)
{
    step->cab = cab;
    step->schema = &cab->schema;
    step->defaults = cab->defaults;
}

void sp_step_node_adapt(struct sp_nodes *nodes,
                        struct sp_step_node *step,
                        const struct sp_dict *params)
{
    const struct sp_cab *cab = step->step->cab;
    const struct sp_cab *variant = cab;
    struct sp_err err = SP_ERR_INIT;

    if (!cab->dynamic_schema.len)
        return;
    struct sp_dict *all = sp_dict_clone(nodes->arena, step->params);
    const struct sp_dict *flat = sp_schema_flatten(nodes->arena, &cab->schema, params);
    SP_DICT_EACH(entry, flat)
    sp_dict_set_at(nodes->arena, all, entry->key, entry->origin, entry->value);
    enum sp_rc rc = sp_dynamic_variant(nodes->dynamic, cab, all, &variant, &err);
    if (rc == SP_OK)
        use_cab(step, variant);
    else if (!sp_step_node_is_vague(step, all))
        sp_diag_error(nodes->diags, SP_DIAG_DYNAMIC, step->step->origin,
                      "step '" SP_STR_FMT "': %s", SP_STR_ARG(step->fqname), err.text);
}

/* --- building ------------------------------------------------------------------------------ */

static void copy_schema(struct sp_nodes *nodes, const struct sp_schema *from, struct sp_schema *to)
{
    SP_MAP_EACH (entry, &from->params) {
        struct sp_param *copy = SP_ARENA_NEW(nodes->arena, struct sp_param, 1);
        *copy = *(const struct sp_param *)entry->value;
        sp_schema_add(to, copy);
    }
}

static const struct sp_schema no_schema;

static bool build_step(struct sp_nodes *nodes,
                       struct sp_recipe_node *node,
                       const struct sp_step *step,
                       struct sp_step_node *out)
{
    out->step = step;
    out->owner = node;
    out->index = (size_t)(out - node->steps);
    out->fqname = sp_arena_join(nodes->arena, node->fqname, ".", step->label);
    out->schema = &no_schema;
    out->params = sp_dict_new(nodes->arena).dict;
    sp_map_set(&node->by_label, step->label, out);
    if (step->cab) {
        use_cab(out, step->cab);
        sp_step_node_adapt(nodes, out, step->params);
    } else if (step->recipe) {
        out->recipe = sp_node_build(nodes, step->recipe, out->fqname, out);
        if (!out->recipe)
            return false;
        out->schema = &out->recipe->schema;
        out->defaults = out->recipe->defaults;
    }
    set_written(nodes, out, SP_STR(""), step->params);
    return true;
}

static bool build_steps(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    const struct sp_recipe *recipe = node->recipe;

    nodes->count += recipe->step_count;
    if (nodes->count > MAX_STEPS) {
        sp_diag_error(nodes->diags, SP_DIAG_RECIPE, recipe->origin,
                      "recipe has more than %d steps, nested ones counted where they are used",
                      MAX_STEPS);
        return false;
    }
    node->steps = SP_ARENA_NEW(nodes->arena, struct sp_step_node, recipe->step_count);
    for (size_t i = 0; i < recipe->step_count; i++) {
        node->step_count = i + 1;
        if (!build_step(nodes, node, &recipe->steps[i], &node->steps[i]))
            return false;
    }
    return true;
}

static void collect_assigned(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    const struct sp_recipe *recipe = node->recipe;

    sp_assign_collect(nodes, recipe->assign, recipe->assign_based_on, &node->assigned);
    for (size_t i = 0; i < recipe->step_count; i++)
        sp_assign_collect(nodes, recipe->steps[i].assign, recipe->steps[i].assign_based_on,
                          &node->assigned);
}

/* What an assignment sets need not be given by the caller. */
static void relax_assigned(struct sp_recipe_node *node)
{
    SP_MAP_EACH (entry, &node->assigned) {
        struct sp_param *param = sp_schema_find(&node->schema, entry->key);
        if (param && param->required == SP_YES)
            param->required = SP_NO;
    }
}

static void compile_assignments(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    const struct sp_recipe *recipe = node->recipe;

    sp_assign_compile(nodes, node, recipe->assign, recipe->assign_based_on, &node->assign);
    for (size_t i = 0; i < node->step_count; i++)
        sp_assign_compile(nodes, node, recipe->steps[i].assign, recipe->steps[i].assign_based_on,
                          &node->steps[i].assign);
}

static void check_loop(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    const struct sp_for_loop *loop = &node->recipe->loop;
    struct sp_param *param = NULL;

    if (!loop->present)
        return;
    param = sp_schema_find(&node->schema, loop->var);
    if (param)
        param->required = SP_NO; /* an alias that the loop gives its values */
    if (!sp_is_text(loop->over) || sp_is_expression(loop->over))
        return;
    param = sp_recipe_node_param(nodes, node, loop->over.text);
    if (param && !param->is_output) {
        if (!param->has_default && !sp_map_has(&node->assigned, loop->over.text))
            param->required = SP_YES;
        return;
    }
    struct sp_nearest nearest = SP_NEAREST(loop->over.text);
    SP_MAP_EACH (entry, &node->schema.params)
        sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(nodes->diags, SP_DIAG_LOOP, loop->over.origin,
                  "for_loop.over=" SP_STR_FMT
                  " does not refer to a known input of recipe '" SP_STR_FMT "'",
                  SP_STR_ARG(loop->over.text), SP_STR_ARG(node->fqname));
    sp_diag_hint_nearest(nodes->diags, &nearest);
}

static void check_output_elements(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    const struct sp_dict *elements = node->recipe->loop.output_elements;

    if (!elements)
        return;
    SP_DICT_EACH(entry, elements)
    {
        const struct sp_param *param = sp_schema_find(&node->schema, entry->key);
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        if (param && param->is_output && param->dtype && sp_dtype_is_list(param->dtype))
            continue;
        if (param && param->is_output) {
            sp_diag_error(nodes->diags, SP_DIAG_LOOP, entry->origin,
                          "output_elements: output '" SP_STR_FMT "' must have a dtype List[...]",
                          SP_STR_ARG(entry->key));
            continue;
        }
        SP_MAP_EACH (known, &node->schema.params)
            if (((const struct sp_param *)known->value)->is_output)
                sp_nearest_offer(&nearest, known->key);
        sp_diag_error(nodes->diags, SP_DIAG_LOOP, entry->origin,
                      "output_elements: '" SP_STR_FMT "' is not an output of recipe '" SP_STR_FMT
                      "'",
                      SP_STR_ARG(entry->key), SP_STR_ARG(node->fqname));
        sp_diag_hint_nearest(nodes->diags, &nearest);
    }
}

static void flatten_defaults(struct sp_nodes *nodes, struct sp_recipe_node *node)
{
    node->defaults = sp_dict_new(nodes->arena).dict;
    if (!node->recipe->defaults)
        return;
    SP_DICT_EACH(entry, node->recipe->defaults)
    {
        struct sp_nearest nearest = SP_NEAREST(entry->key);
        struct sp_param *param = sp_recipe_node_param(nodes, node, entry->key);
        if (param) {
            sp_dict_set_at(nodes->arena, node->defaults, param->name, entry->origin, entry->value);
            if (param->required == SP_YES)
                param->required = SP_NO;
            continue;
        }
        sp_recipe_node_offer(node, &nearest);
        sp_diag_error(nodes->diags, SP_DIAG_UNKNOWN_PARAM, entry->origin,
                      "defaults: recipe '" SP_STR_FMT "' has no parameter '" SP_STR_FMT "'",
                      SP_STR_ARG(node->fqname), SP_STR_ARG(entry->key));
        sp_diag_hint_nearest(nodes->diags, &nearest);
    }
}

struct sp_recipe_node *sp_node_build(struct sp_nodes *nodes,
                                     const struct sp_recipe *recipe,
                                     struct sp_str fqname,
                                     struct sp_step_node *parent)
{
    struct sp_recipe_node *node = SP_ARENA_NEW(nodes->arena, struct sp_recipe_node, 1);

    *node = (struct sp_recipe_node){ .recipe = recipe, .parent = parent, .fqname = fqname };
    copy_schema(nodes, &recipe->schema, &node->schema);
    collect_assigned(nodes, node);
    bool complete = build_steps(nodes, node);
    if (!complete) {
        sp_nodes_fini(node);
        return NULL;
    }
    sp_alias_build(nodes, node);
    flatten_defaults(nodes, node);
    relax_assigned(node);
    check_loop(nodes, node);
    check_output_elements(nodes, node);
    compile_assignments(nodes, node);
    return node;
}

struct sp_recipe_node *sp_node_build_cab(struct sp_nodes *nodes, struct sp_cab *cab)
{
    struct sp_recipe *recipe = SP_ARENA_NEW(nodes->arena, struct sp_recipe, 1);
    struct sp_step *step = SP_ARENA_NEW(nodes->arena, struct sp_step, 1);
    struct sp_recipe_node *node = SP_ARENA_NEW(nodes->arena, struct sp_recipe_node, 1);

    *step = (struct sp_step){
        .label = cab->name, .cab = cab, .target = cab->name, .origin = cab->origin
    };
    *recipe = (struct sp_recipe){
        .name = cab->name, .title = cab->name, .steps = step, .step_count = 1, .origin = cab->origin
    };
    *node = (struct sp_recipe_node){ .recipe = recipe, .fqname = cab->name, .bare = true };
    node->defaults = sp_dict_new(nodes->arena).dict;
    if (!build_steps(nodes, node))
        return NULL;
    node->steps[0].fqname = cab->name;
    return node;
}

void sp_nodes_fini(struct sp_recipe_node *root)
{
    if (!root)
        return;
    for (size_t i = 0; i < root->step_count; i++) {
        sp_nodes_fini(root->steps[i].recipe);
        sp_map_fini(&root->steps[i].aliases);
    }
    sp_schema_fini(&root->schema);
    sp_map_fini(&root->by_label);
    sp_map_fini(&root->aliases);
    sp_map_fini(&root->assigned);
}
