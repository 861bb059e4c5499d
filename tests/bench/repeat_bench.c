/* SPDX-License-Identifier: BSD-3-Clause */
/* repeat_bench.c - what it costs to find out that nothing is to be done, and to remember.
 *
 *     repeat_bench SPOOR            all of it
 *     repeat_bench SPOOR STEPS      the graphs of that many steps only
 *     repeat_bench --step FROM NUMBER TO      the tool: TO is FROM and the number
 *
 * 1. Graphs of steps that each read a file and write one: 1,000 in a chain, 1,000 in a fan from one
 *    source, 10,000 in a chain. Everything is up to date: spoor (which knows that from the run
 *    before, doc/design/repeat.md), ninja and make, and spoor when it has to look at every step;
 *    one after the other, best of several rounds.
 * 2. 200 steps that must run, each writing a small file, and 200 of `true`: with a store, without.
 */
#include "base/clock.h"
#include "base/defs.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define ROUNDS   7
#define EXECUTED 200

static posix_spawn_file_actions_t to_null;
static char self[4096];

/* --- the tool ----------------------------------------------------------------------------- */

static int step(const char *from, const char *number, const char *to)
{
    char block[4096];
    int in = open(from, O_RDONLY | O_CLOEXEC);
    int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    ssize_t got = in < 0 ? -1 : read(in, block, sizeof block - 16);

    if (got < 0 || out < 0)
        return 1;
    if (got > 32) /* one line: in a chain it would grow */
        got = 32;
    int len = snprintf(block + got, 16, " %s\n", number);
    return write(out, block, (size_t)got + (size_t)len) > 0 ? 0 : 1;
}

/* --- graphs ------------------------------------------------------------------------------- */

static FILE *create(const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file) {
        perror(path);
        exit(1);
    }
    return file;
}

/* What step `i` reads, of the files with this prefix. */
static const char *source_of(char prefix, int i, bool chain)
{
    static char name[32];

    if (!chain || i == 0)
        return "src";
    (void)snprintf(name, sizeof name, "%c%d", prefix, i - 1);
    return name;
}

static void write_graphs(int count, bool chain)
{
    FILE *recipe = create("r.yml"), *ninja = create("build.ninja"), *make = create("Makefile");
    FILE *source = create("src");

    (void)fprintf(source, "a source\n");
    (void)fclose(source);
    (void)fprintf(
        recipe,
        "cabs:\n  step:\n    command: %s --step\n    policies: {positional: true}\n"
        "    inputs: {from: {dtype: File, required: true}, n: {dtype: int, required: true}}\n"
        "    outputs: {to: {dtype: File, required: true}}\n"
        "r:\n  steps:\n",
        self);
    (void)fprintf(ninja, "rule step\n  command = %s --step $in $out $out\n", self);
    (void)fprintf(make, "all:");
    for (int i = chain ? count - 1 : 0; i < count; i++)
        (void)fprintf(make, " m%d", i);
    (void)fprintf(make, "\n");
    for (int i = 0; i < count; i++) {
        (void)fprintf(recipe, "    s%d: {cab: step, params: {from: %s, n: %d, to: o%d}}\n", i,
                      source_of('o', i, chain), i, i);
        (void)fprintf(ninja, "build n%d: step %s\n", i, source_of('n', i, chain));
        (void)fprintf(make, "m%d: %s\n\t@%s --step $< $@ $@\n", i, source_of('m', i, chain), self);
    }
    (void)fclose(recipe);
    (void)fclose(ninja);
    (void)fclose(make);
}

/* --- running ------------------------------------------------------------------------------ */

static double once(const char *const *argv)
{
    sp_nsec start = sp_clock_monotonic();
    pid_t pid;
    int status;

    errno = posix_spawnp(&pid, argv[0], &to_null, NULL, (char *const *)argv, environ);
    if (errno != 0)
        return -1; /* not installed */
    if (waitpid(pid, &status, 0) < 0 || status != 0) {
        (void)fprintf(stderr, "repeat_bench: '%s %s' failed\n", argv[0], argv[1]);
        exit(1);
    }
    return (double)(sp_clock_monotonic() - start) / 1e9;
}

static void enter(const char *root, const char *name)
{
    char path[256];

    (void)snprintf(path, sizeof path, "%s/%s", root, name);
    if (mkdir(path, 0777) < 0 || chdir(path) < 0) {
        perror(path);
        exit(1);
    }
}

/* --- up to date --------------------------------------------------------------------------- */

static void compare_repetition(const char *spoor, const char *root, int count, bool chain)
{
    const char *const commands[][5] = {
        { spoor, "run", "-q", "r.yml", NULL },
        { "ninja", "--quiet", NULL },
        { "make", "-s", NULL },
        { spoor, "run", "-q", "r.yml", NULL }, /* without what it remembers */
    };
    double best[SP_COUNT(commands)] = { 1e9, 1e9, 1e9, 1e9 };
    char name[32];

    (void)snprintf(name, sizeof name, "%s-%d", chain ? "chain" : "fan", count);
    enter(root, name);
    write_graphs(count, chain);
    for (int round = 0; round <= ROUNDS; round++)
        for (size_t i = 0; i < SP_COUNT(commands); i++) {
            if (i == SP_COUNT(commands) - 1)
                (void)unlink(".spoor/repeat");
            double took = once(commands[i]);
            if (round > 0) /* the first time everything is made */
                best[i] = SP_MIN(best[i], took);
        }
    (void)printf("%-12s up to date %9.1f ms %9.1f ms %9.1f ms %9.2f x %9.2f x %9.1f ms\n", name,
                 best[0] * 1e3, best[1] * 1e3, best[2] * 1e3, best[0] / best[1], best[0] / best[2],
                 best[3] * 1e3);
    (void)fflush(stdout);
}

