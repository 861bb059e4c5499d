/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pathname.h"

bool sp_pathname_is_in(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

const char *sp_pathname_join(struct sp_arena *arena, const char *dir, const char *name)
{
    return sp_arena_join(arena, sp_str_of(dir), dir[1] ? "/" : "", sp_str_of(name)).ptr;
}

const char *sp_pathname_parent(struct sp_arena *arena, const char *path)
{
    size_t slash = sp_str_rfind(sp_str_of(path), '/');

    return sp_arena_cstr(arena, sp_str_slice(sp_str_of(path), 0, slash ? slash : 1));
}

bool sp_pathname_is_dots(const char *name)
{
    return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}
