/* SPDX-License-Identifier: BSD-3-Clause */
/* memo.h - texts that hold for as long as some files stay as they are.
 *
 *     if (!sp_memo_find(memo, name, arena, &text)) {
 *         struct sp_memo_entry *entry = sp_memo_begin(memo, name);
 *         sp_memo_file(entry, "/usr/bin/wsclean", &digest);   read, or known by its lstat fields
 *         sp_memo_guard(entry, "/usr/lib");                   a change there means to look again
 *         text = sp_memo_end(entry, "...");
 *     }
 *
 * Invariants
 *  1. A text is given only after every file was compared: dev, ino, size, mtime, ctime, mode, or
 * that there is none. Within a second of that it is taken on trust.
 *  2. A file that was changed while, or in the tick of the clock before, it was looked at is not
 * trusted the next time.
 *  3. A file of the memo that is damaged, or of another version, is as good as none.
 */
#pragma once

#include "base/arena.h"
#include "base/blake3.h"

struct sp_memo;
struct sp_memo_entry;

/* `dir` is made when something is written; NULL: nothing is. */
struct sp_memo *sp_memo_new(const char *dir);

/* Nothing is written from now on. */
void sp_memo_only_read(struct sp_memo *memo);

/* Accepts NULL. */
void sp_memo_free(struct sp_memo *memo);

/* *out lives in `arena`. */
bool sp_memo_find(struct sp_memo *memo,
                  struct sp_str name,
                  struct sp_arena *arena,
                  struct sp_str *out);

/* Start to find out; valid until end. What was known of files before is used again. */
struct sp_memo_entry *sp_memo_begin(struct sp_memo *memo, struct sp_str name);

/* Digest of a regular file, links followed. False when it cannot be read; that is noted, too. */
bool sp_memo_file(struct sp_memo_entry *entry, const char *path, struct sp_digest *out);

/* A file or directory, there or not, whose change makes the text doubtful. */
void sp_memo_guard(struct sp_memo_entry *entry, const char *path);

/* Instead of end: it could not be found out. */
void sp_memo_drop(struct sp_memo_entry *entry);

/* The text is copied. That it cannot be written to disk is no failure: it is found out again. */
void sp_memo_end(struct sp_memo_entry *entry, struct sp_str text);
