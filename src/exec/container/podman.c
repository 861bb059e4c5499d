/* SPDX-License-Identifier: BSD-3-Clause */
/* podman.c - containers of podman: rootless or not, from the directory of an image.
 *
 * What works differs between machines: which OCI runtime gets along with their cgroups, whether
 * limits can be set, whether there is an init. So a container without a program is tried in
 * several ways, best first, and the first one that gets as far as to miss its program is taken. */
#include "exec/children.h"
#include "exec/container/ask.h"
#include "exec/container/container.h"
#include "sys/capture.h"
#include "sys/file.h"
#include "sys/limit.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TRY_MS     20000
#define NO_PROGRAM "/spoor-probe"

/* One way to run a container. */
struct way {
    const char *runtime; /* NULL: what podman is configured for */
    bool grouped;        /* limits of cgroups */
    bool without_groups; /* --cgroups=disabled */
    bool keeps_id;       /* rootless: our own number inside, too; else that of root */
};

static struct {
    bool done;
    char path[400]; /* of the program; empty: there is none */
    struct way way;
    const char *init;      /* path, or NULL */
    char why[400];         /* it cannot be used; empty: it can */
    char passed_over[400]; /* what the better ways failed with */
} probe;

static const char *const inits[] = { "/usr/libexec/podman/catatonit", "/usr/bin/catatonit",
                                     "/usr/lib/podman/catatonit", "/usr/bin/tini",
                                     "/usr/bin/docker-init" };

/* --- which way ------------------------------------------------------------------------------- */

static void add_way(struct sp_argv *words, const struct way *way)
{
    if (geteuid() != 0 && way->keeps_id)
        sp_argv_add_all(words, (const char *const[]){ "--userns", "keep-id", NULL });
    if (way->without_groups)
        sp_argv_add(words, "--cgroups=disabled");
    sp_argv_add_all(words, (const char *const[]){ "--read-only-tmpfs=false", "--http-proxy=false",
                                                  "--log-driver", "none", NULL });
}

static void add_init(struct sp_argv *words)
{
    if (probe.init)
        sp_argv_add_all(words, (const char *const[]){ "--init", "--init-path", probe.init, NULL });
}

/* It got as far as to look for the program, and had no objections before. */
static bool has_missed_program(struct sp_str said)
{
    return (sp_str_find_str(said, SP_STR(NO_PROGRAM)) != SIZE_MAX ||
            sp_str_find_str(said, SP_STR("failed to exec pid1")) != SIZE_MAX) &&
           sp_str_find_str(said, SP_STR("ignored")) == SIZE_MAX;
}

static bool try_way(const struct way *way, const char *root, struct sp_buf *said)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    static const char *const nobody[] = { NULL };
    const struct sp_box box = {
        .writes = nobody, .shows = nobody, .memory = 256 << 20, .processes = 1000, .cpus = 1
    };
    const struct sp_job job = { .name = "probe", .box = &box };
    struct sp_call call = { .arena = arena, .job = &job };

    sp_argv_add(&call.run, probe.path);
    if (way->runtime)
        sp_argv_add_all(&call.run, (const char *const[]){ "--runtime", way->runtime, NULL });
    sp_argv_add_all(&call.run, (const char *const[]){ "run", "--rm", "--network", "none",
                                                      "--read-only", NULL });
    add_way(&call.run, way);
    sp_call_add_limits(&call, way->grouped);
    add_init(&call.run);
    sp_argv_add_all(&call.run, (const char *const[]){ "--rootfs", root, NO_PROGRAM, NULL });
    sp_argv_add(&call.run, NULL);
    (void)sp_ask(call.run.items, TRY_MS, &out, said);
    sp_argv_fini(&call.run);
    return has_missed_program(sp_buf_str(said));
}

/* The last line says why. */
static void note_failure(const struct way *way, struct sp_buf *said)
{
    struct sp_str text = sp_last_line(sp_buf_str(said));
    size_t len = strlen(probe.passed_over);

    if (sp_str_starts(text, "Error: "))
        text = sp_str_slice(text, 7, text.len);
    (void)snprintf(probe.why, sizeof probe.why, SP_STR_FMT, SP_STR_ARG(text));
    (void)snprintf(probe.passed_over + len, sizeof probe.passed_over - len, "%s%s: " SP_STR_FMT,
                   len ? "; " : "", way->runtime ? way->runtime : "its own runtime",
                   SP_STR_ARG(text));
}

/* Best first. */
static const struct way ways[] = {
    { "crun", true, false, true },  { "runc", true, false, true },   { NULL, true, false, true },
    { "crun", false, true, true },  { "runc", false, false, true },  { NULL, false, false, true },
    { "crun", false, true, false }, { "runc", false, false, false }, { NULL, false, false, false },
};

static bool is_there(const char *program)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    return sp_find_program(program, "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                           &path);
}

static void try_ways(const char *root)
{
    sp_auto_buf struct sp_buf said = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < SP_COUNT(ways); i++) {
        if ((ways[i].runtime && !is_there(ways[i].runtime)) ||
            (geteuid() == 0 && !ways[i].keeps_id))
            continue;
        sp_buf_clear(&said);
        if (try_way(&ways[i], root, &said)) {
            probe.way = ways[i];
            probe.why[0] = '\0';
            return;
        }
        note_failure(&ways[i], &said);
    }
}

