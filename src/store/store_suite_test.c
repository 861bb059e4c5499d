/* SPDX-License-Identifier: BSD-3-Clause */
/* What a store must do with data on any file system and by any method. Arguments: the method (copy,
 * clone, auto) and the file system (here, xfs, btrfs: an image on a loop device, root only). */
#include "base/fault.h"
#include "base/tap.h"

#include "store/file_digest.h"
#include "store/store.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define WHY_MAX sizeof(((struct sp_err *)0)->text)
#define BIG     ((size_t)100 * 1000) /* enough to be cloned */

static char root[] = "/tmp/spoor-suite-XXXXXX"; /* and working directory, or where it is mounted */
static char suite[32];
static const char store_dir[] = "store";
static enum sp_snapshot_method method;

/* --- helpers ------------------------------------------------------------------------------- */

static struct sp_store *open_store(void)
{
    struct sp_store_options options = { .method = method, .run = "test", .no_sync = true };
    struct sp_store *store = NULL;
    struct sp_err err = SP_ERR_INIT;

    if (sp_store_open(store_dir, SP_STORE_RUN, &options, &store, &err)) {
        printf("# %s\n", err.text);
        abort();
    }
    return store;
}

static void close_store(struct sp_store *store)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_store_close(store, &err)) {
        printf("# %s\n", err.text);
        abort();
    }
}

static void fill(const char *path, char with, size_t len)
{
    sp_auto_free char *data = sp_alloc(len + 1);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);

    memset(data, with, len);
    if (fd < 0 || pwrite(fd, data, len, 0) != (ssize_t)len || close(fd) < 0)
        abort();
}

static void make_sample(void)
{
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree("ms", &err) || mkdir("ms", 0755) || chdir("ms") || mkdir("SUB", 0755) ||
        mkdir("SUB/deeper", 0700) || mkdir("empty", 0755) || mkdir("sealed", 0755) ||
        symlink("table.dat", "link") || symlink("/none", "SUB/dangling"))
        abort();
    fill("table.dat", 'a', 1000);
    fill("table.lock", 'b', 7);
    fill("SUB/big", 'c', BIG);
    fill("SUB/deeper/other", 'd', BIG + 1);
    fill("nothing", 'e', 0);
    fill("new\nline \xff", 'f', 3);
    fill("sealed/in", 'g', 3);
    fill("script", 'h', 3);
    fill("sparse", 'i', 5);
    if (truncate("sparse", 5 * 1000 * 1000) || chmod("script", 0755) || link("script", "twin") ||
        chmod("sealed/in", 0400) || chmod("sealed", 0555))
        abort();
    struct timespec times[2] = { { .tv_nsec = UTIME_OMIT }, { .tv_sec = 1000, .tv_nsec = 500 } };
    if (utimensat(AT_FDCWD, "SUB/deeper", times, 0) || utimensat(AT_FDCWD, "SUB", times, 0) ||
        utimensat(AT_FDCWD, "table.dat", times, 0) ||
        utimensat(AT_FDCWD, "link", times, AT_SYMLINK_NOFOLLOW) || chdir(".."))
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

/* Of everything that a restore must bring back: names, types, modes, times, bytes. */
static struct sp_digest fingerprint(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = scan(path, arena);
    struct sp_hasher hasher;

    sp_hasher_init(&hasher, NULL);
    for (size_t i = 0; i < tree.len; i++) {
        const struct sp_tree_entry *entry = &tree.entries[i];
        sp_auto_buf struct sp_buf file = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf bytes = SP_BUF(SP_BUF_LARGE);
        struct sp_err err = SP_ERR_INIT;
        sp_hasher_add(&hasher, entry->path);
        sp_hasher_add(&hasher, entry->target);
        sp_hasher_add_number(&hasher, (uint64_t)entry->type);
        sp_hasher_add_number(&hasher, entry->mode);
        sp_hasher_add_number(&hasher, (uint64_t)entry->mtime);
        if (entry->type != SP_TREE_FILE)
            continue;
        sp_buf_addf(&file, "%s/" SP_STR_FMT, path, SP_STR_ARG(entry->path));
        if (sp_str_is(entry->path, "."))
            sp_buf_truncate(&file, strlen(path));
        if (sp_file_read(file.ptr, &bytes, &err))
            abort();
        sp_hasher_add(&hasher, sp_buf_str(&bytes));
    }
    return sp_hasher_end(&hasher);
}

