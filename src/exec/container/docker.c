/* SPDX-License-Identifier: BSD-3-Clause */
/* docker.c - containers of a docker daemon.
 *
 * Docker takes no directory for an image, so the root is imported once, as spoor-root:KEY. That
 * takes as long as copying it, so the job itself does it, before its container: a script that
 * ends in `docker run`. Whoever is second waits for the lock on the directory. */
#include "exec/children.h"
#include "exec/container/ask.h"
#include "exec/container/container.h"
#include "sys/capture.h"
#include "sys/file.h"

#include <stdio.h>
#include <unistd.h>

#define ASK_MS 10000
#define TEXT   400

/* $1: docker, $2: name of the image, $3: the directory; then what docker is to do. */
#define IMPORT                                                                                   \
    "if ! \"$1\" image inspect \"$2\" >/dev/null 2>&1; then "                                    \
    "exec 9<\"$3\" && flock 9 && "                                                               \
    "if ! \"$1\" image inspect \"$2\" >/dev/null 2>&1; then "                                    \
    "tar -C \"$3\" --numeric-owner --owner=0 --group=0 -cf - . 9<&- | "                          \
    "\"$1\" import --change 'LABEL org.spoor.root=1' - \"$2\" 9<&- >/dev/null || exit 125; fi; " \
    "exec 9<&-; fi; d=$1; shift 3; exec \"$d\" \"$@\""

static const char question[] = "{{.ServerVersion}}|{{.MemoryLimit}}|{{.PidsLimit}}|"
                               "{{.CPUCfsQuota}}|{{.InitBinary}}|{{.SecurityOptions}}";

static struct {
    bool done;
    char path[TEXT]; /* of the program; empty: there is none */
    char why[TEXT];  /* it cannot be used; empty: it can */
    char version[40];
    bool memory, processes, processors; /* may be limited */
    bool has_init, rootless;
} probe;

/* --- what there is --------------------------------------------------------------------------- */

static void note_refusal(struct sp_str said)
{
    (void)snprintf(probe.why, sizeof probe.why, "the daemon does not answer: " SP_STR_FMT,
                   SP_STR_ARG(sp_last_line(said)));
}

static bool is_true(struct sp_str *rest)
{
    return sp_str_is(sp_str_cut(rest, '|'), "true");
}

static void ask_daemon(void)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf said = SP_BUF(SP_BUF_SMALL);
    const char *const argv[] = { probe.path, "info", "--format", question, NULL };
    int status = sp_ask(argv, ASK_MS, &out, &said);
    struct sp_str rest = sp_str_trim(sp_buf_str(&out));
    struct sp_str version = sp_str_cut(&rest, '|');

    if (status != 0 || !version.len) {
        note_refusal(sp_buf_str(&said));
        return;
    }
    (void)snprintf(probe.version, sizeof probe.version, SP_STR_FMT, SP_STR_ARG(version));
    probe.memory = is_true(&rest);
    probe.processes = is_true(&rest);
    probe.processors = is_true(&rest);
    probe.has_init = sp_str_cut(&rest, '|').len > 0;
    probe.rootless = sp_str_find_str(rest, SP_STR("rootless")) != SIZE_MAX;
}

static void look_once(void)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    if (probe.done)
        return;
    probe.done = true;
    if (!sp_container_find("docker", &path)) {
        (void)snprintf(probe.why, sizeof probe.why, "not installed");
        return;
    }
    (void)snprintf(probe.path, sizeof probe.path, "%s", path.ptr);
    ask_daemon();
}

static const char *find(const char **why)
{
    look_once();
    if (probe.why[0])
        *why = probe.why;
    return probe.path[0] ? probe.path : NULL;
}

/* All limits, or none. */
static bool holds_memory(void)
{
    look_once();
    return probe.memory && probe.processes && probe.processors;
}

/* --- the command line ------------------------------------------------------------------------ */

static enum sp_rc fill(struct sp_call *call, struct sp_err *err)
{
    const struct sp_box_root *root = call->job->box->root;
    const struct sp_box_program *said = call->job->box->program;
    const char *image = sp_arena_printf(call->arena, "spoor-root:%s", root->key).ptr;

    sp_argv_add_all(&call->run, (const char *const[]){ "/bin/sh", "-c", IMPORT, "sh", call->program,
                                                       image, root->path, "run", NULL });
    if (said && said->runtime)
        sp_argv_add_all(&call->run, (const char *const[]){ "--runtime", said->runtime, NULL });
    sp_argv_add_all(&call->run, (const char *const[]){ "--log-driver", "none", "--user", NULL });
    /* Root of a rootless daemon is its user. */
    if (probe.rootless)
        sp_argv_add(&call->run, "0:0");
    else
        sp_call_addf(call, "%u:%u", (unsigned)geteuid(), (unsigned)getegid());
    if (probe.has_init)
        sp_argv_add(&call->run, "--init");
    enum sp_rc rc = sp_call_add_common(call, err);
    if (rc)
        return rc;
    sp_call_add_limits(call, holds_memory());
    if (said)
        sp_argv_add_all(&call->run, said->options);
    sp_argv_add(&call->run, image);
    sp_argv_add_all(&call->run, call->job->argv);
    return SP_OK;
}

static const char *const removal[] = { "rm", "--force", NULL };

static const struct sp_container_kind kind = {
    .name = "docker",
    .begins = { "docker: ", "Error response from daemon: ", "[FATAL tini", NULL },
    .failures = { { 125, 127, "docker: " }, { 125, 125, "Error" }, { 127, 127, "tini" } },
    .has_groups = true,
    .is_remote = true,
    .removal = removal,
    .find = find,
    .fill = fill,
    .holds_memory = holds_memory,
};

/* --- what is enforced ------------------------------------------------------------------------ */

static const struct sp_backend_feature *features(void)
{
    static struct sp_backend_feature table[10];
    static char daemon[100];
    bool limited = holds_memory();

    if (probe.why[0])
        return &table[0];
    (void)snprintf(daemon, sizeof daemon, "daemon %s%s", probe.version,
                   probe.rootless ? ", rootless" : "");
    const struct sp_backend_feature rows[] = {
        { "daemon", true, daemon },
        { "declared writes", true, "read-only mounts, and scratch directories for new files" },
        { "own user", true,
          probe.rootless ? "files belong to you, but tools believe to be root"
                         : "files belong to you, tools run under your number" },
        { "no network", true, "network namespace" },
        { "nothing stays", true, "pid namespace; a keeper and the next run remove containers" },
        { "memory limit", limited, limited ? "cgroup" : "only RLIMIT_DATA of each process" },
        { "process limit", limited, limited ? "cgroup" : "only RLIMIT_NPROC" },
        { "interrupts", probe.has_init,
          probe.has_init ? "docker-init" : "the daemon has no docker-init" },
        { "usage", false, "docker does not tell what a job uses while it runs" },
    };

    memcpy(table, rows, sizeof rows);
    return table;
}

/* --- the backend ----------------------------------------------------------------------------- */

static enum sp_rc open_docker(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
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

const struct sp_backend_ops sp_docker_backend = {
    .name = "docker",
    .is_local = true,
    .open = open_docker,
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
