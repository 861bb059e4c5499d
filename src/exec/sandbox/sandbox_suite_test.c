/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/backend_suite.h"
#include "exec/children.h"
#include "exec/sandbox/sandbox.h"

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
    const struct sp_backend_suite suite = { &sp_sandbox_backend, hasten };

    if (argc > 1 && strcmp(argv[1], "nobody") == 0 && geteuid() == 0 &&
        (setgid(65534) < 0 || setuid(65534) < 0 || prctl(PR_SET_DUMPABLE, 1) < 0))
        return 1;
    return sp_backend_suite_run(&suite);
}
