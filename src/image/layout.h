/* SPDX-License-Identifier: BSD-3-Clause */
/* layout.h - files of a directory that somebody else has made, read without leaving it. */
#pragma once

#include "image/source.h"

/* A whole regular file beneath `dir_fd`; links that lead out of it are refused (openat2(2),
 * RESOLVE_BENEATH). SP_NOT_FOUND; SP_LIMIT. */
enum sp_rc sp_beneath_read(int dir_fd,
                           const char *path,
                           size_t max,
                           struct sp_arena *arena,
                           struct sp_str *out,
                           struct sp_err *err) SP_MUST_USE;

/* The same, open for reading; the caller owns *out. */
enum sp_rc sp_beneath_open(int dir_fd, const char *path, int *out, struct sp_err *err) SP_MUST_USE;

/* Everything from the current position of `fd` to its end, into `sink`. */
enum sp_rc sp_pour(int fd, sp_blob_sink sink, void *arg, struct sp_err *err) SP_MUST_USE;
