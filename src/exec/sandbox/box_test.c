/* SPDX-License-Identifier: BSD-3-Clause */
/* box_test.c - what a box lets through, and attempts to break out of one.
 *
 * Every attempt is a shell script that prints BROKEN when it has succeeded. Run as root, and with
 * the argument "nobody" as a user without privileges; with "image" as the last one, in the file
 * system of an image. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/tap.h"

#include "exec/sandbox/init.h"
#include "exec/sandbox/probe.h"
#include "exec/sandbox/sandbox.h"
#include "exec/sandbox/trial.h"
#include "exec/testroot.h"
#include "sys/file.h"
#include "sys/loop.h"

#include <arpa/inet.h>
#include <signal.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (30 * SP_NSEC_PER_SEC)

/* --- what goes ----------------------------------------------------------------------------- */

static const struct {
    const char *script;
    int exit;
    const char *fault, *reason; /* parts; NULL: none */
    const char *name, *content; /* afterwards; content NULL: it is not there */
} works[] = {
    { "echo n >new", 0, NULL, NULL, "new", "n\n" },
    { "echo o >old", 0, NULL, NULL, "old", "o\n" },
    { "echo o >>old", 0, NULL, NULL, "old", "oldo\n" },
    { "rm old; echo again >old", 0, NULL, NULL, "old", "again\n" },
    { "echo o >old.tmp; mv old.tmp old", 0, NULL, NULL, "old", "o\n" },
    { "rm old", 0, NULL, NULL, "old", NULL },
    { "echo d >table/data", 0, NULL, NULL, "table/data", "d\n" },
    { "rm -r table/*; mkdir table/s; echo d >table/s/x", 0, NULL, NULL, "table/s/x", "d\n" },
    { "echo s >sub/new", 0, NULL, NULL, "sub/new", "s\n" },
    { "echo s >tmp.x; mv -n tmp.x sub/new", 0, NULL, NULL, "sub/new", "s\n" },
    { "mkdir made; echo d >made/deep", 0, NULL, NULL, "made/deep", "d\n" },
    { "mkdir new; echo d >new/inside", 0, NULL, NULL, "new/inside", "d\n" },
    { "cat in link sub/there >new", 0, NULL, NULL, "new", "inputotherthere" },
    { "echo part >new; exit 3", 3, NULL, NULL, "new", "part\n" },
    { "echo t >$HOME/x; echo t >/tmp/y; cat /tmp/home/x /tmp/y /var/tmp/y >new", 0, NULL, NULL,
      "new", "t\nt\nt\n" },
    { "echo t >scribble; cat scribble >new; rm scribble", 0, NULL, NULL, "new", "t\n" },
    { "echo $$ >/dev/null; ls /dev/fd >/dev/null && [ -w /dev/shm ] && echo y >new", 0, NULL, NULL,
      "new", "y\n" },
    /* what does not */
    { "echo x >stray", 0, "written 'stray', which its cab does not declare", NULL, "stray", NULL },
    { "echo x >stray; echo n >new", 0, "'stray'", NULL, "new", "n\n" },
    { "mkdir d; echo x >d/stray", 0, "'d'", NULL, "d", NULL },
    { "mkdir made; echo x >made/stray; echo d >made/deep", 0, "'made/stray'", NULL, "made/deep",
      "d\n" },
    { "for i in 1 2 3 4 5 6 7; do echo >stray$i; done", 0, "and 2 more", NULL, "stray1", NULL },
    { "echo x >other", 1, "other: Read-only file system", NULL, "other", "other" },
    { "echo x >>sub/there", 1, "sub/there: Read-only file system", NULL, "sub/there", "there" },
    { "echo x >other; echo n >new", 0, "other: Read-only file system", NULL, "new", "n\n" },
    { "echo Device or resource busy; echo n >new", 0, NULL, NULL, "new", "n\n" },
    { "rm -f other", 1, "'other': Device or resource busy", NULL, "other", "other" },
    { "mv new other || mv in other", 1, "resource busy", NULL, "other", "other" },
    { "echo x >private/f", 1, "private/f: Read-only", NULL, "private/f", "f" },
    { "rm link; ln -s in link", 0, "'link'", NULL, "other", "other" },
    { "rm link", 0, "'link'", NULL, "other", "other" },
    { "mv sub s; ln -s private sub", 0, "'s'", NULL, "private/f", "f" },
    { "mv sub s; ln -s $PWD/private sub", 0, "'sub'", NULL, "sub/f", NULL },
    { "mv sub s; echo x >sub", 0, "'sub'", NULL, "sub/there", "there" },
    { "mv sub s", 0, "'s'", NULL, "sub/there", "there" },
    { "mv sub s; mkdir sub; echo s >sub/new", 0, "'s'", NULL, "sub/new", "s\n" },
};

