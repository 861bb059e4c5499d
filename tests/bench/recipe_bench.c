/* SPDX-License-Identifier: BSD-3-Clause */
/* recipe_bench.c - what Spoor costs beyond the tools it runs, as ratios within one run.
 *
 *     recipe_bench SPOOR DEMO_RECIPE
 *
 * 1. a recipe of 200 steps of `true`, journal and logs included, against a bare loop of
 *    posix_spawn and waitpid over the same 200 processes (the floor);
 * 2. a loop over 2000 elements, one after the other and eight at a time, against a bare loop over
 * as many processes, and what memory the last nine tenths of it cost;
 * 3. start-up: `spoor --version`, and validating the demo recipe, against `true`.
 * Best of several rounds, the two sides alternating.
 */
#include "base/clock.h"
#include "base/defs.h"

#include <fcntl.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#define STEPS  200
#define LOOP   2000
#define ROUNDS 7

static posix_spawn_file_actions_t to_null;

static int run(const char *const *argv)
{
    pid_t pid;
    int status;

    if (posix_spawnp(&pid, argv[0], &to_null, NULL, (char *const *)argv, environ) != 0)
        return -1;
    if (waitpid(pid, &status, 0) < 0)
        return -1;
    return status;
}

static double seconds(sp_nsec duration)
{
    return (double)duration / 1e9;
}

static double bare_loop(int count)
{
    const char *const argv[] = { "/bin/true", NULL };
    sp_nsec start = sp_clock_monotonic();

    for (int i = 0; i < count; i++)
        if (run(argv) != 0)
            exit(1);
    return seconds(sp_clock_monotonic() - start);
}

static double once(const char *const *argv)
{
    sp_nsec start = sp_clock_monotonic();

    if (run(argv) != 0) {
        (void)fprintf(stderr, "recipe_bench: '%s %s' failed\n", argv[0], argv[1]);
        exit(1);
    }
    return seconds(sp_clock_monotonic() - start);
}

static void write_recipe(const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        exit(1);
    (void)fprintf(file, "cabs: {nothing: {command: /bin/true}}\nmany:\n  steps:\n");
    for (int i = 0; i < STEPS; i++)
        (void)fprintf(file, "    s%d: {cab: nothing}\n", i);
    (void)fclose(file);
}

static void write_loop(const char *path)
{
    FILE *file = fopen(path, "we");

    if (!file)
        exit(1);
    (void)fprintf(file, "cabs: {nothing: {command: /bin/true}}\n"
                        "loop:\n"
                        "  inputs:\n"
                        "    n: int\n"
                        "    xs: {dtype: 'List[int]', default: =RANGE(current.n)}\n"
                        "    for_loop: {scatter: {dtype: int, default: 0}}\n"
                        "  for_loop: {var: i, over: xs}\n"
                        "  steps: {one: {cab: nothing}}\n");
    (void)fclose(file);
}

/* Largest memory in KiB of a program that is run with this number of iterations. */
static long memory_of(const char *spoor, const char *scatter, int count)
{
    char number[32];
    struct rusage usage;
    pid_t pid;
    int status;

    (void)snprintf(number, sizeof number, "n=%d", count);
    const char *const argv[] = { spoor, "run", "loop.yml", number, scatter, NULL };
    if (posix_spawnp(&pid, argv[0], &to_null, NULL, (char *const *)argv, environ) != 0 ||
        wait4(pid, &status, 0, &usage) < 0 || status != 0)
        exit(1);
    return usage.ru_maxrss;
}

static void compare_loops(const char *spoor)
{
    static const char *const scatters[] = { "for_loop.scatter=0", "for_loop.scatter=8" };
    sp_nsec start;

    write_loop("loop.yml");
    for (size_t i = 0; i < SP_COUNT(scatters); i++) {
        long few = memory_of(spoor, scatters[i], LOOP / 10);
        start = sp_clock_monotonic();
        long many = memory_of(spoor, scatters[i], LOOP);
        double ours = seconds(sp_clock_monotonic() - start);
        double bare = bare_loop(LOOP);
        (void)printf("%d iterations, %-28s %9.2f ms %9.2f ms %6.2f x   %ld KiB (%d: %ld KiB)\n",
                     LOOP, scatters[i], ours * 1e3, bare * 1e3, ours / bare, many, LOOP / 10, few);
    }
}

static void compare(const char *what, double ours, double floor, double aim_ms)
{
    (void)printf("%-44s %9.2f ms %9.2f ms %6.2f x", what, ours * 1e3, floor * 1e3, ours / floor);
    if (aim_ms > 0)
        (void)printf("   (aim: below %.0f ms)", aim_ms);
    (void)printf("\n");
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/spoor-bench-XXXXXX";
    double best[2] = { 1e9, 1e9 };
    double start_up[3] = { 1e9, 1e9, 1e9 };

    if (argc != 3 || !mkdtemp(dir) || chdir(dir) < 0)
        return 2;
    (void)posix_spawn_file_actions_init(&to_null);
    (void)posix_spawn_file_actions_addopen(&to_null, 1, "/dev/null", O_WRONLY, 0);
    write_recipe("many.yml");
    const char *const recipe[] = { argv[1], "run", "many.yml", NULL };
    const char *const version[] = { argv[1], "--version", NULL };
    const char *const check[] = { argv[1], "check", argv[2], NULL };
    const char *const nothing[] = { "/bin/true", "x", NULL };
    for (int i = 0; i < ROUNDS; i++) {
        double took = once(recipe);
        best[0] = SP_MIN(best[0], took);
        took = bare_loop(STEPS);
        best[1] = SP_MIN(best[1], took);
        for (int k = 0; k < 5; k++) {
            took = once(version);
            start_up[0] = SP_MIN(start_up[0], took);
            took = once(check);
            start_up[1] = SP_MIN(start_up[1], took);
            took = once(nothing);
            start_up[2] = SP_MIN(start_up[2], took);
        }
    }
    (void)printf("%-44s %12s %12s\n", "", "spoor", "floor");
    compare("200 steps of true / bare posix_spawn loop", best[0], best[1], 0);
    compare_loops(argv[1]);
    compare("spoor --version / true", start_up[0], start_up[2], 10);
    compare("spoor check demo.yml / true", start_up[1], start_up[2], 10);
    const char *const clean[] = { "/bin/rm", "-rf", dir, NULL };
    return chdir("/") == 0 ? run(clean) : 1;
}
