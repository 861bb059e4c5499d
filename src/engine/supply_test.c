/* SPDX-License-Identifier: BSD-3-Clause */
/* Nothing is written outside of the scratch directory, whatever leads there. */
#include "engine/supply.h"

#include "base/tap.h"

#include "sys/file.h"

#include <assert.h>
#include <unistd.h>

static const struct {
    const char *to; /* in the directory of the test */
    enum sp_rc rc;
} rows[] = {
    { "scratch/copy", SP_OK },          { "scratch/copy", SP_INVALID }, /* it is there */
    { "scratch/dangling", SP_INVALID }, { "scratch/link/copy", SP_INVALID },
    { "scratch/../copy", SP_INVALID },  { "scratch", SP_INVALID },
    { "scratch2/copy", SP_INVALID },    { "data/copy", SP_INVALID },
};

static size_t count_files(const char *dir, struct sp_arena *arena)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    return sp_tree_scan(dir, arena, &tree, &err) ? 0 : tree.len;
}

static void lay_out(void)
{
    struct sp_err err = SP_ERR_INIT;

    assert(sp_make_dirs("scratch", &err) == SP_OK && sp_make_dirs("scratch2", &err) == SP_OK);
    assert(sp_make_dirs("data", &err) == SP_OK);
    assert(sp_file_write("data/table", SP_STR("t"), &err) == SP_OK);
    assert(symlink("../data", "scratch/link") == 0 && symlink("../new", "scratch/dangling") == 0);
}

static void check_files(struct sp_arena *arena)
{
    /* ".", and what was there before */
    tap_ok(count_files("data", arena) == 2, "the data are as they were");
    tap_ok(count_files("scratch2", arena) == 1, "nothing beside it");
    tap_ok(count_files("scratch", arena) == 7, "the copies are there");
    tap_ok(sp_file_kind("copy") == SP_FILE_NONE && sp_file_kind("new") == SP_FILE_NONE,
           "nothing through a name that leads out");
}

int main(void)
{
    char top[] = "/tmp/spoor-supply-XXXXXX";
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    assert(mkdtemp(top) && chdir(top) == 0);
    struct sp_str dir = sp_real_path(arena, SP_STR("."));
    struct sp_supplier supplier = {
        .arena = arena,
        .path = SP_STR("/usr/bin:/bin"),
        .scratch = sp_arena_join(arena, dir, "/", SP_STR("scratch")),
    };
    struct sp_supply supply = { .from = SP_SUPPLY_DISK,
                                .path = sp_arena_join(arena, dir, "/", SP_STR("data")) };
    lay_out();
    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        struct sp_str to = sp_arena_join(arena, dir, "/", sp_str_of(rows[i].to));
        tap_ok(sp_supply_bring(&supplier, &supply, to.ptr, &err) == rows[i].rc, "a copy at %s",
               rows[i].to);
    }
    tap_ok(sp_supply_make_dirs(&supplier, SP_STR("scratch/a/b"), &err) == SP_OK,
           "make a directory");
    tap_ok(sp_supply_make_dirs(&supplier, SP_STR("scratch/link/a"), &err) == SP_INVALID,
           "not through a link");
    tap_ok(sp_supply_make_dirs(&supplier, SP_STR("scratch2/a"), &err) == SP_INVALID,
           "not beside it");
    supplier.scratch = SP_STR("");
    tap_ok(sp_supply_make_dirs(&supplier, SP_STR("scratch/c"), &err) == SP_INVALID,
           "not without a scratch directory");

    check_files(arena);
    assert(chdir("/") == 0 && sp_remove_tree(top, &err) == SP_OK);
    return tap_done();
}
