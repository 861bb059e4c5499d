/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/probe.h"

#include "exec/sandbox/confine.h"

#include <fcntl.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

/* Build an empty box that runs a program which is there everywhere. The answer of its first
 * process; false: it has died without one. */
static bool try_box(unsigned features, struct sp_box_image *image, struct sp_box_message *out)
{
    static const char *const programs[] = { "/bin/sh", NULL };
    static const char *const argv[] = { "sh", "-c", "exit 0", NULL };
    static const char *const env[] = { NULL };
    int status[2], leash[2];
    struct sp_err err = SP_ERR_INIT;
    int pid;
    sp_auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (pipe2(status, O_CLOEXEC) < 0)
        return false;
    if (pipe2(leash, O_CLOEXEC) < 0) {
        (void)close(status[0]);
        (void)close(status[1]);
        return false;
    }
    struct sp_box_plan plan = {
        .features = features,
        .uid = (unsigned)geteuid(),
        .gid = (unsigned)getegid(),
        .image = image,
        .programs = programs,
        .argv = argv,
        .env = env,
        .cwd = "/",
        .out = null,
        .err = null,
        .in = null,
        .status = status[1],
        .leash = leash[0],
    };
    enum sp_rc rc = sp_box_clone(&plan, &pid, &err);
    *out = (struct sp_box_message){ .kind = SP_BOX_FAILED,
                                    .number = err.sys_errno,
                                    .what = "make namespaces" };
    (void)close(status[1]);
    (void)close(leash[0]);
    bool passed = rc != SP_OK;
    if (rc == SP_OK) {
        passed = read(status[0], out, sizeof *out) == (ssize_t)sizeof *out;
        while (waitpid(pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    (void)close(status[0]);
    (void)close(leash[1]);
    return passed;
}

static bool works(unsigned features, struct sp_box_image *image, char why[static 160])
{
    struct sp_box_message answer;

    if (!try_box(features, image, &answer)) {
        (void)snprintf(why, 160, "a trial box has died");
        return false;
    }
    if (answer.kind == SP_BOX_STARTED)
        return true;
    (void)snprintf(why, 160, "%s%s%s: %s", answer.what, answer.where ? " " : "",
                   answer.where ? answer.where : "", strerrordesc_np(answer.number));
    return false;
}

/* The most that there is: with all, or without what can be done without. */
static bool try_kind(struct sp_box_probe *probe, unsigned kind)
{
    static const unsigned without[] = { 0, SP_BOX_PROC, SP_BOX_NET_NS,
                                        SP_BOX_PROC | SP_BOX_NET_NS };
    const unsigned all = SP_BOX_NAMESPACES | SP_BOX_PROC | SP_BOX_NET_NS | kind;

    for (size_t i = 0; i < SP_COUNT(without); i++)
        if (works(all & ~without[i], NULL, i ? probe->proc : probe->why)) {
            probe->features |= all & ~without[i];
            return true;
        }
    return false;
}

/* Linux 6.14 or newer. Trying it would change the machine, if it were older. */
static bool has_own_pid_max(void)
{
    struct utsname name;
    struct sp_str rest;
    int64_t major, minor;

    if (uname(&name) < 0)
        return false;
    rest = sp_str_of(name.release);
    return sp_str_int(sp_str_cut(&rest, '.'), &major) &&
           sp_str_int(sp_str_cut(&rest, '.'), &minor) && (major > 6 || (major == 6 && minor >= 14));
}

const struct sp_box_probe *sp_box_probe(void)
{
    static struct sp_box_probe probe;
    static bool is_done;

    if (is_done)
        return &probe;
    is_done = true;
    if (geteuid() != 0 || !try_kind(&probe, 0))
        (void)try_kind(&probe, SP_BOX_USER_NS);
    /* Without the right to move files between directories (version 2) tools would fail. */
    probe.landlock = sp_confine_landlock_version();
    if (probe.landlock >= 2)
        probe.features |= SP_BOX_LANDLOCK;
    errno = 0;
    if (sp_confine_make_filter(true) && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, NULL) < 0 &&
        errno == EFAULT) /* it would look at the filter */
        probe.features |= SP_BOX_SECCOMP;
    if (has_own_pid_max())
        probe.features |= SP_BOX_OWN_PID_MAX;
    return &probe;
}

/* In an image that is the programs of this machine. */
const char *sp_box_probe_root(void)
{
    static const char *const names[] = { "usr", "bin", "sbin", "lib", "lib32", "lib64", "libx32" };
    static char why[160];
    static bool is_done;
    struct sp_shell_entry entries[SP_COUNT(names)];
    char links[SP_COUNT(names)][256];
    struct sp_box_shell top = { .path = "/", .entries = entries, .fd = -1, .made = -1 };
    struct sp_box_image image = {
        .path = "/", .station = "/proc", .shells = &top, .shell_count = 1
    };
    sp_auto_fd int root = is_done ? -1 : open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

    for (size_t i = 0; i < SP_COUNT(names) && !is_done; i++) {
        struct stat info;
        if (fstatat(root, names[i], &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        struct sp_shell_entry *entry = &entries[top.len];
        *entry = (struct sp_shell_entry){ .name = names[i], .is_dir = S_ISDIR(info.st_mode) };
        ssize_t len = readlinkat(root, names[i], links[i], sizeof links[i] - 1);
        if (len > 0) {
            links[i][len] = '\0';
            entry->link = links[i];
        }
        top.len++;
    }
    if (!is_done)
        (void)works(sp_box_probe()->features & ~(unsigned)(SP_BOX_LANDLOCK | SP_BOX_SECCOMP),
                    &image, why);
    is_done = true;
    return why[0] ? why : NULL;
}
