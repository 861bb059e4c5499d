/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/world.h"

#include "engine/package.h"
#include "engine/python_call.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/witness.h"

#include <stdlib.h>

#define FILE_MAX ((size_t)64 * 1024 * 1024)

/* The world is asked for paths that are not terminated; sys wants C strings. */
struct c_path {
    char *text;
};

static void c_path_fini(struct c_path *path)
{
    free(path->text);
}

#define AUTO_C_PATH(name, str) \
    SP_CLEANUP(c_path_fini) struct c_path name = { strndup((str).ptr ? (str).ptr : "", (str).len) }

static enum sp_rc world_read(void *arg,
                             struct sp_str path,
                             struct sp_arena *arena,
                             struct sp_str *out,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf content = SP_BUF(FILE_MAX);
    AUTO_C_PATH(c, path);
    (void)arg;

    enum sp_rc rc = sp_file_read(c.text, &content, err);
    if (rc == SP_OK)
        *out = sp_arena_str(arena, sp_buf_str(&content));
    return rc;
}

static enum sp_path_kind world_kind(void *arg, struct sp_str path)
{
    static const enum sp_path_kind kinds[] = {
        [SP_FILE_NONE] = SP_PATH_NONE,
        [SP_FILE_REGULAR] = SP_PATH_FILE,
        [SP_FILE_DIR] = SP_PATH_DIR,
        [SP_FILE_OTHER] = SP_PATH_OTHER,
    };

    AUTO_C_PATH(c, path);
    (void)arg;

    return kinds[sp_file_kind(c.text)];
}

static sp_nsec world_mtime(void *arg, struct sp_str path)
{
    AUTO_C_PATH(c, path);
    (void)arg;

    return sp_tree_mtime(c.text);
}

static bool world_writable(void *arg, struct sp_str path)
{
    AUTO_C_PATH(c, path);
    (void)arg;

    return sp_file_is_writable(c.text);
}

static struct sp_str world_real(void *arg, struct sp_str path, struct sp_arena *arena)
{
    (void)arg;
    return sp_real_path(arena, path);
}

static struct sp_paths world_glob(void *arg, struct sp_str pattern, struct sp_arena *arena)
{
    struct sp_glob found = sp_glob_find(arena, pattern);
    (void)arg;

    return (struct sp_paths){ found.items, found.len, found.too_many };
}

static bool world_package(void *arg, struct sp_str name, struct sp_arena *arena, struct sp_str *out)
{
    const struct sp_places *places = arg;

    if (sp_str_is(name, "spoor")) {
        *out = places->cabs;
        return true;
    }
    (void)arena;
    return sp_package_ask(places->packages, name, out);
}

static struct sp_str world_env(void *arg, struct sp_str name)
{
    const struct sp_places *places = arg;
    struct sp_str value = sp_env_get(name);

    if (places->asked)
        sp_dict_set(places->asked->arena, places->asked->variables,
                    sp_arena_str(places->asked->arena, name),
                    value.ptr ? sp_text(sp_arena_str(places->asked->arena, value)) : sp_null());
    return value;
}

/* What is the same in the next run, on the same machine, need not be looked up again. */
static void world_fact(void *arg, struct sp_str name)
{
    static const char *const lasting[] = {
        "ncpu", "ncpu-logical", "ncpu-physical", "node", "hostname",
    };

    (void)arg;
    for (size_t i = 0; i < SP_COUNT(lasting); i++)
        if (sp_str_is(name, lasting[i]))
            return;
    sp_witness_blind();
}

void sp_world_real(struct sp_world *world, struct sp_arena *arena, const struct sp_places *places)
{
    struct sp_str home = sp_env_get(SP_STR("HOME"));

    /* The table only passes `arg` through; nobody writes to the places. */
    *world = (struct sp_world){
        .arg = (void *)places,
        .read = world_read,
        .kind = world_kind,
        .mtime = world_mtime,
        .writable = world_writable,
        .real = world_real,
        .glob = world_glob,
        .package = world_package,
        .call = sp_python_call,
        .env = world_env,
        .fact = world_fact,
        .cwd = sp_real_path(arena, SP_STR(".")),
        .home = home.len ? sp_arena_str(arena, home) : SP_STR("/"),
    };
}
