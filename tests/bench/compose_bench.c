/* SPDX-License-Identifier: BSD-3-Clause */
/* compose_bench.c - how the time to check a recipe grows with its length.
 *
 *     compose_bench SPOOR
 *
 * Recipes of 2000, 4000, 8000 and 16000 steps (the last of a mebibyte) are written and checked; the
 * same text goes through the bare parser of libfyaml, and through memcpy, in the same run. Each
 * number is the processor time of the best of several rounds, so other programs disturb it little.
 * The time for a byte must not depend on the length.
 */
#include "base/defs.h"

#include <fcntl.h>
#include <libfyaml.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define STEPS  2000
#define SIZES  4 /* each twice the one before */
#define ROUNDS 5

static double seconds(struct timeval t)
{
    return (double)t.tv_sec + (double)t.tv_usec / 1e6;
}

static double used(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static _Noreturn void give_up(const char *what)
{
    (void)fprintf(stderr, "compose_bench: %s\n", what);
    exit(1);
}

/* Returns the text, which the caller frees. */
static char *write_recipe(const char *path, int steps, size_t *size)
{
    char *text = NULL;
    FILE *memory = open_memstream(&text, size);

    if (!memory)
        give_up("no memory");
    (void)fprintf(memory, "cabs:\n  tool:\n    command: /bin/true\n"
                          "    inputs: {ms: MS, n: int = 5}\n"
                          "big:\n  inputs: {ms: MS *}\n  steps:\n");
    for (int i = 0; i < steps; i++)
        (void)fprintf(memory, "    step-%d: {cab: tool, params: {ms: =recipe.ms, n: %d}}\n", i, i);
    (void)fclose(memory);
    FILE *file = fopen(path, "we");
    if (!file || fwrite(text, 1, *size, file) != *size || fclose(file) != 0)
        give_up("cannot write the recipe");
    return text;
}

static double check(const char *spoor, const char *path, long *memory)
{
    const char *const argv[] = { spoor, "check", path, "ms=bench.ms", NULL };
    posix_spawn_file_actions_t actions;
    struct rusage usage;
    pid_t pid;
    int status;

    (void)posix_spawn_file_actions_init(&actions);
    (void)posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
    if (posix_spawnp(&pid, spoor, &actions, NULL, (char *const *)argv, environ) != 0 ||
        wait4(pid, &status, 0, &usage) < 0 || status != 0)
        give_up("spoor check has failed");
    (void)posix_spawn_file_actions_destroy(&actions);
    *memory = usage.ru_maxrss;
    return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

static double parse(const char *text, size_t size)
{
    struct fy_parse_cfg config = { .flags = FYPCF_QUIET };
    double start = used();
    struct fy_parser *parser = fy_parser_create(&config);
    struct fy_event *event;

    if (!parser || fy_parser_set_string(parser, text, size))
        give_up("no parser");
    while ((event = fy_parser_parse(parser)))
        fy_parser_event_free(parser, event);
    fy_parser_destroy(parser);
    return used() - start;
}

static double copy(const char *text, size_t size)
{
    char *to = sp_alloc(size);
    volatile char last;
    double start = used();

    memcpy(to, text, size);
    last = to[size - 1];
    (void)last;
    double taken = used() - start;
    free(to);
    return taken;
}

static void measure(const char *spoor, int steps)
{
    double best[3] = { 1e9, 1e9, 1e9 };
    long memory = 0;
    size_t size;
    char *text = write_recipe("big.yml", steps, &size);

    for (int i = 0; i < ROUNDS; i++) {
        double took = check(spoor, "big.yml", &memory);
        best[0] = SP_MIN(best[0], took);
        took = parse(text, size);
        best[1] = SP_MIN(best[1], took);
        took = copy(text, size);
        best[2] = SP_MIN(best[2], took);
    }
    (void)printf("%6d steps, %7zu bytes %8.1f ms %7.1f ns a byte %8.1f x %8.0f x %7ld KiB\n", steps,
                 size, best[0] * 1e3, best[0] * 1e9 / (double)size, best[0] / best[1],
                 best[0] / best[2], memory);
    free(text);
}

int main(int argc, char **argv)
{
    char dir[] = "/tmp/spoor-bench-XXXXXX";

    if (argc != 2 || !mkdtemp(dir) || chdir(dir) < 0 || mkdir("bench.ms", 0700) < 0)
        return 2;
    (void)printf("%-27s %11s %17s %10s %10s\n", "spoor check", "", "", "/ libfyaml", "/ memcpy");
    for (int i = 0; i < SIZES; i++)
        measure(argv[1], STEPS << i);
    (void)unlink("big.yml");
    (void)rmdir("bench.ms");
    return chdir("/") == 0 && rmdir(dir) == 0 ? 0 : 1;
}
