/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/unshare.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/spoor-unshare-XXXXXX"; /* and working directory */

static struct stat stat_of(const char *path)
{
    struct stat info = { 0 };

    (void)lstat(path, &info);
    return info;
}

static bool holds(const char *path, const char *text)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    return sp_file_read(path, &got, &err) == SP_OK && sp_str_is(sp_buf_str(&got), text);
}

static size_t count_files(const char *path)
{
    DIR *dir = opendir(path);
    size_t count = 0;

    while (dir && readdir(dir))
        count++;
    if (dir)
        (void)closedir(dir);
    return count;
}

/* "ms/a" is also "other", "ms/b" is "ms/c", "ms/alone" has one name. */
static bool make(void)
{
    struct sp_err err = SP_ERR_INIT;

    return !sp_remove_tree("ms", &err) && !sp_remove_tree("other", &err) && !mkdir("ms", 0777) &&
           !sp_file_write("ms/a", SP_STR("A"), &err) && !chmod("ms/a", 0640) &&
           !utimensat(AT_FDCWD, "ms/a",
                      (const struct timespec[]){ { .tv_sec = 5 }, { .tv_sec = 7 } }, 0) &&
           !sp_file_write("ms/b", SP_STR("B"), &err) &&
           !sp_file_write("ms/alone", SP_STR("alone"), &err) && !symlink("a", "ms/link") &&
           !link("ms/a", "other") && !link("ms/b", "ms/c");
}

static enum sp_rc unshare(const char *path, size_t *shared, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = { 0 };
    enum sp_rc rc = sp_tree_scan(path, arena, &tree, err);

    *shared = sp_tree_shared(path, &tree);
    return rc ? rc : sp_tree_unshare(path, &tree, err);
}

static void test_all(void)
{
    struct sp_err err = SP_ERR_INIT;
    size_t shared;

    tap_ok(make(), "files with two names");
    struct stat alone = stat_of("ms/alone");
    struct stat other = stat_of("other");
    tap_ok(unshare("ms", &shared, &err) == SP_OK && shared == 3, "three have");
    struct stat now = stat_of("ms/a");
    tap_ok(now.st_ino != other.st_ino && stat_of("other").st_ino == other.st_ino,
           "the other name keeps the file");
    tap_ok(now.st_mode == other.st_mode && now.st_mtim.tv_sec == 7 && holds("ms/a", "A"),
           "the copy is like it");
    tap_ok(stat_of("ms/b").st_ino != stat_of("ms/c").st_ino && holds("ms/b", "B") &&
               holds("ms/c", "B"),
           "two names in one tree");
    tap_ok(stat_of("ms/alone").st_ino == alone.st_ino, "who has one name is left alone");
    tap_ok(unshare("ms", &shared, &err) == SP_OK && shared == 0, "once");
    tap_ok(make() && unshare("other", &shared, &err) == SP_OK && shared == 1 &&
               stat_of("other").st_ino != stat_of("ms/a").st_ino,
           "a tree of one file");
}

static void test_faults(void)
{
    for (unsigned nth = 1;; nth++) {
        struct sp_err err = SP_ERR_INIT;
        size_t shared;
        bool made = make();
        sp_fault_arm(nth);
        enum sp_rc rc = unshare("ms", &shared, &err);
        const char *fired = sp_fault_fired();
        sp_fault_arm(0);
        if (!fired)
            break;
        tap_ok(made && (rc == SP_OK || err.text[0]) && holds("ms/a", "A") && holds("other", "A") &&
                   holds("ms/b", "B") && count_files("ms") == 7,
               "%s fails: %s", fired, rc ? err.text : "nothing is lost");
    }
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(root) || chdir(root) < 0)
        return EXIT_FAILURE;
    test_all();
    test_faults();
    if (chdir("/") < 0 || sp_remove_tree(root, &err))
        printf("# %s\n", err.text);
    return tap_done();
}
