/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "exec/backend_suite.h"
#include "exec/children.h"
#include "exec/container/container.h"
#include "exec/container/testroot.h"

static void hasten(struct sp_backend *backend)
{
    const struct sp_patience patience = {
        .terminate = 600 * SP_NSEC_PER_MS,
        .kill = 1200 * SP_NSEC_PER_MS,
        .silence = 50 * SP_NSEC_PER_MS,
        .linger = 300 * SP_NSEC_PER_MS,
    };

    sp_children_set_patience(backend, &patience);
}

int main(void)
{
    struct sp_testroot root;
    static const char *const nothing[] = { NULL };

    if (sp_podman_backend.refusal()) {
        tap_skip(sp_podman_backend.refusal());
        return tap_done();
    }
    if (!sp_testroot_make(&root))
        return tap_done();
    const struct sp_box box = { .root = &root.root, .writes = nothing, .shows = nothing };
    const struct sp_backend_suite suite = {
        .ops = &sp_podman_backend, .hasten = hasten, .box = &box, .ends_with_first = true
    };
    int rc = sp_backend_suite_run(&suite);
    sp_testroot_remove(&root);
    return rc;
}