static bool is_like(const char *path, const struct sp_digest *want)
{
    struct sp_digest now = fingerprint(path);

    return sp_digest_eq(&now, want);
}

static enum sp_rc keep(struct sp_store *store, const char *path, struct sp_digest *id, char *why)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree tree = scan(path, arena);
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_store_keep(store, path, &tree, id, &err);

    (void)snprintf(why, sizeof err.text, "%s", err.text);
    return rc;
}

static enum sp_rc restore(struct sp_store *store,
                          const struct sp_digest *id,
                          const char *path,
                          char *why)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_tree there = scan(path, arena);
    struct sp_tree wanted = { 0 };
    struct sp_err err = SP_ERR_INIT;
    enum sp_rc rc = sp_store_fetch(store, id, arena, &wanted, &err);

    if (!rc)
        rc = sp_store_restore(store, &wanted, path, &there, &err);
    (void)snprintf(why, sizeof err.text, "%s", err.text);
    return rc;
}

static size_t count_objects(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    size_t files = 0;

    sp_buf_addf(&path, "%s/objects", store_dir);
    struct sp_tree tree = scan(path.ptr, arena);
    for (size_t i = 0; i < tree.len; i++)
        files += tree.entries[i].type == SP_TREE_FILE;
    return files;
}

/* In place, as casacore does: the same inodes, other bytes. */
static void mutate(void)
{
    fill("ms/table.dat", 'X', 500);
    fill("ms/SUB/big", 'Y', 4096);
    fill("ms/SUB/deeper/other", 'Z', BIG + 1);
    if (truncate("ms/table.lock", 3) || truncate("ms/sparse", 10) || unlink("ms/twin"))
        abort();
    fill("ms/extra", 'n', 10);
    if (mkdir("ms/more", 0755))
        abort();
    fill("ms/more/extra", 'n', 10);
}

/* --- tests --------------------------------------------------------------------------------- */

static void test_mutated(void)
{
    char why[WHY_MAX];
    struct sp_store *store = open_store();
    struct sp_digest first;
    struct sp_digest second;

    make_sample();
    struct sp_digest before = fingerprint("ms");
    tap_ok(keep(store, "ms", &first, why) == SP_OK, "%s: keep %s", suite, why);
    tap_ok(sp_store_has(store, &first) && is_like("ms", &before), "%s: the source is as it was",
           suite);
    mutate();
    struct sp_digest after = fingerprint("ms");
    tap_ok(!sp_digest_eq(&before, &after) && keep(store, "ms", &second, why) == SP_OK &&
               !sp_digest_eq(&first, &second),
           "%s: another state %s", suite, why);
    tap_ok(restore(store, &first, "ms", why) == SP_OK && is_like("ms", &before),
           "%s: changed in place and brought back %s", suite, why);
    tap_ok(restore(store, &second, "ms", why) == SP_OK && is_like("ms", &after), "%s: forth %s",
           suite, why);
    bool back = restore(store, &first, "ms", why) == SP_OK;
    mutate();
    tap_ok(back && restore(store, &first, "ms", why) == SP_OK && is_like("ms", &before),
           "%s: what a restore made shares nothing with the store %s", suite, why);
    tap_ok(restore(store, &first, "a/b/copy", why) == SP_OK && is_like("a/b/copy", &before),
           "%s: elsewhere %s", suite, why);
    struct stat info;
    tap_ok(stat("ms/sparse", &info) == 0 && info.st_blocks * 512 < 1000000,
           "%s: holes stay holes: %ld blocks", suite, (long)info.st_blocks);
    close_store(store);
}

