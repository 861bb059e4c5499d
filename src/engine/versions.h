/* SPDX-License-Identifier: BSD-3-Clause */
/* versions.h - the versions that a path of the workspace has had, oldest first.
 *
 * A fold over the journals, by the index where it knows them: a state is numbered, from 1, when a
 * run first sees or makes it. Numbers stay. A version is named by "3", "last" (the newest), "now"
 * (what the path holds), or the first digits of its id.
 */
#pragma once

#include "engine/workspace.h"
#include "store/ledger.h"

struct sp_version_entry {
    size_t number; /* from 1 */
    struct sp_version version;
    bool is_source; /* nobody made it */
    bool has_tree;
    struct sp_digest tree;                 /* its manifest, if it was ever kept */
    struct sp_str run, recipe, task, time; /* when it was first made; of sources: seen */
    uint64_t bytes;
    bool is_now; /* what the path holds */
};

struct sp_versions {
    struct sp_str path; /* as in the ledger */
    struct sp_version_entry *items;
    size_t len;
};

/* Of `path`, as people write it. `ledger` tells what it holds, and which sources are kept.
 * SP_NOT_FOUND: no run knows the path; err names the nearest that is known. */
enum sp_rc sp_versions_read(const struct sp_workspace *workspace,
                            const struct sp_ledger *ledger,
                            struct sp_str path,
                            struct sp_versions *out,
                            struct sp_err *err) SP_MUST_USE;

/* SP_NOT_FOUND with the numbers there are; SP_INVALID for digits that several have. */
enum sp_rc sp_versions_find(const struct sp_versions *versions,
                            struct sp_str name,
                            const struct sp_version_entry **out,
                            struct sp_err *err) SP_MUST_USE;

/* "PATH@VERSION" in two, at the last '@'; without one the version is empty, which means "now". */
void sp_versions_split(struct sp_str word, struct sp_str *path, struct sp_str *version);

/* "PATH@VERSION" as the digits of that version; anything without '@' as it is. */
enum sp_rc sp_versions_digits(struct sp_arena *arena,
                              struct sp_str word,
                              struct sp_str *digits,
                              struct sp_err *err) SP_MUST_USE;
