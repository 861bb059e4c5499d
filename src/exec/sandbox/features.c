/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/features.h"

#include "exec/sandbox/init.h"
#include "exec/sandbox/probe.h"

const struct sp_backend_feature *sp_features(void)
{
    static struct sp_backend_feature table[10];
    const struct sp_box_probe *probe = sp_box_probe();
    bool boxed = probe->features & SP_BOX_NAMESPACES;
    bool landlocked = probe->features & SP_BOX_LANDLOCK;
    bool filtered = probe->features & SP_BOX_SECCOMP;
    bool net = probe->features & SP_BOX_NET_NS;
    bool counted =
        (probe->features & SP_BOX_USER_NS) || (boxed && (probe->features & SP_BOX_OWN_PID_MAX));
    const struct sp_backend_feature rows[] = {
        { "declared writes", boxed || landlocked,
          boxed        ? "read-only mounts, and scratch directories for new files"
          : landlocked ? "Landlock; new files beside declared ones are not noticed"
                       : probe->why },
        { "private /tmp", boxed, boxed ? "mount namespace" : probe->why },
        { "no network", net || filtered,
          net        ? "network namespace"
          : filtered ? "no sockets but local ones (seccomp)"
                     : probe->why },
        { "own processes", boxed && (probe->features & SP_BOX_PROC),
          boxed && (probe->features & SP_BOX_PROC) ? "pid namespace, /proc of its own"
          : boxed                                  ? probe->proc
                                                   : probe->why },
        { "nothing stays", boxed, boxed ? "pid namespace" : "signals to the process group only" },
        { "no way up", true,
          filtered ? "no_new_privs, no capabilities, filter of system calls (seccomp)"
                   : "no_new_privs and no capabilities; no seccomp" },
        { "memory limit", true,
          "RLIMIT_DATA of each process; their sum is looked at every second" },
        { "process limit", counted,
          counted ? "pid_max of the pid namespace, or RLIMIT_NPROC in the user namespace"
                  : "for root, this needs Linux 6.14" },
        { "second lock", landlocked,
          landlocked ? "Landlock" : "this kernel has no Landlock of version 2" },
    };

    memcpy(table, rows, sizeof rows);
    return table;
}

const struct sp_backend_feature *sp_features_of_roots(void)
{
    static struct sp_backend_feature table[12];
    const struct sp_backend_feature *shared = sp_features();
    const struct sp_box_probe *probe = sp_box_probe();
    bool boxed = (probe->features & SP_BOX_NAMESPACES) && (probe->features & SP_BOX_PROC);
    const char *why = !boxed ? probe->why : sp_box_probe_root();
    size_t len = 0;

    table[len++] =
        (struct sp_backend_feature){ "file system of the image", !why,
                                     why ? why : "root directory of its own (pivot_root)" };
    for (size_t i = 0; shared[i].name && len < SP_COUNT(table) - 1; i++)
        table[len++] = shared[i];
    return table;
}
