/* SPDX-License-Identifier: BSD-3-Clause */
/* tree_tables.h - the casacore tables of a tree: files whose meaning depends on other files. For
 * tree_digest.c.
 *
 *     sp_tree_tables_find(&tables, tree, &reader);      their meaning, carried or not, is forgotten
 *     sp_tree_tables_read(&tables, i, &err)             for each; by several threads
 *     sp_tree_tables_leave_out(&tables);                HISTORY, now that all are known
 *     sp_tree_tables_fini(&tables);
 *
 * Afterwards each entry that has no meaning yet means what its own bytes say.
 */
#pragma once

#include "store/tree_reader.h"

/* A directory with a table.dat. Indices of its files; SIZE_MAX: there is none. */
struct sp_tree_table {
    size_t dat, lock, info, rest;
    struct sp_str dir; /* "." or "SUB" */
    bool understood, has_history, is_history;
};

struct sp_tree_tables {
    struct sp_tree *tree;                /* borrowed */
    const struct sp_tree_reader *reader; /* borrowed */
    struct sp_tree_table *items;         /* owned */
    size_t len, capacity;
};

void sp_tree_tables_find(struct sp_tree_tables *out,
                         struct sp_tree *tree,
                         const struct sp_tree_reader *reader);
enum sp_rc sp_tree_tables_read(struct sp_tree_tables *tables, size_t number, struct sp_err *err)
    SP_MUST_USE;
void sp_tree_tables_leave_out(struct sp_tree_tables *tables);
void sp_tree_tables_fini(struct sp_tree_tables *tables);

void sp_tree_set_exact(struct sp_tree_entry *entry, struct sp_digest digest);
void sp_tree_set_meaning(struct sp_tree_entry *entry, struct sp_digest digest);
