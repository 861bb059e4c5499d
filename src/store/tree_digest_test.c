/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/fault.h"
#include "base/tap.h"

#include "store/file_digest.h"
#include "store/tree.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define BOTH  (SP_TREE_EXACT | SP_TREE_MEANING)
#define CHUNK ((size_t)SP_CHUNK_SIZE)

static char dir[] = "/tmp/spoor-digest-XXXXXX";

static void write_file(const char *path, const char *data, size_t len)
{
    sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    struct sp_err err = SP_ERR_INIT;

    if (fd < 0 || sp_write_all(fd, (struct sp_str){ data, len }, &err))
        printf("# cannot write %s\n", path);
}

/* Bytes that differ everywhere. */
static char *noise(size_t len, unsigned seed)
{
    char *data = sp_alloc(len + 1);

    for (size_t i = 0; i < len; i++) {
        seed = seed * 1664525U + 1013904223U;
        data[i] = (char)(seed >> 24);
    }
    return data;
}

static void write_noise(const char *path, size_t len, unsigned seed)
{
    sp_auto_free char *data = noise(len, seed);

    write_file(path, data, len);
}

static bool scan(const char *path, struct sp_arena *arena, struct sp_tree *tree)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_tree_scan(path, arena, tree, &err) == SP_OK)
        return true;
    return tap_ok(false, "scan: %s", err.text);
}

/* Whatever its length, a file has the digest that a copy gives it. */
static void test_sizes(void)
{
    static const size_t sizes[] = { 0,     1,         2879,          CHUNK - 1,
                                    CHUNK, CHUNK + 1, 5 * CHUNK + 7, 8 * CHUNK };

    for (size_t i = 0; i < SP_COUNT(sizes); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        sp_auto_free char *data = noise(sizes[i], 1);
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree tree;

        write_file("one", data, sizes[i]);
        struct sp_digest want = sp_file_digest((struct sp_str){ data, sizes[i] });
        if (!scan("one", arena, &tree))
            return;
        enum sp_rc rc = sp_tree_digest(&tree, "one", BOTH, &err);
        tap_ok(rc == SP_OK && tree.len == 1 && (tree.entries[0].has & BOTH) == BOTH, "%zu bytes %s",
               sizes[i], err.text);
        tap_ok(sp_digest_eq(&tree.entries[0].exact, &want), "exact digest");
        tap_ok(sp_digest_eq(&tree.entries[0].meaning, &want), "all of it counts");
        (void)unlink("one");
    }
}

static void make_tree(unsigned files)
{
    struct sp_err err = SP_ERR_INIT;
    char path[64];

    if (sp_make_dirs("tree/sub", &err))
        printf("# %s\n", err.text);
    for (unsigned i = 0; i < files; i++) {
        (void)snprintf(path, sizeof path, "tree/%s%u", i % 3 ? "f" : "sub/f", i);
        write_noise(path, (size_t)i * 37, i);
    }
    write_noise("tree/long", 3 * CHUNK + 5, 99);
    if (symlink("f1", "tree/link") < 0)
        printf("# no link\n");
}

static void test_tree(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree, again;

    make_tree(300);
    if (!scan("tree", arena, &tree))
        return;
    enum sp_rc rc = sp_tree_digest(&tree, "tree", SP_TREE_EXACT, &err);
    tap_ok(rc == SP_OK, "exact digests of many files %s", err.text);
    size_t exact = 0;
    for (size_t i = 0; i < tree.len; i++)
        exact += tree.entries[i].type == SP_TREE_FILE && tree.entries[i].has == SP_TREE_EXACT;
    tap_ok(exact == 301, "all 301 files, and nothing that was not asked for: %zu", exact);
    struct sp_digest name = sp_tree_exact(&tree);

    /* In one thread, as while faults are armed, it is the same. */
    if (!scan("tree", arena, &again))
        return;
    sp_fault_arm(1000000);
    rc = sp_tree_digest(&again, "tree", BOTH, &err);
    sp_fault_arm(0);
    struct sp_digest other = sp_tree_exact(&again);
    tap_ok(rc == SP_OK && sp_digest_eq(&name, &other), "one thread or several %s", err.text);

    rc = sp_tree_digest(&tree, "tree", BOTH, &err);
    struct sp_digest content = sp_tree_content(&tree);
    other = sp_tree_content(&again);
    tap_ok(rc == SP_OK && sp_digest_eq(&content, &other), "the meaning afterwards %s", err.text);
}

