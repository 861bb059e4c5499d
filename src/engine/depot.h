/* SPDX-License-Identifier: BSD-3-Clause */
/* depot.h - the store of a workspace, and all who use it with it.
 *
 * What gc, fsck and forget must know before they take anything away: what every workspace that uses
 * the store holds, and what its last runs have read and made (doc/design/store.md 11).
 */
#pragma once

#include "engine/session.h"
#include "store/roster.h"
#include "store/stock.h"
#include "store/store.h"
#include "store/sweep.h"
#include "value/value.h"

/* Directory of the store: opts.store.dir (with ~), else ".spoor/store". */
struct sp_str sp_depot_dir(const struct sp_session *session);

struct sp_depot {
    struct sp_arena *arena; /* borrowed */
    struct sp_store *store;
    struct sp_stock *stock; /* settled */
    struct sp_sweep_found found;
    struct sp_roster_entry *workspaces; /* those that were asked, and those that are gone */
    size_t workspaces_len;
};

/* Read everything. `workspace` is the state directory (".spoor") of whoever asks: it counts
 * although it may never have told the store. SP_NOT_FOUND: there is no store. SP_BUSY: somebody is
 * using it, and `use` is SP_STORE_ALONE. SP_INVALID: a workspace cannot be looked at, or its ledger
 * is damaged: what it needs is not known. */
enum sp_rc sp_depot_open(struct sp_arena *arena,
                         const char *dir,
                         const char *workspace,
                         enum sp_store_use use,
                         struct sp_depot *out,
                         struct sp_err *err) SP_MUST_USE;

/* Gives the store back; its stock stays until sp_depot_fini. */
enum sp_rc sp_depot_release(struct sp_depot *depot, struct sp_err *err) SP_MUST_USE;
void sp_depot_fini(struct sp_depot *depot);

/* A record of the store as a dictionary; NULL when it cannot be read. */
struct sp_dict *sp_depot_record(struct sp_depot *depot, const struct sp_digest *key);

/* {version, path, recipe, task, time, source} of what is in a tree, as far as anybody knows. */
struct sp_value sp_depot_describe(struct sp_depot *depot, uint32_t tree);