static void look_once(void)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    char dir[] = "/tmp/spoor-podman-XXXXXX";
    char root[sizeof dir + 2]; /* ":O" */

    if (probe.done)
        return;
    probe.done = true;
    if (!sp_container_find("podman", &path)) {
        (void)snprintf(probe.why, sizeof probe.why, "not installed");
        return;
    }
    (void)snprintf(probe.path, sizeof probe.path, "%s", path.ptr);
    for (size_t i = 0; i < SP_COUNT(inits) && !probe.init; i++)
        if (access(inits[i], X_OK) == 0)
            probe.init = inits[i];
    if (!mkdtemp(dir)) {
        (void)snprintf(probe.why, sizeof probe.why, "cannot make a directory in /tmp");
        return;
    }
    (void)snprintf(root, sizeof root, "%s:O", dir);
    try_ways(root);
    (void)rmdir(dir);
}

static const char *find(const char **why)
{
    look_once();
    if (probe.why[0])
        *why = probe.why;
    return probe.path[0] ? probe.path : NULL;
}

/* --- the command line ------------------------------------------------------------------------ */

static enum sp_rc fill(struct sp_call *call, struct sp_err *err)
{
    const struct sp_box *box = call->job->box;
    const struct sp_box_program *said = box->program;
    const char *runtime = said && said->runtime ? said->runtime : probe.way.runtime;

    sp_argv_add(&call->run, call->program);
    if (runtime)
        sp_argv_add_all(&call->run, (const char *const[]){ "--runtime", runtime, NULL });
    sp_argv_add(&call->run, "run");
    add_way(&call->run, &probe.way);
    sp_argv_add(&call->run, "--unsetenv-all");
    add_init(&call->run);
    enum sp_rc rc = sp_call_add_common(call, err);
    if (rc)
        return rc;
    sp_call_add_limits(call, probe.way.grouped);
    if (said)
        sp_argv_add_all(&call->run, said->options);
    sp_argv_add(&call->run, "--rootfs");
    /* What is mounted needs places, which are made in a layer above it. */
    sp_call_addf(call, "%s:O", box->root->path);
    sp_argv_add_all(&call->run, call->job->argv);
    return SP_OK;
}

static bool holds_memory(void)
{
    look_once();
    return probe.way.grouped;
}

static const char *const removal[] = { "rm", "--force", "--ignore", "--time", "0", NULL };

static const struct sp_container_kind kind = {
    .name = "podman",
    .begins = { "Error: ", "ERROR (catatonit", "[FATAL tini", NULL },
    .failures = { { 125, 125, "Error: " }, { 126, 127, "OCI" }, { 1, 127, "exec" } },
    .has_groups = true,
    .removal = removal,
    .find = find,
    .fill = fill,
    .holds_memory = holds_memory,
};

/* --- what is enforced ------------------------------------------------------------------------ */

static const struct sp_backend_feature *features(void)
{
    static struct sp_backend_feature table[10];
    static char runtime[500];

    look_once();
    if (probe.why[0])
        return &table[0];
    (void)snprintf(runtime, sizeof runtime, "%s%s%s%s%s", geteuid() == 0 ? "as root" : "rootless",
                   probe.way.runtime ? ", with " : "", probe.way.runtime ? probe.way.runtime : "",
                   probe.passed_over[0] ? ", since " : "", probe.passed_over);
    const struct sp_backend_feature rows[] = {
        { "runtime", true, runtime },
        { "declared writes", true, "read-only mounts, and scratch directories for new files" },
        { "own user", geteuid() == 0 || probe.way.keeps_id,
          probe.way.keeps_id ? "files belong to you, tools run under your number"
                             : "files belong to you, but tools believe to be root: '--userns "
                               "keep-id' does not work here (numbers in /etc/subuid, access to its "
                               "init)" },
        { "no network", true, "network namespace" },
        { "nothing stays", true, "pid namespace; a keeper and the next run remove containers" },
        { "memory limit", probe.way.grouped,
          probe.way.grouped ? "cgroup"
                            : "no cgroups here: only RLIMIT_DATA of each process, and "
                              "their sum is looked at every second" },
        { "process limit", probe.way.grouped,
          probe.way.grouped ? "cgroup" : "no cgroups here: only RLIMIT_NPROC" },
        { "interrupts", probe.init != NULL,
          probe.init ? probe.init
                     : "no catatonit, tini or docker-init: what cannot be interrupted is killed" },
    };

    memcpy(table, rows, sizeof rows);
    return table;
}

/* --- the backend ----------------------------------------------------------------------------- */

static enum sp_rc open_podman(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
{
    return sp_container_open(&kind, loop, out, err);
}

static const char *refusal(void)
{
    return sp_container_refusal(&kind);
}

static enum sp_rc reap(const char *dir, struct sp_err *err)
{
    return sp_container_reap(&kind, dir, err);
}

const struct sp_backend_ops sp_podman_backend = {
    .name = "podman",
    .is_local = true,
    .open = open_podman,
    .close = sp_container_close,
    .caps = sp_container_caps,
    .submit = sp_children_submit,
    .adopt = NULL,
    .cancel = sp_children_cancel,
    .usage = sp_children_usage,
    .is_alive = sp_children_is_alive,
    .kill = sp_container_kill,
    .refusal = refusal,
    .features = features,
    .reap = reap,
};
