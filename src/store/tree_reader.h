/* SPDX-License-Identifier: BSD-3-Clause */
/* tree_reader.h - the bytes of the files of a tree, as long as they are those that were scanned.
 * For tree_digest.c.
 *
 * Each opening and each check compares the file with what the scan saw: what is read between the
 * two is what was scanned. SP_BUSY: it is not; SP_NOT_FOUND: it went away.
 */
#pragma once

#include "store/tree.h"

struct sp_tree_reader {
    const char *path; /* of the tree, borrowed */
    int root;         /* its directory; -1 when it is a single file */
};

enum sp_rc sp_tree_reader_open(const struct sp_tree *tree,
                               const char *path,
                               struct sp_tree_reader *out,
                               struct sp_err *err) SP_MUST_USE;
void sp_tree_reader_close(struct sp_tree_reader *reader);

/* A descriptor, which the caller owns. */
enum sp_rc sp_tree_reader_file(const struct sp_tree_reader *reader,
                               const struct sp_tree_entry *entry,
                               int *fd,
                               struct sp_err *err) SP_MUST_USE;

/* Exactly `len` bytes at `at`. */
enum sp_rc sp_tree_reader_read(const struct sp_tree_reader *reader,
                               const struct sp_tree_entry *entry,
                               int fd,
                               uint64_t at,
                               char *buffer,
                               size_t len,
                               struct sp_err *err) SP_MUST_USE;

/* Is the file still what was scanned? Call it after the last read. */
enum sp_rc sp_tree_reader_check(const struct sp_tree_reader *reader,
                                const struct sp_tree_entry *entry,
                                int fd,
                                struct sp_err *err) SP_MUST_USE;
