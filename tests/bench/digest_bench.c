/* SPDX-License-Identifier: BSD-3-Clause */
/* digest_bench.c - what names of data cost (doc/design/store.md 3).
 *
 * One long file in the page cache: copying memory, reading the file without looking at it, and its
 * digest, each on all cores, in turns so that all see the same machine; the best of each counts.
 * Then 10,000 small files: looking at them, comparing with what was seen before, their digests. All
 * in $TMPDIR or /tmp. */
#include "base/clock.h"

#include "store/file_digest.h"
#include "store/tree.h"
#include "sys/file.h"
#include "sys/pool.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define LONG_CHUNKS 128 /* of 4 MiB */
#define ROUNDS      7
#define READ_STEP   ((size_t)256 << 10)
#define FILES       10000
#define BOTH        (SP_TREE_EXACT | SP_TREE_MEANING)

struct bench {
    char *memory; /* as long as the file */
    char *buffers[SP_POOL_MAX];
    const char *path;
};

static bool copy_piece(void *arg, size_t piece, unsigned worker)
{
    struct bench *bench = arg;

    memcpy(bench->buffers[worker], bench->memory + piece * SP_CHUNK_SIZE, SP_CHUNK_SIZE);
    return true;
}

static bool read_piece(void *arg, size_t piece, unsigned worker)
{
    struct bench *bench = arg;

    sp_auto_fd int fd = open(bench->path, O_RDONLY | O_CLOEXEC); /* one each: they do not wait */

    /* In steps that stay in the cache of a core: the fastest way to read. */
    for (uint64_t at = 0; at < SP_CHUNK_SIZE; at += READ_STEP)
        if (pread(fd, bench->buffers[worker], READ_STEP, (off_t)(piece * SP_CHUNK_SIZE + at)) !=
            (ssize_t)READ_STEP)
            return false;
    return true;
}

static bool hash_piece(void *arg, size_t piece, unsigned worker)
{
    struct bench *bench = arg;
    struct sp_digest digest =
        sp_chunk_digest((struct sp_str){ bench->memory + piece * SP_CHUNK_SIZE, SP_CHUNK_SIZE });

    memcpy(bench->buffers[worker], &digest, sizeof digest);
    return true;
}

static double seconds_of(sp_pool_fn fn, struct bench *bench)
{
    sp_nsec start = sp_clock_monotonic();

    if (!sp_pool_run(LONG_CHUNKS, sp_pool_cores(), fn, bench))
        return 1e9;
    return (double)(sp_clock_monotonic() - start) / 1e9;
}

/* Seconds for the digests of the tree at `path`; negative: it failed. */
static double seconds_of_digest(const char *path)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_tree tree;

    if (sp_tree_scan(path, arena, &tree, &err) == SP_OK) {
        sp_nsec start = sp_clock_monotonic();
        if (sp_tree_digest(&tree, path, BOTH, &err) == SP_OK)
            return (double)(sp_clock_monotonic() - start) / 1e9;
    }
    (void)fprintf(stderr, "digest_bench: %s\n", err.text);
    return -1;
}

static bool make_long(const char *path, struct bench *bench)
{
    size_t size = LONG_CHUNKS * SP_CHUNK_SIZE;
    struct sp_err err = SP_ERR_INIT;

    bench->memory = sp_try_alloc(size, 1);
    bench->path = path;
    sp_auto_fd int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    if (!bench->memory || fd < 0)
        return false;
    for (size_t i = 0; i < size; i += 8)
        memcpy(bench->memory + i, &i, sizeof i);
    for (unsigned i = 0; i < SP_POOL_MAX; i++)
        bench->buffers[i] = i < sp_pool_cores() ? sp_try_alloc(SP_CHUNK_SIZE, 1) : NULL;
    return sp_write_all(fd, (struct sp_str){ bench->memory, size }, &err) == SP_OK;
}

