/* SPDX-License-Identifier: BSD-3-Clause */
/* What is found is what a search through all would find, whether it is sorted already or not. */
#include "plan/pathorder.h"

#include "base/arena.h"
#include "base/tap.h"

static void count(void *arg, struct sp_str path)
{
    (void)path;
    ++*(size_t *)arg;
}

static size_t naive(const struct sp_map *map, struct sp_str prefix)
{
    size_t found = 0;

    SP_MAP_EACH (entry, map)
        found += entry->key.len >= prefix.len && !memcmp(entry->key.ptr, prefix.ptr, prefix.len);
    return found;
}

int main(void)
{
    static const char *const prefixes[] = { "im-1", "im-17-", "im-", "", "x", "im-2999-", "a" };
    struct sp_arena *arena = sp_arena_new();
    struct sp_map map = { 0 };
    struct sp_path_order order = { 0 };
    bool same = true;

    for (unsigned i = 0; i < 3000; i++) {
        /* 7919 is prime: an order that is neither that of the alphabet nor its reverse */
        sp_map_set(&map, sp_arena_printf(arena, "im-%u-image.fits", i * 7919 % 3000), &map);
        for (size_t k = 0; i % 97 == 0 && k < SP_COUNT(prefixes); k++) {
            size_t found = 0;
            sp_path_order_each(&order, &map, sp_str_of(prefixes[k]), count, &found);
            same = same && found == naive(&map, sp_str_of(prefixes[k]));
        }
    }
    tap_ok(same && map.len == 3000, "the same as a search through all");
    sp_path_order_fini(&order);
    sp_map_fini(&map);
    sp_arena_free(arena);
    return tap_done();
}
