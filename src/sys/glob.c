/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/glob.h"

#include "sys/witness.h"

#include <dirent.h>
#include <glob.h>
#include <sys/stat.h>

static int compare_paths(const void *a, const void *b)
{
    return sp_str_cmp(*(const struct sp_str *)a, *(const struct sp_str *)b);
}

/* A pattern such as of many wildcards can keep glob(3) busy for hours: it reads through functions
 * that count, and come to an end. They get no argument of ours, therefore a variable. */
static _Thread_local size_t budget;

static bool spend(size_t names)
{
    bool enough = budget >= names;

    budget = enough ? budget - names : 0;
    return enough;
}

static void *open_counted(const char *path)
{
    sp_witness_names(path);
    return spend(10) ? opendir(path) : NULL;
}

static struct dirent *read_counted(void *dir)
{
    return spend(1) ? readdir(dir) : NULL;
}

/* For links, and where the file system does not say what is a directory: one for each name. */
static int stat_counted(const char *path, struct stat *out)
{
    sp_witness_path(path);
    return spend(4) ? stat(path, out) : -1;
}

static int lstat_heard(const char *path, struct stat *out)
{
    sp_witness_path(path);
    return lstat(path, out);
}

static void close_counted(void *dir)
{
    (void)closedir(dir);
}

struct sp_glob sp_glob_find(struct sp_arena *arena, struct sp_str pattern)
{
    struct sp_glob found = { 0 };
    glob_t matches = {
        .gl_opendir = open_counted,
        .gl_readdir = read_counted,
        .gl_closedir = close_counted,
        .gl_stat = stat_counted,
        .gl_lstat = lstat_heard,
    };

    /* Unsorted: glob(3) would sort by the locale. */
    budget = SP_GLOB_MAX;
    if (pattern.len && glob(sp_arena_cstr(arena, pattern),
                            GLOB_NOESCAPE | GLOB_NOSORT | GLOB_ALTDIRFUNC, NULL, &matches) == 0) {
        found.items = SP_ARENA_NEW(arena, struct sp_str, matches.gl_pathc);
        for (; found.len < matches.gl_pathc; found.len++)
            found.items[found.len] = sp_arena_str(arena, sp_str_of(matches.gl_pathv[found.len]));
        qsort(found.items, found.len, sizeof *found.items, compare_paths);
    }
    found.too_many = budget == 0;
    globfree(&matches);
    return found;
}
