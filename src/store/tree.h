/* SPDX-License-Identifier: BSD-3-Clause */
/* tree.h - all files of an artefact: what lstat(2) says of them, and their digests as far as known
 * (doc/design/store.md 3, 6). One structure serves as stat index and as manifest.
 *
 *     sp_tree_scan("x.ms", arena, &now, &err)             1 us a file, reads no data
 *     sp_tree_carry(&now, &vouched, NULL)                 what is unchanged keeps its digests
 *     sp_tree_digest(&now, "x.ms", SP_TREE_EXACT, &err)   reads the others
 *     sp_tree_content(&now)                               the name of the data
 */
#pragma once

#include "base/arena.h"
#include "base/blake3.h"
#include "base/buf.h"
#include "base/err.h"

enum sp_tree_type {
    SP_TREE_FILE = 'f',
    SP_TREE_DIR = 'd',
    SP_TREE_LINK = 'l'
};

enum sp_tree_has { /* which digests an entry has; also which ones are asked for */
    SP_TREE_EXACT = 1 << 0,
    SP_TREE_MEANING = 1 << 1,
    SP_TREE_OBJECT = 1 << 2
};

struct sp_tree_entry {
    struct sp_str path; /* relative to the root, "." for the root itself; "SUB/table.dat" */
    enum sp_tree_type type;
    unsigned has;           /* enum sp_tree_has */
    uint32_t mode;          /* permission bits */
    uint64_t size;          /* of files */
    int64_t mtime, changed; /* st_mtim, st_ctim: ns since 1970 */
    uint64_t dev, ino;      /* these and `changed` are 0 in manifests */
    struct sp_digest exact;
    struct sp_digest meaning; /* zero: leave this entry out */
    struct sp_digest object;  /* name in STORE/objects */
    struct sp_str target;     /* of links */
};

struct sp_tree {
    struct sp_tree_entry
        *entries; /* sorted by path in byte order, root first; none: nothing there */
    size_t len, capacity;
    uint64_t bytes;         /* sum of the sizes of files */
    int64_t scanned;        /* clock of the files: those not older may have changed again */
    struct sp_arena *arena; /* borrowed: entries and texts live there */
};

/* Walk the file or directory at `path` (a link there is followed, links inside are not). Nothing
 * there: an empty tree. SP_INVALID for sockets, pipes, devices: with their name. Files that changed
 * just now could change again without their times telling: then it waits for the clock of the files
 * to go on (milliseconds; seconds where times are whole seconds), and walks again. */
enum sp_rc sp_tree_scan(const char *path,
                        struct sp_arena *arena,
                        struct sp_tree *out,
                        struct sp_err *err) SP_MUST_USE;

/* Entries of `now` whose dev, ino, size, mtime, changed, type and mode are those of `old`, and that
 * had not changed within the granularity of the clock when `old` was scanned, take its digests.
 * Returns how many regular files have not. `bytes_changed` (may be NULL): their sizes. */
size_t sp_tree_carry(struct sp_tree *now, const struct sp_tree *old, uint64_t *bytes_changed);

/* First path that is new, gone, or without the digests of `old`, for messages; empty: none. `count`
 * of them in all (may be NULL). */
struct sp_str sp_tree_difference(const struct sp_tree *now,
                                 const struct sp_tree *old,
                                 size_t *count);

/* Read what lacks one of the `wanted` digests (EXACT, MEANING); several threads. To be called
 * before every sp_tree_content, also when each file carried its digests: what a casacore table
 * means depends on several of its files (store/profile.h), and those are always looked at again.
 * SP_BUSY: a file changed while it was read; SP_NOT_FOUND: it went away. */
enum sp_rc sp_tree_digest(struct sp_tree *tree,
                          const char *path,
                          unsigned wanted,
                          struct sp_err *err) SP_MUST_USE;

/* What small files mean, and what is to be left out of tables: enough to tell noise from data where
 * large files are as they were. */
enum sp_rc sp_tree_digest_small(struct sp_tree *tree, const char *path, struct sp_err *err)
    SP_MUST_USE;

/* Is it the same data, as far as the digests tell (each file by its meaning, object or bytes)?
 * False also when that is not known. */
bool sp_tree_is_same(const struct sp_tree *a, const struct sp_tree *b);

/* Names of the tree; all entries have the digests that are needed. */
struct sp_digest sp_tree_exact(const struct sp_tree *tree);
struct sp_digest sp_tree_content(const struct sp_tree *tree);

/* Its content, if all of it was read; false for what was not, and for nothing at all. */
bool sp_tree_find_content(const struct sp_tree *tree, struct sp_digest *out);

/* Without reading anything: path, size and mtime of every file. */
struct sp_digest sp_tree_listing(const struct sp_tree *tree);

const struct sp_tree_entry *sp_tree_find(const struct sp_tree *tree, struct sp_str path);

/* Text form (manifest); `with_stat` adds dev, ino, ctime and the time of the scan (stat index). */
void sp_tree_write(const struct sp_tree *tree, bool with_stat, struct sp_buf *out);

/* SP_INVALID, with the line, for what is damaged, out of order, or has a path that leads out of the
 * tree ("..", absolute). */
enum sp_rc sp_tree_read(struct sp_str text,
                        struct sp_arena *arena,
                        struct sp_tree *out,
                        struct sp_err *err) SP_MUST_USE;
