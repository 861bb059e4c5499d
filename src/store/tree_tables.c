/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/tree_tables.h"

#include "base/fault.h"

#include "store/file_digest.h"
#include "store/profile.h"

#include <stdlib.h>

#define TABLE_MAX ((uint64_t)64 << 20) /* longer table.dat and table.lock count by their bytes */
#define NONE      SIZE_MAX

void sp_tree_set_exact(struct sp_tree_entry *entry, struct sp_digest digest)
{
    entry->exact = digest;
    entry->has |= SP_TREE_EXACT;
}

void sp_tree_set_meaning(struct sp_tree_entry *entry, struct sp_digest digest)
{
    entry->meaning = digest;
    entry->has |= SP_TREE_MEANING;
}

static void leave_out(struct sp_tree_entry *entry)
{
    sp_tree_set_meaning(entry, (struct sp_digest){ { 0 } });
}

/* --- finding and reading --------------------------------------------------------------------- */

static struct sp_str base_name(struct sp_str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);

    if (!slash)
        return path;
    size_t skip = (size_t)(slash + 1 - path.ptr);
    return (struct sp_str){ path.ptr + skip, path.len - skip };
}

static struct sp_str dir_name(struct sp_str path)
{
    const char *slash = memrchr(path.ptr, '/', path.len);

    return slash ? (struct sp_str){ path.ptr, (size_t)(slash - path.ptr) } : SP_STR(".");
}

static bool is_table_file(struct sp_str name)
{
    static const char *const names[] = { "table.dat", "table.lock", "table.info", "table.dat_tmp" };

    for (size_t i = 0; i < SP_COUNT(names); i++)
        if (sp_str_is(name, names[i]))
            return true;
    return false;
}

/* Index of the file `name` in the directory `dir`, or NONE; *odd when it is no regular file. */
static size_t find_in(const struct sp_tree *tree, struct sp_str dir, const char *name, bool *odd)
{
    struct sp_str file = sp_str_of(name);
    struct sp_str path = sp_str_is(dir, ".") ? file : sp_arena_join(tree->arena, dir, "/", file);
    const struct sp_tree_entry *entry = sp_tree_find(tree, path);

    if (!entry)
        return NONE;
    if (entry->type != SP_TREE_FILE || entry->size > TABLE_MAX)
        *odd = true;
    return (size_t)(entry - tree->entries);
}

static struct sp_tree_table *add_table(struct sp_tree_tables *tables)
{
    tables->items =
        sp_grow(tables->items, &tables->capacity, tables->len + 1, sizeof *tables->items);
    return &tables->items[tables->len++];
}

void sp_tree_tables_find(struct sp_tree_tables *out,
                         struct sp_tree *tree,
                         const struct sp_tree_reader *reader)
{
    *out = (struct sp_tree_tables){ .tree = tree, .reader = reader };

    for (size_t i = 0; i < tree->len; i++) {
        struct sp_tree_entry *entry = &tree->entries[i];
        struct sp_str name = base_name(entry->path);
        bool odd = false;
        if (is_table_file(name))
            entry->has &= ~(unsigned)SP_TREE_MEANING;
        if (!sp_str_is(name, "table.dat"))
            continue;
        struct sp_tree_table table = { .dir = dir_name(entry->path) };
        table.dat = find_in(tree, table.dir, "table.dat", &odd);
        table.lock = find_in(tree, table.dir, "table.lock", &odd);
        table.info = find_in(tree, table.dir, "table.info", &odd);
        table.rest = find_in(tree, table.dir, "table.dat_tmp", &odd);
        if (!odd)
            *add_table(out) = table;
    }
}

/* All bytes of an entry into new memory, and its exact digest. NONE gives the empty text. */
static enum sp_rc read_all(const struct sp_tree_tables *tables,
                           size_t index,
                           char **memory,
                           struct sp_str *out,
                           struct sp_err *err)
{
    sp_auto_fd int fd = -1;

