/* SPDX-License-Identifier: BSD-3-Clause */
/* file.h - files and directories. All paths may be absolute or relative to the working
 * directory.
 *
 * Files and their contents are in file.c, trees of them in tree.c, names in path.c.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* Whole regular file into `out` (appended). SP_NOT_FOUND, SP_LIMIT when out's maximum is too
 * small, SP_INVALID for a directory. */
enum sp_rc sp_file_read(const char *path, struct sp_buf *out, struct sp_err *err) SP_MUST_USE;

/* All of `data`, also after EINTR and short writes. */
enum sp_rc sp_write_all(int fd, struct sp_str data, struct sp_err *err) SP_MUST_USE;

/* Replace `path` atomically and durably: temporary name beside it, sync, rename, sync of the
 * directory. The mode of a file that is replaced is kept. On failure `path` is as before and
 * nothing else stays; only when the very last step, the sync of the directory, fails is `path`
 * new already, though a power cut might bring the old one back. */
enum sp_rc sp_file_write(const char *path, struct sp_str data, struct sp_err *err) SP_MUST_USE;

enum sp_file_kind {
    SP_FILE_NONE,
    SP_FILE_REGULAR,
    SP_FILE_DIR,
    SP_FILE_OTHER
};

/* What is at `path`, symbolic links followed. */
enum sp_file_kind sp_file_kind(const char *path);

/* May we write to the existing `path`? False when there is nothing. */
bool sp_file_is_writable(const char *path);

/* mkdir -p. SP_OK when it is there already. */
enum sp_rc sp_make_dirs(const char *path, struct sp_err *err) SP_MUST_USE;

/* rm -rf; symbolic links are removed, never followed. SP_OK when it is not there. A tree may have
 * any depth, and its paths any length. */
enum sp_rc sp_remove_tree(const char *path, struct sp_err *err) SP_MUST_USE;

/* The same for the entry `name` (no path) of a directory. */
enum sp_rc sp_remove_entry(int dir_fd, const char *name, struct sp_err *err) SP_MUST_USE;

/* Newest modification time of a file or of anything in a tree; 0 when there is nothing. Symbolic
 * links inside the tree count themselves, not what they point to. */
sp_nsec sp_tree_mtime(const char *path);

/* The same for the time when anything was last changed or put there (st_ctim): copies and restored
 * files have that of the copying. */
sp_nsec sp_tree_changed(const char *path);

/* Total size of a file or tree in bytes; 0 when there is nothing. */
uint64_t sp_tree_size(const char *path);

/* Absolute path with all links resolved as far as it exists; the rest is kept, "." and ".."
 * removed. A link to where nothing is leads there all the same. */
struct sp_str sp_real_path(struct sp_arena *arena, struct sp_str path);

/* Full path of a program: `name` with a slash as it is, else found in the colon-separated
 * `search_path` (NULL: that of the system; an empty part is the working directory). False if
 * there is no executable file. */
bool sp_find_program(const char *name, const char *search_path, struct sp_buf *out);

/* The same for a process that will start in `cwd`, to which relative paths are relative.
 * SP_NOT_FOUND says "no program 'x' in PATH", with the nearest name there is, or what else is
 * wrong with it (a directory, no permission to execute). */
enum sp_rc sp_program_get(const char *name,
                          const char *search_path,
                          const char *cwd,
                          struct sp_buf *out,
                          struct sp_err *err) SP_MUST_USE;

/* Name of the file that the running program was started from, links resolved. */
enum sp_rc sp_program_path(struct sp_buf *out, struct sp_err *err) SP_MUST_USE;
