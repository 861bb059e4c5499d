/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/assign.h"

#include "base/nearest.h"

#include "plan/node.h"

static struct sp_str dotted(struct sp_arena *arena, struct sp_str prefix, struct sp_str key)
{
    if (!prefix.len)
        return key;
    return sp_arena_join(arena, prefix, ".", key);
}

/* --- names --------------------------------------------------------------------------------- */

static void collect(struct sp_nodes *nodes,
                    struct sp_str prefix,
                    const struct sp_dict *dict,
                    struct sp_map *names)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_str name = dotted(nodes->arena, prefix, entry->key);
        sp_map_set(names, name, nodes);
        if (entry->value.kind == SP_DICT)
            collect(nodes, name, entry->value.dict, names);
    }
}

void sp_assign_collect(struct sp_nodes *nodes,
                       const struct sp_dict *assign,
                       const struct sp_dict *based_on,
                       struct sp_map *names)
{
    if (assign)
        collect(nodes, SP_STR(""), assign, names);
    if (!based_on)
        return;
    SP_DICT_EACH(base, based_on)
    {
        if (base->value.kind != SP_DICT)
            continue;
        SP_DICT_EACH(label, base->value.dict)
        if (label->value.kind == SP_DICT)
            collect(nodes, SP_STR(""), label->value.dict, names);
    }
}

/* --- what an entry addresses --------------------------------------------------------------- */

struct compiler {
    struct sp_nodes *nodes;
    struct sp_recipe_node *node;
};

static bool has_section(const struct sp_recipe_node *node, struct sp_str name)
{
    SP_MAP_EACH (entry, &node->schema.params)
        if (entry->key.len > name.len && entry->key.ptr[name.len] == '.' &&
            memcmp(entry->key.ptr, name.ptr, name.len) == 0)
            return true;
    return false;
}

/* A mapping is taken apart where it stands for several things that can be set. */
static bool is_section(const struct sp_recipe_node *node, struct sp_str name)
{
    struct sp_str rest = name;
    struct sp_str head = sp_str_cut(&rest, '.');

    return sp_str_is(head, "log") || sp_str_is(head, "config") ||
           sp_map_has(&node->by_label, name) || sp_recipe_node_step(node, name, &rest) ||
           has_section(node, name);
}

static bool is_step_param(const struct compiler *compiler, struct sp_assignment *out)
{
    struct sp_str rest;
    struct sp_step_node *step = sp_recipe_node_step(compiler->node, out->name, &rest);

    if (!step)
        return false;
    out->kind = SP_ASSIGN_STEP;
    out->step = step;
    out->key = rest;
    return true;
}

static void classify(const struct compiler *compiler, struct sp_assignment *out)
{
    struct sp_str name = out->name;

    out->kind = SP_ASSIGN_VARIABLE;
    out->key = name;
    if (sp_schema_find(&compiler->node->schema, name)) {
        out->kind = SP_ASSIGN_OWN;
    } else if (sp_str_starts(name, "config.")) {
        out->kind = SP_ASSIGN_CONFIG;
        out->key = sp_str_slice(name, 7, name.len);
    } else if (sp_str_starts(name, "log.")) {
        out->kind = SP_ASSIGN_LOG;
        out->key = sp_str_slice(name, 4, name.len);
    } else {
        (void)is_step_param(compiler, out);
    }
}

static bool can_be_set(const struct sp_step_node *step, struct sp_str name)
{
    struct sp_str rest;

    if (sp_schema_find(step->schema, name))
        return true;
    if (!step->recipe)
        return false;
    const struct sp_step_node *inner = sp_recipe_node_step(step->recipe, name, &rest);
    return inner && can_be_set(inner, rest);
}

static void check_step_param(struct sp_nodes *nodes, const struct sp_assignment *assignment)
{
    const struct sp_step_node *step = assignment->step;
    struct sp_nearest nearest = SP_NEAREST(assignment->key);

    if (can_be_set(step, assignment->key) || (!step->step->cab && !step->recipe) ||
        (step->step->cab && step->step->cab->dynamic_schema.len))
        return;
    SP_MAP_EACH (entry, &step->schema->params)
        sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(nodes->diags, SP_DIAG_ASSIGN, assignment->origin,
                  "invalid assignment: step '" SP_STR_FMT "' has no parameter '" SP_STR_FMT "'",
                  SP_STR_ARG(step->fqname), SP_STR_ARG(assignment->key));
    sp_diag_hint_nearest(nodes->diags, &nearest);
}

