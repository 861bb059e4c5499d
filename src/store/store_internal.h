/* SPDX-License-Identifier: BSD-3-Clause */
/* store_internal.h - what the files of the store share. Paths are texts below store->dir: the store
 * may be on any file system, and nobody else changes the names in it. */
#pragma once

#include "base/clock.h"
#include "base/vec.h"

#include "store/store.h"
#include "sys/lock.h"

#include <limits.h>
#include <stdatomic.h>
#include <sys/types.h>

struct sp_store_epoch {   /* what is written and not yet synced; see epoch.c */
    char *boot;           /* id of this boot of the machine */
    char *name;           /* "<boot>.<run>.<number>" */
    struct sp_lock *lock; /* on unsynced/<name>; NULL: nothing is unsynced */
    unsigned number;
    size_t written;
    sp_nsec since;
};

struct sp_store_probe {
    dev_t dev;
    enum sp_snapshot_method method;
};

struct sp_store {
    char *dir;
    enum sp_store_use use;
    enum sp_snapshot_method method;
    bool no_sync;
    char *run;
    struct sp_lock *lock;     /* on STORE/lock */
    char *tmp;                /* our directory under tmp/ */
    struct sp_lock *tmp_lock; /* says that we are alive */
    atomic_uint serial;       /* of names in it */
    struct sp_store_epoch epoch;
    SP_VEC(struct sp_store_probe) probes;
};

struct sp_store_path {
    char text[PATH_MAX];
};

/* "STORE/KIND/ab/<62 hex>"; KIND/<64 hex> for "pins" and "running". The directory of a store is
 * short enough (checked when it is opened). */
struct sp_store_path sp_store_path(const struct sp_store *store,
                                   const char *kind,
                                   const struct sp_digest *name);
struct sp_store_path sp_store_flat_path(const struct sp_store *store,
                                        const char *kind,
                                        const struct sp_digest *name);

/* A new name under tmp/. Any thread. */
struct sp_store_path sp_store_temporary(struct sp_store *store);

/* SP_INVALID for stores that are opened for reading. */
enum sp_rc sp_store_check_writable(const struct sp_store *store, struct sp_err *err) SP_MUST_USE;

/* Move what was made under tmp/ to its name; makes the directory of two digits if need be. On
 * failure `from` is gone. Any thread. */
enum sp_rc sp_store_move_in(const char *from, const char *to, struct sp_err *err) SP_MUST_USE;

/* Write `text` under tmp/ and move it in, read-only. */
enum sp_rc sp_store_write(struct sp_store *store,
                          const char *to,
                          struct sp_str text,
                          struct sp_err *err) SP_MUST_USE;

/* What is damaged goes to trash/, to be looked at or removed; nothing when opened for reading. */
void sp_store_discard(struct sp_store *store, const char *path);

/* Something will be written; `count` things have been: syncs them when it is time. */
enum sp_rc sp_epoch_begin(struct sp_store *store, struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_epoch_wrote(struct sp_store *store, size_t count, struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_epoch_end(struct sp_store *store, struct sp_err *err) SP_MUST_USE;

/* Names, and what dead processes and dead boots have left: see epoch.c. */
enum sp_rc sp_epoch_recover(struct sp_store *store, struct sp_err *err) SP_MUST_USE;
void sp_epoch_init(struct sp_store *store);
void sp_epoch_fini(struct sp_store *store);

/* Take a lock on a new file that whoever clears up may pull away from under us: SP_BUSY, try
 * another name. */
enum sp_rc sp_store_lock_new(const char *path, struct sp_lock **out, struct sp_err *err)
    SP_MUST_USE;

/* The epoch of a record as it stands in its file; false if it is damaged. */
bool sp_record_split(struct sp_str file, struct sp_str *text, struct sp_str *epoch);

/* Call `each` for every file of objects, trees or records; false from it ends the walk. */
typedef bool (*sp_store_name_fn)(void *arg, const struct sp_digest *name, const char *path);
enum sp_rc sp_store_each_name(const struct sp_store *store,
                              const char *kind,
                              sp_store_name_fn each,
                              void *arg,
                              struct sp_err *err) SP_MUST_USE;
