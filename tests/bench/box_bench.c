/* SPDX-License-Identifier: BSD-3-Clause */
/* box_bench.c - what starting a step in a box costs.
 *
 * Runs `true` 100 times (or as often as the first argument says) in turns of 10: on the backend
 * native; in a box that may write nothing, and in one with a scratch directory of a workspace of 50
 * entries, in the file system of this machine (sandbox), of a small image, and of one with 3000
 * files (container); and through bubblewrap and podman, where they are installed, with about the
 * same restrictions. Prints milliseconds a job from submit to DONE: the median, and what it is
 * above native. Programs that take longer than 100 ms run less often. */
#include "base/clock.h"

#include "exec/backend.h"
#include "exec/box.h"
#include "exec/testroot.h"
#include "sys/file.h"
#include "sys/loop.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

enum {
    TURN = 10,
    ENTRIES = 50,
    LIBRARIES = 3000,
    SLOW = 100 * 1000000 /* ns */
};

static const char *const argv_true[] = { "true", NULL };
static const char *const argv_bwrap[] = {
    "bwrap",
    "--ro-bind",
    "/",
    "/",
    "--dev",
    "/dev",
    "--proc",
    "/proc",
    "--tmpfs",
    "/tmp",
    "--tmpfs",
    "/run",
    "--bind",
    ".",
    "/var/tmp",
    "--unshare-all",
    "--die-with-parent",
    "--new-session",
    "true",
    NULL,
};
static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
static const char *const nothing[] = { NULL };

struct contestant {
    const char *name;
    const char *backend;
    const char *const *argv;
    const struct sp_box *box;
    const struct sp_backend_ops *ops;
    struct sp_backend *instance;
    sp_nsec *times; /* of each job */
    size_t len;
    sp_nsec cpu; /* of all jobs, ours and theirs */
};

struct shell {
    struct sp_loop *loop;
    const char *cwd;
    bool done;
    int status;
};

static void on_report(void *arg, const struct sp_report *report)
{
    struct shell *shell = arg;

    shell->done = report->state == SP_JOB_DONE;
    shell->status = report->fault ? -1 : report->exit_status;
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    (void)arg;
    (void)stream;
    (void)partial;
    printf("# " SP_STR_FMT "\n", SP_STR_ARG(text));
}

static sp_nsec cpu_now(void)
{
    static const int whose[] = { RUSAGE_SELF, RUSAGE_CHILDREN };
    sp_nsec sum = 0;

    for (size_t i = 0; i < SP_COUNT(whose); i++) {
        struct rusage used = { 0 };
        (void)getrusage(whose[i], &used);
        sum += (used.ru_utime.tv_sec + used.ru_stime.tv_sec) * SP_NSEC_PER_SEC +
               (used.ru_utime.tv_usec + used.ru_stime.tv_usec) * 1000;
    }
    return sum;
}

static bool run_job(struct shell *shell, struct contestant *who)
{
    const struct sp_job job = { "bench", who->argv, env, shell->cwd, .box = who->box };
    const struct sp_observer observer = { shell, on_report, on_line };
    struct sp_handle handle;
    struct sp_err err = SP_ERR_INIT;
    sp_nsec start = sp_clock_monotonic();
    sp_nsec cpu = cpu_now();

    shell->done = false;
    if (who->ops->submit(who->instance, &job, &observer, &handle, &err)) {
        printf("%s: %s\n", who->name, err.text);
        return false;
    }
    while (!shell->done)
        (void)sp_loop_turn(shell->loop, -1);
    who->cpu += cpu_now() - cpu;
    who->times[who->len++] = sp_clock_monotonic() - start;
    return shell->status == 0;
}

