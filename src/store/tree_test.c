/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/tree.h"

#include "base/fault.h"
#include "base/tap.h"

#include "sys/file.h"

#include <fcntl.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char root[] = "/tmp/spoor-tree-XXXXXX"; /* and working directory */

static void put(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text) || close(fd) < 0)
        abort();
}

static struct sp_tree scan(const char *path, struct sp_arena *arena)
{
    struct sp_tree tree = { 0 };
    struct sp_err err = SP_ERR_INIT;

    if (sp_tree_scan(path, arena, &tree, &err)) {
        printf("# %s\n", err.text);
        abort();
    }
    return tree;
}

/* Give all files a digest that tells what it was made of. */
static void stamp(struct sp_tree *tree, unsigned char with)
{
    for (size_t i = 0; i < tree->len; i++) {
        if (tree->entries[i].type != SP_TREE_FILE)
            continue;
        tree->entries[i].has = SP_TREE_EXACT;
        tree->entries[i].exact.bytes[0] = with;
    }
}

static void make_sample(void)
{
    if (mkdir("ms", 0755) || mkdir("ms/SUB", 0700) || mkdir("ms/empty", 0755) ||
        symlink("../nowhere at all", "ms/link"))
        abort();
    put("ms/table.dat", "12345");
    put("ms/SUB/table.f0", "1234567");
    put("ms/SUB-2", "x");
    put("ms/+first", "");
    put("ms/new\nline \xff%", "abc");
    if (link("ms/table.dat", "ms/twin"))
        abort();
}

static void test_scan(void)
{
    static const char *want[] = { ".",     "+first",          "SUB",
                                  "SUB-2", "SUB/table.f0",    "empty",
                                  "link",  "new\nline \xff%", "table.dat",
                                  "twin" };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = scan("ms", arena);

    bool sorted = tree.len == SP_COUNT(want);
    for (size_t i = 0; sorted && i < tree.len; i++)
        sorted = sp_str_is(tree.entries[i].path, want[i]);
    tap_ok(sorted && tree.bytes == 21, "everything, in byte order, the root first");
    const struct sp_tree_entry *link = sp_tree_find(&tree, SP_STR("link"));
    tap_ok(link && link->type == SP_TREE_LINK && sp_str_is(link->target, "../nowhere at all"),
           "links count by their text");
    const struct sp_tree_entry *sub = sp_tree_find(&tree, SP_STR("SUB"));
    tap_ok(sub && sub->type == SP_TREE_DIR && sub->mode == 0700 && sub->size == 0, "directories");
    const struct sp_tree_entry *twin = sp_tree_find(&tree, SP_STR("twin"));
    const struct sp_tree_entry *table = sp_tree_find(&tree, SP_STR("table.dat"));
    tap_ok(twin && table && twin->ino == table->ino && twin->size == 5 && twin->changed &&
               twin->dev,
           "hard links are files of their own");
    tap_ok(!sp_tree_find(&tree, SP_STR("tabl")) && !sp_tree_find(&tree, SP_STR("z")) &&
               sp_tree_find(&tree, SP_STR(".")) == tree.entries,
           "find");

    struct sp_tree file = scan("ms/table.dat", arena);
    tap_ok(file.len == 1 && file.bytes == 5 && sp_str_is(file.entries[0].path, ".") &&
               file.entries[0].type == SP_TREE_FILE,
           "a single file");
    tap_ok(scan("none", arena).len == 0 && scan("ms/table.dat/x", arena).len == 0 &&
               !sp_tree_find(&(struct sp_tree){ 0 }, SP_STR(".")),
           "nothing there");
    tap_ok(symlink("ms", "alias") == 0 && scan("alias", arena).len == tree.len,
           "a link to the tree is followed");
}

static void test_deep(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;
    char path[2 * 1500 + 8] = "deep";

    for (int i = 0; i < 1500; i++)
        (void)snprintf(path + strlen(path), 3, "/d");
    tap_ok(sp_make_dirs(path, &err) == SP_OK, "1500 levels: %s", err.text);
    tree = scan("deep", arena);
    tap_ok(tree.len == 1501, "are walked with few descriptors");
    /* sp_remove_tree has a limit of its own: from the bottom */
    for (size_t len = strlen(path); len > 4; len -= 2) {
        path[len] = '\0';
        (void)rmdir(path);
    }
    (void)rmdir("deep");
}

