/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "sys/env.h"
#include "sys/file.h"
#include "sys/glob.h"
#include "sys/tty.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/spoor-path-XXXXXX"; /* and working directory */

static void put(const char *path, unsigned mode)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_write(path, SP_STR("#!/bin/sh\n"), &err) || chmod(path, mode))
        printf("# %s\n", err.text);
}

/* --- real paths ---------------------------------------------------------------------------- */

/* Below the working directory unless it starts with a slash. */
static const struct {
    const char *path;
    const char *real;
} paths[] = {
    { "", "" },
    { ".", "" },
    { "dir", "/dir" },
    { "dir/", "/dir" },
    { "./dir/../dir//file", "/dir/file" },
    { "link", "/dir" },
    { "link/file", "/dir/file" },
    { "link/../x", "/x" },
    { "none", "/none" },
    { "none/a/../b/./c/", "/none/b/c" },
    { "none/../../..", NULL },
    { "link/none/x", "/dir/none/x" },
    { "dangling", "/nowhere" },
    { "dangling/", "/nowhere" },
    { "dangling/x/../y", "/nowhere/y" },
    { "dir/away", "/none/y" },
    { "dir/twice", "/none/y" },
    { "dir/round", "/dir/round" },
    { "loop/x", "/loop/x" },
    { "dir/file/x", "/dir/file/x" },
};

static void test_real(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(paths); i++) {
        struct sp_str real = sp_real_path(arena, sp_str_of(paths[i].path));
        struct sp_str want =
            sp_arena_printf(arena, "%s%s", root, paths[i].real ? paths[i].real : "");
        if (!paths[i].real)
            want = SP_STR("/");
        if (!tap_ok(sp_str_eq(real, want), "real path of '%s'", paths[i].path))
            printf("# got " SP_STR_FMT "\n", SP_STR_ARG(real));
    }
    tap_ok(sp_str_is(sp_real_path(arena, SP_STR("/")), "/") &&
               sp_str_is(sp_real_path(arena, SP_STR("/none/../..//x")), "/x") &&
               sp_str_is(sp_real_path(arena, SP_STR("/..")), "/"),
           "absolute ones");
}

/* --- programs ------------------------------------------------------------------------------ */

static const struct {
    const char *name;
    const char *search_path;
    const char *cwd;
    const char *found; /* below the root; or NULL */
    const char *why;
} programs[] = {
    { "tool", "bin:/none", NULL, "bin/tool", NULL },
    { "tool", "/none:bin", NULL, "bin/tool", NULL },
    { "tool", "/none", NULL, NULL, "no program 'tool' in PATH" },
    { "tol", "bin", NULL, NULL, "did you mean 'tool'?" },
    { "data", "bin", NULL, NULL, "no program 'data' in PATH" },
    { "dir", ".", NULL, NULL, "no program" },
    { "bin/tool", "", NULL, "bin/tool", NULL },
    { "bin/none", "", NULL, NULL, "there is no program 'bin/none'" },
    { "bin/data", "", NULL, NULL, "not executable" },
    { "./dir", "", NULL, NULL, "is a directory" },
    { "", "bin", NULL, NULL, "empty" },
    { "tool", "", "bin", "./tool", NULL },
    { "./tool", "", "bin", "./tool", NULL },
    { "./tool", "", ".", NULL, "there is no program" },
};

static void test_programs(void)
{
    for (size_t i = 0; i < SP_COUNT(programs); i++) {
        sp_auto_buf struct sp_buf cwd = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf found = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf want = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;

        if (programs[i].cwd) {
            sp_buf_addf(&cwd, "%s/%s", root, programs[i].cwd);
            sp_buf_addf(&want, "%s/", cwd.ptr);
        }
        enum sp_rc rc = sp_program_get(programs[i].name, programs[i].search_path,
                                       programs[i].cwd ? cwd.ptr : NULL, &found, &err);
        sp_buf_adds(&want, programs[i].found ? programs[i].found : "");
        bool passed = programs[i].found ? rc == SP_OK && strcmp(found.ptr, want.ptr) == 0
                                        : rc == SP_NOT_FOUND && found.len == 0 &&
                                              strstr(err.text, programs[i].why);
        if (!tap_ok(passed, "program '%s' in '%s'", programs[i].name, programs[i].search_path))
            printf("# %s, %s\n", found.ptr, err.text);
    }
    sp_auto_buf struct sp_buf sh = SP_BUF(SP_BUF_SMALL);
    tap_ok(sp_find_program("sh", NULL, &sh) && sh.ptr[0] == '/', "without a path, the system's");

    sp_auto_buf struct sp_buf self = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    tap_ok(sp_program_path(&self, &err) == SP_OK && sp_str_ends(sp_buf_str(&self), "path_test"),
           "our own");
}

