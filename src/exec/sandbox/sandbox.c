/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/sandbox.h"

#include "base/fault.h"

#include "exec/children.h"
#include "exec/guard.h"
#include "exec/pipes.h"
#include "exec/sandbox/confine.h"
#include "exec/sandbox/features.h"
#include "exec/sandbox/layout.h"
#include "exec/sandbox/processors.h"
#include "exec/sandbox/rootfs.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_MS 5000

/* What the instance keeps. */
struct settings {
    bool needs_root;
    int grace_ms;
    unsigned without;
    struct sp_processors processors;
};

/* What a job keeps. */
struct boxed {
    struct sp_arena *arena;
    struct sp_guard guard;
    unsigned features;
    int status, leash;                /* our ends */
    struct sp_processors *processors; /* the backend's; NULL: it has none of them for itself */
    cpu_set_t cpus;
};

/* --- beginning ------------------------------------------------------------------------------ */

static void forget(void *own)
{
    struct boxed *boxed = own;

    if (!boxed)
        return;
    sp_guard_fini(&boxed->guard);
    if (boxed->processors)
        sp_processors_give(boxed->processors, &boxed->cpus);
    sp_fd_closep(&boxed->status);
    sp_fd_closep(&boxed->leash);
    sp_arena_free(boxed->arena);
    free(boxed);
}

/* End a first process that has not become one. */
static void end_stillborn(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
        ;
}

static enum sp_rc fail_start(const struct sp_job *job,
                             const struct sp_box_message *answer,
                             struct sp_err *err)
{
    if (strcmp(answer->what, "start") == 0)
        return job->box && job->box->root
                   ? sp_rootfs_explain(job, answer, err)
                   : sp_spawn_explain(&(struct sp_spawn){ .argv = job->argv, .cwd = job->cwd },
                                      answer->where ? answer->where : job->argv[0], answer->number,
                                      err);
    errno = answer->number;
    return sp_fail_errno(err, "box of '%s': cannot %s%s%s%s", job->argv[0], answer->what,
                         answer->where ? " '" : "", answer->where ? answer->where : "",
                         answer->where ? "'" : "");
}

/* Wait until the program has been started: what posix_spawn does, too. */
static enum sp_rc await_start(const struct sp_job *job, int status, struct sp_err *err)
{
    struct sp_box_message answer;
    ssize_t got;

    while ((got = read(status, &answer, sizeof answer)) < 0 && errno == EINTR)
        ;
    if (got != (ssize_t)sizeof answer)
        return sp_fail(err, SP_IO, "box of '%s': it has died before the tool was started",
                       job->argv[0]);
    return answer.kind == SP_BOX_STARTED ? SP_OK : fail_start(job, &answer, err);
}

/* The pipes are there; *out gets ours of the tool's output. */
static enum sp_rc clone_box(struct boxed *boxed,
                            const struct sp_job *job,
                            struct sp_box_plan *plan,
                            struct sp_pipe pipes[static SP_PIPES],
                            struct sp_process *out,
                            struct sp_err *err)
{
    int pid;

    plan->out = pipes[SP_PIPE_OUT].writer;
    plan->err = pipes[SP_PIPE_ERR].writer;
    plan->status = pipes[SP_PIPE_STATUS].writer;
    plan->leash = pipes[SP_PIPE_LEASH].reader;
    enum sp_rc rc = sp_box_clone(plan, &pid, err);
    if (rc)
        return rc;
    sp_fd_closep(&pipes[SP_PIPE_STATUS].writer);
    sp_fd_closep(&pipes[SP_PIPE_LEASH].reader);
    rc = await_start(job, pipes[SP_PIPE_STATUS].reader, err);
    if (rc) {
        end_stillborn(pid);
        return rc;
    }
    sp_pipes_take(pipes, pid, out, &boxed->status, &boxed->leash);
    return SP_OK;
}

static enum sp_rc start_box(struct boxed *boxed,
                            const struct settings *settings,
                            const struct sp_job *job,
                            struct sp_process *out,
                            struct sp_err *err)
{
    struct sp_pipe pipes[SP_PIPES];
    struct sp_box_plan plan;

