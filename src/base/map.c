/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/map.h"

#include "base/hash.h"

#include <stdlib.h>

static struct sp_index index_of(const struct sp_map *map)
{
    return (struct sp_index){ map->slots, map->slot_count };
}

static size_t position(const struct sp_map *map, struct sp_str key)
{
    return sp_index_find(index_of(map), map->entries, sizeof *map->entries, key);
}

static void rebuild(struct sp_map *map, size_t slot_count)
{
    free(map->slots);
    map->slots = sp_alloc(slot_count * sizeof *map->slots);
    map->slot_count = slot_count;
    sp_index_fill(index_of(map), map->entries, sizeof *map->entries, map->len);
}

void *sp_map_find(const struct sp_map *map, struct sp_str key)
{
    size_t at = position(map, key);

    return at == SIZE_MAX ? NULL : map->entries[at].value;
}

bool sp_map_has(const struct sp_map *map, struct sp_str key)
{
    return position(map, key) != SIZE_MAX;
}

void sp_map_set(struct sp_map *map, struct sp_str key, void *value)
{
    size_t at = position(map, key);

    if (at != SIZE_MAX) {
        map->entries[at].value = value;
        return;
    }
    map->entries = sp_grow(map->entries, &map->capacity, map->len + 1, sizeof *map->entries);
    map->entries[map->len] = (struct sp_map_entry){ key, value };
    map->len++;
    if (map->len * 2 > map->slot_count)
        rebuild(map, SP_MAX(map->slot_count * 2, (size_t)16));
    else
        sp_index_add(index_of(map), key, map->len - 1);
}

bool sp_map_remove(struct sp_map *map, struct sp_str key)
{
    size_t at = position(map, key);

    if (at == SIZE_MAX)
        return false;
    memmove(&map->entries[at], &map->entries[at + 1], (map->len - at - 1) * sizeof *map->entries);
    map->len--;
    rebuild(map, map->slot_count);
    return true;
}

void sp_map_fini(struct sp_map *map)
{
    free(map->entries);
    free(map->slots);
    *map = (struct sp_map){ 0 };
}
