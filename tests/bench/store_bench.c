/* SPDX-License-Identifier: BSD-3-Clause */
/* Snapshot and restore of 1 GB in 63 files (as a Measurement Set has), against `cp -a` in the same
 * run, in the directory that is given. */
#include "base/clock.h"

#include "store/store.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS 3
#define FILES  63
#define LARGE  7 /* of these, 140 MB each */

static void check(enum sp_rc rc, const struct sp_err *err)
{
    if (!rc)
        return;
    (void)fprintf(stderr, "%s\n", err->text);
    exit(1);
}

static void make_data(void)
{
    size_t block = (size_t)1000 * 1000;
    sp_auto_free char *data = sp_alloc(block);

    if (mkdir("data", 0755))
        exit(1);
    for (unsigned i = 0; i < FILES; i++) {
        char path[32];
        (void)snprintf(path, sizeof path, "data/table.f%u", i);
        sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        for (unsigned k = 0; k < (i < LARGE ? 140 : 1); k++) {
            for (size_t b = 0; b < block; b += 8)
                memcpy(data + b, &(uint64_t){ (uint64_t)i * 1000003 + k * 977 + b }, 8);
            if (fd < 0 || write(fd, data, i < LARGE ? block : 4000) < 0)
                exit(1);
        }
    }
    sync();
}

/* What one side leaves for the disk to do must not hold up the other. */
static sp_nsec begin(void)
{
    sync();
    return sp_clock_monotonic();
}

static double since(sp_nsec start)
{
    return (double)(sp_clock_monotonic() - start) / 1e6;
}

static double copy_with_cp(void)
{
    sp_nsec start = begin();
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("cp", "cp", "-a", "--reflink=never", "data", "copy", (char *)NULL);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
    return since(start);
}

static double keep(struct sp_store *store, struct sp_digest *id)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    sp_nsec start = begin();
    check(sp_tree_scan("data", arena, &tree, &err), &err);
    check(sp_store_keep(store, "data", &tree, id, &err), &err);
    return since(start);
}

static double restore(struct sp_store *store, const struct sp_digest *id)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree wanted;

    sp_nsec start = begin();
    check(sp_store_fetch(store, id, arena, &wanted, &err), &err);
    check(sp_store_restore(store, &wanted, "back", &(struct sp_tree){ 0 }, &err), &err);
    return since(start);
}

/* What the machine can do at most: the bytes once through the hash, on one core. */
static double hash(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    sp_nsec start = begin();
    check(sp_tree_scan("data", arena, &tree, &err), &err);
    check(sp_tree_digest(&tree, "data", SP_TREE_EXACT, &err), &err);
    return since(start);
}

static void clear(const char *const *paths)
{
    struct sp_err err = SP_ERR_INIT;

    for (; *paths; paths++)
        check(sp_remove_tree(*paths, &err), &err);
}

int main(int argc, char **argv)
{
    static const char *const made[] = { "copy", "back", "store", NULL };
    static const char *const source[] = { "data", NULL };
    const struct sp_store_options options = { .no_sync = true };
    double best[4] = { 1e9, 1e9, 1e9, 1e9 };
    bool clones = false;

    if (argc != 2 || chdir(argv[1]))
        return 2;
    make_data();
    for (int round = 0; round < ROUNDS; round++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_store *store = NULL;
        struct sp_digest id;
        check(sp_store_open("store", SP_STORE_RUN, &options, &store, &err), &err);
        double took = copy_with_cp();
        best[0] = SP_MIN(best[0], took);
        took = keep(store, &id);
        best[1] = SP_MIN(best[1], took);
        took = restore(store, &id);
        best[2] = SP_MIN(best[2], took);
        took = hash();
        best[3] = SP_MIN(best[3], took);
        clones = sp_store_method(store, "data") == SP_SNAPSHOT_CLONE;
        check(sp_store_close(store, &err), &err);
        clear(made);
    }
    clear(source);
    printf("1 GB in %d files, by %s: cp -a %.0f ms; snapshot %.0f ms (%.2f x), restore %.0f ms "
           "(%.2f x), digests %.0f ms (%.2f x)\n",
           FILES, clones ? "clones" : "copies", best[0], best[1], best[1] / best[0], best[2],
           best[2] / best[0], best[3], best[3] / best[0]);
    return 0;
}
