/* SPDX-License-Identifier: BSD-3-Clause */
/* bringback.h - an earlier state of a path, by hand: `spoor restore`. */
#pragma once

#include "engine/session.h"
#include "engine/versions.h"

struct sp_bringback_options {
    struct sp_session *session;  /* for opts.store */
    struct sp_str path, version; /* see sp_versions_split */
    struct sp_str
        to;   /* put it there, where nothing is, and leave the path alone; empty: in place */
    bool dry; /* only find out */
};

struct sp_bringback {
    struct sp_str path; /* as the ledger has it */
    struct sp_version_entry version;
    bool was_there;       /* nothing had to be done */
    struct sp_list *said; /* texts: what else has happened */
    uint64_t bytes;
};

/* The path holds that version afterwards, and recipes go on from there (the
 * one that has made it: from what it started from). What is there, and in no
 * store, goes to the attic. SP_NOT_FOUND: there is no such version, or its data are not kept.
 * SP_BUSY: a run is going. `out` lives in the session's arena. */
enum sp_rc sp_bringback(const struct sp_bringback_options *options,
                        struct sp_bringback *out,
                        struct sp_err *err) SP_MUST_USE;
