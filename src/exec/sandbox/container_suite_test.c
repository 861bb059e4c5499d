/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "exec/backend_suite.h"
#include "exec/box.h"
#include "exec/children.h"
#include "exec/sandbox/sandbox.h"
#include "exec/testroot.h"
#include "sys/file.h"

#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

static void hasten(struct sp_backend *backend)
{
    const struct sp_patience patience = {
        .terminate = 300 * SP_NSEC_PER_MS,
        .kill = 600 * SP_NSEC_PER_MS,
        .silence = 50 * SP_NSEC_PER_MS,
        .linger = 300 * SP_NSEC_PER_MS,
    };

    sp_children_set_patience(backend, &patience);
    sp_sandbox_set_grace(backend, 50);
}

/* "nobody": as a user without privileges, if we are root. */
int main(int argc, char **argv)
{
    static const char *const nothing[] = { NULL };
    char top[] = "/tmp/spoor-container-suite-XXXXXX";
    char path[sizeof top + 5]; /* "/root" */
    struct sp_err err = SP_ERR_INIT;

    if (argc > 1 && strcmp(argv[1], "nobody") == 0 && geteuid() == 0 &&
        (setgid(65534) < 0 || setuid(65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
        return 1;
    if (sp_container_backend.refusal()) {
        tap_skip(sp_container_backend.refusal());
        return tap_done();
    }
    if (!mkdtemp(top))
        return 1;
    (void)snprintf(path, sizeof path, "%s/root", top);
    if (sp_testroot_make(path, &err)) {
        tap_ok(false, "%s", err.text);
        return tap_done();
    }
    const struct sp_box_root root = { .path = path, .name = "busybox:test", .key = "0" };
    const struct sp_box box = { .root = &root, .writes = nothing, .shows = nothing };
    const struct sp_backend_suite suite = { &sp_container_backend, hasten, &box };
    int status = sp_backend_suite_run(&suite);
    if (sp_remove_tree(top, &err))
        return 1;
    return status;
}
