/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_place.c - where the results of a record belong now, and whether they can go there. */
#include "engine/recall_internal.h"
#include "lang/eval.h"

/* --- columns ------------------------------------------------------------------------------ */

/* Columns that the tool does not touch come from what the table is now: the record tells of what
 * they were then. */
static bool fits_columns(struct sp_arena *arena, const struct sp_recalled *recalled)
{
    const struct sp_product *product = &recalled->product;

    for (size_t i = 0; i < recalled->roles.len; i++) {
        const struct sp_role *role = &recalled->roles.items[i];
        const struct sp_product_path *made = sp_product_output(product, role->name);
        if (role->kind != SP_ROLE_MUTATES || !role->write_count || !made || made->absent)
            continue;
        const struct sp_passage *now = sp_head_passage(recalled->heads[i]);
        struct sp_version version = sp_version_change(arena, &now->version, &product->key,
                                                      role->name, role->writes, role->write_count);
        if (!sp_version_eq(&version, &made->version) &&
            !sp_version_eq(&now->version, &made->version))
            return false;
    }
    return true;
}

/* --- places ------------------------------------------------------------------------------- */

/* "files[2]", "dir/part" -> "files", "dir" */
static struct sp_str param_of(struct sp_str role)
{
    size_t bracket = sp_str_find(role, '[');
    size_t slash = sp_str_find(role, '/');

    return sp_str_slice(role, 0, SP_MIN(SP_MIN(bracket, slash), role.len));
}

/* The parameter whose value is found by looking what is there (=GLOB), or NULL: then the number of
 * a path in it means nothing. */
static const struct sp_param *finder_of(const struct sp_recalled *recalled, struct sp_str role)
{
    const struct sp_param *param = sp_schema_find(&recalled->cab->schema, param_of(role));
    bool is_found = param && param->is_output && param->has_implicit &&
                    sp_is_text(param->implicit) && sp_str_starts(param->implicit.text, "=");

    return is_found ? param : NULL;
}

static const struct sp_role *find_role(const struct sp_recalled *recalled, struct sp_str name)
{
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (sp_str_eq(recalled->roles.items[i].name, name))
            return &recalled->roles.items[i];
    return NULL;
}

/* The parameter may name another path than then; of what is in a directory, that one may. */
struct sp_str sp_recall_place_of(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 const struct sp_recalled *recalled,
                                 const struct sp_product_path *made)
{
    bool by_name = !finder_of(recalled, made->role);
    const struct sp_role *role = by_name ? find_role(recalled, made->role) : NULL;
    size_t slash = by_name && !role ? sp_str_find(made->role, '/') : SIZE_MAX;

    if (slash != SIZE_MAX) {
        role = find_role(recalled, sp_str_slice(made->role, 0, slash));
        if (role && role->is_place)
            return sp_arena_join(arena, role->real, "/",
                                 sp_str_slice(made->role, slash + 1, made->role.len));
    }
    return role ? role->real : sp_heads_absolute(recall->heads, arena, made->path);
}

static bool has_moved(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_recalled *recalled,
                      const struct sp_product_path *paths,
                      size_t count,
                      struct sp_str param)
{
    for (size_t i = 0; i < count; i++)
        if (sp_str_eq(param_of(paths[i].role), param) &&
            !sp_str_eq(sp_recall_place_of(recall, arena, recalled, &paths[i]),
                       sp_heads_absolute(recall->heads, arena, paths[i].path)))
            return true;
    return false;
}

/* A pattern that follows from the name of a file finds other paths when that has another name; one
 * that follows from what is around the step may do so at any time. */
static bool finds_the_same(struct sp_recall *recall,
                           struct sp_arena *arena,
                           const struct sp_recalled *recalled,
                           const struct sp_param *finder)
{
    const struct sp_product *product = &recalled->product;
    struct sp_list refs = { 0 };

    sp_eval_references(arena, finder->implicit.text, &refs);
    SP_LIST_EACH(ref, &refs)
    {
        if (!sp_str_starts(ref->text, "current."))
            return false;
        struct sp_str name = sp_str_slice(ref->text, strlen("current."), ref->text.len);
        name = sp_str_slice(name, 0, SP_MIN(sp_str_find(name, '.'), name.len));
        if (has_moved(recall, arena, recalled, product->inputs, product->input_count, name) ||
            has_moved(recall, arena, recalled, product->outputs, product->output_count, name))
            return false;
    }
    return true;
}

static bool fits_places(struct sp_recall *recall,
                        struct sp_arena *arena,
                        const struct sp_recalled *recalled)
{
    const struct sp_param *last = NULL;

    for (size_t i = 0; i < recalled->product.output_count; i++) {
        const struct sp_param *finder = finder_of(recalled, recalled->product.outputs[i].role);
        if (finder && finder != last && !finds_the_same(recall, arena, recalled, finder))
            return false;
        last = finder;
    }
    return true;
}

const char *sp_recall_misfit(struct sp_recall *recall,
                             struct sp_arena *arena,
                             const struct sp_recalled *recalled)
{
    if (!fits_columns(arena, recalled))
        return "the table has changed in other columns";
    if (!fits_places(recall, arena, recalled))
        return "its files have other names, and some of its outputs are found by a pattern";
    return NULL;
}
