/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/path.h"

struct sp_str sp_path_basename(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');

    return slash == SIZE_MAX ? path : sp_str_slice(path, slash + 1, path.len);
}

struct sp_str sp_path_dirname(struct sp_str path)
{
    size_t slash = sp_str_rfind(path, '/');
    if (slash == SIZE_MAX)
        return sp_str_slice(path, 0, 0);

    size_t end = slash + 1;
    while (end > 0 && path.ptr[end - 1] == '/')
        end--;
    return sp_str_slice(path, 0, end ? end : slash + 1); /* only slashes: all of them */
}

struct sp_str sp_path_extension(struct sp_str path)
{
    struct sp_str name = sp_path_basename(path);
    size_t dot = sp_str_rfind(name, '.');
    size_t first = 0;

    while (first < name.len && name.ptr[first] == '.')
        first++;
    return sp_str_slice(name, dot == SIZE_MAX || dot < first ? name.len : dot, name.len);
}

struct sp_str sp_path_stem(struct sp_str path)
{
    return sp_str_slice(path, 0, path.len - sp_path_extension(path).len);
}

struct sp_str sp_path_expand_home(struct sp_arena *arena, struct sp_str path, struct sp_str home)
{
    if (!home.len || (!sp_str_is(path, "~") && !sp_str_starts(path, "~/")))
        return path;
    return sp_arena_join(arena, home, "", sp_str_slice(path, 1, path.len));
}
