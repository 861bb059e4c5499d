/* SPDX-License-Identifier: BSD-3-Clause */
/* reclaim.h - `spoor gc`: make a store fit. What goes and what stays is in store/eviction.h. */
#pragma once

#include "engine/depot.h"

struct sp_reclaim_options {
    const char *store;       /* directory */
    const char *workspace;   /* state directory of whoever asks */
    bool all;                /* whatever may go */
    struct sp_str budget;    /* "50G": the store may have that many bytes; empty: no limit */
    struct sp_str keep_free; /* "100G" or "10%" of the file system; empty: no wish */
    sp_nsec unused;          /* only what nobody has used for so long */
    unsigned ignore;         /* enum sp_need: CONSUMED, SOURCE */
    bool attic;              /* all that is in the attic of the workspace */
    bool dry_run;
    size_t items_max; /* so many are described; all are counted */
};

/* What was done, or would be (doc/manual/store.md has the fields): store, used, goal, freed,
 * orphans, missing, kept, items, workspaces, damaged, attic. SP_NOT_FOUND: there is no store.
 * SP_BUSY: err says who uses it. */
enum sp_rc sp_reclaim(struct sp_arena *arena,
                      const struct sp_reclaim_options *options,
                      struct sp_value *report,
                      struct sp_err *err) SP_MUST_USE;
