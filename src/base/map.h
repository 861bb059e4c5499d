/* SPDX-License-Identifier: BSD-3-Clause */
/* map.h - text to pointer, in order of insertion.
 *
 * Keys are borrowed (usually arena text) and must outlive the map. Removing keeps the order of
 * the others. `struct sp_map map = { 0 };` is an empty map.
 */
#pragma once

#include "base/str.h"

struct sp_map_entry {
    struct sp_str key;
    void *value;
};

struct sp_map {
    struct sp_map_entry *entries; /* read freely, in order: entries[0] .. entries[len - 1] */
    size_t len;
    size_t capacity;
    uint32_t *slots; /* private: open addressing, index + 1 into entries, 0 is free */
    size_t slot_count;
};

/* Value of `key`, or NULL. */
void *sp_map_find(const struct sp_map *map, struct sp_str key);
bool sp_map_has(const struct sp_map *map, struct sp_str key);

/* Add or replace; a replaced key keeps its place. `value` is borrowed. */
void sp_map_set(struct sp_map *map, struct sp_str key, void *value);

/* True if it was there. */
bool sp_map_remove(struct sp_map *map, struct sp_str key);

void sp_map_fini(struct sp_map *map);
#define sp_auto_map SP_CLEANUP(sp_map_fini)

/* NOLINTBEGIN(bugprone-macro-parentheses): a declared name cannot stand in parentheses */
#define SP_MAP_EACH(entry, map)                                                      \
    for (struct sp_map_entry *entry = (map)->entries,                                \
                             *end_##entry = (map)->len ? entry + (map)->len : entry; \
         entry != end_##entry; entry++)
/* NOLINTEND(bugprone-macro-parentheses) */