    *out = (struct sp_str){ "", 0 };
    if (index == NONE)
        return SP_OK;
    struct sp_tree_entry *entry = &tables->tree->entries[index];
    *memory = SP_FAULT("digest.memory", ENOMEM) ? NULL : sp_try_alloc(entry->size + 1, 1);
    if (!*memory)
        return sp_fail(err, SP_LIMIT, "no memory for '" SP_STR_FMT "'", SP_STR_ARG(entry->path));
    if (sp_tree_reader_file(tables->reader, entry, &fd, err) ||
        sp_tree_reader_read(tables->reader, entry, fd, 0, *memory, entry->size, err) ||
        sp_tree_reader_check(tables->reader, entry, fd, err))
        return err->code;
    *out = (struct sp_str){ *memory, entry->size };
    sp_tree_set_exact(entry, sp_file_digest(*out));
    return SP_OK;
}

enum sp_rc sp_tree_tables_read(struct sp_tree_tables *tables, size_t number, struct sp_err *err)
{
    struct sp_tree_table *table = &tables->items[number];
    sp_auto_free char *dat_memory = NULL;
    sp_auto_free char *lock_memory = NULL;
    sp_auto_free char *info_memory = NULL;
    struct sp_tree_entry *entries = tables->tree->entries;
    struct sp_str dat, lock, info;
    struct sp_digest meaning;

    if (read_all(tables, table->dat, &dat_memory, &dat, err) ||
        read_all(tables, table->lock, &lock_memory, &lock, err) ||
        read_all(tables, table->info, &info_memory, &info, err))
        return err->code;
    table->understood = sp_casa_meaning(dat, lock, &meaning);
    if (!table->understood)
        return SP_OK;
    table->has_history = sp_casa_has_history(dat);
    table->is_history = sp_casa_is_history(dat);
    sp_tree_set_meaning(&entries[table->dat], meaning);
    if (table->lock != NONE)
        leave_out(&entries[table->lock]);
    if (table->rest != NONE)
        leave_out(&entries[table->rest]);
    if (table->info != NONE && sp_casa_info_meaning(info, &meaning))
        sp_tree_set_meaning(&entries[table->info], meaning);
    return SP_OK;
}

/* --- what means nothing -------------------------------------------------------------------- */

static const struct sp_tree_table *find_table(const struct sp_tree_tables *tables,
                                              struct sp_str dir)
{
    for (size_t i = 0; i < tables->len; i++)
        if (sp_str_eq(tables->items[i].dir, dir))
            return &tables->items[i];
    return NULL;
}

static bool is_left_out_history(const struct sp_tree_tables *tables,
                                const struct sp_tree_table *table)
{
    if (!table->is_history || !sp_str_is(base_name(table->dir), "HISTORY"))
        return false;
    const struct sp_tree_table *parent = find_table(tables, dir_name(table->dir));
    return parent && parent->understood && parent->has_history;
}

static bool starts_with(struct sp_str text, struct sp_str start)
{
    return text.len >= start.len && memcmp(text.ptr, start.ptr, start.len) == 0;
}

/* The files that casacore has there; anything else in the directory counts. */
static bool is_of_table(const struct sp_tree_entry *entry, struct sp_str dir)
{
    if (sp_str_eq(entry->path, dir))
        return true;
    struct sp_str name = base_name(entry->path);
    return entry->type == SP_TREE_FILE && sp_str_eq(dir_name(entry->path), dir) &&
           starts_with(name, SP_STR("table."));
}

void sp_tree_tables_leave_out(struct sp_tree_tables *tables)
{
    struct sp_tree *tree = tables->tree;

    /* Zeros of former times first: what was left out then need not be now. */
    for (size_t i = 0; i < tree->len; i++) {
        struct sp_tree_entry *entry = &tree->entries[i];
        if ((entry->has & SP_TREE_MEANING) && !is_table_file(base_name(entry->path)) &&
            sp_digest_is_zero(&entry->meaning))
            entry->has &= ~(unsigned)SP_TREE_MEANING;
    }
    for (size_t k = 0; k < tables->len; k++) {
        const struct sp_tree_table *table = &tables->items[k];
        if (!is_left_out_history(tables, table))
            continue;
        const struct sp_tree_entry *first = sp_tree_find(tree, table->dir);
        size_t i = first ? (size_t)(first - tree->entries) : tree->len;
        for (; i < tree->len && starts_with(tree->entries[i].path, table->dir); i++)
            if (is_of_table(&tree->entries[i], table->dir))
                leave_out(&tree->entries[i]);
    }
}

void sp_tree_tables_fini(struct sp_tree_tables *tables)
{
    free(tables->items);
    tables->items = NULL;
    tables->len = tables->capacity = 0;
}
