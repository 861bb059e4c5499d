/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/tree.h"

#include <assert.h>

static bool is_executable(const struct sp_tree_entry *entry)
{
    return entry->type == SP_TREE_FILE && (entry->mode & 0100);
}

/* What both names say of an entry besides its bytes. */
static void add_entry(struct sp_hasher *hasher, const struct sp_tree_entry *entry)
{
    unsigned char kind[2] = { (unsigned char)entry->type, is_executable(entry) };

    sp_hasher_add(hasher, entry->path);
    sp_hasher_update(hasher, kind, sizeof kind);
    if (entry->type == SP_TREE_LINK)
        sp_hasher_add(hasher, entry->target);
}

struct sp_digest sp_tree_exact(const struct sp_tree *tree)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.tree.1");
    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        add_entry(&hasher, entry);
        if (entry->type == SP_TREE_FILE) {
            assert(entry->has & SP_TREE_EXACT);
            sp_hasher_add_digest(&hasher, &entry->exact);
        }
    }
    return sp_hasher_end(&hasher);
}

struct sp_digest sp_tree_content(const struct sp_tree *tree)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.content.1");
    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        if ((entry->has & SP_TREE_MEANING) && sp_digest_is_zero(&entry->meaning))
            continue;
        add_entry(&hasher, entry);
        if (entry->type == SP_TREE_FILE) {
            assert(entry->has & SP_TREE_MEANING);
            sp_hasher_add_digest(&hasher, &entry->meaning);
        }
    }
    return sp_hasher_end(&hasher);
}

bool sp_tree_find_content(const struct sp_tree *tree, struct sp_digest *out)
{
    for (size_t i = 0; i < tree->len; i++)
        if (tree->entries[i].type == SP_TREE_FILE && !(tree->entries[i].has & SP_TREE_MEANING))
            return false;
    if (tree->len)
        *out = sp_tree_content(tree);
    return tree->len > 0;
}

/* --- entry by entry ----------------------------------------------------------------------- */

static const struct sp_tree_entry *next_data(const struct sp_tree *tree, size_t *at)
{
    while (*at < tree->len) {
        const struct sp_tree_entry *entry = &tree->entries[(*at)++];
        if (!((entry->has & SP_TREE_MEANING) && sp_digest_is_zero(&entry->meaning)))
            return entry;
    }
    return NULL;
}

static bool is_same_entry(const struct sp_tree_entry *a, const struct sp_tree_entry *b)
{
    unsigned both = a->has & b->has;

    if (!sp_str_eq(a->path, b->path) || a->type != b->type || is_executable(a) != is_executable(b))
        return false;
    if (a->type == SP_TREE_LINK)
        return sp_str_eq(a->target, b->target);
    if (a->type != SP_TREE_FILE)
        return true;
    if (both & SP_TREE_MEANING) /* of table.dat the bytes alone do not tell */
        return sp_digest_eq(&a->meaning, &b->meaning);
    return ((both & SP_TREE_EXACT) && sp_digest_eq(&a->exact, &b->exact)) ||
           ((both & SP_TREE_OBJECT) && sp_digest_eq(&a->object, &b->object));
}

bool sp_tree_is_same(const struct sp_tree *a, const struct sp_tree *b)
{
    size_t i = 0, k = 0;

    for (;;) {
        const struct sp_tree_entry *one = next_data(a, &i);
        const struct sp_tree_entry *other = next_data(b, &k);
        if (!one || !other)
            return one == other;
        if (!is_same_entry(one, other))
            return false;
    }
}

struct sp_digest sp_tree_listing(const struct sp_tree *tree)
{
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, "spoor.listing.1");
    for (size_t i = 0; i < tree->len; i++) {
        const struct sp_tree_entry *entry = &tree->entries[i];
        add_entry(&hasher, entry);
        if (entry->type == SP_TREE_FILE) {
            sp_hasher_add_number(&hasher, entry->size);
            sp_hasher_add_number(&hasher, (uint64_t)entry->mtime);
        }
    }
    return sp_hasher_end(&hasher);
}