static void test_works(struct sp_trial *trial)
{
    for (size_t i = 0; i < SP_COUNT(works); i++) {
        sp_trial_reset(trial);
        if (sp_trial_run(trial, works[i].script, NULL, NULL)) {
            tap_ok(false, "%s: %s", works[i].script, trial->reason);
            continue;
        }
        bool passed = trial->done && WIFEXITED(trial->status) &&
                      WEXITSTATUS(trial->status) == works[i].exit &&
                      sp_trial_holds(trial, works[i].name, works[i].content) &&
                      sp_trial_left_nothing(trial);
        if (works[i].fault)
            passed = passed && strstr(trial->fault, works[i].fault);
        else
            passed = passed && !trial->fault[0];
        if (works[i].reason)
            passed = passed && strstr(trial->reason, works[i].reason);
        if (!tap_ok(passed, "%s", works[i].script))
            sp_trial_explain(trial);
    }
}

static void open_box(struct sp_box *box)
{
    box->flags |= SP_BOX_OPEN;
}

static void test_open(struct sp_trial *trial)
{
    sp_trial_reset(trial);
    bool ran =
        sp_trial_run(trial, "mkdir d; echo x >d/y; echo p >pattern-1", open_box, NULL) == SP_OK;
    if (!tap_ok(ran && sp_trial_holds(trial, "d/y", "x\n") &&
                    sp_trial_holds(trial, "pattern-1", "p\n") && !trial->fault[0],
                "where outputs are found by a pattern, all that is new is one"))
        sp_trial_explain(trial);
    ran = sp_trial_run(trial, "echo x >other", open_box, NULL) == SP_OK;
    if (!tap_ok(ran && sp_trial_holds(trial, "other", "other") && strstr(trial->fault, "other"),
                "what was there is safe all the same"))
        sp_trial_explain(trial);
}

/* --- attempts ------------------------------------------------------------------------------ */

/* $0 is what the test gives, $1 the directory around the workspace. */
static const struct {
    const char *what, *script;
} attempts[] = {
    { "write outside", "echo x >$1/beside; echo x >/etc/spoor-x && echo BROKEN; "
                       "echo x >/root/spoor-x && echo BROKEN" },
    { "leave by ..", "cd table && echo x >../other && echo BROKEN; echo x >../../beside" },
    { "leave by a symbolic link in a declared directory",
      "ln -s $PWD/other table/l && echo x >table/l && echo BROKEN; ln -s /etc table/e && "
      "echo x >table/e/spoor-x && echo BROKEN; ln -s $PWD/other new && echo x >new && echo BROKEN" },
    { "leave by a hard link", "ln other new && echo x >new && echo BROKEN; "
                              "ln -f other table/h && echo x >table/h && echo BROKEN" },
    { "replace what is not declared", "echo x >t; mv -f t other && echo BROKEN; rm -f t; "
                                      "mv sub table/ && echo BROKEN; mv other table && "
                                      "echo BROKEN" },
    { "truncate, chmod, touch", ": >other && echo BROKEN; chmod 777 other && echo BROKEN; "
                                "touch other && echo BROKEN; touch -d 2001-01-01 sub/there && "
                                "echo BROKEN" },
    { "undo the mounts", "mount -o remount,rw / && echo BROKEN; umount other && echo BROKEN; "
                         "umount -l . && echo BROKEN; mount -t tmpfs x sub && echo BROKEN" },
    { "make namespaces", "unshare -Ur true && echo BROKEN; unshare -m true && echo BROKEN" },
    { "gain privileges", "grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo BROKEN; "
                         "grep -q '^CapBnd:.*[1-9a-f]' /proc/self/status && echo BROKEN; "
                         "grep -q '^NoNewPrivs:.*0' /proc/self/status && echo BROKEN; "
                         "grep -q '^Seccomp:.*0' /proc/self/status && echo BROKEN; true" },
    { "make a program setuid", "cp /bin/id new && chmod u+s new && chown 1 new && echo BROKEN" },
    { "use a setuid program", "su -c true nobody </dev/null && echo BROKEN; "
                              "[ $(id -u) = 0 ] || passwd -S root && [ $(id -u) != 0 ] && "
                              "echo BROKEN; true" },
    { "reach a server on this machine", "exec 3<>/dev/tcp/127.0.0.1/$0 && echo BROKEN" },
    { "reach another machine's address", "exec 3<>/dev/udp/192.0.2.1/9 && echo x >&3 && "
                                         "echo BROKEN" },
    { "kill its parent", "kill -9 $0 && echo BROKEN; kill -9 1; kill -0 $0 && echo BROKEN; true" },
    { "see other processes", "[ -e /proc/$0/status ] && grep -q box_test /proc/$0/status && "
                             "echo BROKEN; true" },
    { "look into its first process",
      "ls -l /proc/1/fd/ | grep -e '->' && echo BROKEN; ls /proc/1/root/ && "
      "echo BROKEN; cat /proc/1/environ && echo BROKEN; true" },
    { "change the kernel's settings", "echo x >/proc/sys/kernel/core_pattern && echo BROKEN; "
                                      "echo h >/proc/sysrq-trigger && echo BROKEN; "
                                      "echo 100000 >/proc/sys/kernel/pid_max && echo BROKEN; "
                                      "hostname spoor && echo BROKEN; true" },
    { "use a device file that lies about", "[ ! -e node ] || cat node && [ -e node ] && "
                                           "echo BROKEN; true" },
    { "read the disk", "[ -e /dev/vda ] || [ -e /dev/sda ] && echo BROKEN; "
                       "mknod table/disk b 8 0 && echo BROKEN; true" },
    { "read what other users keep for themselves", "cat $1/secret && echo BROKEN" },
    { "use the temporary files of others", "ls $1/in-tmp && echo BROKEN; true" },
    { "use cgroups", "mkdir /sys/fs/cgroup/spoor-x /sys/fs/cgroup/*/spoor-x && echo BROKEN; true" },
};

