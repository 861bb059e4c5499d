/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_place.c - where the results of a record belong now, and whether they can go there. */
#include "engine/recall_internal.h"

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

/* Was the path found by looking what is there (=GLOB)? Then its number means nothing. */
static bool is_found(const struct sp_recalled *recalled, struct sp_str role)
{
    size_t bracket = sp_str_find(role, '[');
    struct sp_str name = bracket == SIZE_MAX ? role : sp_str_slice(role, 0, bracket);
    const struct sp_param *param = sp_schema_find(&recalled->cab->schema, name);

    return param && param->is_output && param->has_implicit && sp_is_text(param->implicit) &&
           sp_str_starts(param->implicit.text, "=");
}

static const struct sp_role *find_role(const struct sp_recalled *recalled, struct sp_str name)
{
    for (size_t i = 0; i < recalled->roles.len; i++)
        if (sp_str_eq(recalled->roles.items[i].name, name))
            return &recalled->roles.items[i];
    return NULL;
}

/* The parameter may name another path than then. */
struct sp_str sp_recall_place_of(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 const struct sp_recalled *recalled,
                                 const struct sp_product_path *made)
{
    const struct sp_role *role =
        is_found(recalled, made->role) ? NULL : find_role(recalled, made->role);

    return role ? role->real : sp_heads_absolute(recall->heads, arena, made->path);
}

static bool has_moved(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_recalled *recalled,
                      const struct sp_product_path *paths,
                      size_t count)
{
    for (size_t i = 0; i < count; i++) {
        const struct sp_role *role =
            is_found(recalled, paths[i].role) ? NULL : find_role(recalled, paths[i].role);
        if (role && !sp_str_eq(role->real, sp_heads_absolute(recall->heads, arena, paths[i].path)))
            return true;
    }
    return false;
}

/* Names that are only found may follow from any of the others: when one of these is another one
 * now, nobody knows where the results belong. */
static bool fits_places(struct sp_recall *recall,
                        struct sp_arena *arena,
                        const struct sp_recalled *recalled)
{
    const struct sp_product *product = &recalled->product;
    bool any = false;

    for (size_t i = 0; i < product->output_count && !any; i++)
        any = is_found(recalled, product->outputs[i].role);
    return !any || (!has_moved(recall, arena, recalled, product->inputs, product->input_count) &&
                    !has_moved(recall, arena, recalled, product->outputs, product->output_count));
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