static void test_unchanged(void)
{
    char why[WHY_MAX];
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_store *store = open_store();
    struct sp_err err = SP_ERR_INIT;
    struct sp_digest id;
    struct sp_digest again;

    make_sample();
    struct sp_tree tree = scan("ms", arena);
    tap_ok(sp_store_keep(store, "ms", &tree, &id, &err) == SP_OK, "%s: keep %s", suite, err.text);
    bool all = true;
    for (size_t i = 0; i < tree.len; i++)
        all =
            all && (tree.entries[i].type != SP_TREE_FILE || (tree.entries[i].has & SP_TREE_OBJECT));
    tap_ok(all && sp_store_missing(store, &tree) == 0, "%s: all files have objects", suite);
    struct sp_tree now = scan("ms", arena);
    size_t objects = count_objects();
    tap_ok(sp_tree_carry(&now, &tree, NULL) == 0 &&
               sp_store_keep(store, "ms", &now, &again, &err) == SP_OK &&
               sp_digest_eq(&id, &again) && objects == count_objects(),
           "%s: kept again without work", suite);

    /* one file differs: only that one is made anew */
    struct stat big;
    struct stat lock;
    fill("ms/table.lock", 'q', 7);
    (void)stat("ms/SUB/big", &big);
    (void)stat("ms/table.lock", &lock);
    now = scan("ms", arena);
    (void)sp_tree_carry(&now, &tree, NULL);
    struct sp_tree wanted = { 0 };
    tap_ok(sp_store_fetch(store, &id, arena, &wanted, &err) == SP_OK &&
               sp_store_restore(store, &wanted, "ms", &now, &err) == SP_OK,
           "%s: restored %s", suite, err.text);
    struct stat info;
    bool stays = stat("ms/SUB/big", &info) == 0 && info.st_ino == big.st_ino;
    tap_ok(stays && stat("ms/table.lock", &info) == 0 && info.st_nlink == 1,
           "%s: only what differs is touched", suite);
    now = scan("ms", arena);
    tap_ok(sp_tree_carry(&now, &wanted, NULL) == 0, "%s: what is there is vouched for at once",
           suite);
    tap_ok(keep(store, "none", &id, why) == SP_OK && restore(store, &id, "ms", why) == SP_OK &&
               sp_file_kind("ms") == SP_FILE_NONE,
           "%s: nothing is a state, too %s", suite, why);
    close_store(store);
}

static void test_types(void)
{
    char why[WHY_MAX];
    struct sp_store *store = open_store();
    struct sp_digest ids[5];
    struct sp_digest prints[5];
    struct sp_err err = SP_ERR_INIT;

    (void)!sp_remove_tree("t", &err);
    fill("t", 'a', 10);
    prints[0] = fingerprint("t");
    bool good = keep(store, "t", &ids[0], why) == SP_OK;
    (void)unlink("t");
    (void)!mkdir("t", 0755);
    (void)!mkdir("t/x", 0755);
    fill("t/x/y", 'b', 10);
    fill("t/z", 'c', 10);
    prints[1] = fingerprint("t");
    good = good && keep(store, "t", &ids[1], why) == SP_OK;
    (void)!sp_remove_tree("t/x", &err);
    fill("t/x", 'd', 10);
    (void)unlink("t/z");
    (void)!symlink("x", "t/z");
    prints[2] = fingerprint("t");
    good = good && keep(store, "t", &ids[2], why) == SP_OK;
    (void)unlink("t/x");
    (void)unlink("t/z");
    (void)!symlink("/none", "t/x");
    (void)!mkdir("t/z", 0500);
    prints[3] = fingerprint("t");
    good = good && keep(store, "t", &ids[3], why) == SP_OK;
    (void)rmdir("t/z");
    (void)unlink("t/x");
    prints[4] = fingerprint("t");
    good = good && keep(store, "t", &ids[4], why) == SP_OK;
    tap_ok(good, "%s: five states of other types %s", suite, why);
    for (size_t from = 0; from < 5; from++)
        for (size_t to = 0; to < 5; to++) {
            bool there = restore(store, &ids[from], "t", why) == SP_OK;
            if (!there || restore(store, &ids[to], "t", why) || !is_like("t", &prints[to]))
                good = tap_ok(false, "%s: from %zu to %zu: %s", suite, from, to, why);
        }
    tap_ok(good, "%s: each from each", suite);
    close_store(store);
}

/* --- failures and deaths ------------------------------------------------------------------- */

/* What is in the store can be used: each manifest has its objects. */
static bool is_usable(struct sp_store *store,
                      const struct sp_digest *id,
                      const struct sp_digest *print)
{
    char why[WHY_MAX];

    bool good = restore(store, id, "ms", why) == SP_OK && is_like("ms", print);
    if (!good)
        printf("# %s\n", why);
    return good;
}

/* Something for the next restore to do, whatever the last one came to. */
static void mutate_again(void)
{
    fill("ms/table.dat", 'X', 500);
    fill("ms/SUB/big", 'Y', 4096);
    (void)unlink("ms/link");
    (void)rmdir("ms/empty");
}

