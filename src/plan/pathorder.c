/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/pathorder.h"

#include <stdlib.h>

#define UNSORTED_MAX 512 /* keys that are looked at one by one */

static int compare(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

/* Sort what is new, and merge it from behind. */
static void take_in(struct sp_path_order *order, const struct sp_map *map)
{
    size_t fresh = map->len - order->len;
    struct sp_str *added = sp_alloc(fresh * sizeof *added);
    struct sp_str *all = sp_alloc(map->len * sizeof *all);
    size_t old = order->len;
    size_t left = fresh;

    for (size_t i = 0; i < fresh; i++)
        added[i] = map->entries[order->len + i].key;
    qsort(added, fresh, sizeof *added, compare);
    for (size_t at = map->len; at-- > 0;) {
        bool from_old = !left || (old && compare(&order->items[old - 1], &added[left - 1]) > 0);
        all[at] = from_old ? order->items[--old] : added[--left];
    }
    free(added);
    free(order->items);
    order->items = all;
    order->len = map->len;
}

/* The first of the sorted ones that does not come before `prefix`. */
static size_t first_from(const struct sp_path_order *order, struct sp_str prefix)
{
    size_t low = 0;
    size_t high = order->len;

    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (sp_str_cmp(order->items[middle], prefix) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

static bool begins_with(struct sp_str text, struct sp_str prefix)
{
    return text.len >= prefix.len && (!prefix.len || !memcmp(text.ptr, prefix.ptr, prefix.len));
}

void sp_path_order_each(struct sp_path_order *order,
                        const struct sp_map *map,
                        struct sp_str prefix,
                        sp_path_order_fn fn,
                        void *arg)
{
    if (map->len - order->len > UNSORTED_MAX)
        take_in(order, map);
    for (size_t i = first_from(order, prefix);
         i < order->len && begins_with(order->items[i], prefix); i++)
        fn(arg, order->items[i]);
    for (size_t i = order->len; i < map->len; i++)
        if (begins_with(map->entries[i].key, prefix))
            fn(arg, map->entries[i].key);
}

void sp_path_order_fini(struct sp_path_order *order)
{
    free(order->items);
    *order = (struct sp_path_order){ 0 };
}