static void test_refused(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "odd/socket" };
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree = { .len = 77 };
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (mkdir("odd", 0755) || mkdir("odd/in", 0755) || mkfifo("odd/in/pipe", 0600))
        abort();
    tap_ok(sp_tree_scan("odd", arena, &tree, &err) == SP_INVALID && tree.len == 77 &&
               strstr(err.text, "'odd/in': 'pipe' is a pipe"),
           "%s", err.text);
    tap_ok(sp_tree_scan("odd/in/pipe", arena, &tree, &err) == SP_INVALID, "%s", err.text);
    tap_ok(sp_tree_scan("/dev/null", arena, &tree, &err) == SP_INVALID, "%s", err.text);
    (void)unlink("odd/in/pipe");
    tap_ok(bind(fd, (struct sockaddr *)&address, sizeof address) == 0 &&
               sp_tree_scan("odd", arena, &tree, &err) == SP_INVALID &&
               strstr(err.text, "'socket' is a socket"),
           "%s", err.text);
    (void)close(fd);
    (void)unlink("odd/socket");
    if (geteuid() == 0) {
        tap_skip("root may list every directory");
        return;
    }
    (void)chmod("odd/in", 0);
    tap_ok(sp_tree_scan("odd", arena, &tree, &err) == SP_IO && strstr(err.text, "odd/in"), "%s",
           err.text);
    (void)chmod("odd/in", 0755);
}

static void test_faults(void)
{
    for (unsigned nth = 1;; nth++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree tree = { .len = 77 };
        sp_fault_arm(nth);
        enum sp_rc rc = sp_tree_scan("ms", arena, &tree, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(rc == SP_OK && nth > 20, "no fault left after %u", nth - 1);
            break;
        }
        if (rc == SP_OK || tree.len != 77 || !strstr(err.text, "ms"))
            tap_ok(false, "fault %u at %s: %s", nth, site, err.text);
    }
}

static void test_carry(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree old = scan("ms", arena);
    struct sp_tree now = scan("ms", arena);
    uint64_t bytes = 42;
    size_t count = 42;

    stamp(&old, 7);
    tap_ok(sp_tree_carry(&now, &old, &bytes) == 0 && bytes == 0, "nothing has changed");
    const struct sp_tree_entry *table = sp_tree_find(&now, SP_STR("table.dat"));
    tap_ok(table->has == SP_TREE_EXACT && table->exact.bytes[0] == 7, "digests are carried");
    tap_ok(sp_tree_difference(&now, &old, &count).len == 0 && count == 0, "no difference");

    /* Same size, mtime put back: ctime tells, and at once. */
    struct stat info;
    if (stat("ms/SUB-2", &info))
        abort();
    put("ms/SUB-2", "y");
    struct timespec times[2] = { info.st_atim, info.st_mtim };
    if (utimensat(AT_FDCWD, "ms/SUB-2", times, 0))
        abort();
    put("ms/another", "12");
    (void)unlink("ms/+first");
    now = scan("ms", arena);
    tap_ok(sp_tree_carry(&now, &old, &bytes) == 2 && bytes == 3, "two files have: 1 + 2 bytes");
    tap_ok(!sp_tree_find(&now, SP_STR("SUB-2"))->has && sp_tree_find(&now, SP_STR("twin"))->has,
           "only those lack digests");
    tap_ok(sp_str_is(sp_tree_difference(&now, &old, &count), "+first") && count == 3,
           "gone, changed and new differ");

    now = scan("ms/table.dat", arena);
    tap_ok(sp_tree_carry(&now, &old, NULL) == 1, "a file is not a tree");
    now = scan("none", arena);
    tap_ok(sp_tree_carry(&now, &old, NULL) == 0 && sp_tree_difference(&now, &old, &count).len > 0 &&
               count == old.len,
           "all gone");
}