static bool fill_directory(const char *dir, int count)
{
    char name[16]; /* "file" and a small number */

    if (chdir(dir) < 0)
        return false;
    for (int i = 0; i < count; i++) {
        (void)snprintf(name, sizeof name, "file%d", i);
        int fd = open(name, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        if (fd < 0)
            return false;
        (void)close(fd);
    }
    return true;
}

static int by_time(const void *a, const void *b)
{
    sp_nsec left = *(const sp_nsec *)a, right = *(const sp_nsec *)b;

    return (left > right) - (left < right);
}

/* In milliseconds; others may be using the machine. */
static double median_of(struct contestant *who)
{
    if (who->len)
        qsort(who->times, who->len, sizeof *who->times, by_time);
    return who->len ? (double)who->times[who->len / 2] / 1e6 : 0;
}

static bool run_all(struct shell *shell, struct contestant *all, size_t count, int jobs)
{
    struct sp_err err = SP_ERR_INIT;

    for (size_t i = 0; i < count; i++) {
        all[i].ops = sp_backend_find(all[i].backend);
        all[i].times = sp_alloc(((size_t)jobs + 1) * sizeof *all[i].times);
        if (all[i].ops->open(shell->loop, &all[i].instance, &err) || !run_job(shell, &all[i]))
            all[i].argv = NULL; /* not there, or does not work here */
        all[i].len = 0;
        all[i].cpu = 0; /* the first one looked at the kernel */
    }
    for (int turn = 0; turn < jobs / TURN; turn++)
        for (size_t i = 0; i < count; i++)
            for (int k = 0; k < TURN && all[i].argv && (k == 0 || all[i].times[0] < SLOW); k++)
                if (!run_job(shell, &all[i]))
                    return false;
    for (size_t i = 0; i < count; i++) {
        double each = median_of(&all[i]);
        double native = median_of(&all[0]);
        if (all[i].argv)
            printf("%-34s %6.2f ms  (+%.2f), %.2f ms of CPU\n", all[i].name, each, each - native,
                   (double)all[i].cpu / 1e6 / (double)all[i].len);
        else
            printf("%-34s cannot be run here\n", all[i].name);
        all[i].ops->close(all[i].instance);
    }
    for (size_t i = 0; i < count; i++)
        free(all[i].times);
    return true;
}

/* The second one is about as broad as that of a distribution. */
static bool make_roots(struct sp_arena *arena, const char *const paths[2], struct sp_err *err)
{
    static const char *const dirs[] = { "usr/lib", "etc",     "boot", "media", "mnt",
                                        "opt",     "root",    "run",  "sbin",  "srv",
                                        "sys",     "var/lib", "dev",  "lib" };

    for (size_t i = 0; i < 2; i++)
        if (sp_testroot_make(paths[i], err))
            return false;
    for (size_t i = 0; i < SP_COUNT(dirs); i++) {
        const char *dir = sp_arena_printf(arena, "%s/%s", paths[1], dirs[i]).ptr;
        if (sp_make_dirs(dir, err) || !fill_directory(dir, i ? ENTRIES : LIBRARIES))
            return false;
    }
    return true;
}

int main(int argc, char **argv)
{
    char top[] = "/var/tmp/spoor-box-bench-XXXXXX";
    struct sp_err err = SP_ERR_INIT;
    int jobs = argc > 1 ? (int)strtol(argv[1], NULL, 10) : 100;

    if (jobs < TURN || !mkdtemp(top))
        return 1;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *workspace = sp_arena_printf(arena, "%s/ws", top).ptr;
    const char *const paths[] = { sp_arena_printf(arena, "%s/root", top).ptr,
                                  sp_arena_printf(arena, "%s/large", top).ptr };
    const struct sp_box_root small = { .path = paths[0], .name = "small", .key = "0" };
    const struct sp_box_root large = { .path = paths[1], .name = "large", .key = "1" };
    const char *const writes[] = { sp_arena_printf(arena, "%s/new", workspace).ptr, NULL };
    const struct sp_box bare = { .writes = nothing, .shows = nothing };
    const struct sp_box full = { .scratch = sp_arena_printf(arena, "%s/box", top).ptr,
                                 .writes = writes,
                                 .shows = nothing,
                                 .processes = 8192 };
    struct sp_box in_small = bare, in_large = full;
    struct sp_box full_small = full;
    const char *const podman[] = { "podman",
                                   "--runtime",
                                   "runc",
                                   "run",
                                   "--rm",
                                   "--network",
                                   "none",
                                   "--ulimit",
                                   "nofile=1000:1000",
                                   "--ulimit",
                                   "nproc=1000:1000",
                                   "--rootfs",
                                   paths[0],
                                   "true",
                                   NULL };
    struct contestant all[] = {
        { .name = "native", .backend = "native", .argv = argv_true },
        { .name = "sandbox, nothing to write",
          .backend = "sandbox",
          .argv = argv_true,
          .box = &bare },
        { .name = "sandbox, workspace of 50 files",
          .backend = "sandbox",
          .argv = argv_true,
          .box = &full },
        { .name = "container, nothing to write",
          .backend = "container",
          .argv = argv_true,
          .box = &in_small },
        { .name = "container, workspace of 50 files",
          .backend = "container",
          .argv = argv_true,
          .box = &full_small },
        { .name = "the same, image of 3000 files",
          .backend = "container",
          .argv = argv_true,
          .box = &in_large },
        { .name = "bubblewrap", .backend = "native", .argv = argv_bwrap },
        { .name = "podman, runc", .backend = "native", .argv = podman },
    };
    struct shell shell = { .cwd = workspace };

    in_small.root = full_small.root = &small;
    in_large.root = &large;
    bool passed = make_roots(arena, paths, &err) && sp_make_dirs(workspace, &err) == SP_OK &&
                  fill_directory(workspace, ENTRIES) && sp_loop_new(&shell.loop, &err) == SP_OK &&
                  run_all(&shell, all, SP_COUNT(all), jobs);
    if (err.code)
        printf("%s\n", err.text);
    sp_loop_free(shell.loop);
    return chdir("/") < 0 || sp_remove_tree(top, &err) || !passed;
}
