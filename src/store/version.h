/* SPDX-License-Identifier: BSD-3-Clause */
/* version.h - one immutable state of an artefact, as a whole and by columns (doc/design/store.md
 * 4).
 *
 * Text form: "ID", or "ID;*=REST;DATA=...;MODEL_DATA=..." with 64 hexadecimal digits each.
 */
#pragma once

#include "base/arena.h"
#include "base/blake3.h"
#include "base/buf.h"

#define SP_VERSION_COLUMNS_MAX 64

struct sp_version_column {
    struct sp_str name;
    struct sp_digest id;
};

struct sp_version {
    struct sp_digest id;               /* of the whole: two versions are the same when these are */
    struct sp_digest rest;             /* of columns that are not named */
    struct sp_version_column *columns; /* sorted by name */
    size_t len;
};

/* One without columns of its own. */
struct sp_version sp_version_plain(struct sp_digest id);

/* Of a product whose bytes were not read: BLAKE3(key, role). */
struct sp_version sp_version_made(const struct sp_digest *key, struct sp_str role);

/* `before` with other `columns`, made under `key` by the parameter `role`. Lives in `arena`. More
 * than SP_VERSION_COLUMNS_MAX of them: another version of the whole. */
struct sp_version sp_version_change(struct sp_arena *arena,
                                    const struct sp_version *before,
                                    const struct sp_digest *key,
                                    struct sp_str role,
                                    const struct sp_str *columns,
                                    size_t len);

/* What a reader of these columns depends on; of none named (len 0): the id of the whole. */
struct sp_digest sp_version_view(const struct sp_version *version,
                                 const struct sp_str *columns,
                                 size_t len);

bool sp_version_eq(const struct sp_version *a, const struct sp_version *b);

void sp_version_write(const struct sp_version *version, struct sp_buf *out);
bool sp_version_read(struct sp_str text, struct sp_arena *arena, struct sp_version *out);
