/* SPDX-License-Identifier: BSD-3-Clause */
/* tree_probe.c - `tree_probe PATH`: names, parents and columns of an artefact, for tests in Python.
 */
#include "store/profile.h"
#include "store/tree.h"
#include "sys/file.h"

#include <stdio.h>

#define BOTH (SP_TREE_EXACT | SP_TREE_MEANING)

static void print_columns(const char *path, struct sp_arena *arena)
{
    sp_auto_buf struct sp_buf dat = SP_BUF(SP_BUF_LARGE);
    struct sp_casa_columns columns;
    struct sp_err none = SP_ERR_INIT;

    if (sp_file_read(sp_arena_printf(arena, "%s/table.dat", path).ptr, &dat, &none) ||
        !sp_casa_columns(sp_buf_str(&dat), arena, &columns))
        return;
    for (size_t i = 0; i < columns.len; i++)
        printf("column %u " SP_STR_FMT "\n", columns.items[i].manager,
               SP_STR_ARG(columns.items[i].name));
}

static int probe(const char *path, struct sp_arena *arena, struct sp_err *err)
{
    struct sp_casa_parents parents;
    struct sp_tree tree;

    if (sp_tree_scan(path, arena, &tree, err) || sp_tree_digest(&tree, path, BOTH, err) ||
        sp_casa_parents(path, arena, &parents, err))
        return 1;
    struct sp_digest exact = sp_tree_exact(&tree);
    struct sp_digest content = sp_tree_content(&tree);
    printf("exact %s\n", sp_digest_hex(&exact).text);
    printf("content %s\n", sp_digest_hex(&content).text);
    for (size_t i = 0; i < parents.len; i++)
        printf("parent " SP_STR_FMT "\n", SP_STR_ARG(parents.items[i]));
    print_columns(path, arena);
    for (size_t i = 0; i < tree.len; i++) {
        const struct sp_tree_entry *entry = &tree.entries[i];
        bool out = (entry->has & SP_TREE_MEANING) && sp_digest_is_zero(&entry->meaning);
        const char *how = out                                            ? "nothing"
                          : entry->type != SP_TREE_FILE                  ? "name"
                          : sp_digest_eq(&entry->exact, &entry->meaning) ? "bytes"
                                                                         : "data";
        printf("entry %s " SP_STR_FMT "\n", how, SP_STR_ARG(entry->path));
    }
    return 0;
}

int main(int argc, char **argv)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (argc != 2)
        return 2;
    if (probe(argv[1], arena, &err) == 0)
        return 0;
    (void)fprintf(stderr, "tree_probe: %s\n", err.text);
    return 1;
}
