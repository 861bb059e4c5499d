/* SPDX-License-Identifier: BSD-3-Clause */
/* glob.h - files whose names match a pattern. */
#pragma once

#include "base/arena.h"

struct sp_glob {
    struct sp_str *items; /* arena */
    size_t len;
    bool too_many; /* the search was given up: there are more than SP_GLOB_MAX names to look at */
};

/* Names; opening a directory counts as ten, finding out what a link leads to as four. */
#define SP_GLOB_MAX 1000000

/* Existing paths that match the shell pattern `pattern` (* ? [...]; no wildcard matches a slash
 * or a leading dot, '**' is '*', a backslash is a backslash), in byte order. A pattern without
 * wildcards matches itself if it exists. What cannot be read matches nothing. */
struct sp_glob sp_glob_find(struct sp_arena *arena, struct sp_str pattern);
