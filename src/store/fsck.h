/* SPDX-License-Identifier: BSD-3-Clause */
/* fsck.h - is everything in a store what its name promises?
 *
 *     sp_fsck_store(store, &options, &fsck, &err);     records, manifests, objects
 *     sp_fsck_ledger(".spoor", &options, &fsck, &err); lines of the ledger
 *
 * Repairing moves what is damaged to trash/ and rewrites the records that named it, so that the
 * next need of those data is a computation. A source cannot be computed: its manifest stays, for
 * the files that are still good.
 */
#pragma once

#include "base/vec.h"

#include "store/store.h"

enum sp_fsck_kind {
    SP_FSCK_RECORD,   /* damaged: checksum, JSON, fields */
    SP_FSCK_TREE,     /* a manifest that is damaged */
    SP_FSCK_OBJECT,   /* an object with another size or digest than its manifest says */
    SP_FSCK_LOST,     /* something that is named but not there */
    SP_FSCK_STRAY,    /* a file that does not belong there: stays */
    SP_FSCK_LEFTOVER, /* of a process that died; harmless: the next run removes it */
    SP_FSCK_LEDGER    /* a line that is damaged */
};

/* "record", "tree" ... */
const char *sp_fsck_kind_name(enum sp_fsck_kind kind);

struct sp_fsck_finding {
    enum sp_fsck_kind kind;
    struct sp_str name; /* digits of what it is, or a path */
    struct sp_str text; /* what is wrong with it */
    bool source;        /* cannot be computed again */
    bool repaired;
};

struct sp_fsck_options {
    bool data;   /* read all objects */
    bool repair; /* the store was opened with SP_STORE_ALONE */
    void (*progress)(void *arg, uint64_t done, uint64_t all); /* bytes read; or NULL */
    void *arg;
};

struct sp_fsck {
    struct sp_arena *arena; /* borrowed: texts live there */
    SP_VEC(struct sp_fsck_finding) findings;
    size_t records, trees, objects, lines; /* that were looked at */
    uint64_t bytes;                        /* of data that were read */
    size_t first_digests;                  /* objects that had no digest and have one now */
    size_t unchecked;                      /* objects without a digest */
};

/* Findings are added. SP_BUSY, SP_IO: could not be looked at. */
enum sp_rc sp_fsck_store(struct sp_store *store,
                         const struct sp_fsck_options *options,
                         struct sp_fsck *fsck,
                         struct sp_err *err) SP_MUST_USE;

/* `dir` is the state directory of a workspace; for repairs the caller has its lock. The lines that
 * are damaged go to "ledger.damaged". */
enum sp_rc sp_fsck_ledger(const char *dir,
                          const struct sp_fsck_options *options,
                          struct sp_fsck *fsck,
                          struct sp_err *err) SP_MUST_USE;

/* Findings that matter: neither leftovers nor strays. `open` (may be NULL): not repaired. */
size_t sp_fsck_count(const struct sp_fsck *fsck, size_t *open);

void sp_fsck_fini(struct sp_fsck *fsck);
