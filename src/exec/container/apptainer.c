/* SPDX-License-Identifier: BSD-3-Clause */
/* apptainer.c - containers of Apptainer, or of Singularity: from the directory of an image, with no
 * daemon. A container is below the program, and dies with it.
 *
 * Variables go through its own environment, since its options would cut values at commas. Limits
 * are those of each process: groups would need root and a systemd. */
#include "exec/children.h"
#include "exec/container/ask.h"
#include "exec/container/container.h"
#include "sys/capture.h"
#include "sys/env.h"
#include "sys/file.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define ASK_MS     20000
#define NO_PROGRAM "/spoor-probe"
#define TEXT       400

static struct {
    bool done;
    char path[TEXT]; /* of the program; empty: there is none */
    char why[TEXT];  /* it cannot be used; empty: it can */
    char version[80];
} probe;

static const char *const programs[] = { "apptainer", "singularity" };

/* Nothing of the machine but what is asked for, nothing to be gained inside. */
static const char *const confining[] = { "exec", "--containall", "--no-eval", "--no-privs", NULL };

/* What root could write there would be the machine's. */
static const char *const settings[] = { "/proc/sys", "/proc/sysrq-trigger", "/proc/irq",
                                        "/proc/bus" };

/* --- what there is --------------------------------------------------------------------------- */

static void note_refusal(struct sp_str said)
{
    (void)snprintf(probe.why, sizeof probe.why, "it cannot make containers here: " SP_STR_FMT,
                   SP_STR_ARG(sp_last_line(said)));
}

/* It needs places for what it always mounts. */
static bool make_root(char *dir)
{
    static const char *const places[] = { "dev", "proc", "sys", "tmp" };

    if (!mkdtemp(dir))
        return false;
    for (size_t i = 0; i < SP_COUNT(places); i++) {
        char path[TEXT];
        (void)snprintf(path, sizeof path, "%s/%s", dir, places[i]);
        if (mkdir(path, 0755) < 0)
            return false;
    }
    return true;
}

/* As far as to miss its program. */
static void try_container(void)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf said = SP_BUF(SP_BUF_SMALL);
    char dir[] = "/tmp/spoor-apptainer-XXXXXX";
    struct sp_argv words = { 0 };
    struct sp_err ignored = SP_ERR_INIT;

    if (!make_root(dir)) {
        (void)snprintf(probe.why, sizeof probe.why, "cannot make a directory in /tmp");
        return;
    }
    sp_argv_add(&words, probe.path);
    sp_argv_add_all(&words, confining);
    sp_argv_add_all(&words, (const char *const[]){ "--no-home", "--net", "--network", "none", dir,
                                                   NO_PROGRAM, NULL });
    sp_argv_add(&words, NULL);
    (void)sp_ask(words.items, ASK_MS, &out, &said);
    sp_argv_fini(&words);
    if (sp_remove_tree(dir, &ignored))
        ignored.code = SP_OK; /* it is in /tmp */
    if (sp_str_find_str(sp_buf_str(&said), SP_STR(NO_PROGRAM)) == SIZE_MAX)
        note_refusal(sp_buf_str(&said));
}

static void look_once(void)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    bool found = false;

    if (probe.done)
        return;
    probe.done = true;
    for (size_t i = 0; i < SP_COUNT(programs) && !found; i++)
        found = sp_container_find(programs[i], &path);
    if (!found) {
        (void)snprintf(probe.why, sizeof probe.why, "not installed");
        return;
    }
    (void)snprintf(probe.path, sizeof probe.path, "%s", path.ptr);
    const char *const version[] = { probe.path, "--version", NULL };
    (void)sp_ask(version, ASK_MS, &out, &out);
    struct sp_str text = sp_str_trim(sp_buf_str(&out));
    (void)snprintf(probe.version, sizeof probe.version, SP_STR_FMT, SP_STR_ARG(text));
    try_container();
}

static const char *find(const char **why)
{
    look_once();
    if (probe.why[0])
        *why = probe.why;
    return probe.path[0] ? probe.path : NULL;
}

/* --- the command line ------------------------------------------------------------------------ */