/* --- patterns ------------------------------------------------------------------------------ */

static const struct {
    const char *pattern;
    const char *found;
} patterns[] = {
    { "g/*", "g/B g/[x] g/a1 g/a2 g/b\\c g/sub " },
    { "g/a?", "g/a1 g/a2 " },
    { "g/a[2-9]", "g/a2 " },
    { "g/a[!2]", "g/a1 " },
    { "g/.*den", "g/.hidden " },
    { "g/*/*", "g/sub/deep " },
    { "g/**", "g/B g/[x] g/a1 g/a2 g/b\\c g/sub " },
    { "g/b\\*", "g/b\\c " },
    { "g/a1", "g/a1 " },
    { "g/none", "" },
    { "g/none*", "" },
    { "", "" },
    { "~", "" },
};

static void test_patterns(void)
{
    static const char *const files[] = { "g/a2",       "g/a1",  "g/B",   "g/.hidden",
                                         "g/sub/deep", "g/[x]", "g/b\\c" };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_make_dirs("g/sub", &err) == SP_OK, "a tree");
    for (size_t i = 0; i < SP_COUNT(files); i++)
        put(files[i], 0600);
    for (size_t i = 0; i < SP_COUNT(patterns); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_glob found = sp_glob_find(arena, sp_str_of(patterns[i].pattern));
        for (size_t k = 0; k < found.len; k++)
            sp_buf_addf(&got, SP_STR_FMT " ", SP_STR_ARG(found.items[k]));
        if (!tap_ok(strcmp(got.ptr, patterns[i].found) == 0, "pattern '%s'", patterns[i].pattern))
            printf("# got %s\n", got.ptr);
    }
}

/* --- environment and terminal -------------------------------------------------------------- */

static void test_environment(void)
{
    static const char *const env[] = { "PATHS=no", "PATH=yes", "EMPTY=", NULL };

    tap_ok(strcmp(sp_env_find(env, "PATH"), "yes") == 0 && !sp_env_find(env, "PAT") &&
               !sp_env_find(NULL, "PATH") && sp_env_find(env, "EMPTY")[0] == '\0',
           "a list");
    (void)setenv("SPOOR_TEST", "x", 1);
    tap_ok(sp_str_is(sp_env_get(SP_STR("SPOOR_TEST")), "x") && !sp_env_get(SP_STR("SPOOR_TES")).ptr,
           "our own");

    sp_auto_fd int fd = open("/dev/null", 0);
    (void)setenv("COLUMNS", "132", 1);
    (void)unsetenv("CLICOLOR_FORCE");
    tap_ok(!sp_tty_is(fd) && sp_tty_width(fd) == 132 && !sp_tty_colour(fd), "not a terminal");
    (void)setenv("COLUMNS", "wide", 1);
    (void)setenv("CLICOLOR_FORCE", "1", 1);
    tap_ok(sp_tty_width(fd) == 80 && sp_tty_colour(fd), "colour forced");
    (void)setenv("COLUMNS", "1", 1);
    (void)setenv("CLICOLOR_FORCE", "0", 1);
    tap_ok(sp_tty_width(fd) == 20 && !sp_tty_colour(fd), "a very narrow one");
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(root) || chdir(root))
        return 1;
    tap_ok(!sp_make_dirs("dir", &err) && !sp_make_dirs("bin", &err) && !symlink("dir", "link") &&
               !symlink("nowhere", "dangling") && !symlink("../none/x/../y", "dir/away") &&
               !symlink("away", "dir/twice") && !symlink("round", "dir/round") &&
               !symlink("loop", "loop"),
           "set up");
    put("dir/file", 0600);
    put("bin/tool", 0700);
    put("bin/data", 0600);
    test_real();
    test_programs();
    test_patterns();
    test_environment();
    tap_ok(chdir("/") == 0 && sp_remove_tree(root, &err) == SP_OK, "clean up: %s", err.text);
    return tap_done();
}