/* What was changed in the tick in which it was looked at is never carried. */
static void test_racy(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree old = scan("ms", arena);
    struct sp_tree now = scan("ms", arena);
    struct sp_tree_entry *entry = &old.entries[old.len - 1];

    stamp(&old, 1);
    tap_ok(old.scanned > entry->changed, "a scan outlasts the tick of the last change");
    old.scanned = entry->changed;
    tap_ok(sp_tree_carry(&now, &old, NULL) > 0 && !now.entries[now.len - 1].has,
           "not carried when it was changed in the tick of the scan");

    now = scan("ms", arena);
    entry->changed = 5 * SP_NSEC_PER_SEC;
    now.entries[now.len - 1].changed = entry->changed;
    old.scanned = entry->changed + SP_NSEC_PER_SEC;
    (void)sp_tree_carry(&now, &old, NULL);
    tap_ok(!now.entries[now.len - 1].has, "times of whole seconds: two seconds are one tick");
    old.scanned = entry->changed + 3 * SP_NSEC_PER_SEC;
    (void)sp_tree_carry(&now, &old, NULL);
    tap_ok(now.entries[now.len - 1].has, "after that they are carried");
}

static struct sp_tree one_file(struct sp_tree_entry *entries, unsigned char meaning, unsigned has)
{
    entries[0] = (struct sp_tree_entry){ .path = SP_STR("."), .type = SP_TREE_DIR };
    entries[1] = (struct sp_tree_entry){ .path = SP_STR("f"), .type = SP_TREE_FILE, .has = has };
    entries[1].exact.bytes[0] = 9;
    entries[1].meaning.bytes[0] = meaning;
    return (struct sp_tree){ .entries = entries, .len = 2 };
}

static void test_difference(void)
{
    struct sp_tree_entry a[2];
    struct sp_tree_entry b[2];
    struct sp_tree old = one_file(a, 1, SP_TREE_EXACT | SP_TREE_MEANING);
    struct sp_tree now = one_file(b, 1, SP_TREE_EXACT | SP_TREE_MEANING);

    b[1].exact.bytes[0] = 8;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 0, "the same meaning is the same");
    b[1].meaning.bytes[0] = 2;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 1, "another meaning differs");
    now = one_file(b, 0, SP_TREE_MEANING);
    old.len = 1;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 0, "a new file without meaning is nothing");
    old = one_file(a, 1, SP_TREE_EXACT);
    now = one_file(b, 1, 0);
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 1, "what lacks the digests differs");
    old = one_file(a, 1, 0);
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 0, "without any: size and time");
    a[1].mtime = 3;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 1, "another time differs");
    old = one_file(a, 1, SP_TREE_EXACT);
    now = one_file(b, 1, SP_TREE_EXACT);
    b[1].mode = 0100;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 1, "executable or not differs");
    b[1].mode = 0044;
    tap_ok(sp_tree_difference(&now, &old, NULL).len == 0, "other modes do not");
}

static void test_text(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf again = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree = scan("ms", arena);
    struct sp_tree back = { 0 };

    stamp(&tree, 200);
    sp_tree_write(&tree, true, &text);
    tap_ok(sp_tree_read(sp_buf_str(&text), arena, &back, &err) == SP_OK && back.len == tree.len &&
               back.bytes == tree.bytes && back.scanned == tree.scanned,
           "read back %s", err.text);
    tap_ok(sp_tree_carry(&back, &tree, NULL) == 0, "with all that lstat said");
    sp_tree_write(&back, true, &again);
    tap_ok(sp_str_eq(sp_buf_str(&text), sp_buf_str(&again)), "one tree has one text");

    sp_buf_clear(&text);
    sp_buf_clear(&again);
    sp_tree_write(&tree, false, &text);
    sp_tree_write(&back, false, &again);
    tap_ok(sp_str_eq(sp_buf_str(&text), sp_buf_str(&again)) &&
               strstr(text.ptr, " new%0Aline%20\xff%25\n"),
           "names are escaped");
}

