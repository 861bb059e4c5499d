/* SPDX-License-Identifier: BSD-3-Clause */
/* recall_parents.c - data that lie elsewhere are inputs as well: those of the tables behind a
 * reference table, and what symbolic links in a directory point to. */
#include "engine/recall_internal.h"
#include "store/profile.h"
#include "sys/file.h"
#include "sys/witness.h"

#include <fcntl.h>
#include <unistd.h>

#define KIND_AT 64 /* table.dat says within so many bytes which kind of table it is */
#define DAT_MAX ((size_t)1 << 30)

/* Nearly all tables have their data themselves: no need to read what follows. */
static bool is_plain(const char *path)
{
    char head[KIND_AT];

    sp_witness_path(path);
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? 0 : pread(fd, head, sizeof head, 0);

    return len <= 0 || memmem(head, (size_t)len, "PlainTable", strlen("PlainTable"));
}

/* Where the table.dat of what the path is now can be read; empty: it is no table, or not kept. */
static struct sp_str find_dat(struct sp_recall *recall,
                              struct sp_arena *arena,
                              const struct sp_role *role,
                              const struct sp_head *head)
{
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (now->absent)
        return SP_STR("");
    if (head->composite || sp_head_is_settled(head))
        return sp_arena_join(arena, role->real, "/", SP_STR("table.dat"));
    if (!now->kept || sp_map_has(&recall->plain, sp_str_of(sp_digest_hex(&now->tree).text)) ||
        sp_store_fetch(recall->store, &now->tree, arena, &tree, &err))
        return SP_STR("");
    const struct sp_tree_entry *dat = sp_tree_find(&tree, SP_STR("table.dat"));
    if (dat && (dat->has & SP_TREE_OBJECT))
        return sp_store_object_path(recall->store, arena, &dat->object);
    return SP_STR("");
}

/* The manifest need not be read again for this. */
static void remember_plain(struct sp_recall *recall, const struct sp_head *head)
{
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_str name = sp_str_of(sp_digest_hex(&now->tree).text);

    if (!now->absent && now->kept && !sp_map_has(&recall->plain, name))
        sp_map_set(&recall->plain, sp_arena_str(recall->arena, name), recall);
}

/* The files that make up what the path is now; false: they are not known. */
static bool find_tree(struct sp_recall *recall,
                      struct sp_arena *arena,
                      const struct sp_head *head,
                      struct sp_tree *out)
{
    const struct sp_passage *now = sp_head_passage(head);
    struct sp_err err = SP_ERR_INIT;

    if (now->absent)
        return false;
    *out = head->tree;
    if (head->composite || sp_head_is_settled(head))
        return true;
    return now->kept && !sp_map_has(&recall->plain, sp_str_of(sp_digest_hex(&now->tree).text)) &&
           sp_store_fetch(recall->store, &now->tree, arena, out, &err) == SP_OK;
}

/* Where a link in the directory `dir` leads to; empty: nowhere, or to another place in it. */
static struct sp_str follow(struct sp_recall *recall,
                            struct sp_arena *arena,
                            struct sp_str dir,
                            const struct sp_tree_entry *link)
{
    size_t slash = sp_str_rfind(link->path, '/');
    struct sp_str place = link->target;

    if (!sp_str_starts(place, "/") && slash != SIZE_MAX)
        place = sp_arena_join(arena, sp_str_slice(link->path, 0, slash), "/", place);
    if (!sp_str_starts(place, "/"))
        place = sp_arena_join(arena, dir, "/", place);
    struct sp_str real = recall->world.real(recall->world.arg, place, arena);
    bool inside = real.len >= dir.len && sp_str_eq(sp_str_slice(real, 0, dir.len), dir);
    return inside || recall->world.kind(recall->world.arg, real) == SP_PATH_NONE ? SP_STR("")
                                                                                 : real;
}

/* Links to something that is no file or directory tell by their text. */
static bool add_links(struct sp_recall *recall,
                      struct sp_arena *arena,
                      struct sp_roles *roles,
                      size_t child,
                      const struct sp_tree *tree)
{
    struct sp_roles_request request = { .arena = arena, .world = &recall->world };
    struct sp_str dir = roles->items[child].real;
    bool any = false;

    for (size_t i = 0; i < tree->len; i++) {
        if (tree->entries[i].type != SP_TREE_LINK)
            continue;
        struct sp_str target = follow(recall, arena, dir, &tree->entries[i]);
        any = true;
        if (target.len)
            sp_roles_add_parent(&request, roles, child, target);
    }
    return any;
}

enum sp_rc sp_recall_add_parents(struct sp_recall *recall,
                                 struct sp_arena *arena,
                                 struct sp_roles *roles,
                                 size_t child,
                                 const struct sp_head *head,
                                 struct sp_err *err)
{
    struct sp_role role = roles->items[child];
    struct sp_roles_request request = { .arena = arena, .world = &recall->world };
    struct sp_casa_parents parents;
    sp_auto_buf struct sp_buf dat = SP_BUF(DAT_MAX);
    struct sp_err none = SP_ERR_INIT;

    struct sp_tree tree;
    if (role.kind == SP_ROLE_WRITES) /* what was there before does not matter */
        return SP_OK;
    bool links =
        find_tree(recall, arena, head, &tree) && add_links(recall, arena, roles, child, &tree);
    struct sp_str path = find_dat(recall, arena, &role, head);
    if (!path.len || is_plain(path.ptr)) {
        if (!links)
            remember_plain(recall, head);
        return SP_OK;
    }
    if (sp_file_read(path.ptr, &dat, &none))
        return SP_OK; /* the tool will say what is wrong with it */
    enum sp_rc rc = sp_casa_own_parents(role.real, sp_buf_str(&dat), arena, &parents, err);
    for (size_t i = 0; rc == SP_OK && i < parents.len; i++)
        sp_roles_add_parent(&request, roles, child, parents.items[i]);
    return rc;
}