    enum sp_rc rc =
        sp_layout_make(boxed->arena, job, boxed->guard.scratch, boxed->features, &plan, err);
    plan.grace_ms = settings->grace_ms;
    plan.cpus = boxed->processors ? &boxed->cpus : NULL;
    if (rc)
        return rc;
    rc = sp_pipes_open(pipes, err);
    if (rc == SP_OK)
        rc = clone_box(boxed, job, &plan, pipes, out, err);
    sp_pipes_close(pipes);
    return rc;
}

/* What an image's file system needs, leniency or not. */
static enum sp_rc check_root(const struct sp_job *job, unsigned features, struct sp_err *err)
{
    const char *why = !(features & SP_BOX_NAMESPACES) || !(features & SP_BOX_PROC)
                          ? "there are no namespaces, or no /proc of their own"
                          : sp_box_probe_root();

    if (!why)
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "image '%s' cannot be run in a box of Spoor's here: %s ('spoor doctor' tells "
                   "more; podman or apptainer may do)",
                   job->box->root->name, why);
}

static enum sp_rc check_job(const struct settings *settings,
                            const struct sp_job *job,
                            unsigned features,
                            struct sp_err *err)
{
    bool has_root = job->box && job->box->root;

    if (settings->needs_root && !has_root)
        return sp_fail(err, SP_INVALID,
                       "'%s' has no image: the backend 'container' runs nothing without one",
                       job->argv[0]);
    if (!(features & (SP_BOX_NAMESPACES | SP_BOX_LANDLOCK)) && !has_root &&
        !(job->box && (job->box->flags & SP_BOX_LENIENT)))
        return sp_fail(err, SP_INVALID,
                       "no sandbox can be made here: %s ('spoor doctor' tells more; "
                       "opts.backend.box.lenient: true runs the tool all the same)",
                       sp_box_probe()->why);
    if (sp_file_kind(job->cwd) != SP_FILE_DIR)
        return sp_fail(err, SP_INVALID, "start '%s': there is no working directory '%s'",
                       job->argv[0], job->cwd);
    return has_root ? check_root(job, features, err) : SP_OK;
}

static enum sp_rc start(void *arg,
                        const struct sp_job *job,
                        struct sp_process *out,
                        void **own,
                        struct sp_err *err)
{
    struct settings *settings = arg;
    unsigned features = sp_box_probe()->features & ~settings->without;

    enum sp_rc rc = check_job(settings, job, features, err);
    if (rc)
        return rc;
    struct boxed *boxed = sp_alloc(sizeof *boxed);
    boxed->arena = sp_arena_new();
    boxed->guard.box = job->box;
    boxed->features = features;
    boxed->status = boxed->leash = -1;
    if (job->box && sp_processors_take(&settings->processors, job->box->cpus, &boxed->cpus))
        boxed->processors = &settings->processors;
    if (job->box && job->box->scratch)
        rc = sp_scratch_make(job->box, job->cwd, &boxed->guard.scratch, err);
    if (rc == SP_OK)
        rc = start_box(boxed, settings, job, out, err);
    if (rc) {
        forget(boxed);
        return rc;
    }
    *own = boxed;
    return SP_OK;
}

/* --- meanwhile ------------------------------------------------------------------------------ */

static void send_signal(void *own, pid_t pid, int signo)
{
    const struct boxed *boxed = own;
    unsigned char byte = (unsigned char)signo;

    if (write(boxed->leash, &byte, 1) != 1)
        (void)kill(pid, SIGKILL);
}

static const char *oversee(void *own, const struct sp_procsum *sum)
{
    struct boxed *boxed = own;

    return sp_guard_oversee(&boxed->guard, sum);
}

static void hear(void *own, struct sp_str text)
{
    struct boxed *boxed = own;

    sp_guard_hear(&boxed->guard, text);
}

/* --- the end -------------------------------------------------------------------------------- */

/* The status of the tool, if the first process could still tell. */
static void take_status(const struct boxed *boxed, struct sp_child_end *end)
{
    struct sp_box_message message;

    while (read(boxed->status, &message, sizeof message) == (ssize_t)sizeof message) {
        if (message.kind != SP_BOX_ENDED)
            continue;
        end->status = message.number;
        end->left = message.left ? "a process in its box" : NULL;
        end->was_ended = message.was_ended;
    }
}

