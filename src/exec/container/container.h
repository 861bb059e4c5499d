/* SPDX-License-Identifier: BSD-3-Clause */
/* container.h - jobs in containers that another program makes (doc/design/boxes.md 7): what
 * podman, docker and apptainer share. A kind says how its program is called; everything else is
 * here, in keeper.h and in exec/children.h.
 *
 * Containers are named spoor-BOOT-NAMESPACE-PID-START-NUMBER after the engine that asked for them:
 * so the next one knows those whose engine has died, and nobody else's. */
#pragma once

#include "base/buf.h"

#include "exec/backend.h"
#include "exec/container/call.h"

/* How one tells that the program has failed, and not what it was to run. */
struct sp_container_failure {
    int from, to;     /* its exit status */
    const char *with; /* part of the last thing that it said itself; NULL ends the table */
};

struct sp_container_kind {
    const char *name;      /* of the backend; with `removal` also of the program */
    const char *begins[4]; /* how lines begin in which the program speaks for itself; NULL: end */
    struct sp_container_failure failures[4];
    bool is_remote;  /* containers are not below the program: nothing is known of their use */
    bool has_groups; /* limits can be told to the program; else each of its processes gets them */

    /* Words that, with names of containers behind them, remove these; NULL: containers do not
     * outlive the program. */
    const char *const *removal;

    /* Full path of its program, or NULL; *why tells why it cannot be used here, or is NULL. Looks
     * once. */
    const char *(*find)(const char **why);

    /* Fill the command lines. */
    enum sp_rc (*fill)(struct sp_call *call, struct sp_err *err);

    bool (*holds_memory)(void); /* does the kernel see to a limit of memory? */
};

/* Full path of a program in PATH. */
bool sp_container_find(const char *program, struct sp_buf *out);

/* Calls of struct sp_backend_ops, but those that have no backend: these are given the kind. */
enum sp_rc sp_container_open(const struct sp_container_kind *kind,
                             struct sp_loop *loop,
                             struct sp_backend **out,
                             struct sp_err *err) SP_MUST_USE;
void sp_container_close(struct sp_backend *backend);
unsigned sp_container_caps(const struct sp_backend *backend);
void sp_container_kill(struct sp_backend *backend, const struct sp_handle *handle);
const char *sp_container_refusal(const struct sp_container_kind *kind);
enum sp_rc sp_container_reap(const struct sp_container_kind *kind,
                             const char *dir,
                             struct sp_err *err) SP_MUST_USE;

extern const struct sp_backend_ops sp_podman_backend;
extern const struct sp_backend_ops sp_docker_backend;
extern const struct sp_backend_ops sp_apptainer_backend; /* "singularity" */
