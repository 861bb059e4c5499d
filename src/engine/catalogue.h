/* SPDX-License-Identifier: BSD-3-Clause */
/* catalogue.h - the index of a workspace: .spoor/index.sqlite (doc/design/store.md 10).
 *
 * Runs, steps and versions of paths in a database, so that a question about all runs does not read
 * all journals. It is a fold over them, brought up to date by whoever opens it: of each journal the
 * place up to which it was read is remembered. Runs never touch it.
 *
 *   K1  it knows nothing that the journals do not: deleting it changes no answer
 *   K2  damaged, or of another version, it is made anew without a word
 *   K3  several processes may use it; where nothing can be written it is built in memory
 */
#pragma once

#include "engine/history.h"

struct sp_catalogue;

/* Open and bring up to date. The caller owns *out. */
enum sp_rc sp_catalogue_open(const struct sp_workspace *workspace,
                             struct sp_catalogue **out,
                             struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_catalogue_close(struct sp_catalogue *catalogue);

/* Make it anew from the journals; for `spoor fsck --reindex`. */
enum sp_rc sp_catalogue_rebuild(const struct sp_workspace *workspace, struct sp_err *err)
    SP_MUST_USE;

struct sp_catalogue_filter {
    struct sp_str recipe; /* only of this recipe; empty: of all */
    struct sp_str wrote; /* only runs of which a step has left something at this path; empty: all */
    size_t limit;        /* only the newest so many; 0: all */
};

/* Runs without their steps, oldest first, in the arena of the workspace. A run whose journal cannot
 * be read is among them: SP_RUN_LOST, and `why` says what is wrong with it. */
enum sp_rc sp_catalogue_runs(struct sp_catalogue *catalogue,
                             const struct sp_catalogue_filter *filter,
                             struct sp_run_summary **out,
                             size_t *count,
                             struct sp_err *err) SP_MUST_USE;

/* Open, ask, close. */
enum sp_rc sp_catalogue_ask(const struct sp_workspace *workspace,
                            const struct sp_catalogue_filter *filter,
                            struct sp_run_summary **out,
                            size_t *count,
                            struct sp_err *err) SP_MUST_USE;

/* What a step of a run saw or left at a path. */
struct sp_catalogue_state {
    struct sp_str recipe, task, time;
    struct sp_str version, tree; /* as in the journal (doc/design/journal.md); may be empty */
    uint64_t bytes;
    bool is_source; /* the step read it, and nobody has made it */
};

/* The states of `path` in run `id`, in the order of its journal; in the arena of the workspace.
 * SP_NOT_FOUND: the index does not know what the journal says, which cannot be read to its end or
 * has begun just now. SP_CORRUPT: the index is damaged. */
enum sp_rc sp_catalogue_states(struct sp_catalogue *catalogue,
                               struct sp_str id,
                               struct sp_str path,
                               struct sp_catalogue_state **out,
                               size_t *count,
                               struct sp_err *err) SP_MUST_USE;