static void end_box(void *own, struct sp_child_end *end)
{
    struct boxed *boxed = own;

    take_status(boxed, end);
    if (boxed->features & SP_BOX_NAMESPACES)
        sp_guard_take_files(&boxed->guard, end);
    sp_guard_explain(&boxed->guard, end);
}

/* --- the backend ---------------------------------------------------------------------------- */

static const struct sp_child_kind kind = {
    .start = start,
    .signal = send_signal,
    .oversee = oversee,
    .hear = hear,
    .end = end_box,
    .forget = forget,
};

static enum sp_rc open_with(bool needs_root, struct sp_loop *loop, struct sp_backend **out)
{
    struct settings *settings = sp_alloc(sizeof *settings);

    settings->needs_root = needs_root;
    settings->grace_ms = GRACE_MS;
    *out = sp_children_new(&kind, settings, loop);
    return SP_OK;
}

static enum sp_rc sandbox_open(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
{
    (void)err;
    return open_with(false, loop, out);
}

static enum sp_rc container_open(struct sp_loop *loop, struct sp_backend **out, struct sp_err *err)
{
    (void)err;
    return open_with(true, loop, out);
}

static void sandbox_close(struct sp_backend *backend)
{
    struct settings *settings = backend ? sp_children_arg(backend) : NULL;

    sp_children_close(backend);
    free(settings);
}

static unsigned sandbox_caps(const struct sp_backend *backend)
{
    (void)backend;
    return SP_BACKEND_SHARED_FS | SP_BACKEND_LIVE_OUTPUT | SP_BACKEND_ENFORCES_MEM |
           SP_BACKEND_CONFINES;
}

static unsigned container_caps(const struct sp_backend *backend)
{
    return sandbox_caps(backend) | SP_BACKEND_CONTAINERS;
}

void sp_sandbox_set_grace(struct sp_backend *backend, int grace_ms)
{
    struct settings *settings = sp_children_arg(backend);

    settings->grace_ms = grace_ms;
}

void sp_sandbox_without(struct sp_backend *backend, unsigned features)
{
    struct settings *settings = sp_children_arg(backend);

    settings->without = features;
}

/* Trying costs some milliseconds, which planning need not pay: with Landlock there is no need to
 * know what else there is. */
static const char *refusal(void)
{
    if (sp_confine_landlock_version() >= 2)
        return NULL;
    const struct sp_box_probe *probe = sp_box_probe();

    return probe->features & (SP_BOX_NAMESPACES | SP_BOX_LANDLOCK) ? NULL : probe->why;
}

/* Landlock alone cannot give a tool another file system. */
static const char *container_refusal(void)
{
    const struct sp_box_probe *probe = sp_box_probe();

    if (!(probe->features & SP_BOX_NAMESPACES))
        return probe->why;
    return probe->features & SP_BOX_PROC ? sp_box_probe_root() : probe->proc;
}

const struct sp_backend_ops sp_sandbox_backend = {
    .name = "sandbox",
    .is_local = true,
    .open = sandbox_open,
    .close = sandbox_close,
    .caps = sandbox_caps,
    .submit = sp_children_submit,
    .adopt = NULL,
    .cancel = sp_children_cancel,
    .usage = sp_children_usage,
    .is_alive = sp_children_is_alive,
    .kill = sp_children_kill,
    .refusal = refusal,
    .features = sp_features,
    .reap = sp_scratch_reap,
};

const struct sp_backend_ops sp_container_backend = {
    .name = "container",
    .is_local = true,
    .open = container_open,
    .close = sandbox_close,
    .caps = container_caps,
    .submit = sp_children_submit,
    .adopt = NULL,
    .cancel = sp_children_cancel,
    .usage = sp_children_usage,
    .is_alive = sp_children_is_alive,
    .kill = sp_children_kill,
    .refusal = container_refusal,
    .features = sp_features_of_roots,
    .reap = sp_scratch_reap,
};
