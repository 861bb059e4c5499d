/* SPDX-License-Identifier: BSD-3-Clause */
/* pathname.h - what the texts of absolute paths say; nobody looks at the file system. Results live
 * in the arena. */
#pragma once

#include "base/arena.h"

#include <stdbool.h>

/* Is `path` the directory `dir`, or something in it? False for all but "/" itself if `dir` is "/".
 */
bool sp_pathname_is_in(const char *path, const char *dir);

/* "DIR/NAME" */
const char *sp_pathname_join(struct sp_arena *arena, const char *dir, const char *name);

/* The directory that it is in; "/" of "/". */
const char *sp_pathname_parent(struct sp_arena *arena, const char *path);

/* "." and "..", which every directory has. */
bool sp_pathname_is_dots(const char *name);