/* A clone that is refused is copied; a directory that cannot be made may be there. */
static bool is_harmless(const char *site)
{
    return strncmp(site, "clone.", 6) == 0 || strcmp(site, "file.mkdir") == 0;
}

/* NOLINTNEXTLINE(readability-function-size,readability-function-cognitive-complexity): one sweep */
static void test_faults(void)
{
    char why[WHY_MAX];
    struct sp_store *store = open_store();
    struct sp_digest before;
    struct sp_digest after;

    make_sample();
    struct sp_digest was = fingerprint("ms");
    bool good = keep(store, "ms", &before, why) == SP_OK;
    mutate();
    struct sp_digest is = fingerprint("ms");
    close_store(store);
    unsigned keeps = 0;
    for (unsigned nth = 1; good; nth++, keeps++) {
        struct sp_err err = SP_ERR_INIT;
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_tree tree = scan("ms", arena);
        store = open_store();
        size_t objects = count_objects();
        sp_fault_arm(nth);
        enum sp_rc rc = sp_store_keep(store, "ms", &tree, &after, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            close_store(store);
            good = rc == SP_OK;
            break;
        }
        if (rc == SP_LIMIT && count_objects() != objects)
            good = tap_ok(false, "%s: %s leaves something behind", suite, site);
        if (rc == SP_OK && !is_harmless(site))
            good = tap_ok(false, "%s: %s is not noticed", suite, site);
        if (rc == SP_OK)
            good = good && sp_store_has(store, &after);
        close_store(store);
        if (rc == SP_OK || rc == SP_CORRUPT)
            break; /* it is kept now: no more work for the next one */
    }
    tap_ok(good && is_like("ms", &is), "%s: %u failures of keep leave all as it was", suite, keeps);

    store = open_store();
    good = keep(store, "ms", &after, why) == SP_OK;
    unsigned restores = 0;
    for (unsigned nth = 1; good; nth++, restores++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree wanted = { 0 };
        struct sp_tree there = scan("ms", arena);
        if (sp_store_fetch(store, &before, arena, &wanted, &err))
            abort();
        sp_fault_arm(nth);
        enum sp_rc rc = sp_store_restore(store, &wanted, "ms", &there, &err);
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site)
            break;
        if (rc == SP_OK && !is_harmless(site))
            good = tap_ok(false, "%s: %s is not noticed", suite, site);
        good = good && (nth % 2 ? is_usable(store, &before, &was) : is_usable(store, &after, &is));
        mutate_again();
    }
    tap_ok(good && restores > 20, "%s: %u failures of restore are put right by the next", suite,
           restores);
    close_store(store);
}

enum deed {
    DEED_KEEP,
    DEED_RESTORE
};

/* In a child, killed at the nth site; true if it was. */
static bool die_at(unsigned nth, enum deed deed, const struct sp_digest *id)
{
    int status = 0;
    pid_t pid = fork();

    if (pid == 0) {
        char why[WHY_MAX];
        struct sp_digest kept;
        sp_fault_arm_kill("*", nth);
        struct sp_store *store = open_store();
        enum sp_rc rc =
            deed == DEED_KEEP ? keep(store, "ms", &kept, why) : restore(store, id, "ms", why);
        close_store(store);
        _exit(rc ? 1 : 0);
    }
    (void)waitpid(pid, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) != 0)
        abort();
    return WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL;
}

static void test_kills(void)
{
    char why[WHY_MAX];
    struct sp_store *store = open_store();
    struct sp_digest ids[2];
    struct sp_digest prints[2];

    make_sample();
    prints[0] = fingerprint("ms");
    bool good = keep(store, "ms", &ids[0], why) == SP_OK;
    close_store(store);
    fill("ms/SUB/big", '1', BIG);
    prints[1] = fingerprint("ms");
    unsigned kills = 0;
    while (good && die_at(kills + 1, DEED_KEEP, NULL)) {
        kills += 1;
        char byte = (char)('A' + kills % 50); /* new work each time */
        fill("ms/SUB/big", byte, BIG);
        fill("ms/table.dat", byte, 100);
        prints[1] = fingerprint("ms");
        store = open_store();
        good =
            restore(store, &ids[0], "elsewhere", why) == SP_OK && is_like("elsewhere", &prints[0]);
        close_store(store);
    }
    tap_ok(good && kills > 5, "%s: killed at each of %u sites of keep", suite, kills);
    store = open_store();
    good = keep(store, "ms", &ids[1], why) == SP_OK;
    close_store(store);
    kills = 0;
    while (good && die_at(kills + 1, DEED_RESTORE, &ids[kills % 2])) {
        store = open_store();
        good = is_usable(store, &ids[kills % 2], &prints[kills % 2]);
        close_store(store);
        kills++;
    }
    tap_ok(good && kills > 20, "%s: killed at each of %u sites of restore", suite, kills);
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_buf_addf(&path, "%s/tmp", store_dir);
    close_store(open_store());
    tap_ok(scan(path.ptr, arena).len == 1, "%s: the dead leave nothing in tmp/", suite);
}