/* Files that have what is wanted are not opened. */
static void test_only_what_lacks(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (!scan("tree", arena, &tree) || sp_tree_digest(&tree, "tree", BOTH, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    sp_fault_arm(2); /* 1: the directory itself is opened */
    enum sp_rc rc = sp_tree_digest(&tree, "tree", BOTH, &err);
    tap_ok(rc == SP_OK && !sp_fault_fired(), "nothing to do, nothing read");
    sp_fault_arm(0);
}

/* Large files stay unread. */
static void test_small(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (sp_make_dirs("small", &err))
        return;
    write_noise("small/a", 65536, 1);
    write_noise("small/b", 65537, 2);
    if (!scan("small", arena, &tree))
        return;
    enum sp_rc rc = sp_tree_digest_small(&tree, "small", &err);
    const struct sp_tree_entry *a = sp_tree_find(&tree, SP_STR("a"));
    const struct sp_tree_entry *b = sp_tree_find(&tree, SP_STR("b"));
    tap_ok(rc == SP_OK && (a->has & SP_TREE_MEANING) && b->has == 0, "only small files are read");
    (void)unlink("small/a");
    (void)unlink("small/b");
    (void)rmdir("small");
}

static void change_bytes(void)
{
    write_noise("tree/f4", 37 * 4, 12345);
}

static void change_size(void)
{
    write_noise("tree/f4", 5, 4);
}

static void change_long(void)
{
    write_noise("tree/long", 3 * CHUNK + 5, 100);
}

static void truncate_long(void)
{
    write_noise("tree/long", 3, 100);
}

static void remove_file(void)
{
    (void)unlink("tree/f4");
}

static void make_link(void)
{
    remove_file();
    (void)symlink("f5", "tree/f4");
}

static void make_dir(void)
{
    remove_file();
    (void)mkdir("tree/f4", 0755);
}

static void make_pipe(void)
{
    remove_file();
    (void)mkfifo("tree/f4", 0644);
}

static void remove_all(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree("tree", &err))
        printf("# %s\n", err.text);
}

static void test_changes(void)
{
    static const struct {
        const char *label;
        void (*change)(void);
        enum sp_rc rc;
        const char *text;
    } cases[] = {
        { "bytes", change_bytes, SP_BUSY, "'tree/f4' changed while it was read" },
        { "size", change_size, SP_BUSY, "'tree/f4' changed while it was read" },
        { "long file", change_long, SP_BUSY, "'tree/long' changed while it was read" },
        { "shorter", truncate_long, SP_BUSY, "'tree/long' changed while it was read" },
        { "gone", remove_file, SP_NOT_FOUND, "open 'tree/f4': No such file or directory" },
        { "a link", make_link, SP_BUSY, "'tree/f4' changed while it was read" },
        { "a directory", make_dir, SP_BUSY, "'tree/f4' changed while it was read" },
        { "a pipe", make_pipe, SP_BUSY, "'tree/f4' changed while it was read" },
        { "all gone", remove_all, SP_NOT_FOUND,
          "open directory 'tree': No such file or directory" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree tree;

        remove_all();
        make_tree(40);
        if (!scan("tree", arena, &tree))
            return;
        cases[i].change();
        enum sp_rc rc = sp_tree_digest(&tree, "tree", BOTH, &err);
        if (!tap_ok(rc == cases[i].rc && strcmp(err.text, cases[i].text) == 0, "since the scan: %s",
                    cases[i].label))
            printf("# %s: %s\n", sp_rc_name(rc), err.text);
    }
}

/* Of several unreadable files the first is named, in however many threads. */
static void test_first_failure(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree;

    remove_all();
    make_tree(200);
    if (!scan("tree", arena, &tree))
        return;
    for (unsigned i = 20; i < 200; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "tree/f%u", i);
        (void)unlink(path);
    }
    for (unsigned i = 0; i < 20; i++) {
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_tree_digest(&tree, "tree", BOTH, &err);
        if (rc != SP_NOT_FOUND ||
            strcmp(err.text, "open 'tree/f100': No such file or directory") != 0) {
            tap_ok(false, "%s", err.text);
            return;
        }
    }
    tap_ok(true, "the first missing file is named each time");
}

/* Each risky operation fails in turn: an error comes back, and the next attempt succeeds. */
static void test_faults(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;
    unsigned n = 0;

    remove_all();
    make_tree(6);
    if (!scan("tree", arena, &tree) || sp_tree_digest(&tree, "tree", BOTH, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    struct sp_digest want = sp_tree_exact(&tree);
    for (bool fired = true; fired && n < 1000;) {
        if (!scan("tree", arena, &tree))
            return;
        err = SP_ERR_INIT;
        sp_fault_arm(++n);
        enum sp_rc rc = sp_tree_digest(&tree, "tree", BOTH, &err);
        fired = sp_fault_fired() != NULL;
        sp_fault_arm(0);
        if (fired && (rc == SP_OK || err.text[0] == '\0')) {
            tap_ok(false, "failure %u is reported", n);
            return;
        }
        if (sp_tree_digest(&tree, "tree", BOTH, &err) == SP_OK) {
            struct sp_digest got = sp_tree_exact(&tree);
            if (sp_digest_eq(&got, &want))
                continue;
        }
        tap_ok(false, "after failure %u it can be done again", n);
        return;
    }
    tap_ok(n > 20, "%u failures, each reported and repaired", n - 1);
}

/* The kernel says 4096 bytes, and has fewer. */
static void test_made_up(void)
{
    static const char path[] = "/sys/devices/system/cpu/online";
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (access(path, R_OK) < 0) {
        tap_skip("there is no /sys");
        return;
    }
    if (scan(path, arena, &tree))
        tap_ok(sp_tree_digest(&tree, path, SP_TREE_EXACT, &err) == SP_OK, "%s has a digest: %s",
               path, err.text);
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(dir) || chdir(dir) < 0)
        return 1;
    test_sizes();
    test_tree();
    test_only_what_lacks();
    test_small();
    test_changes();
    test_first_failure();
    test_faults();
    test_made_up();
    if (chdir("/") < 0 || sp_remove_tree(dir, &err))
        return 1;
    return tap_done();
}
