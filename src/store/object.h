/* SPDX-License-Identifier: BSD-3-Clause */
/* object.h - contents of files in the store: objects/ab/<62 hex>, read-only.
 *
 * An object is named by its exact digest where that is known, and then the same bytes are kept
 * once. A clone is made without reading anything: it has a unique name, which says so
 * (sp_object_is_digest).
 */
#pragma once

#include "store/store.h"

/* One file to be kept. */
struct sp_object_source {
    int fd; /* open for reading */
    uint64_t size;
    bool known; /* `exact` is */
    struct sp_digest exact;
};

struct sp_object_result {
    struct sp_digest object;
    bool known; /* `exact` is, now */
    struct sp_digest exact;
    bool added; /* else these bytes were there */
};

/* By clone or copy, as `method` says. Any thread; the epoch has begun. SP_LIMIT: no room; SP_BUSY:
 * its bytes are not those of the digest; SP_INVALID: only clones are wanted, and it cannot be
 * cloned. */
enum sp_rc sp_object_keep(struct sp_store *store,
                          const struct sp_object_source *source,
                          enum sp_snapshot_method method,
                          struct sp_object_result *out,
                          struct sp_err *err) SP_MUST_USE;

/* Is one there with this name and size? */
bool sp_object_has(const struct sp_store *store, const struct sp_digest *object, uint64_t size);

/* Put the bytes of the object of `entry` into the empty file `to`, and check them against the
 * digests that are known, but for large clones. SP_NOT_FOUND; SP_INVALID: damaged, it is then in
 * trash/; SP_LIMIT: no room. Any thread. */
enum sp_rc sp_object_give(struct sp_store *store,
                          const struct sp_tree_entry *entry,
                          int to,
                          struct sp_err *err) SP_MUST_USE;

/* Reads it: are the bytes those of its name? Always false for unique names. */
bool sp_object_is_sound(const struct sp_digest *object, const char *path);

/* Remove the object of an entry if its bytes are not what they should be. */
void sp_object_weed(struct sp_store *store, const struct sp_tree_entry *entry);
