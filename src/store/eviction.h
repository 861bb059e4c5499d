/* SPDX-License-Identifier: BSD-3-Clause */
/* eviction.h - what goes when a store is too big. Pure: the same stock, the same plan.
 *
 * 1. Orphans always go: trees that nobody names and damaged ones, objects that no tree names. (Not
 *    while something is damaged: it may have named them.)
 * 2. What is needed stays (enum sp_need): heads of paths, pins, what the last runs have read and
 *    made, what the needed would be computed from if it is not stored, and what nobody could
 * compute again.
 * 3. Of the rest the cheapest go first until `goal` bytes are free. Cheap is what takes few seconds
 * to compute again, from the nearest state that is still there, for each byte that becomes free,
 * and what nobody has used for long: a month halves the price. A file that several trees share
 * counts in equal parts, and not at all if one of them stays.
 *
 * Only data go. Records stay, so what went is computed again when it is needed.
 */
#pragma once

#include "store/stock.h"

struct sp_eviction_options {
    bool keep_orphans; /* something is damaged: who knows what it named */
    uint64_t goal;     /* bytes to free, orphans included; UINT64_MAX: all that may go */
    unsigned ignore;   /* enum sp_need: these do not count (CONSUMED, SOURCE) */
    sp_nsec now;       /* since 1970 */
    sp_nsec unused;    /* only what nobody has made or read for so long; 0: any */
};

struct sp_eviction_item {
    uint32_t tree;
    bool orphan;
    double seconds; /* to compute it again, when all that the plan says is gone; INFINITY: never */
    uint64_t bytes; /* that go with it and with nothing before it in the list */
    double price;   /* seconds a byte, less for old ones; 0 for orphans */
};

/* Bytes by why they stay; a shared file counts at the first of them. */
struct sp_eviction_kept {
    uint64_t pinned, heads, consumed, ancestors, sources, logs, rest;
};

struct sp_eviction_plan {
    struct sp_eviction_item *items; /* in the order in which they go */
    size_t len, capacity;
    uint32_t *objects; /* that go: orphans first */
    size_t objects_len, orphan_objects;
    uint64_t used;    /* bytes of all objects and manifests before */
    uint64_t orphans; /* of the orphans among them */
    uint64_t freed;   /* all that goes, orphans included */
    struct sp_eviction_kept kept;
};

/* `stock` is settled; the needs of its versions become complete. */
void sp_eviction_plan(struct sp_stock *stock,
                      const struct sp_eviction_options *options,
                      struct sp_eviction_plan *out);
void sp_eviction_fini(struct sp_eviction_plan *plan);

/* Is there data of this version, in a tree that is there and said to be kept? */
bool sp_stock_is_stored(const struct sp_stock *stock, uint32_t version);
