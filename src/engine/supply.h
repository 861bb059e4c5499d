/* SPDX-License-Identifier: BSD-3-Clause */
/* supply.h - where the data of a version can be had: in the store, or where they are on disk. */
#pragma once

#include "engine/versions.h"
#include "plan/role.h"
#include "store/store.h"

struct sp_supplier {
    struct sp_arena *arena;
    const struct sp_workspace *workspace;
    const struct sp_ledger *ledger; /* may be open for reading */
    struct sp_store *store;         /* NULL: there is none */
    struct sp_str cwd;              /* of the workspace, absolute */
    struct sp_str path;             /* where programs are looked up */
    struct sp_str scratch;          /* canonical; nothing is ever written outside of it */
};

enum sp_supply_from {
    SP_SUPPLY_NOWHERE,
    SP_SUPPLY_STORE, /* `tree` */
    SP_SUPPLY_DISK   /* `path` holds it */
};

struct sp_supply {
    enum sp_supply_from from;
    struct sp_digest tree;
    struct sp_str path;
};

/* What is asked for. */
struct sp_supply_wish {
    struct sp_str path; /* as in the ledger */
    const struct sp_version *version;
    const struct sp_digest *tree; /* NULL: not known */
    const struct sp_role *role;   /* its columns are enough; NULL: all of it */
};

/* The disk first, which costs no copy where data are only read. It is compared by lstat, and read
 * when that is not enough. */
void sp_supply_find(const struct sp_supplier *supplier,
                    const struct sp_supply_wish *wish,
                    struct sp_supply *out);

/* Is it below the scratch directory, links resolved? */
bool sp_supply_may_write(const struct sp_supplier *supplier, struct sp_str path) SP_MUST_USE;

/* mkdir -p. SP_INVALID: it is not in the scratch directory. */
enum sp_rc sp_supply_make_dirs(const struct sp_supplier *supplier,
                               struct sp_str path,
                               struct sp_err *err) SP_MUST_USE;

/* A copy (a clone where that is possible) at `to`. SP_INVALID: that is not in the scratch
 * directory, or something is there already. Links inside stay as they are. */
enum sp_rc sp_supply_bring(const struct sp_supplier *supplier,
                           const struct sp_supply *supply,
                           const char *to,
                           struct sp_err *err) SP_MUST_USE;
