/* SPDX-License-Identifier: BSD-3-Clause */
/* file.h - files and directories. All paths may be absolute or relative to the working
 * directory. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

/* Whole regular file into `out` (appended). SP_NOT_FOUND, SP_LIMIT when out's maximum is too
 * small, SP_INVALID for a directory. */
enum sp_rc sp_file_read(const char *path, struct sp_buf *out, struct sp_err *err) SP_MUST_USE;

/* All of `data`, also after EINTR and short writes. */
enum sp_rc sp_write_all(int fd, struct sp_str data, struct sp_err *err) SP_MUST_USE;

/* Replace `path` atomically and durably: temporary name beside it, sync, rename, sync of the
 * directory. On failure `path` is as before and nothing else stays. */
enum sp_rc sp_file_write(const char *path, struct sp_str data, struct sp_err *err) SP_MUST_USE;

/* mkdir -p. SP_OK when it is there already. */
enum sp_rc sp_make_dirs(const char *path, struct sp_err *err) SP_MUST_USE;

/* rm -rf; symbolic links are removed, never followed. SP_OK when it is not there. */
enum sp_rc sp_remove_tree(const char *path, struct sp_err *err) SP_MUST_USE;

/* Newest modification time of a file or of anything in a tree; 0 when there is nothing. */
sp_nsec sp_tree_mtime(const char *path);

/* Total size of a file or tree in bytes; 0 when there is nothing. */
uint64_t sp_tree_size(const char *path);

/* Absolute path with all links resolved as far as it exists; the rest is kept, "." and ".."
 * removed. */
struct sp_str sp_real_path(struct sp_arena *arena, struct sp_str path);

/* Free bytes for us on the file system that holds `path` (or its nearest existing parent). */
uint64_t sp_disk_free(const char *path);

/* Full path of a program: `name` with a slash as it is, else found in the colon-separated
 * `search_path`. False if there is no executable file. */
bool sp_find_program(const char *name, const char *search_path, struct sp_buf *out);

/* Name of the file that the running program was started from, links resolved. */
enum sp_rc sp_program_path(struct sp_buf *out, struct sp_err *err) SP_MUST_USE;
