/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/file.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/glob.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static char root[] = "/tmp/spoor-file-XXXXXX"; /* and working directory */

static bool holds(const char *path, const char *want)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    return sp_file_read(path, &text, &err) == SP_OK && strcmp(text.ptr, want) == 0;
}

static enum sp_rc put(const char *path, const char *text)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_file_write(path, sp_str_of(text), &err);
}

static enum sp_rc make_dirs(const char *path)
{
    struct sp_err err = SP_ERR_INIT;

    return sp_make_dirs(path, &err);
}

static unsigned mode_of(const char *path)
{
    struct stat info = { 0 };

    (void)stat(path, &info);
    return info.st_mode & 07777;
}

static size_t count_files(const char *pattern)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_glob_find(arena, sp_str_of(pattern)).len;
}

/* --- reading and writing ------------------------------------------------------------------- */

static void test_read(void)
{
    sp_auto_buf struct sp_buf out = SP_BUF(8);
    struct sp_err err = SP_ERR_INIT;

    sp_buf_adds(&out, "ab");
    tap_ok(sp_file_read("none", &out, &err) == SP_NOT_FOUND && strstr(err.text, "'none'"), "%s",
           err.text);
    tap_ok(sp_file_read(".", &out, &err) == SP_INVALID, "%s", err.text);
    tap_ok(sp_file_read("/dev/null", &out, &err) == SP_INVALID, "%s", err.text);
    tap_ok(mkfifo("pipe", 0600) == 0 && sp_file_read("pipe", &out, &err) == SP_INVALID,
           "a pipe without a writer does not block");
    tap_ok(put("seven", "1234567") == SP_OK && sp_file_read("seven", &out, &err) == SP_LIMIT, "%s",
           err.text);
    tap_ok(sp_buf_ok(&out) && strcmp(out.ptr, "ab") == 0, "failures leave the buffer as it was");
    tap_ok(put("six", "123456") == SP_OK && sp_file_read("six", &out, &err) == SP_OK &&
               strcmp(out.ptr, "ab123456") == 0,
           "an exact fit is appended");
    sp_auto_buf struct sp_buf status = SP_BUF(SP_BUF_SMALL);
    tap_ok(sp_file_read("/proc/self/status", &status, &err) == SP_OK && status.len > 100,
           "a file that does not know its size");
}

static void test_write(void)
{
    (void)umask(022);
    tap_ok(put("new", "one") == SP_OK && holds("new", "one") && mode_of("new") == 0644, "new file");
    (void)chmod("new", 0600);
    tap_ok(put("new", "two") == SP_OK && holds("new", "two") && mode_of("new") == 0600,
           "replaced, its mode kept");
    tap_ok(put("new", "") == SP_OK && holds("new", ""), "empty");
    tap_ok(put("", "x") == SP_INVALID && put("dir/", "x") == SP_INVALID, "a name is needed");
    tap_ok(put("none/x", "x") == SP_NOT_FOUND, "the directory is needed");
    tap_ok(make_dirs("sub") == SP_OK && put("sub", "x") != SP_OK &&
               sp_file_kind("sub") == SP_FILE_DIR,
           "a directory is not replaced");
    tap_ok(count_files(".tmp*") == 0, "nothing temporary stays");
}

static void test_write_faults(void)
{
    for (unsigned nth = 1; nth < 50; nth++) {
        (void)put("fault", "old");
        sp_fault_arm(nth);
        enum sp_rc rc = put("fault", "new");
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK && holds("fault", "new"), "no fault left after %u", nth - 1);
            return;
        }
        bool last = strcmp(site, "file.sync-dir") == 0;
        tap_ok(rc == SP_IO && holds("fault", last ? "new" : "old") && count_files(".tmp*") == 0,
               "fault at %s", site);
    }
    tap_ok(false, "never succeeded");
}

/* --- directories and trees ----------------------------------------------------------------- */

static void test_dirs(void)
{
    tap_ok(make_dirs("a/b//c/") == SP_OK && sp_file_kind("a/b/c") == SP_FILE_DIR, "made");
    tap_ok(make_dirs("a/b/c") == SP_OK && make_dirs("/") == SP_OK && make_dirs(".") == SP_OK &&
               make_dirs("a/../a/./d") == SP_OK,
           "there already");
    tap_ok(put("a/file", "x") == SP_OK && make_dirs("a/file") == SP_EXISTS &&
               make_dirs("a/file/x") == SP_EXISTS && holds("a/file", "x"),
           "not through a file");
    tap_ok(symlink("nowhere", "a/dangling") == 0 && make_dirs("a/dangling/x") == SP_EXISTS,
           "not through a dangling link");
    tap_ok(make_dirs("") == SP_INVALID, "a name is needed");
    sp_fault_arm(1);
    tap_ok(make_dirs("e/f") == SP_IO && sp_file_kind("e") == SP_FILE_NONE, "a failure is reported");
    sp_fault_arm(0);
}

