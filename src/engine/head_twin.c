/* SPDX-License-Identifier: BSD-3-Clause */
/* head_twin.c - one directory at two paths. Links are resolved before (sys/path.h), so that is a
 * bind mount. What a tool does at one of them happens at the other, of which the heads know
 * nothing: a reused result moves one head, and a reader of the other path would be given what the
 * disk holds.
 */
#include "engine/head_internal.h"

#include <sys/stat.h>

struct root {
    uint64_t id[2]; /* device and inode when it was looked at: the key of the map */
    struct sp_str path;
};

/* Numbers of inodes are given out again. Two names of a file are usual: whoever writes it anew
 * writes another file. */
static bool is_same(const struct sp_heads *heads, struct sp_str a, struct sp_str b)
{
    sp_auto_arena struct sp_arena *scratch = sp_arena_new();
    struct stat one;
    struct stat other;

    return lstat(sp_heads_absolute(heads, scratch, a).ptr, &one) == 0 &&
           lstat(sp_heads_absolute(heads, scratch, b).ptr, &other) == 0 &&
           one.st_dev == other.st_dev && one.st_ino == other.st_ino &&
           (S_ISDIR(one.st_mode) || one.st_nlink == 1);
}

void sp_head_find_twin(struct sp_heads *heads, struct sp_head *head)
{
    if (!head->tree.len)
        return;
    const uint64_t id[] = { head->tree.entries[0].dev, head->tree.entries[0].ino };
    const struct root *known =
        sp_map_find(&heads->roots, (struct sp_str){ (const char *)id, sizeof id });
    struct sp_head *other = known ? sp_map_find(&heads->map, known->path) : NULL;
    if (other && other != head && is_same(heads, other->path, head->path)) {
        other->twin = head->path;
        head->twin = other->path;
        return;
    }
    struct root *root = SP_ARENA_NEW(heads->arena, struct root, 1);
    *root = (struct root){ .id = { id[0], id[1] }, .path = head->path };
    sp_map_set(&heads->roots, (struct sp_str){ (const char *)root->id, sizeof root->id }, root);
}

enum sp_rc sp_heads_claim(struct sp_heads *heads,
                          struct sp_head *head,
                          bool changes,
                          struct sp_err *err)
{
    const struct sp_head *other = head->twin.len ? sp_map_find(&heads->map, head->twin) : NULL;

    head->claimed = head->claimed || changes;
    if (!other || (!head->claimed && !other->claimed) || !is_same(heads, head->path, other->path))
        return SP_OK;
    return sp_fail(
        err, SP_EXISTS,
        "'" SP_STR_FMT "' is '" SP_STR_FMT
        "' by another name (mounted twice), and a step changes it: call it by one of them "
        "everywhere",
        SP_STR_ARG(head->path), SP_STR_ARG(head->twin));
}
