/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/backend_suite.h"
#include "exec/children.h"
#include "exec/local/local.h"

static void hasten(struct sp_backend *backend)
{
    const struct sp_patience patience = {
        .terminate = 300 * SP_NSEC_PER_MS,
        .kill = 600 * SP_NSEC_PER_MS,
        .silence = 50 * SP_NSEC_PER_MS,
        .linger = 300 * SP_NSEC_PER_MS,
    };

    sp_children_set_patience(backend, &patience);
}

int main(void)
{
    const struct sp_backend_suite suite = { &sp_local_backend, hasten };

    return sp_backend_suite_run(&suite);
}