static void add(struct sp_arena *arena,
                struct sp_assignment_list *list,
                struct sp_assignment assignment)
{
    if (list->len == list->capacity) {
        size_t capacity = SP_MAX(list->capacity * 2, (size_t)8);
        struct sp_assignment *items = SP_ARENA_NEW(arena, struct sp_assignment, capacity);
        if (list->len)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->len++] = assignment;
}

static void flatten(const struct compiler *compiler,
                    struct sp_str prefix,
                    const struct sp_dict *dict,
                    struct sp_assignment_list *out)
{
    SP_DICT_EACH(entry, dict)
    {
        struct sp_assignment assignment = {
            .name = dotted(compiler->nodes->arena, prefix, entry->key),
            .value = entry->value,
            .origin = entry->origin ? entry->origin : entry->value.origin,
        };
        classify(compiler, &assignment);
        if (entry->value.kind == SP_DICT && assignment.kind != SP_ASSIGN_OWN &&
            !(assignment.kind == SP_ASSIGN_STEP &&
              sp_schema_find(assignment.step->schema, assignment.key)) &&
            is_section(compiler->node, assignment.name)) {
            flatten(compiler, assignment.name, entry->value.dict, out);
            continue;
        }
        if (assignment.kind == SP_ASSIGN_STEP)
            check_step_param(compiler->nodes, &assignment);
        add(compiler->nodes->arena, out, assignment);
    }
}

/* --- order --------------------------------------------------------------------------------- */

static bool is_volatile_ref(struct sp_str ref)
{
    struct sp_str rest = ref;
    struct sp_str head = sp_str_cut(&rest, '.');

    if (sp_str_is(head, "recipe")) {
        struct sp_str name = sp_str_cut(&rest, '.');
        return sp_str_is(name, "steps") || sp_str_is(name, "log");
    }
    return !sp_str_is(head, "config");
}

/* Functions that ask the world or speak to the user. */
static const char *const volatile_functions[] = { "GLOB", "EXISTS", "LOG" };

