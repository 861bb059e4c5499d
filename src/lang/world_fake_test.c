/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/world_fake.h"

#include "base/tap.h"

static const struct sp_world_file files[] = {
    { "recipe.yml", "a: 1\n" },
    { "sub/b.yml", "bb", .mtime = 7 },
    { "sub/.hidden", "" },
    { "obs.ms", NULL },
    { "/data/old.fits", "x", .read_only = true },
};

static const struct sp_world_pair env[] = { { "NAME", "value" } };
static const struct sp_world_pair packages[] = { { "cultcargo", "/opt/cultcargo" } };

static void test_kinds(const struct sp_world *world)
{
    static const struct {
        const char *path;
        enum sp_path_kind kind;
    } rows[] = {
        { "recipe.yml", SP_PATH_FILE },
        { "./sub/../recipe.yml", SP_PATH_FILE },
        { "/work/sub", SP_PATH_DIR },
        { "sub/", SP_PATH_DIR },
        { "obs.ms", SP_PATH_DIR },
        { "/data", SP_PATH_DIR },
        { "/", SP_PATH_DIR },
        { ".", SP_PATH_DIR },
        { "recipe", SP_PATH_NONE },
        { "/dat", SP_PATH_NONE },
        { "recipe.yml/x", SP_PATH_NONE },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        tap_ok(world->kind(world->arg, sp_str_of(rows[i].path)) == rows[i].kind, "kind of %s",
               rows[i].path);
}

static void test_glob(const struct sp_world *world, struct sp_arena *arena)
{
    static const struct {
        const char *pattern, *want;
    } rows[] = {
        { "*.yml", "recipe.yml " },      { "*", "obs.ms recipe.yml sub " },
        { "sub/*", "sub/b.yml " },       { "./*.ms", "./obs.ms " },
        { "*/*.yml", "sub/b.yml " },     { "/data/*", "/data/old.fits " },
        { "sub/.*", "sub/.hidden " },    { "nothing*", "" },
        { "recipe.yml", "recipe.yml " },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_paths paths = world->glob(world->arg, sp_str_of(rows[i].pattern), arena);
        struct sp_str got = SP_STR("");
        for (size_t at = 0; at < paths.len; at++)
            got = sp_arena_printf(arena, SP_STR_FMT SP_STR_FMT " ", SP_STR_ARG(got),
                                  SP_STR_ARG(paths.items[at]));
        if (!tap_ok(sp_str_is(got, rows[i].want), "glob %s", rows[i].pattern))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(got));
    }
}

static void test_rest(const struct sp_world *world, struct sp_arena *arena)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_str text = SP_STR("untouched");

    tap_ok(world->read(world->arg, SP_STR("sub/b.yml"), arena, &text, &err) == SP_OK &&
               sp_str_is(text, "bb"),
           "read");
    tap_ok(world->read(world->arg, SP_STR("none"), arena, &text, &err) == SP_NOT_FOUND &&
               sp_str_is(text, "bb"),
           "reading what is not there leaves the output alone");
    tap_ok(world->mtime(world->arg, SP_STR("sub")) == 7, "newest time in a directory");
    tap_ok(world->mtime(world->arg, SP_STR("none")) == 0, "no time for what is not there");
    tap_ok(world->writable(world->arg, SP_STR("obs.ms")), "writable");
    tap_ok(!world->writable(world->arg, SP_STR("/data/old.fits")), "read-only");
    tap_ok(sp_str_is(world->real(world->arg, SP_STR("../x/./y//"), arena), "/x/y"), "real path");
    tap_ok(sp_str_is(world->env(world->arg, SP_STR("NAME")), "value"), "environment");
    tap_ok(!world->env(world->arg, SP_STR("OTHER")).ptr, "variable that is not set");
    tap_ok(world->package(world->arg, SP_STR("cultcargo"), arena, &text) &&
               sp_str_is(text, "/opt/cultcargo"),
           "package");
    tap_ok(!world->package(world->arg, SP_STR("none"), arena, &text), "unknown package");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_world_fake fake = {
        .files = files,
        .len = SP_COUNT(files),
        .env = env,
        .env_len = SP_COUNT(env),
        .packages = packages,
        .packages_len = SP_COUNT(packages),
    };
    struct sp_world world;

    sp_world_fake_init(&world, &fake);
    test_kinds(&world);
    test_glob(&world, arena);
    test_rest(&world, arena);
    sp_world_fake_fini(&fake);
    return tap_done();
}