static void set_mtime(const char *path, time_t seconds)
{
    const struct timespec times[2] = { { seconds, 0 }, { seconds, 0 } };

    (void)utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static void test_trees(void)
{
    struct sp_err err = SP_ERR_INIT;

    (void)make_dirs("t/u/v");
    (void)put("t/one", "12345");
    (void)put("t/u/v/two", "123");
    (void)put("outside", "123456789");
    (void)symlink("../outside", "t/link");
    (void)symlink("t", "tree");
    static const char *const all[] = { "t/u/v/two", "t/u/v", "t/u", "t/one", "t/link", "t" };
    for (size_t i = 0; i < SP_COUNT(all); i++)
        set_mtime(all[i], 1000);
    set_mtime("outside", 9000);
    tap_ok(sp_tree_mtime("t") == 1000 * SP_NSEC_PER_SEC, "links in a tree are not followed");
    set_mtime("t/u/v/two", 3000);
    tap_ok(sp_tree_mtime("t") == 3000 * SP_NSEC_PER_SEC &&
               sp_tree_mtime("tree") == 3000 * SP_NSEC_PER_SEC,
           "newest of a tree, also through a link");
    tap_ok(sp_tree_mtime("outside") == 9000 * SP_NSEC_PER_SEC && sp_tree_mtime("none") == 0,
           "newest of a file, of nothing");
    tap_ok(sp_tree_size("t") == 8 && sp_tree_size("outside") == 9 && sp_tree_size("none") == 0,
           "sizes");

    sp_fault_arm(1);
    tap_ok(sp_remove_tree("t", &err) == SP_IO, "%s", err.text);
    sp_fault_arm(0);
    tap_ok(sp_remove_tree("tree/", &err) == SP_OK && sp_file_kind("t/one") == SP_FILE_REGULAR,
           "a link is removed, not what it points to");
    tap_ok(sp_remove_tree("t", &err) == SP_OK && sp_file_kind("t") == SP_FILE_NONE &&
               sp_file_kind("outside") == SP_FILE_REGULAR,
           "a tree is removed, not what it links to");
    tap_ok(sp_remove_tree("t", &err) == SP_OK, "nothing to remove");
    tap_ok(sp_remove_tree("/", &err) == SP_INVALID && sp_remove_tree("", &err) == SP_INVALID,
           "refused");
}

/* "deep/level/level...": a file and an empty directory besides in every 50th. */
static bool make_deep(unsigned levels)
{
    sp_auto_fd int fd = -1;
    bool well = mkdir("deep", 0777) == 0;

    fd = open("deep", O_PATH | O_DIRECTORY);
    for (unsigned i = 1; well && i < levels; i++) {
        well = mkdirat(fd, "level", 0777) == 0;
        int next = openat(fd, "level", O_PATH | O_DIRECTORY);
        sp_fd_closep(&fd);
        fd = next;
        if (well && i % 50 == 0)
            well = mkdirat(fd, ".deep-0", 0777) == 0 && symlinkat("nowhere", fd, ".deep-1") == 0;
    }
    return well;
}

/* About the places where directories are moved, and with paths longer than any may be. */
static void test_depth(void)
{
    static const unsigned depths[] = { 199, 200, 201, 202, 399, 400, 401, 1500 };
    struct rlimit usual, few;
    struct sp_err err = SP_ERR_INIT;

    (void)getrlimit(RLIMIT_NOFILE, &usual);
    few = (struct rlimit){ .rlim_cur = 256, .rlim_max = usual.rlim_max };
    (void)setrlimit(RLIMIT_NOFILE, &few);
    for (size_t i = 0; i < SP_COUNT(depths); i++)
        tap_ok(make_deep(depths[i]) && sp_remove_tree("deep", &err) == SP_OK &&
                   access("deep", F_OK) < 0,
               "a tree of %u levels is removed %s", depths[i], err.text);
    (void)make_deep(300);
    (void)mkdir("deep/.deep-0", 0777);
    (void)put("deep/.deep-0/x", "full");
    (void)put("deep/.deep-1", "a file");
    int fd = open(".", O_PATH | O_DIRECTORY);
    tap_ok(sp_remove_entry(fd, "deep", &err) == SP_OK && access("deep", F_OK) < 0,
           "names that are taken %s", err.text);
    sp_fd_closep(&fd);
    (void)setrlimit(RLIMIT_NOFILE, &usual);
}

/* The failed call is made again, and goes on where it was. */
static void test_depth_faults(void)
{
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = SP_IO;
    unsigned failed = 0, moves = 0;

    (void)make_deep(210);
    for (unsigned nth = 1; rc; nth++) {
        sp_fault_arm(nth);
        rc = sp_remove_tree("deep", &err);
        sp_fault_arm(0);
        failed += rc == SP_IO;
        moves += rc && strstr(err.text, "out of the depths") != NULL;
    }
    tap_ok(failed > 200 && moves == 1 && access("deep", F_OK) < 0, "%u failures, %u of moves",
           failed, moves);
}

static void test_questions(void)
{
    (void)put("locked", "x");
    (void)chmod("locked", 0444);
    tap_ok(sp_file_kind("locked") == SP_FILE_REGULAR && sp_file_kind(".") == SP_FILE_DIR &&
               sp_file_kind("/dev/null") == SP_FILE_OTHER && sp_file_kind("none") == SP_FILE_NONE,
           "kinds");
    tap_ok(sp_file_is_writable("outside") && !sp_file_is_writable("none"), "writable");
    if (geteuid() == 0)
        tap_skip("nothing is read-only for root");
    else
        tap_ok(!sp_file_is_writable("locked"), "read-only");
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(root) || chdir(root))
        return 1;
    test_read();
    test_write();
    test_write_faults();
    test_dirs();
    test_trees();
    test_depth();
    test_depth_faults();
    test_questions();
    tap_ok(chdir("/") == 0 && sp_remove_tree(root, &err) == SP_OK, "clean up: %s", err.text);
    return tap_done();
}
