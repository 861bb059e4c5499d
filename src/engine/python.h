/* SPDX-License-Identifier: BSD-3-Clause */
/* python.h - ask the `python3` in PATH, as another process. */
#pragma once

#include "base/arena.h"

/* Directory of the package or module `name` as Python would import it (parents of a dotted name
 * are imported). False when Python does not know it, is not there, or does not answer in 10 s. */
bool sp_python_package(struct sp_arena *arena, struct sp_str name, struct sp_str *out);