/* Around the workspace is /tmp: what the job writes there, it writes into its own. */
static bool is_untouched(const struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_file_kind(sp_arena_printf(arena, "%s/beside", trial->top).ptr) == SP_FILE_NONE;
}

static void test_attempts(struct sp_trial *trial, const char *port)
{
    char self[16];

    (void)snprintf(self, sizeof self, "%d", (int)getpid());
    for (size_t i = 0; i < SP_COUNT(attempts); i++) {
        bool by_port = strstr(attempts[i].script, "$0") && strstr(attempts[i].script, "tcp");
        sp_trial_reset(trial);
        bool ran = sp_trial_run(trial, attempts[i].script, NULL, by_port ? port : self) == SP_OK;
        bool passed = ran && trial->done && !strstr(trial->output.ptr, "BROKEN") &&
                      sp_trial_holds(trial, "other", "other") &&
                      sp_trial_holds(trial, "sub/there", "there") &&
                      access("/etc/spoor-x", F_OK) != 0 && is_untouched(trial) &&
                      sp_trial_left_nothing(trial);
        if (!tap_ok(passed, "cannot %s", attempts[i].what))
            sp_trial_explain(trial);
    }
}

/* --- the network when it is asked for ------------------------------------------------------- */

static void with_network(struct sp_box *box)
{
    box->flags |= SP_BOX_NETWORK;
}

static void test_network(struct sp_trial *trial, const char *port)
{
    sp_trial_reset(trial);
    bool ran = sp_trial_run(trial, "exec 3<>/dev/tcp/127.0.0.1/$0 && echo CONNECTED", with_network,
                            port) == SP_OK;
    if (!tap_ok(ran && strstr(trial->output.ptr, "CONNECTED"), "a network that was asked for"))
        sp_trial_explain(trial);
    ran = sp_trial_run(trial,
                       "python3 -c 'import socket; s=socket.create_server((\"127.0.0.1\",0)); "
                       "socket.create_connection(s.getsockname()); print(\"TALKS\")'",
                       NULL, NULL) == SP_OK;
    if (!tap_ok(ran && strstr(trial->output.ptr, "TALKS"), "a box may talk to itself"))
        sp_trial_explain(trial);
}

/* --- limits -------------------------------------------------------------------------------- */

static void few_processes(struct sp_box *box)
{
    box->processes = 60;
}

static void small_files(struct sp_box *box)
{
    box->file_size = 1000000;
}

static void little_memory(struct sp_box *box)
{
    box->memory = 100000000;
}

