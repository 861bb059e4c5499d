/* SPDX-License-Identifier: BSD-3-Clause */
/* pathorder.h - the keys of a growing map in order, to find those that begin with a text.
 *
 * A pattern such as "im-17-*.fits" is looked for once for each output of each iteration of a loop;
 * going through all paths that were promised so far would make long loops quadratic. The newest
 * keys wait unsorted until there are many.
 */
#pragma once

#include "base/map.h"

/* `{ 0 }` is an empty one. */
struct sp_path_order {
    struct sp_str *items; /* the first `len` keys of the map, sorted; borrowed texts */
    size_t len;
};

typedef void (*sp_path_order_fn)(void *arg, struct sp_str path);

/* Call `fn` with each key of `map` that begins with `prefix`, in no certain order. Between calls
 * keys may be added to the map, not removed. */
void sp_path_order_each(struct sp_path_order *order,
                        const struct sp_map *map,
                        struct sp_str prefix,
                        sp_path_order_fn fn,
                        void *arg);

void sp_path_order_fini(struct sp_path_order *order);
