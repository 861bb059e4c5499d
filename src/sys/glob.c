/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/glob.h"

#include <glob.h>

static int compare_paths(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

struct sp_glob sp_glob_find(struct sp_arena *arena, struct sp_str pattern)
{
    struct sp_glob found = { 0 };
    glob_t matches = { 0 };

    /* Unsorted: glob(3) would sort by the locale. */
    if (pattern.len &&
        glob(sp_arena_cstr(arena, pattern), GLOB_NOESCAPE | GLOB_NOSORT, NULL, &matches) == 0) {
        found.items = SP_ARENA_NEW(arena, struct sp_str, matches.gl_pathc);
        for (; found.len < matches.gl_pathc; found.len++)
            found.items[found.len] = sp_arena_str(arena, sp_str_of(matches.gl_pathv[found.len]));
        qsort(found.items, found.len, sizeof *found.items, compare_paths);
    }
    globfree(&matches);
    return found;
}
