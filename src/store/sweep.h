/* SPDX-License-Identifier: BSD-3-Clause */
/* sweep.h - gc on disk: what is in a store, and carrying out what store/eviction.h has planned.
 *
 *     sp_sweep_read(store, stock, &found, &err);
 *     ... what ledgers need; sp_stock_settle; sp_eviction_plan ...
 *     sp_sweep_carry_out(store, stock, &plan, &err);
 *     sp_store_close(store);                             others may go on now
 *     sp_sweep_empty_trash(dir, &removed, &err);
 *
 * At every instant the store is sound: first the records say that the data are not kept, then
 * manifests and objects are renamed into trash/, and only then they are unlinked. Killed in
 * between, the next gc takes what is left for orphans.
 */
#pragma once

#include "store/eviction.h"
#include "store/store.h"

struct sp_sweep_found {
    size_t records, trees, objects; /* that are sound, as far as one can see */
    size_t damaged_records;
    size_t damaged_trees;
    size_t strays; /* files that do not belong where they are */
};

/* Then nobody knows what the damaged ones named. */
static inline bool sp_sweep_is_damaged(const struct sp_sweep_found *found)
{
    return found->damaged_records || found->damaged_trees;
}

/* Records, manifests, objects and pins of a store. A pin of a version that nobody knows counts too.
 */
enum sp_rc sp_sweep_read(struct sp_store *store,
                         struct sp_stock *stock,
                         struct sp_sweep_found *found,
                         struct sp_err *err) SP_MUST_USE;

/* The store was opened with SP_STORE_ALONE. What could not be done is left for the next time. */
enum sp_rc sp_sweep_carry_out(struct sp_store *store,
                              const struct sp_stock *stock,
                              const struct sp_eviction_plan *plan,
                              struct sp_err *err) SP_MUST_USE;

/* Rewrite a record: the outputs that are in one of these trees (by index) are not kept any more. */
enum sp_rc sp_sweep_disown(struct sp_store *store,
                           const struct sp_digest *key,
                           const struct sp_digest *trees,
                           size_t len,
                           struct sp_err *err) SP_MUST_USE;

/* Move a file of the store into trash/, under its kind and name. SP_OK if it is gone already. */
enum sp_rc sp_sweep_discard(const char *store,
                            const char *kind,
                            const struct sp_digest *id,
                            struct sp_err *err) SP_MUST_USE;

/* Unlink what is in trash/; needs no lock. `removed` (may be NULL): files. */
enum sp_rc sp_sweep_empty_trash(const char *store, size_t *removed, struct sp_err *err) SP_MUST_USE;