/* --- steps that run ----------------------------------------------------------------------- */

static void write_loop(const char *path, bool writes)
{
    FILE *file = create(path);

    (void)fprintf(file,
                  writes ? "cabs:\n  step:\n    command: %s --step src\n"
                           "    policies: {positional: true}\n"
                           "    inputs: {n: int}\n"
                           "    outputs: {to: {dtype: File, required: true}}\n"
                         : "cabs:\n  step:\n    command: 'true'\n    inputs: {n: int}\n%.0s",
                  self);
    (void)fprintf(file, "r:\n  inputs: {base: int = 0, side: str = o}\n  steps:\n");
    for (int i = 0; i < EXECUTED; i++) {
        (void)fprintf(file, "    s%d: {cab: step, params: {n: '=%d + recipe.base'", i, i);
        if (writes)
            (void)fprintf(file, ", to: '{recipe.side}%d'", i);
        (void)fprintf(file, "}}\n");
    }
    (void)fclose(file);
}

static double bare_loop(bool writes)
{
    double total = 0;

    for (int i = 0; i < EXECUTED; i++) {
        char number[32], out[32];
        (void)snprintf(number, sizeof number, "%d", i);
        (void)snprintf(out, sizeof out, "b%d", i);
        const char *const tool[] = { self, "--step", "src", number, out, NULL };
        const char *const nothing[] = { "/bin/true", "x", NULL };
        total += once(writes ? tool : nothing);
    }
    return total;
}

/* Another number each time, so that nothing has been done before. */
static void compare_execution(const char *spoor, const char *root, bool writes)
{
    double best[3] = { 1e9, 1e9, 1e9 };
    FILE *source;

    enter(root, writes ? "writes" : "nothing");
    source = create("src");
    (void)fprintf(source, "a source\n");
    (void)fclose(source);
    write_loop("r.yml", writes);
    for (int round = 0; round < ROUNDS; round++) {
        char base[32];
        (void)snprintf(base, sizeof base, "base=%d", (round + 1) * 1000);
        const char *const with[] = { spoor, "run", "-q", "r.yml", base, "side=kept", NULL };
        const char *const without[] = { spoor,   "run", "-q", "-c", "opts.store.enable=false",
                                        "r.yml", base,  NULL };
        double took = once(with);
        best[0] = SP_MIN(best[0], took);
        took = once(without);
        best[1] = SP_MIN(best[1], took);
        took = bare_loop(writes);
        best[2] = SP_MIN(best[2], took);
    }
    (void)printf("%d steps %-18s %7.2f ms %7.2f ms %7.2f ms a step: the store costs %.2f ms, the "
                 "rest %.2f ms\n",
                 EXECUTED, writes ? "of a small file" : "of true", best[0] * 1e3 / EXECUTED,
                 best[1] * 1e3 / EXECUTED, best[2] * 1e3 / EXECUTED,
                 (best[0] - best[1]) * 1e3 / EXECUTED, (best[1] - best[2]) * 1e3 / EXECUTED);
    (void)fflush(stdout);
}

int main(int argc, char **argv)
{
    char root[] = "/var/tmp/spoor-repeat-XXXXXX"; /* a disk, not memory */

    static const struct {
        int count;
        bool chain;
    } graphs[] = { { 1000, true }, { 1000, false }, { 10000, true } };

    if (argc == 5 && strcmp(argv[1], "--step") == 0)
        return step(argv[2], argv[3], argv[4]);
    if ((argc != 2 && argc != 3) || !realpath(argv[0], self) || !mkdtemp(root))
        return 2;
    (void)posix_spawn_file_actions_init(&to_null);
    (void)posix_spawn_file_actions_addopen(&to_null, 1, "/dev/null", O_WRONLY, 0);
    int only = argc == 3 ? (int)strtol(argv[2], NULL, 10) : 0;
    (void)printf("%-23s %12s %12s %12s %11s %11s %12s\n", "", "spoor", "ninja", "make", "to ninja",
                 "to make", "every step");
    for (size_t i = 0; i < SP_COUNT(graphs); i++)
        if (!only || only == graphs[i].count)
            compare_repetition(argv[1], root, graphs[i].count, graphs[i].chain);
    if (!only) {
        (void)printf("%-27s %10s %10s %10s\n", "", "store", "no store", "floor");
        compare_execution(argv[1], root, true);
        compare_execution(argv[1], root, false);
    }
    const char *const clean[] = { "/bin/rm", "-rf", root, NULL };
    return chdir("/") == 0 && once(clean) >= 0 ? 0 : 1;
}
