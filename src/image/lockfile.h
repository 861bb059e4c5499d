/* SPDX-License-Identifier: BSD-3-Clause */
/* lockfile.h - which images a recipe means: names and the digests they had when they were pinned
 * (doc/design/images.md 7). Beside RECIPE.yml stands RECIPE.yml.lock. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "image/digest.h"

struct sp_pinned_image {
    struct sp_str name; /* in full, with its tag */
    struct sp_sha_digest digest;
    struct sp_str pinned; /* time; kept as it is */
};

struct sp_lockfile {
    struct sp_pinned_image *items; /* in the order of the file */
    size_t len, capacity;
    struct sp_arena *arena; /* borrowed: everything lives there */
};

/* "RECIPE.yml.lock" */
struct sp_str sp_lockfile_path(struct sp_arena *arena, struct sp_str recipe);

/* SP_INVALID: damaged, with the place, or written by a newer spoor. */
enum sp_rc sp_lockfile_parse(struct sp_arena *arena,
                             struct sp_str text,
                             struct sp_lockfile *out,
                             struct sp_err *err) SP_MUST_USE;
void sp_lockfile_format(const struct sp_lockfile *lockfile, struct sp_buf *out);

/* SP_NOT_FOUND: there is no such file. */
enum sp_rc sp_lockfile_read(const char *path,
                            struct sp_arena *arena,
                            struct sp_lockfile *out,
                            struct sp_err *err) SP_MUST_USE;
enum sp_rc sp_lockfile_write(const struct sp_lockfile *lockfile,
                             const char *path,
                             struct sp_err *err) SP_MUST_USE;

/* NULL: not pinned. */
const struct sp_pinned_image *sp_lockfile_find(const struct sp_lockfile *lockfile,
                                               struct sp_str name);

/* Add at the end, or replace in place. The texts are copied. */
void sp_lockfile_set(struct sp_lockfile *lockfile, const struct sp_pinned_image *image);