static void much_free(struct sp_box *box)
{
    box->keep_free = UINT64_MAX / 2;
}

static void one_cpu(struct sp_box *box)
{
    box->cpus = 0.5;
}

static void test_processors(struct sp_trial *trial)
{
    bool ran = sp_trial_run(trial, "nproc; grep Cpus_allowed_list /proc/self/status", one_cpu,
                            NULL) == SP_OK;
    if (!tap_ok(ran && sp_str_starts(sp_buf_str(&trial->output), "1\n"),
                "no more processors than it may have"))
        sp_trial_explain(trial);
}

/* In the machine's own file system: over what is there, or below a private directory. */
static char elsewhere[96];
static struct sp_box_mount mounts[] = {
    { .source = elsewhere, .target = "/etc" },
    { .source = elsewhere, .target = "/tmp/deep/er", .writable = true },
};
static struct sp_box_mount nowhere = { .source = elsewhere, .target = "/spoor-no-such-place" };

static void with_mounts(struct sp_box *box)
{
    box->mounts = mounts;
    box->mount_count = SP_COUNT(mounts);
}

static void with_mount_nowhere(struct sp_box *box)
{
    box->mounts = &nowhere;
    box->mount_count = 1;
}

static void test_mounts(struct sp_trial *trial)
{
    char file[sizeof elsewhere + 8];

    (void)snprintf(elsewhere, sizeof elsewhere, "%s/elsewhere", trial->top);
    (void)snprintf(file, sizeof file, "%s/leaf", elsewhere);
    (void)mkdir(elsewhere, 0755);
    sp_trial_put_file(file, "leaf");
    sp_trial_reset(trial);
    bool ran = sp_trial_run(trial,
                            "cat /etc/leaf; ls /etc; echo x >/etc/leaf || echo w "
                            ">/tmp/deep/er/leaf; cat /etc/leaf >new",
                            with_mounts, NULL) == SP_OK;
    if (!tap_ok(ran && sp_trial_said(trial, "leafleaf\n") && sp_trial_holds(trial, "new", "w\n"),
                "parts of the machine at other places"))
        sp_trial_explain(trial);
    if (trial->root)
        return;
    tap_ok(sp_trial_run(trial, "true", with_mount_nowhere, NULL) == SP_INVALID &&
               strstr(trial->reason, "cannot be shown at '/spoor-no-such-place'"),
           "but not where nothing is: %s", trial->reason);
}

static void test_limits(struct sp_trial *trial)
{
    sp_trial_reset(trial);
    bool ran = sp_trial_run(trial,
                            "set +m; for i in $(seq 200); do sleep 100 & done 2>/dev/null; "
                            "ls /proc | grep -c '^[0-9]' >new",
                            few_processes, NULL) == SP_OK;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    int64_t count = 0;
    bool told = sp_file_read(sp_trial_path(trial, "new", arena), &text, &err) == SP_OK &&
                sp_str_int(sp_str_trim(sp_buf_str(&text)), &count);
    /* When not even `ls` can be started there is no count. */
    if (!tap_ok(ran && trial->done && (!told || count <= 70),
                "a fork bomb has no more processes than it may (%d)", (int)count))
        sp_trial_explain(trial);
    sp_trial_reset(trial);
    ran = sp_trial_run(trial, "head -c 3000000 /dev/zero >new; ls -l new", small_files, NULL) ==
          SP_OK;
    struct stat info = { 0 };
    tap_ok(ran && stat(sp_trial_path(trial, "new", arena), &info) == 0 && info.st_size <= 1000000,
           "no file is larger than it may be");
    ran = sp_trial_run(trial,
                       "head -c 300000000 /dev/zero | tail -c 300000000 >/dev/null && echo BROKEN",
                       little_memory, NULL) == SP_OK;
    if (!tap_ok(ran && !sp_trial_said(trial, "BROKEN"), "no more memory than it may have"))
        sp_trial_explain(trial);
    ran = sp_trial_run(trial, "sleep 20", much_free, NULL) == SP_OK;
    if (!tap_ok(ran && strstr(trial->reason, "is free on the disk"),
                "a job that leaves too little room is ended"))
        sp_trial_explain(trial);
}

/* --- the end of the engine ------------------------------------------------------------------- */