static bool is_volatile_text(struct sp_arena *arena, struct sp_value value)
{
    struct sp_list *refs = sp_list_new(arena).list;

    if (!sp_is_expression(value))
        return false;
    for (size_t i = 0; i < SP_COUNT(volatile_functions); i++)
        if (sp_str_find_str(value.text, sp_str_of(volatile_functions[i])) != SIZE_MAX)
            return true;
    sp_eval_references(arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    if (is_volatile_ref(ref->text))
        return true;
    return false;
}

static bool is_volatile(struct sp_arena *arena, struct sp_value value)
{
    bool found = sp_is_text(value) && is_volatile_text(arena, value);

    if (sp_is_list(value))
        SP_LIST_EACH(item, value.list)
    found = found || is_volatile(arena, *item);
    if (value.kind == SP_DICT)
        SP_DICT_EACH(entry, value.dict)
    found = found || is_volatile(arena, entry->value);
    return found;
}

struct ordering {
    struct sp_arena *arena;
    const struct sp_assignment_list *from;
    struct sp_assignment_list *to;
    struct sp_map places; /* name -> assignment */
    bool *visited;
};

static bool is_formula(struct sp_value value)
{
    return sp_is_text(value) && sp_str_starts(value.text, "=") && !sp_str_starts(value.text, "==");
}

static const struct sp_assignment *find_place(const struct ordering *ordering, struct sp_str ref)
{
    if (!sp_str_starts(ref, "recipe."))
        return NULL;
    for (ref = sp_str_slice(ref, 7, ref.len); ref.len;) {
        const struct sp_assignment *found = sp_map_find(&ordering->places, ref);
        size_t dot = sp_str_rfind(ref, '.');
        if (found)
            return found;
        ref = dot == SIZE_MAX ? SP_STR("") : sp_str_slice(ref, 0, dot);
    }
    return NULL;
}

/* Those that a formula refers to come first; a text refers through substitution, which is done on
 * demand. Depth: as many as formulas refer to one another, which `depth` limits. */
static void visit(struct ordering *ordering, size_t at, unsigned depth)
{
    const struct sp_assignment *assignment = &ordering->from->items[at];

    if (ordering->visited[at])
        return;
    ordering->visited[at] = true;
    if (is_formula(assignment->value) && depth < 200) {
        struct sp_list *refs = sp_list_new(ordering->arena).list;
        sp_eval_references(ordering->arena, assignment->value.text, refs);
        SP_LIST_EACH(ref, refs)
        {
            const struct sp_assignment *before = find_place(ordering, ref->text);
            if (before)
                visit(ordering, (size_t)(before - ordering->from->items), depth + 1);
        }
    }
    add(ordering->arena, ordering->to, *assignment);
}

static void sort(struct sp_arena *arena,
                 struct sp_assignment_list *list,
                 struct sp_assignment_list *out)
{
    struct ordering ordering = { .arena = arena, .from = list, .to = out };
    bool formulas = false;

    for (size_t i = 0; i < list->len; i++)
        formulas = formulas || is_formula(list->items[i].value);
    if (!formulas) {
        *out = *list;
        return;
    }
    ordering.visited = SP_ARENA_NEW(arena, bool, list->len);
    for (size_t i = 0; i < list->len; i++)
        sp_map_set(&ordering.places, list->items[i].name, &list->items[i]);
    for (size_t i = 0; i < list->len; i++)
        visit(&ordering, i, 0);
    sp_map_fini(&ordering.places);
}

/* --- both sections ------------------------------------------------------------------------- */

static void compile_list(const struct compiler *compiler,
                         const struct sp_dict *dict,
                         struct sp_assignment_list *out,
                         bool *is_volatile_out)
{
    struct sp_assignment_list list = { 0 };

    flatten(compiler, SP_STR(""), dict, &list);
    sort(compiler->nodes->arena, &list, out);
    for (size_t i = 0; i < out->len; i++)
        *is_volatile_out =
            *is_volatile_out || is_volatile(compiler->nodes->arena, out->items[i].value);
}

static void mapping_expected(struct sp_nodes *nodes, const struct sp_dict_entry *entry)
{
    sp_diag_error(nodes->diags, SP_DIAG_ASSIGN, entry->origin,
                  "assign_based_on: '" SP_STR_FMT "': mapping expected, not a %s",
                  SP_STR_ARG(entry->key), sp_kind_name(entry->value.kind));
}

static void compile_base(const struct compiler *compiler,
                         const struct sp_dict_entry *entry,
                         struct sp_assign_base *out,
                         bool *is_volatile_out)
{
    struct sp_arena *arena = compiler->nodes->arena;
    const struct sp_dict *cases = entry->value.dict;

    *out = (struct sp_assign_base){ .name = entry->key, .origin = entry->origin };
    out->cases = SP_ARENA_NEW(arena, struct sp_assign_case, cases->len);
    SP_DICT_EACH(label, cases)
    {
        struct sp_assign_case *one = &out->cases[out->case_count++];
        one->label = label->key;
        if (label->value.kind == SP_DICT)
            compile_list(compiler, label->value.dict, &one->list, is_volatile_out);
        else if (label->value.kind != SP_NULL)
            mapping_expected(compiler->nodes, label);
    }
}

void sp_assign_compile(struct sp_nodes *nodes,
                       struct sp_recipe_node *node,
                       const struct sp_dict *assign,
                       const struct sp_dict *based_on,
                       struct sp_assignments *out)
{
    struct compiler compiler = { nodes, node };

    *out = (struct sp_assignments){ 0 };
    if (assign)
        compile_list(&compiler, assign, &out->always, &out->is_volatile);
    if (!based_on || !based_on->len)
        return;
    out->bases = SP_ARENA_NEW(nodes->arena, struct sp_assign_base, based_on->len);
    SP_DICT_EACH(entry, based_on)
    {
        if (entry->value.kind == SP_DICT)
            compile_base(&compiler, entry, &out->bases[out->base_count++], &out->is_volatile);
        else
            mapping_expected(nodes, entry);
    }
}
