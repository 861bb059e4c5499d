/* SPDX-License-Identifier: BSD-3-Clause */
/* roster.h - which workspaces use a store: STORE/workspaces/<digest of the path>.
 *
 * What their ledgers name must not go, wherever gc is started. Each file holds the path of a
 * workspace (its state directory, "DIR/.spoor") and the mount point that it is under: a workspace
 * that is not there counts no more, but one on a disk that is not mounted now does.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

/* `workspace` (a state directory that exists) uses the store. Cheap when that is known already. */
enum sp_rc sp_roster_add(const char *store, const char *workspace, struct sp_err *err) SP_MUST_USE;

enum sp_roster_state {
    SP_ROSTER_THERE,
    SP_ROSTER_GONE,   /* there is no such directory any more */
    SP_ROSTER_HIDDEN, /* its disk is not mounted, or it cannot be looked at; `why` */
};

struct sp_roster_entry {
    struct sp_str path; /* absolute */
    enum sp_roster_state state;
    struct sp_str why;
    struct sp_str file; /* of the store: for who removes one that is gone */
};

/* In the order of their paths. A file that cannot be read is HIDDEN, with its own path. */
enum sp_rc sp_roster_read(const char *store,
                          struct sp_arena *arena,
                          struct sp_roster_entry **out,
                          size_t *len,
                          struct sp_err *err) SP_MUST_USE;