/* --- file systems -------------------------------------------------------------------------- */

static const struct {
    const char *name;
    const char *make[6]; /* NULL: nothing to do */
} file_systems[] = {
    { "here", { NULL } },
    { "xfs", { "mkfs.xfs", "-q", "-m", "reflink=1", "image" } },
    { "btrfs", { "mkfs.btrfs", "-q", "image" } },
};

static int run(const char *const *argv)
{
    int status = -1;
    pid_t pid = fork();

    if (pid == 0) {
        int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);
        (void)dup2(fd, STDOUT_FILENO);
        (void)execvp(argv[0], (char *const *)argv);
        _exit(127);
    }
    (void)waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

/* In a mount namespace of our own, so that nothing stays mounted. NULL or why it cannot be. */
static const char *mount_image(const char *name, const char *const *make)
{
    const char *const mount_argv[] = { "mount", "-o", "loop", "-t", name, "image", "mnt", NULL };
    int fd = open("image", O_RDWR | O_CREAT | O_CLOEXEC, 0600);

    if (geteuid() != 0)
        return "only root can mount file systems";
    if (fd < 0 || ftruncate(fd, (off_t)1024 * 1024 * 1024) || close(fd) || mkdir("mnt", 0755))
        return "no room for an image";
    if (run(make))
        return "the program that makes this file system is not there";
    if (unshare(CLONE_NEWNS) || mount("none", "/", NULL, MS_REC | MS_PRIVATE, NULL))
        return "no mount namespaces";
    if (run(mount_argv) || chdir("mnt"))
        return "loop devices do not work here";
    return NULL;
}

static enum sp_snapshot_method parse_method(const char *name)
{
    return strcmp(name, "copy") == 0    ? SP_SNAPSHOT_COPY
           : strcmp(name, "clone") == 0 ? SP_SNAPSHOT_CLONE
                                        : SP_SNAPSHOT_AUTO;
}

/* What "auto" comes to, where that is known. */
static void test_method(bool clones)
{
    struct sp_store *store = open_store();
    enum sp_snapshot_method got = sp_store_method(store, "ms");

    tap_ok(method == SP_SNAPSHOT_AUTO ? !clones || got == SP_SNAPSHOT_CLONE : got == method,
           "%s: the method of snapshots is %d", suite, (int)got);
    close_store(store);
}

int main(int argc, char **argv)
{
    struct sp_err err = SP_ERR_INIT;
    const char *why = NULL;

    if (argc != 3 || !mkdtemp(root) || chdir(root))
        return 1;
    method = parse_method(argv[1]);
    (void)snprintf(suite, sizeof suite, "%.9s on %.9s", argv[1], argv[2]);
    for (size_t i = 0; i < SP_COUNT(file_systems); i++)
        if (strcmp(file_systems[i].name, argv[2]) == 0 && file_systems[i].make[0])
            why = mount_image(argv[2], file_systems[i].make);
    if (why) {
        tap_skip(why);
    } else {
        test_method(strcmp(argv[2], "here") != 0);
        test_mutated();
        test_unchanged();
        test_types();
        test_faults();
        test_kills();
    }
    if (chdir("/"))
        return 1;
    sp_auto_buf struct sp_buf mounted = SP_BUF(SP_BUF_SMALL);
    sp_buf_addf(&mounted, "%s/mnt", root);
    (void)umount2(mounted.ptr, MNT_DETACH);
    tap_ok(sp_remove_tree(root, &err) == SP_OK, "%s: clean up %s", suite, err.text);
    return tap_done();
}
