/* SPDX-License-Identifier: BSD-3-Clause */
/* stock.h - all that is in a store, in memory: which record makes which version from which, which
 * tree has its data, which objects these consist of, and who needs it (doc/design/store.md 11).
 *
 *     struct sp_stock *stock = sp_stock_new();
 *     sp_stock_add_tree(stock, &id, &found);                   for every manifest on disk
 *     sp_stock_add_object(stock, &object, bytes);              for every object on disk
 *     sp_stock_add_record(stock, &key, text, &err);            for every record
 *     sp_stock_add_hold(stock, &version, &tree, SP_NEED_HEAD); for every line of a ledger
 *     sp_stock_settle(stock);
 *
 * Made of numbers only, no texts: 100,000 records take some 50 MB. Nothing here touches a file; the
 * order in which things are added does not matter.
 *
 * Whether a version is stored is decided by the manifests that are there, not by what records say
 * of them. A manifest is named by a record that says `kept`, by a record that read it as a source,
 * and by ledgers; one that nobody names is an orphan, and so is an object that no manifest names.
 */
#pragma once

#include "store/tree.h"

#define SP_STOCK_NONE UINT32_MAX

enum sp_need {                 /* why a version stays */
    SP_NEED_HEAD = 1 << 0,     /* a path holds it: it is on disk besides */
    SP_NEED_PIN = 1 << 1,      /* somebody said so */
    SP_NEED_CONSUMED = 1 << 2, /* the last run of a recipe read or made it */
    SP_NEED_ANCESTOR = 1 << 3, /* what is needed, but not stored, would be computed from it */
    SP_NEED_SOURCE = 1 << 4,   /* nobody could compute it again */
    SP_NEED_CHANGING = 1 << 5  /* a tool was at the path that holds it: must be brought back */
};

/* The arrays may be read; SP_STOCK_NONE stands for no index. Every item begins with its name. */
struct sp_stock_version {
    struct sp_digest id;
    uint32_t maker;       /* record that it is computed with, if need be: never in a circle */
    uint32_t first_claim; /* chain of claims, by next_of_version */
    unsigned needs;       /* enum sp_need */
    bool source;          /* some record read it as one */
    sp_nsec used;         /* last time that anybody made or read it */
};

struct sp_stock_record {
    struct sp_digest key;
    double seconds; /* that its computation took */
    sp_nsec time;
    uint32_t first_input, inputs;  /* into `inputs`: versions */
    uint32_t first_claim, outputs; /* into `claims` */
};

/* Who says that the data of a version are in a tree. */
struct sp_stock_claim {
    uint32_t version, tree; /* tree: NONE when it is not said */
    uint32_t record;        /* NONE: a ledger, or an input that is a source */
    uint32_t next_of_tree, next_of_version;
    bool kept;
};

struct sp_stock_tree {
    struct sp_digest id;
    bool present, named;
    bool damaged;                   /* cannot be read: what it consists of is not known */
    uint32_t first_claim;           /* chain by next_of_tree */
    uint32_t first_object, objects; /* into `parts`; each object once */
    uint64_t bytes;                 /* of the manifest itself */
    sp_nsec used;
};

struct sp_stock_object {
    struct sp_digest id;
    bool present;
    bool held;      /* by a record: the log of a tool */
    uint64_t bytes; /* on disk */
    uint32_t refs;  /* trees that are present and consist of it */
};

#define SP_STOCK_ARRAY(type, name) \
    type *name;                    \
    size_t name##_len, name##_capacity

struct sp_stock {
    SP_STOCK_ARRAY(struct sp_stock_version, versions);
    SP_STOCK_ARRAY(struct sp_stock_record, records);
    SP_STOCK_ARRAY(struct sp_stock_claim, claims);
    SP_STOCK_ARRAY(struct sp_stock_tree, trees);
    SP_STOCK_ARRAY(struct sp_stock_object, objects);
    SP_STOCK_ARRAY(uint32_t, inputs);
    SP_STOCK_ARRAY(uint32_t, parts);
    uint32_t *order; /* after settle: versions, each behind those that its maker reads */
    struct sp_stock_index *indices; /* private */
};

struct sp_stock *sp_stock_new(void);
void sp_stock_free(struct sp_stock *stock); /* accepts NULL */

static inline void sp_stock_freep(struct sp_stock **stock)
{
    sp_stock_free(*stock);
}

#define sp_auto_stock SP_CLEANUP(sp_stock_freep)

/* What a manifest on disk is, besides its contents. */
struct sp_stock_file {
    const struct sp_tree *tree; /* NULL: damaged */
    uint64_t bytes;             /* of the manifest on disk */
    sp_nsec used;               /* its modification time */
};

void sp_stock_add_tree(struct sp_stock *stock,
                       const struct sp_digest *id,
                       const struct sp_stock_file *file);
void sp_stock_add_object(struct sp_stock *stock, const struct sp_digest *id, uint64_t bytes);

/* SP_INVALID: not a record, with what is wrong; nothing was added. */
enum sp_rc sp_stock_add_record(struct sp_stock *stock,
                               const struct sp_digest *key,
                               struct sp_str text,
                               struct sp_err *err) SP_MUST_USE;

/* A ledger says that this version is, or was (needs 0), somewhere. `tree` may be NULL. */
void sp_stock_add_hold(struct sp_stock *stock,
                       const struct sp_digest *version,
                       const struct sp_digest *tree,
                       unsigned needs);

/* What this record read and made is needed; nothing happens when there is no such record. */
void sp_stock_need_record(struct sp_stock *stock, const struct sp_digest *key, unsigned needs);

/* After everything was added or dropped: who makes what, what is named. */
void sp_stock_settle(struct sp_stock *stock);

/* As if this record had never been: settle again afterwards. */
void sp_stock_drop_record(struct sp_stock *stock, uint32_t record);

/* Index, or SP_STOCK_NONE. */
uint32_t sp_stock_find_version(const struct sp_stock *stock, const struct sp_digest *id);
uint32_t sp_stock_find_record(const struct sp_stock *stock, const struct sp_digest *key);
uint32_t sp_stock_find_tree(const struct sp_stock *stock, const struct sp_digest *id);
uint32_t sp_stock_find_object(const struct sp_stock *stock, const struct sp_digest *id);