/* In a child: start a job and die of SIGKILL while it runs. */
static void be_killed(struct sp_trial *trial, int tell)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *writes[] = { sp_trial_path(trial, "new", arena), NULL };
    static const char *const shows[] = { NULL };
    static const char *const env[] = { "PATH=/usr/bin:/bin", NULL };
    const char *const argv[] = { trial->shell, "-c",
                                 "echo x >new; (setsid sleep 1000 &) ; sleep 1000", NULL };
    struct sp_box box = { .root = trial->root,
                          .scratch = sp_arena_printf(arena, "%s/boxes/lost", trial->top).ptr,
                          .writes = writes,
                          .shows = shows };
    const struct sp_job job = { "box", argv, env, sp_trial_path(trial, "", arena), .box = &box };
    struct sp_trial own = *trial;
    struct sp_handle handle = { "" };
    struct sp_err err = SP_ERR_INIT;

    own.output = SP_BUF(SP_BUF_SMALL);
    if (sp_loop_new(&own.loop, &err) || own.ops->open(own.loop, &own.backend, &err) ||
        sp_trial_submit(&own, &job, &handle, &err))
        printf("# %s\n", err.text);
    if (write(tell, &handle, sizeof handle) < 0)
        _exit(1);
    (void)raise(SIGKILL);
}

static void test_killed(struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *boxes = sp_arena_printf(arena, "%s/boxes", trial->top).ptr;
    const char *lost = sp_arena_printf(arena, "%s/lost", boxes).ptr;
    struct sp_handle handle = { "" };
    struct sp_err err = SP_ERR_INIT;
    int pipes[2];

    sp_trial_reset(trial);
    (void)fflush(stdout);
    if (pipe(pipes) < 0)
        return;
    pid_t pid = fork();
    if (pid == 0)
        be_killed(trial, pipes[1]);
    (void)close(pipes[1]);
    ssize_t got = read(pipes[0], &handle, sizeof handle);
    (void)close(pipes[0]);
    (void)waitpid(pid, NULL, 0);
    sp_nsec limit = sp_clock_monotonic() + PATIENCE;
    while (trial->ops->is_alive(trial->backend, &handle) && sp_clock_monotonic() < limit)
        ;
    tap_ok(got > 0 && handle.text[0] && !trial->ops->is_alive(trial->backend, &handle),
           "when Spoor is killed, its boxes end");
    tap_ok(sp_file_kind(lost) == SP_FILE_DIR && sp_trial_holds(trial, "new", NULL) &&
               sp_trial_holds(trial, "other", "other"),
           "the workspace is as it was, the scratch directory is left");
    tap_ok(trial->ops->reap(boxes, &err) == SP_OK && sp_file_kind(lost) == SP_FILE_NONE,
           "which the next one removes");
}

/* --- each failure in turn --------------------------------------------------------------------- */

static void test_every_fault(struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *boxes = sp_arena_printf(arena, "%s/boxes", trial->top).ptr;

    for (unsigned nth = 1; nth < 100; nth++) {
        sp_trial_reset(trial);
        sp_fault_arm(nth);
        bool started = sp_trial_run(trial, "echo n >new; echo s >sub/new", NULL, NULL) == SP_OK;
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(started && sp_trial_holds(trial, "new", "n\n") &&
                       sp_trial_holds(trial, "sub/new", "s\n") && !trial->fault[0],
                   "no fault left after %u", nth - 1);
            return;
        }
        const char *told = started ? trial->fault : trial->reason;
        bool removing = strncmp(site, "tree.", 5) == 0; /* the next run does it */
        struct sp_err err = SP_ERR_INIT;
        if (removing && trial->ops->reap(boxes, &err))
            printf("# %s\n", err.text);
        tap_ok((told[0] || removing) && sp_trial_left_nothing(trial) &&
                   sp_trial_holds(trial, "old", "old"),
               "fault at %s is reported, and leaves nothing: %s", site, told);
    }
    tap_ok(false, "it never succeeded");
}

/* --- declared, but not possible --------------------------------------------------------------- */

static void test_foreign(struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    if (geteuid() != 0) {
        tap_skip("only root has power over the files of others");
        return;
    }
    sp_trial_reset(trial);
    if (chown(sp_trial_path(trial, "table", arena), 1, 1) < 0)
        printf("# cannot chown\n");
    tap_ok(sp_trial_run(trial, "true", NULL, NULL) == SP_INVALID &&
               strstr(trial->reason, "belongs to user 1") && sp_trial_left_nothing(trial),
           "declared files of somebody else are refused with the reason: %s", trial->reason);
}

