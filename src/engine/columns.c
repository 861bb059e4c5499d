/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/columns.h"

#include "store/profile.h"

#define FILE_PREFIX "table.f"

/* --- files -------------------------------------------------------------------------------- */

/* Are the bytes known to be others? */
static bool differs(const struct sp_tree_entry *old, const struct sp_tree_entry *now)
{
    unsigned both = old->has & now->has;

    if (both & SP_TREE_MEANING)
        return !sp_digest_eq(&old->meaning, &now->meaning);
    return (both & SP_TREE_EXACT) && !sp_digest_eq(&old->exact, &now->exact);
}

/* The number in "table.f12_TSM0". */
static bool manager_of(struct sp_str path, uint32_t *out)
{
    size_t at = strlen(FILE_PREFIX);

    *out = 0;
    if (!sp_str_starts(path, FILE_PREFIX) || at == path.len || path.ptr[at] < '0' ||
        path.ptr[at] > '9')
        return false;
    for (; at < path.len && path.ptr[at] >= '0' && path.ptr[at] <= '9' && *out < 100000; at++)
        *out = *out * 10 + (uint32_t)(path.ptr[at] - '0');
    return true;
}

/* --- whose they are ----------------------------------------------------------------------- */

static bool is_declared(const struct sp_role *role, struct sp_str column)
{
    for (size_t i = 0; i < role->write_count; i++)
        if (sp_str_eq(role->writes[i], column))
            return true;
    return false;
}

/* The columns of a storage manager; empty: some of them are declared, or it has none. */
static struct sp_str undeclared_columns(struct sp_arena *arena,
                                        const struct sp_role *role,
                                        const struct sp_casa_columns *columns,
                                        uint32_t manager)
{
    struct sp_str list = SP_STR("");

    for (size_t i = 0; i < columns->len; i++) {
        const struct sp_casa_column *column = &columns->items[i];
        if (column->manager != manager)
            continue;
        if (is_declared(role, column->name))
            return SP_STR("");
        list = list.len ? sp_arena_join(arena, list, ", ", column->name) : column->name;
    }
    return list;
}

/* Is it in a subtable that results depend on? */
static bool is_subtable(struct sp_str path)
{
    return sp_str_find(path, '/') != SIZE_MAX && !sp_str_starts(path, "QUALITY_") &&
           !sp_str_starts(path, "HISTORY/");
}

struct sp_str sp_columns_undeclared(struct sp_arena *arena,
                                    const struct sp_role *role,
                                    const struct sp_tree *before,
                                    const struct sp_tree *now,
                                    struct sp_str dat)
{
    struct sp_casa_columns columns;

    if (!sp_casa_columns(dat, arena, &columns))
        return SP_STR("");
    for (size_t i = 0; i < now->len; i++) {
        const struct sp_tree_entry *entry = &now->entries[i];
        const struct sp_tree_entry *old = sp_tree_find(before, entry->path);
        uint32_t manager;
        if (entry->type != SP_TREE_FILE || !old || !differs(old, entry))
            continue;
        if (is_subtable(entry->path))
            return entry->path;
        struct sp_str names = manager_of(entry->path, &manager)
                                  ? undeclared_columns(arena, role, &columns, manager)
                                  : SP_STR("");
        if (names.len)
            return sp_arena_printf(arena, SP_STR_FMT " (" SP_STR_FMT ")", SP_STR_ARG(names),
                                   SP_STR_ARG(entry->path));
    }
    return SP_STR("");
}