/* Its home directory is a mount of its own, whatever the variable says. */
static void add_home(struct sp_call *call)
{
    const char *home = sp_env_find(call->job->env, "HOME");

    if (!call->scratch) {
        sp_argv_add(&call->run, "--no-home");
        return;
    }
    sp_argv_add(&call->run, "--home");
    sp_call_addf(call, "%s:%s", call->scratch->home, home && home[0] == '/' ? home : "/tmp/home");
}

/* Both names: which program it is does not matter so. */
static void add_variables(struct sp_call *call)
{
    static const char *const prefixes[] = { "APPTAINERENV_", "SINGULARITYENV_" };
    struct sp_argv variables = sp_call_variables(call);

    for (size_t i = 0; i < variables.len; i++)
        for (size_t k = 0; k < SP_COUNT(prefixes); k++)
            if (strncmp(variables.items[i], "HOME=", 5) != 0)
                sp_argv_add(
                    &call->env,
                    sp_arena_printf(call->arena, "%s%s", prefixes[k], variables.items[i]).ptr);
    sp_argv_fini(&variables);
}

static void add_mounts(struct sp_call *call)
{
    for (size_t i = 0; i < call->binds.len; i++) {
        const struct sp_box_mount *bind = &call->binds.items[i];
        sp_argv_add(&call->run, "--mount");
        sp_call_addf(call, "type=bind,%s,%s%s", sp_call_csv(call, "source", bind->source),
                     sp_call_csv(call, "destination", bind->target), bind->writable ? "" : ",ro");
    }
}

static void add_settings(struct sp_call *call)
{
    bool is_root = geteuid() == 0;

    sp_argv_add_all(
        &call->run,
        (const char *const[]){ "--no-mount", is_root ? "bind-paths,sys" : "bind-paths", NULL });
    for (size_t i = 0; is_root && i < SP_COUNT(settings); i++)
        if (access(settings[i], F_OK) == 0) {
            sp_argv_add(&call->run, "--mount");
            sp_call_addf(call, "type=bind,source=%s,destination=%s,ro", settings[i], settings[i]);
        }
}

static enum sp_rc fill(struct sp_call *call, struct sp_err *err)
{
    const struct sp_box *box = call->job->box;

    (void)err;
    sp_argv_add(&call->run, call->program);
    sp_argv_add(&call->run, "--silent");
    sp_argv_add_all(&call->run, confining);
    if (!(box->flags & SP_BOX_NETWORK))
        sp_argv_add_all(&call->run, (const char *const[]){ "--net", "--network", "none", NULL });
    add_settings(call);
    add_home(call);
    sp_argv_add_all(&call->run, (const char *const[]){ "--pwd", call->job->cwd, NULL });
    add_mounts(call);
    add_variables(call);
    if (box->program)
        sp_argv_add_all(&call->run, box->program->options);
    sp_argv_add(&call->run, box->root->path);
    sp_argv_add_all(&call->run, call->job->argv);
    return SP_OK;
}

static bool holds_memory(void)
{
    return false;
}

static const struct sp_container_kind kind = {
    .name = "singularity",
    .begins = { "FATAL: ", NULL },
    .failures = { { 255, 255, "FATAL: " } },
    .find = find,
    .fill = fill,
    .holds_memory = holds_memory,
};

/* --- what is enforced ------------------------------------------------------------------------ */

static const struct sp_backend_feature *features(void)
{
    static struct sp_backend_feature table[10];

    look_once();
    if (probe.why[0])
        return &table[0];
    const struct sp_backend_feature rows[] = {
        { "version", true, probe.version },
        { "declared writes", true, "read-only mounts, and scratch directories for new files" },
        { "own user", true, "files belong to you, tools run under your number" },
        { "no network", true, "network namespace" },
        { "nothing stays", true, "pid namespace, ended by a keeper" },
        { "memory limit", false, "no cgroups: what it uses is looked at every second" },
        { "process limit", geteuid() != 0,
          geteuid() != 0 ? "RLIMIT_NPROC of the user" : "there is none for root" },
    };

    memcpy(table, rows, sizeof rows);
    return table;
}

/* --- the backend ----------------------------------------------------------------------------- */

static enum sp_rc open_apptainer(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
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

const struct sp_backend_ops sp_apptainer_backend = {
    .name = "singularity",
    .is_local = true,
    .open = open_apptainer,
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