#define LINE(type, path) type " 644 1 5 - - - " path "\n"
#define HEAD             "spoor-tree 1\n"
#define ROOT             "d 755 0 5 - - - .\n"

static void test_damage(void)
{
    static const struct {
        const char *text, *want; /* NULL: fine */
    } cases[] = {
        { HEAD, NULL },
        { HEAD ROOT, NULL },
        { HEAD LINE("f", "."), NULL },
        { HEAD ROOT LINE("f", "a") "l 777 0 5 - - - b -> /x%20y\n", NULL },
        { "", "cut off" },
        { HEAD ROOT "f 644 1", "cut off" },
        { "spoor-tree 2\n", "line 1" },
        { "spoor-tree 1 stat x\n", "line 1" },
        { HEAD LINE("f", "a"), "line 2: the first path" },
        { HEAD "l 777 0 5 - - - . -> x\n", "root is a link" },
        { HEAD ROOT ROOT, "leads out" },
        { HEAD ROOT LINE("f", "../a"), "leads out" },
        { HEAD ROOT LINE("f", "a/../b"), "leads out" },
        { HEAD ROOT LINE("f", "/a"), "leads out" },
        { HEAD ROOT LINE("f", "a/"), "leads out" },
        { HEAD ROOT LINE("f", ""), "leads out" },
        { HEAD ROOT LINE("f", "b") LINE("f", "a"), "line 4: it is out of order" },
        { HEAD ROOT LINE("f", "a") LINE("f", "a"), "out of order" },
        { HEAD ROOT LINE("f", "a") LINE("f", "a/b"), "no directory" },
        { HEAD ROOT LINE("f", "a/b"), "no directory" },
        { HEAD LINE("f", ".") LINE("f", "b"), "no directory" },
        { HEAD ROOT LINE("f", "a%00"), "garbled" },
        { HEAD ROOT LINE("f", "a%41"), "garbled" },
        { HEAD ROOT LINE("f", "a%2"), "garbled" },
        { HEAD ROOT LINE("f", "a%0a"), "garbled" },
        { HEAD ROOT LINE("f", "a b"), "garbled" },
        { HEAD ROOT LINE("x", "a"), "its type" },
        { HEAD ROOT LINE("l", "a"), "its size" },
        { HEAD ROOT "l 777 0 5 - - - b\n", "no target" },
        { HEAD ROOT "l 777 0 5 - - - b -> \n", "no target" },
        { HEAD ROOT "f 648 1 5 - - - a\n", "its mode" },
        { HEAD ROOT "f 77777 1 5 - - - a\n", "its mode" },
        { HEAD ROOT "f 644 -1 5 - - - a\n", "its size" },
        { HEAD ROOT "f 644 99999999999999999999 5 - - - a\n", "its size" },
        { HEAD ROOT "f 644 01 5 - - - a\n", "its size" },
        { HEAD ROOT "f 644 1 -0 - - - a\n", "its time" },
        { HEAD ROOT "f 644 1 5 abc - - a\n", "a digest" },
        { HEAD ROOT "f 644 1 5 - - -\n", "no path" },
        { HEAD ROOT "f 644 1 5 -\n", "a digest" },
        { HEAD ROOT "\n", "its type" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree tree = { .len = 77 };
        enum sp_rc rc = sp_tree_read(sp_str_of(cases[i].text), arena, &tree, &err);
        bool good = cases[i].want
                        ? rc == SP_INVALID && tree.len == 77 && strstr(err.text, cases[i].want)
                        : rc == SP_OK;
        if (!tap_ok(good, "%s", cases[i].text))
            printf("# %s, want %s\n", err.text, cases[i].want ? cases[i].want : "none");
    }
}

int main(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(root) || chdir(root))
        return 1;
    make_sample();
    test_scan();
    test_deep();
    test_refused();
    test_faults();
    test_carry();
    test_racy();
    test_difference();
    test_text();
    test_damage();
    tap_ok(chdir("/") == 0 && sp_remove_tree(root, &err) == SP_OK, "clean up");
    return tap_done();
}
