/* SPDX-License-Identifier: BSD-3-Clause */
/* path.h - parts of file names, as Python's os.path sees them. Views into the given text. */
#pragma once

#include "base/arena.h"

struct sp_str sp_path_dirname(struct sp_str path);  /* "a/b" -> "a", "b" -> "" */
struct sp_str sp_path_basename(struct sp_str path); /* "a/b/" -> "" */

/* ".fits" with its dot; empty when the name has none or only leading dots. */
struct sp_str sp_path_extension(struct sp_str path);
struct sp_str sp_path_stem(struct sp_str path); /* without the extension */

/* "~" and "~/x" with `home` in place of the "~"; every other path, and all without a home, as it
 * is. */
struct sp_str sp_path_expand_home(struct sp_arena *arena, struct sp_str path, struct sp_str home);
