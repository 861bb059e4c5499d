/* SPDX-License-Identifier: BSD-3-Clause */
/* inside.h - what a step in an image never gets from this machine (doc/design/boxes.md 6). */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* Is `path`, absolute and plain, a directory that every box with an image has of its own? The
 * machine's is neither shown in its place nor an input. What is below it can be. */
bool sp_inside_is_own(struct sp_str path);
