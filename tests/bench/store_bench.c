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

#define FILES 63
#define LARGE 7 /* of these, 140 MB each */

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

static double copy_with_cp(const char *to)
{
    sp_nsec start = sp_clock_monotonic();
    pid_t pid = fork();

    if (pid == 0) {
        (void)execlp("cp", "cp", "-a", "--reflink=never", "data", to, (char *)NULL);
        _exit(127);
    }
    (void)waitpid(pid, NULL, 0);
    return (double)(sp_clock_monotonic() - start) / 1e6;
}

int main(int argc, char **argv)
{
    struct sp_store_options options = { .no_sync = true };
    struct sp_err err = SP_ERR_INIT;
    struct sp_store *store = NULL;
    struct sp_tree tree;
    struct sp_tree wanted;
    struct sp_digest id;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    if (argc != 2 || chdir(argv[1]))
        return 2;
    make_data();
    check(sp_store_open("store", SP_STORE_RUN, &options, &store, &err), &err);
    check(sp_tree_scan("data", arena, &tree, &err), &err);
    double cp = copy_with_cp("copy");
    sp_nsec start = sp_clock_monotonic();
    check(sp_store_keep(store, "data", &tree, &id, &err), &err);
    double kept = (double)(sp_clock_monotonic() - start) / 1e6;
    start = sp_clock_monotonic();
    check(sp_store_fetch(store, &id, arena, &wanted, &err), &err);
    check(sp_store_restore(store, &wanted, "back", &(struct sp_tree){ 0 }, &err), &err);
    double restored = (double)(sp_clock_monotonic() - start) / 1e6;
    printf("cp -a %.0f ms; snapshot %.0f ms (1/%.1f), restore %.0f ms (1/%.1f), by %s\n", cp, kept,
           cp / kept, restored, cp / restored,
           sp_store_method(store, "data") == SP_SNAPSHOT_CLONE ? "clones" : "copies");
    check(sp_store_close(store, &err), &err);
    for (size_t i = 0; i < 4; i++) {
        static const char *const made[] = { "data", "copy", "back", "store" };
        check(sp_remove_tree(made[i], &err), &err);
    }
    return 0;
}