/* --- without namespaces ----------------------------------------------------------------------- */

static void test_landlock_only(struct sp_trial *trial)
{
    if (!(sp_box_probe()->features & SP_BOX_LANDLOCK)) {
        tap_skip("no Landlock here");
        return;
    }
    sp_sandbox_without(trial->backend, SP_BOX_NAMESPACES | SP_BOX_USER_NS | SP_BOX_NET_NS);
    sp_trial_reset(trial);
    bool ran =
        sp_trial_run(trial,
                     "echo d >table/data; echo s >sub/new; echo x >private/f && echo BROKEN; "
                     "echo x >$1/beside && echo BROKEN; exec 3<>/dev/tcp/127.0.0.1/9 2>&1",
                     NULL, NULL) == SP_OK;
    if (!tap_ok(ran && !strstr(trial->output.ptr, "BROKEN") &&
                    sp_trial_holds(trial, "table/data", "d\n") &&
                    sp_trial_holds(trial, "sub/new", "s\n") &&
                    sp_trial_holds(trial, "private/f", "f") && sp_trial_left_nothing(trial),
                "Landlock alone lets through what is declared, and no more"))
        sp_trial_explain(trial);
    sp_sandbox_without(trial->backend, ~0U);
    tap_ok(sp_trial_run(trial, "true", NULL, NULL) == SP_INVALID &&
               strstr(trial->reason, "no sandbox"),
           "without anything it refuses: %s", trial->reason);
    sp_sandbox_without(trial->backend, 0);
}

/* --- all ---------------------------------------------------------------------------------------
 */

/* A listening socket, and its port as text. */
static int listen_here(char port[static 8])
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    socklen_t len = sizeof name;
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, (struct sockaddr *)&name, len) < 0 || listen(fd, 5) < 0 ||
        getsockname(fd, (struct sockaddr *)&name, &len) < 0)
        printf("# cannot listen\n");
    (void)snprintf(port, 8, "%d", (int)ntohs(name.sin_port));
    return fd;
}

static void make_surroundings(const struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *secret = sp_arena_printf(arena, "%s/secret", trial->top).ptr;

    sp_trial_put_file(sp_arena_printf(arena, "%s/in-tmp", trial->top).ptr, "x");
    sp_trial_put_file(secret, "secret");
    /* Of another user, where we can make it so. */
    if (chmod(secret, geteuid() == 0 ? 0600 : 0) < 0 || (geteuid() == 0 && chown(secret, 1, 1) < 0))
        printf("# cannot make a secret\n");
}

/* The second word: in the file system of an image. */
static bool begin(struct sp_trial *trial, char *top, struct sp_box_root *image)
{
    static char path[64];
    struct sp_err err = SP_ERR_INIT;

    if (sp_trial_begin(trial, top, &err)) {
        tap_ok(false, "begin: %s", err.text);
        return false;
    }
    if (trial->ops == &sp_container_backend) {
        (void)snprintf(path, sizeof path, "%s/image", top);
        image->path = path;
        trial->root = image;
        trial->shell = "sh";
        if (sp_testroot_make(path, &err)) {
            tap_ok(false, "%s", err.text);
            return false;
        }
    }
    make_surroundings(trial);
    return true;
}

int main(int argc, char **argv)
{
    char top[] = "/tmp/spoor-box-test-XXXXXX";
    char port[8];
    struct sp_box_root image = { .name = "busybox:test", .key = "0" };
    bool in_image = argc > 1 && strcmp(argv[argc - 1], "image") == 0;
    struct sp_trial trial = { .ops = in_image ? &sp_container_backend : &sp_sandbox_backend,
                              .shell = "bash" };

    if (!sp_trial_become(argc, argv))
        return 1;
    if (trial.ops->refusal() || !(sp_box_probe()->features & SP_BOX_NAMESPACES)) {
        tap_skip(sp_box_probe()->why);
        return tap_done();
    }
    if (!begin(&trial, top, &image))
        return tap_done();
    int listener = listen_here(port);
    test_works(&trial);
    test_open(&trial);
    test_attempts(&trial, port);
    if (!in_image)
        test_network(&trial, port);
    test_processors(&trial);
    test_mounts(&trial);
    test_limits(&trial);
    test_killed(&trial);
    test_every_fault(&trial);
    test_foreign(&trial);
    if (!in_image)
        test_landlock_only(&trial);
    (void)close(listener);
    sp_trial_end(&trial);
    return tap_done();
}