static void run_long(const char *path)
{
    struct bench bench = { 0 };
    double gigabytes = (double)LONG_CHUNKS * (double)SP_CHUNK_SIZE / 1e9;
    double copy = 1e9, plain = 1e9, hash = 1e9, digest = 1e9;

    if (!make_long(path, &bench)) {
        perror("digest_bench");
        return;
    }
    for (int i = 0; i < ROUNDS; i++) {
        double seconds[] = { seconds_of(copy_piece, &bench), seconds_of(read_piece, &bench),
                             seconds_of(hash_piece, &bench), seconds_of_digest(path) };
        copy = SP_MIN(copy, seconds[0]);
        plain = SP_MIN(plain, seconds[1]);
        hash = SP_MIN(hash, seconds[2]);
        if (seconds[3] > 0)
            digest = SP_MIN(digest, seconds[3]);
    }
    printf("one file of %.2f GB in memory, %u cores\n", gigabytes, sp_pool_cores());
    printf("  memcpy           %6.2f GB/s\n", gigabytes / copy);
    printf("  read             %6.2f GB/s\n", gigabytes / plain);
    printf("  BLAKE3 alone     %6.2f GB/s\n", gigabytes / hash);
    printf("  digest           %6.2f GB/s   %.2f of the slower of memcpy and read\n",
           gigabytes / digest, SP_MAX(copy, plain) / digest);
    free(bench.memory);
    for (unsigned i = 0; i < SP_POOL_MAX; i++)
        free(bench.buffers[i]);
    (void)unlink(path);
}

static bool make_small(const char *dir)
{
    char data[4096] = { 0 };
    char path[512];
    struct sp_err err = SP_ERR_INIT;

    for (unsigned i = 0; i < FILES; i++) {
        (void)snprintf(path, sizeof path, "%s/%u", dir, i / 100);
        if (i % 100 == 0 && sp_make_dirs(path, &err))
            return false;
        (void)snprintf(path, sizeof path, "%s/%u/%u", dir, i / 100, i);
        FILE *file = fopen(path, "we");
        if (!file)
            return false;
        memcpy(data, &i, sizeof i);
        bool good = fwrite(data, 1, 100 + i % 3900, file) > 0;
        if (fclose(file) != 0 || !good)
            return false;
    }
    return true;
}

/* Milliseconds of a walk, and of comparing what it found with the walk before. */
static void run_walk(const char *dir)
{
    double walk = 1e9, carry = 1e9;

    for (int i = 0; i < ROUNDS; i++) {
        sp_auto_arena struct sp_arena *arena = sp_arena_new();
        struct sp_err err = SP_ERR_INIT;
        struct sp_tree old, now;
        if (sp_tree_scan(dir, arena, &old, &err))
            return;
        sp_nsec start = sp_clock_monotonic();
        if (sp_tree_scan(dir, arena, &now, &err))
            return;
        sp_nsec between = sp_clock_monotonic();
        (void)sp_tree_carry(&now, &old, NULL);
        sp_nsec end = sp_clock_monotonic();
        walk = SP_MIN(walk, (double)(between - start) / 1e6);
        carry = SP_MIN(carry, (double)(end - between) / 1e6);
    }
    printf("%d files of 2 kB in 100 directories\n", FILES);
    printf("  walk             %6.2f ms\n  compare          %6.2f ms\n", walk, carry);
}

int main(void)
{
    const char *tmp = getenv("TMPDIR");
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_str dir = sp_arena_printf(arena, "%s/spoor-digest-XXXXXX", tmp ? tmp : "/tmp");
    double best = 1e9;

    if (!mkdtemp((char *)dir.ptr))
        return 1;
    run_long(sp_arena_join(arena, dir, "/", SP_STR("long")).ptr);
    if (make_small(dir.ptr)) {
        run_walk(dir.ptr);
        for (int i = 0; i < ROUNDS; i++) {
            double seconds = seconds_of_digest(dir.ptr);
            if (seconds > 0)
                best = SP_MIN(best, seconds);
        }
        printf("  both digests     %6.2f ms\n", best * 1e3);
    }
    return sp_remove_tree(dir.ptr, &err) ? 1 : 0;
}
