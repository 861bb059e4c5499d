/* SPDX-License-Identifier: BSD-3-Clause */
/* product.h - what came out under a key, as a record of the store keeps it (doc/design/store.md 6).
 */
#pragma once

#include "plan/key.h"
#include "store/version.h"

#define SP_PRODUCT_VERSION 1

struct sp_product_path {
    struct sp_str role; /* "ms", "images[2]" */
    struct sp_str path; /* as in the ledger */
    bool absent;        /* of outputs: it was not made */
    bool is_dir, mutated;
    bool is_source; /* of inputs: nobody made it */
    bool kept;      /* `tree` is in the store */
    struct sp_version version;
    struct sp_digest tree;
    uint64_t bytes;
};

struct sp_product {
    struct sp_digest key;
    struct sp_str task, recipe, cab, run, epoch, host, user, time, workspace, program;
    const struct sp_dict *preimage; /* component -> text; NULL: it was not read */
    struct sp_product_path *inputs, *outputs;
    size_t input_count, output_count;
    const struct sp_dict *values; /* outputs that the tool said; NULL: none */
    const struct sp_list *argv;   /* texts; NULL: not known */
    double wall, cpu;             /* seconds */
    uint64_t memory;
    struct sp_str log; /* object with the raw output, 64 digits; empty: none */
};

void sp_product_write(struct sp_arena *arena, const struct sp_product *product, struct sp_buf *out);

enum sp_product_parts {
    SP_PRODUCT_RESULT, /* without the pre-image, which is most of it */
    SP_PRODUCT_ALL
};

/* SP_CORRUPT: it is not a record; SP_INVALID: of a newer spoor. Texts live in `arena`. */
enum sp_rc sp_product_read(struct sp_str text,
                           enum sp_product_parts parts,
                           struct sp_arena *arena,
                           struct sp_product *out,
                           struct sp_err *err) SP_MUST_USE;

/* Inputs or outputs as a list of objects. */
struct sp_value sp_product_paths(struct sp_arena *arena,
                                 const struct sp_product_path *paths,
                                 size_t count,
                                 bool are_outputs);

/* The output of that role, or NULL. */
const struct sp_product_path *sp_product_output(const struct sp_product *product,
                                                struct sp_str role);
