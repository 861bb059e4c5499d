/* SPDX-License-Identifier: BSD-3-Clause */
/* store.h - where versions and records live (doc/design/store.md 6, 8, 9).
 *
 *     sp_store_open(".spoor/store", SP_STORE_RUN, &options, &store, &err);
 *     sp_store_keep(store, "x.ms", &tree, &id, &err);          snapshot: objects, then the manifest
 *     sp_store_fetch(store, &id, arena, &tree, &err);          the manifest
 *     sp_store_restore(store, &wanted, "x.ms", &there, &err);  make it so
 *     sp_store_close(store);
 *
 * Any number of processes may use one store. Everything in it is written under tmp/ and renamed,
 * and never changed afterwards.
 */
#pragma once

#include "store/tree.h"

struct sp_store;

enum sp_store_use {
    SP_STORE_READ, /* nothing is written; there may be none: SP_NOT_FOUND */
    SP_STORE_RUN,  /* made if need be; leftovers of dead processes are cleared away */
    SP_STORE_ALONE /* for gc and fsck --repair: SP_BUSY while anybody else uses it */
};

enum sp_snapshot_method {
    SP_SNAPSHOT_AUTO,
    SP_SNAPSHOT_CLONE,
    SP_SNAPSHOT_COPY,
    SP_SNAPSHOT_NONE
};

struct sp_store_options {
    enum sp_snapshot_method method; /* AUTO: probed for each file system */
    bool no_sync;                   /* a power cut may cost more than the last seconds */
    bool shared;                    /* locks must work: SP_INVALID if they do not */
    const char *run;                /* run id: names tmp/ and epochs; NULL: "spoor" */
};

/* SP_INVALID: written by a newer spoor, or not a store. The caller owns *out. */
enum sp_rc sp_store_open(const char *dir,
                         enum sp_store_use use,
                         const struct sp_store_options *options,
                         struct sp_store **out,
                         struct sp_err *err) SP_MUST_USE;

/* What is not synced yet is synced now: the outcome of that is in err, the store is closed in any
 * case. Accepts NULL. */
enum sp_rc sp_store_close(struct sp_store *store, struct sp_err *err) SP_MUST_USE;

const char *sp_store_dir(const struct sp_store *store);

/* What AUTO comes to for data at `path`: CLONE or COPY. */
enum sp_snapshot_method sp_store_method(struct sp_store *store, const char *path);

/* Take a snapshot of the artefact at `path`, scanned and carried as `tree`: files that have no
 * object get one (and an exact digest when they are copied), then the manifest, whose name is *id.
 * The digests asked for before stay. SP_LIMIT: no room (nothing is left behind); SP_BUSY: it
 * changed meanwhile. */
enum sp_rc sp_store_keep(struct sp_store *store,
                         const char *path,
                         struct sp_tree *tree,
                         struct sp_digest *id,
                         struct sp_err *err) SP_MUST_USE;

/* Bytes that keep would have to copy or clone: files without an object. */
uint64_t sp_store_missing(const struct sp_store *store, const struct sp_tree *tree);

/* How many bytes more the store may take: what is free, less 5 % of the file system. UINT64_MAX:
 * nobody knows, or states of `path` are clones and need none. */
uint64_t sp_store_room(struct sp_store *store, const char *path);

/* A manifest. SP_NOT_FOUND; SP_CORRUPT: damaged. */
enum sp_rc sp_store_fetch(struct sp_store *store,
                          const struct sp_digest *id,
                          struct sp_arena *arena,
                          struct sp_tree *out,
                          struct sp_err *err) SP_MUST_USE;

/* Are the manifest and all its objects there? (by stat: damage inside is found when it is restored)
 */
bool sp_store_has(struct sp_store *store, const struct sp_digest *id);

/* Make `path` what `wanted` says. `there` is the tree that is at `path` now, carried: its files
 * with the object or exact digest of the wanted ones stay, all others are replaced (each
 * atomically) or removed. Objects with a digest are checked while they are copied: SP_INVALID names
 * a damaged one, which goes to trash/. Afterwards `wanted` has the stat fields of what is there. */
enum sp_rc sp_store_restore(struct sp_store *store,
                            struct sp_tree *wanted,
                            const char *path,
                            const struct sp_tree *there,
                            struct sp_err *err) SP_MUST_USE;

/* --- records: text by key ------------------------------------------------------------------ */

/* The newest text under `key`, into `out`. SP_NOT_FOUND; SP_CORRUPT: damaged (its file is then in
 * trash/, unless the store was opened for reading). */
enum sp_rc sp_store_get_record(struct sp_store *store,
                               const struct sp_digest *key,
                               struct sp_buf *out,
                               struct sp_err *err) SP_MUST_USE;

enum sp_rc sp_store_put_record(struct sp_store *store,
                               const struct sp_digest *key,
                               struct sp_str text,
                               struct sp_err *err) SP_MUST_USE;

enum sp_rc sp_store_drop_record(struct sp_store *store,
                                const struct sp_digest *key,
                                struct sp_err *err) SP_MUST_USE;

/* Name of the epoch under which what is written now will be synced: goes into records. */
const char *sp_store_epoch(const struct sp_store *store);

/* Call `each` for every record, in no order; false from it ends the search. Damaged ones are
 * skipped and counted. */
typedef bool (*sp_store_each_fn)(void *arg, const struct sp_digest *key, struct sp_str text);
enum sp_rc sp_store_each_record(struct sp_store *store,
                                sp_store_each_fn each,
                                void *arg,
                                size_t *damaged,
                                struct sp_err *err) SP_MUST_USE;

/* --- texts and small files by content: logs --------------------------------------------------- */

enum sp_rc sp_store_put_file(struct sp_store *store,
                             const char *path,
                             struct sp_digest *object,
                             struct sp_err *err) SP_MUST_USE;

/* Is it named by the exact digest of its bytes (else it is a clone that nobody has read)? */
bool sp_object_is_digest(const struct sp_digest *object);

/* Path of an object in the store, for reading. */
struct sp_str sp_store_object_path(const struct sp_store *store,
                                   struct sp_arena *arena,
                                   const struct sp_digest *object);

/* --- keys being computed ------------------------------------------------------------------- */

/* Say that `key` is being computed here. SP_BUSY: somebody else does; err says who. Released by
 * sp_store_unclaim or by dying. */
struct sp_lock;
enum sp_rc sp_store_claim(struct sp_store *store,
                          const struct sp_digest *key,
                          struct sp_lock **out,
                          struct sp_err *err) SP_MUST_USE;
void sp_store_unclaim(struct sp_store *store, const struct sp_digest *key, struct sp_lock *claim);

/* --- pins ------------------------------------------------------------------------------------ */

enum sp_rc sp_store_pin(struct sp_store *store,
                        const struct sp_digest *version,
                        struct sp_str why,
                        struct sp_err *err) SP_MUST_USE;
/* SP_NOT_FOUND. */
enum sp_rc sp_store_unpin(struct sp_store *store,
                          const struct sp_digest *version,
                          struct sp_err *err) SP_MUST_USE;
bool sp_store_is_pinned(const struct sp_store *store, const struct sp_digest *version);
