/* SPDX-License-Identifier: BSD-3-Clause */
/* exec.c - the backends that there are. */
#include "exec/backend.h"
#include "exec/container/container.h"
#include "exec/local/local.h"
#include "exec/sandbox/sandbox.h"

const struct sp_backend_ops *const sp_backends[] = {
    &sp_local_backend,
    &sp_sandbox_backend,
    &sp_container_backend,
    &sp_podman_backend,
    &sp_docker_backend,
    &sp_apptainer_backend,
    NULL,
};

const struct sp_backend_ops *sp_backend_find(const char *name)
{
    for (size_t i = 0; sp_backends[i]; i++) {
        if (strcmp(sp_backends[i]->name, name) == 0)
            return sp_backends[i];
    }
    return NULL;
}
