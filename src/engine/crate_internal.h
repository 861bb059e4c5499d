/* SPDX-License-Identifier: BSD-3-Clause */
/* crate_internal.h - what the files of crate.h share. */
#pragma once

#include "base/map.h"

#include "engine/crate.h"
#include "engine/supply.h"

enum sp_crate_role {
    SP_CRATE_RECIPE,  /* a file that was loaded */
    SP_CRATE_DETAILS, /* of the run */
    SP_CRATE_LOG,
    SP_CRATE_PRODUCT
};

struct sp_crate_part {
    enum sp_crate_role role;
    struct sp_str name;   /* in the crate; a directory's ends with a slash */
    struct sp_str source; /* the file it is copied from; empty: `text` is its content */
    struct sp_str text;
    uint64_t size;       /* of directories from the store */
    struct sp_str about; /* the path as the run had it */
    struct sp_str title;
    const char *format; /* media type; NULL: unknown */
    bool main;          /* the recipe that was asked for is in it */
    bool inner;         /* a file in a directory that is a part itself */
};

struct sp_crate {
    const struct sp_workspace *workspace;
    const struct sp_run_summary *run;
    const struct sp_crate_options *options;
    struct sp_arena *arena;
    struct sp_supplier supplier; /* for products; no ledger: nothing is known of versions */
    struct sp_crate_part *items; /* the parts */
    size_t len, capacity;
    struct sp_map names; /* of parts: name -> itself */
    struct sp_map paths; /* `about` -> struct sp_str * name */
};

/* Fill the parts. */
enum sp_rc sp_crate_find_parts(struct sp_crate *crate, struct sp_err *err) SP_MUST_USE;

/* Text of ro-crate-metadata.json. */
struct sp_str sp_crate_describe(const struct sp_crate *crate);
