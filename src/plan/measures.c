/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/measures.h"

#include "lang/path.h"

static const char *const variables[] = { "CASARCFILES", "AIPSPATH" };
static const char *const resource_files[] = { "~/.casarc", "~/.casa/rc", "~/.aipsrc" };
static const char *const installed[] = { "/usr/share/casacore/data", "/var/lib/casacore/data" };

const char *sp_measures_variable(size_t i)
{
    return i < SP_COUNT(variables) ? variables[i] : NULL;
}

static void add(struct sp_arena *arena, struct sp_list *out, struct sp_str path)
{
    if (path.len)
        sp_list_add(arena, out, sp_text(path));
}

/* "measures.directory: PATH", "measures.DE200.directory: PATH"; '*' may stand for any part. */
static void add_directory(struct sp_arena *arena,
                          const struct sp_world *world,
                          struct sp_str line,
                          struct sp_list *out)
{
    struct sp_str rest = sp_str_trim(line);
    struct sp_str key = sp_str_trim(sp_str_cut(&rest, ':'));

    if (!rest.ptr || sp_str_starts(line, "#") || !sp_str_ends(key, "directory") ||
        !(sp_str_starts(key, "measures.") || sp_str_starts(key, "*")))
        return;
    add(arena, out, sp_path_expand_home(arena, sp_str_trim(rest), world->home));
}

static void add_resource_file(struct sp_arena *arena,
                              const struct sp_world *world,
                              struct sp_str path,
                              struct sp_list *out)
{
    struct sp_err ignored = SP_ERR_INIT;
    struct sp_str text;

    add(arena, out, path);
    if (!path.len || world->read(world->arg, path, arena, &text, &ignored))
        return;
    while (text.ptr)
        add_directory(arena, world, sp_str_cut(&text, '\n'), out);
}

void sp_measures_paths(struct sp_arena *arena, const struct sp_world *world, struct sp_list *out)
{
    struct sp_str files = world->env(world->arg, SP_STR("CASARCFILES"));
    struct sp_str root = world->env(world->arg, SP_STR("AIPSPATH"));

    if (files.len) {
        while (files.ptr)
            add_resource_file(arena, world, sp_str_cut(&files, ':'), out);
    } else {
        for (size_t i = 0; i < SP_COUNT(resource_files); i++)
            add_resource_file(arena, world,
                              sp_path_expand_home(arena, sp_str_of(resource_files[i]), world->home),
                              out);
    }
    if (root.len) /* "ROOT ARCH SITE HOST" */
        add(arena, out, sp_arena_join(arena, sp_str_cut(&root, ' '), "/", SP_STR("data")));
    for (size_t i = 0; i < SP_COUNT(installed); i++)
        add(arena, out, sp_str_of(installed[i]));
}
