/* SPDX-License-Identifier: BSD-3-Clause */
/* programs_test.c - what containers of other programs let through, and attempts to break out.
 *
 * The argument is the name of the backend. Every attempt is a shell script that prints BROKEN when
 * it has succeeded; the shell is that of busybox. */
#include "base/clock.h"
#include "base/fault.h"
#include "base/tap.h"

#include "exec/backend.h"
#include "exec/box.h"
#include "exec/testroot.h"
#include "sys/file.h"
#include "sys/loop.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE (60 * SP_NSEC_PER_SEC)

/* --- one job ------------------------------------------------------------------------------- */

struct trial {
    const struct sp_backend_ops *ops;
    struct sp_loop *loop;
    struct sp_backend *backend;
    struct sp_box_root root;
    const char *top; /* temporary directory; in it the workspace "ws" */

    /* of the last job */
    bool done;
    int status;
    enum sp_failure_class failure;
    char reason[2000], fault[2000];
    struct sp_buf output;
};

static void on_report(void *arg, const struct sp_report *report)
{
    struct trial *trial = arg;

    if (report->state != SP_JOB_DONE)
        return;
    trial->done = true;
    trial->status = report->exit_status;
    trial->failure = report->failure;
    (void)snprintf(trial->reason, sizeof trial->reason, "%s", report->reason ? report->reason : "");
    (void)snprintf(trial->fault, sizeof trial->fault, "%s", report->fault ? report->fault : "");
}

static void on_line(void *arg, enum sp_stream stream, struct sp_str text, bool partial)
{
    struct trial *trial = arg;

    (void)stream;
    (void)partial;
    sp_buf_add(&trial->output, text);
    sp_buf_addc(&trial->output, '\n');
}

static const char *in_ws(const struct trial *trial, const char *name, struct sp_arena *arena)
{
    return sp_arena_printf(arena, "%s/ws%s%s", trial->top, *name ? "/" : "", name).ptr;
}

static void put_file(const char *path, const char *text)
{
    FILE *file = fopen(path, "w");

    if (!file || fputs(text, file) < 0 || fclose(file) != 0)
        printf("# cannot make %s\n", path);
}

/* Workspace as every job finds it. Names with what command lines might take for their own. */
static void make_workspace(const struct trial *trial)
{
    static const char *const dirs[] = { "", "table", "sub", "private" };

    static const struct {
        const char *name, *text;
    } files[] = {
        { "in", "input" },        { "old", "old" },         { "other", "other" },
        { "table/data", "data" }, { "sub/there", "there" }, { "private/f", "f" },
        { "a:b,c \"d\"", "odd" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (sp_remove_tree(in_ws(trial, "", arena), &err))
        printf("# %s\n", err.text);
    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        (void)mkdir(in_ws(trial, dirs[i], arena), 0755);
    for (size_t i = 0; i < SP_COUNT(files); i++)
        put_file(in_ws(trial, files[i].name, arena), files[i].text);
    if (symlink("other", in_ws(trial, "link", arena)) < 0)
        printf("# cannot make a link\n");
}

/* What the jobs declare; "made" is a directory that is not there. */
static const char *const declared[] = { "old", "new", "table", "sub/new", "made/deep", NULL };

static enum sp_rc submit(struct trial *trial,
                         const char *const *argv,
                         void (*tune)(struct sp_box *box),
                         struct sp_arena *arena,
                         struct sp_handle *handle)
{
    const char **writes = SP_ARENA_NEW(arena, const char *, SP_COUNT(declared));
    static const char *const shows[] = { NULL };
    static const char *const env[] = { "PATH=/bin:/usr/bin", "LINES=one\ntwo",
                                       "ODD=a,b=\"c\" $HOME", "EMPTY=", NULL };
    struct sp_box *box = SP_ARENA_NEW(arena, struct sp_box, 1);
    struct sp_job *job = SP_ARENA_NEW(arena, struct sp_job, 1);
    const struct sp_observer observer = { trial, on_report, on_line };
    struct sp_err err = SP_ERR_INIT;

    *box = (struct sp_box){ .root = &trial->root,
                            .scratch = sp_arena_printf(arena, "%s/boxes/job", trial->top).ptr,
                            .writes = writes,
                            .shows = shows };
    *job = (struct sp_job){ "box", argv, env, in_ws(trial, "", arena), .box = box };
    for (size_t i = 0; declared[i]; i++)
        writes[i] = in_ws(trial, declared[i], arena);
    if (tune)
        tune(box);
    trial->done = false;
    trial->reason[0] = trial->fault[0] = '\0';
    sp_buf_clear(&trial->output);
    enum sp_rc rc = trial->ops->submit(trial->backend, job, &observer, handle, &err);
    if (rc)
        (void)snprintf(trial->reason, sizeof trial->reason, "%s", err.text);
    return rc;
}

static void await(struct trial *trial)
{
    sp_nsec limit = sp_clock_monotonic() + PATIENCE;

    while (!trial->done && sp_clock_monotonic() < limit)
        (void)sp_loop_turn(trial->loop, 1000);
}

/* Run a script; `tune` changes what it may; $0 is `word`, $1 the directory around the workspace. */
static enum sp_rc run(struct trial *trial,
                      const char *script,
                      void (*tune)(struct sp_box *box),
                      const char *word)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *const argv[] = { "sh", "-c", script, word ? word : "box", trial->top, NULL };
    struct sp_handle handle;

    enum sp_rc rc = submit(trial, argv, tune, arena, &handle);
    if (rc == SP_OK)
        await(trial);
    return rc;
}

static bool holds(const struct trial *trial, const char *name, const char *want)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;

    if (sp_file_read(in_ws(trial, name, arena), &text, &err))
        return want == NULL;
    return want && strcmp(text.ptr, want) == 0;
}

static bool left_nothing(const struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_file_kind(sp_arena_printf(arena, "%s/boxes/job", trial->top).ptr) == SP_FILE_NONE;
}

static void explain(const struct trial *trial)
{
    printf("# status %d, reason '%s', fault '%s'\n", trial->status, trial->reason, trial->fault);
    for (struct sp_str rest = sp_buf_str(&trial->output); rest.len;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        printf("# said: " SP_STR_FMT "\n", SP_STR_ARG(line));
    }
}

/* --- what goes ----------------------------------------------------------------------------- */

static const struct {
    const char *script;
    int exit;
    const char *fault;          /* a part; NULL: none */
    const char *name, *content; /* afterwards; content NULL: it is not there */
} works[] = {
    { "echo n >new", 0, NULL, "new", "n\n" },
    { "echo o >>old; echo s >sub/new", 0, NULL, "sub/new", "s\n" },
    { "rm old; echo again >old.tmp; mv old.tmp old", 0, NULL, "old", "again\n" },
    { "rm old", 0, NULL, "old", NULL },
    { "rm -r table/*; mkdir table/s; echo d >table/s/x", 0, NULL, "table/s/x", "d\n" },
    { "mkdir made; echo d >made/deep", 0, NULL, "made/deep", "d\n" },
    { "cat in link sub/there a:b* >new", 0, NULL, "new", "inputotherthereodd" },
    { "echo part >new; exit 3", 3, NULL, "new", "part\n" },
    { "echo t >$HOME/x; echo t >/tmp/y; cat /tmp/home/x /tmp/y /var/tmp/y >new", 0, NULL, "new",
      "t\nt\nt\n" },
    { "echo \"$LINES|$ODD|$EMPTY|$HOME\" >new", 0, NULL, "new",
      "one\ntwo|a,b=\"c\" $HOME||/tmp/home\n" },
    { "env | grep -v -e ^PATH= -e ^LINES= -e ^two -e ^ODD= -e ^EMPTY= -e ^HOME= -e ^PWD= -e ^SHLVL= "
      "-e ^HOSTNAME= -e ^OLDPWD= -e ^_= >new; :",
      0, NULL, "new", "" },
    { "id -u >/dev/null && echo x >/dev/null && echo y >/dev/shm/y && cat /dev/shm/y >new", 0, NULL,
      "new", "y\n" },
    /* what does not */
    { "echo x >stray", 0, "written 'stray', which its cab does not declare", "stray", NULL },
    { "mkdir made; echo x >made/stray; echo d >made/deep", 0, "'made/stray'", "made/deep", "d\n" },
    { "echo x >other", 1, "other: Read-only file system", "other", "other" },
    { "echo x >>sub/there; echo n >new", 0, "sub/there: Read-only file system", "new", "n\n" },
    { "rm link; ln -s in link", 0, "'link'", "other", "other" },
};

static bool is_apptainer(const struct trial *trial)
{
    return strcmp(trial->ops->name, "singularity") == 0;
}

static void test_works(struct trial *trial)
{
    for (size_t i = 0; i < SP_COUNT(works); i++) {
        if (is_apptainer(trial) && sp_str_starts(sp_str_of(works[i].script), "env ")) {
            tap_skip("Apptainer adds variables of its own");
            continue;
        }
        make_workspace(trial);
        if (run(trial, works[i].script, NULL, NULL)) {
            tap_ok(false, "%s: %s", works[i].script, trial->reason);
            continue;
        }
        bool passed = trial->done && WIFEXITED(trial->status) &&
                      WEXITSTATUS(trial->status) == works[i].exit &&
                      holds(trial, works[i].name, works[i].content) && left_nothing(trial);
        if (works[i].fault)
            passed = passed && strstr(trial->fault, works[i].fault);
        else
            passed = passed && !trial->fault[0];
        if (!tap_ok(passed, "%s", works[i].script))
            explain(trial);
    }
}

static void test_owner(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct stat info = { 0 };

    make_workspace(trial);
    bool ran = run(trial, "echo n >new", NULL, NULL) == SP_OK;
    tap_ok(ran && stat(in_ws(trial, "new", arena), &info) == 0 && info.st_uid == geteuid() &&
               info.st_gid == getegid(),
           "what it makes belongs to us");
}

/* --- attempts ------------------------------------------------------------------------------ */

static const struct {
    const char *what, *script;
} attempts[] = {
    { "write outside", "echo x >$1/beside; echo x >/etc/spoor-x && echo BROKEN; "
                       "echo x >/bin/spoor-x && echo BROKEN; mkdir /spoor-x && echo BROKEN" },
    { "leave by ..", "cd table && echo x >../other && echo BROKEN; echo x >../../beside" },
    { "leave by a symbolic link in a declared directory",
      "ln -s $PWD/other table/l && echo x >table/l && echo BROKEN; ln -s /etc table/e && "
      "echo x >table/e/spoor-x && echo BROKEN; ln -s $PWD/other new && echo x >new && echo BROKEN" },
    { "leave by a hard link", "ln other new && echo x >new && echo BROKEN; "
                              "ln -f other table/h && echo x >table/h && echo BROKEN" },
    { "replace what is not declared", "echo x >t; mv -f t other && echo BROKEN; rm -f t; "
                                      "mv other table && echo BROKEN" },
    { "truncate, chmod, touch",
      ": >other && echo BROKEN; chmod 777 other && echo BROKEN; touch other && echo BROKEN" },
    { "undo the mounts", "mount -o remount,rw / && echo BROKEN; umount other && echo BROKEN; "
                         "umount -l . && echo BROKEN; mount -t tmpfs x sub && echo BROKEN" },
    { "gain privileges", "grep -q '^CapEff:.*[1-9a-f]' /proc/self/status && echo BROKEN; "
                         "grep -q '^CapBnd:.*[1-9a-f]' /proc/self/status && echo BROKEN; "
                         "grep -q '^NoNewPrivs:.*0' /proc/self/status && echo BROKEN; "
                         "true" },
    { "go without a filter of system calls",
      "grep -q '^Seccomp:.*0' /proc/self/status && echo BROKEN; true" },
    { "reach a server on this machine",
      "timeout 2 nc 127.0.0.1 $0; [ $? -gt 100 ] && echo BROKEN; true" },
    { "reach another machine", "ping -c 1 -W 1 192.0.2.1 && echo BROKEN; "
                               "grep -v -e lo: -e [|] /proc/net/dev && echo BROKEN; true" },
    { "see or kill other processes", "[ -d /proc/$0 ] && grep -q programs /proc/$0/status && "
                                     "echo BROKEN; kill -9 $0 && echo BROKEN; true" },
    { "change the kernel's settings", "echo x >/proc/sys/kernel/core_pattern && echo BROKEN; "
                                      "echo h >/proc/sysrq-trigger && echo BROKEN; "
                                      "hostname spoor-x && echo BROKEN; true" },
    { "read the disk", "[ -e /dev/vda ] || [ -e /dev/sda ] && echo BROKEN; "
                       "mknod table/disk b 8 0 && echo BROKEN; true" },
    { "see files of the machine",
      "ls $1/secret && echo BROKEN; [ -e /etc/shadow ] && echo BROKEN; "
      "[ -e /root ] && echo BROKEN; ls /home | grep . && echo BROKEN; true" },
    { "use the temporary files of others", "ls $1/in-tmp && echo BROKEN; true" },
    { "use cgroups", "mkdir /sys/fs/cgroup/spoor-x /sys/fs/cgroup/*/spoor-x && echo BROKEN; true" },
};

static bool is_untouched(const struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    return sp_file_kind(sp_arena_printf(arena, "%s/beside", trial->top).ptr) == SP_FILE_NONE &&
           sp_file_kind(sp_arena_printf(arena, "%s/spoor-x", trial->root.path).ptr) ==
               SP_FILE_NONE &&
           access("/etc/spoor-x", F_OK) != 0;
}

static void test_attempts(struct trial *trial, const char *port)
{
    char self[16];

    (void)snprintf(self, sizeof self, "%d", (int)getpid());
    for (size_t i = 0; i < SP_COUNT(attempts); i++) {
        if (is_apptainer(trial) && strstr(attempts[i].script, "Seccomp")) {
            tap_skip("Apptainer has one if it was built with libseccomp");
            continue;
        }
        bool by_port = strstr(attempts[i].script, "127.0.0.1") != NULL;
        make_workspace(trial);
        bool ran = run(trial, attempts[i].script, NULL, by_port ? port : self) == SP_OK;
        bool passed = ran && trial->done && !strstr(trial->output.ptr, "BROKEN") &&
                      holds(trial, "other", "other") && holds(trial, "sub/there", "there") &&
                      is_untouched(trial) && left_nothing(trial);
        if (!tap_ok(passed, "cannot %s", attempts[i].what))
            explain(trial);
    }
}

/* --- what is asked for --------------------------------------------------------------------- */

static void with_network(struct sp_box *box)
{
    box->flags |= SP_BOX_NETWORK;
}

static void with_mounts(struct sp_box *box)
{
    static struct sp_box_mount mounts[2];

    mounts[0] = (struct sp_box_mount){ "/etc", "/data/etc", false };
    mounts[1] = (struct sp_box_mount){ "/etc/hostname", "/data/a,b:c", false };
    box->mounts = mounts;
    box->mount_count = SP_COUNT(mounts);
}

/* What is mounted below something read-only is read-only, too. Only root can make it so. */
static void test_mounts_below(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *dir = in_ws(trial, "sub/a disk", arena);

    make_workspace(trial);
    if (mkdir(dir, 0755) < 0 || mount("tmpfs", dir, "tmpfs", 0, NULL) < 0) {
        tap_skip("cannot mount anything");
        return;
    }
    put_file(in_ws(trial, "sub/a disk/f", arena), "f");
    bool ran =
        run(trial, "cat sub/a*/f >new; echo x >sub/a*/f && echo BROKEN; :", NULL, NULL) == SP_OK;
    if (!tap_ok(ran && holds(trial, "new", "f") && holds(trial, "sub/a disk/f", "f") &&
                    !strstr(trial->output.ptr, "BROKEN"),
                "a disk below what is read-only is read-only"))
        explain(trial);
    if (umount(dir) < 0)
        printf("# cannot unmount %s\n", dir);
}

static void with_little(struct sp_box *box)
{
    box->memory = 100000000;
    box->processes = 50;
    box->file_size = 1000000;
    box->cpus = 0.5;
}

static void test_wishes(struct trial *trial, const char *port)
{
    make_workspace(trial);
    bool ran = run(trial, "timeout 2 nc 127.0.0.1 $0; [ $? -gt 100 ] && echo CONNECTED",
                   with_network, port) == SP_OK;
    if (!tap_ok(ran && strstr(trial->output.ptr, "CONNECTED"), "a network that was asked for"))
        explain(trial);
    ran = run(trial, "cat /data/etc/hostname '/data/a,b:c' >new && ! echo x >/data/etc/spoor-x",
              with_mounts, NULL) == SP_OK;
    if (!tap_ok(ran && trial->status == 0 && is_untouched(trial), "mounts at other places"))
        explain(trial);
}

static void test_limits(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct stat info = { 0 };

    make_workspace(trial);
    bool ran = run(trial, "head -c 3000000 /dev/zero >new", with_little, NULL) == SP_OK;
    tap_ok(ran && stat(in_ws(trial, "new", arena), &info) == 0 && info.st_size <= 1000000,
           "no file is larger than it may be");
    if (trial->ops->caps(trial->backend) & SP_BACKEND_ENFORCES_MEM) {
        ran = run(trial, "exec tail -c 300000000 /dev/zero >/dev/null", with_little, NULL) == SP_OK;
        if (!tap_ok(ran && trial->failure == SP_FAILURE_RESOURCE && strstr(trial->reason, "100 MB"),
                    "no more memory than it may have: %s", trial->reason))
            explain(trial);
    } else {
        tap_skip("the kernel does not see to the memory of all processes together");
    }
    ran = run(trial,
              "i=0; while [ $i -lt 100 ]; do sleep 5 & i=$((i + 1)); done; "
              "ls /proc | grep -c '^[0-9]' >new",
              with_little, NULL) == SP_OK;
    if (is_apptainer(trial) && geteuid() == 0)
        tap_skip("RLIMIT_NPROC is not for root");
    else
        tap_ok(ran && trial->done && trial->status != 0, "no more processes than it may have");
}

/* --- what cannot be run -------------------------------------------------------------------- */

static void test_unstartable(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *const missing[] = { "no-such-tool", NULL };
    const char *const broken[] = { "/bin/broken", NULL };
    const char *path = sp_arena_printf(arena, "%s/bin/broken", trial->root.path).ptr;
    struct sp_handle handle;

    make_workspace(trial);
    tap_ok(submit(trial, missing, NULL, arena, &handle) == SP_NOT_FOUND &&
               strstr(trial->reason, "no-such-tool") && strstr(trial->reason, "busybox:test"),
           "a missing program is named with the image: %s", trial->reason);
    put_file(path, "#!/no/such/interpreter\n");
    (void)chmod(path, 0755);
    if (submit(trial, broken, NULL, arena, &handle) == SP_OK)
        await(trial);
    if (!tap_ok(trial->done && trial->status != 0 && trial->failure == SP_FAILURE_TOOL &&
                    left_nothing(trial),
                "a program without its interpreter: %s", trial->reason))
        explain(trial);
    (void)unlink(path);
}

static void test_every_fault(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *boxes = sp_arena_printf(arena, "%s/boxes", trial->top).ptr;

    for (unsigned nth = 1; nth < 100; nth++) {
        make_workspace(trial);
        sp_fault_arm(nth);
        bool started = run(trial, "echo n >new; echo s >sub/new", NULL, NULL) == SP_OK;
        const char *site = sp_fault_fired();
        sp_fault_arm(0);
        if (!site) {
            tap_ok(started && holds(trial, "new", "n\n") && holds(trial, "sub/new", "s\n") &&
                       !trial->fault[0],
                   "no fault left after %u", nth - 1);
            return;
        }
        const char *told = trial->fault[0] ? trial->fault : trial->reason;
        bool harmless = started && !trial->fault[0] && holds(trial, "new", "n\n") &&
                        holds(trial, "sub/new", "s\n");
        bool removing = strncmp(site, "tree.", 5) == 0; /* the next run does it */
        struct sp_err err = SP_ERR_INIT;
        if (removing && trial->ops->reap(boxes, &err))
            printf("# %s\n", err.text);
        tap_ok((told[0] || removing || harmless) && left_nothing(trial) &&
                   holds(trial, "old", "old"),
               "fault at %s is reported or does no harm, and leaves nothing: %s", site, told);
    }
    tap_ok(false, "it never succeeded");
}

/* --- the end of the engine ------------------------------------------------------------------- */

/* In a child: start a job and die of SIGKILL while it runs; its handle goes through the pipe. */
SP_NORETURN static void die_while_running(struct trial *trial, int to)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *const argv[] = {
        "sh", "-c",
        "echo x >table/ticks; echo up; while :; do echo x >>table/ticks; sleep 0.05; done", NULL
    };
    struct sp_handle handle = { "" };
    struct sp_err err = SP_ERR_INIT;

    if (sp_loop_new(&trial->loop, &err) || trial->ops->open(trial->loop, &trial->backend, &err) ||
        submit(trial, argv, NULL, arena, &handle))
        _exit(1);
    sp_nsec limit = sp_clock_monotonic() + PATIENCE;
    while (!strstr(trial->output.ptr, "up\n") && sp_clock_monotonic() < limit)
        (void)sp_loop_turn(trial->loop, 1000);
    if (write(to, handle.text, sizeof handle.text) < 0)
        _exit(1);
    (void)kill(getpid(), SIGKILL);
    _exit(1);
}

static void test_killed(struct trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *ticks = in_ws(trial, "table/ticks", arena);
    struct sp_handle handle = { "" };
    struct sp_err err = SP_ERR_INIT;
    int pair[2];

    make_workspace(trial);
    if (pipe2(pair, O_CLOEXEC) < 0) {
        tap_ok(false, "no pipe");
        return;
    }
    pid_t pid = fork();
    if (pid == 0)
        die_while_running(trial, pair[1]);
    (void)close(pair[1]);
    bool told = read(pair[0], handle.text, sizeof handle.text) == (ssize_t)sizeof handle.text;
    (void)close(pair[0]);
    int status = 0;
    (void)waitpid(pid, &status, 0);
    tap_ok(told && WIFSIGNALED(status), "an engine dies while its container runs");
    trial->ops->kill(trial->backend, &handle);
    tap_ok(!trial->ops->is_alive(trial->backend, &handle), "its keeper ends");
    uint64_t before = sp_tree_size(ticks);
    (void)usleep(300 * 1000);
    tap_ok(before > 0 && sp_tree_size(ticks) == before, "and the container before that");
    tap_ok(trial->ops->reap(sp_arena_printf(arena, "%s/boxes", trial->top).ptr, &err) == SP_OK &&
               left_nothing(trial),
           "the next engine removes what it has left");
}

/* --- all ------------------------------------------------------------------------------------- */

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

static bool begin(struct trial *trial, char *top, char *root)
{
    /* Apptainer wants places for its own mounts. */
    static const char *const dirs[] = { "boxes", "root/dev", "root/sys", "root/var",
                                        "root/var/tmp" };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;

    if (!mkdtemp(top))
        return false;
    (void)snprintf(root, strlen(top) + sizeof "/root", "%s/root", top);
    if (sp_testroot_make(root, &err) || sp_loop_new(&trial->loop, &err) ||
        trial->ops->open(trial->loop, &trial->backend, &err)) {
        tap_ok(false, "begin: %s", err.text);
        return false;
    }
    for (size_t i = 0; i < SP_COUNT(dirs); i++)
        (void)mkdir(sp_arena_printf(arena, "%s/%s", top, dirs[i]).ptr, 0755);
    put_file(sp_arena_printf(arena, "%s/in-tmp", top).ptr, "x");
    put_file(sp_arena_printf(arena, "%s/secret", top).ptr, "secret");
    return true;
}

int main(int argc, char **argv)
{
    char top[] = "/tmp/spoor-programs-XXXXXX";
    char root[] = "/tmp/spoor-programs-XXXXXX/root";
    char port[8];
    struct trial trial = { .ops = argc > 1 ? sp_backend_find(argv[1]) : NULL,
                           .root = { .path = root, .name = "busybox:test", .key = "0" },
                           .top = top,
                           .output = SP_BUF(SP_BUF_LARGE) };
    struct sp_err err = SP_ERR_INIT;

    if (!trial.ops)
        return 2;
    if (trial.ops->refusal()) {
        tap_skip(trial.ops->refusal());
        return tap_done();
    }
    if (!begin(&trial, top, root)) {
        tap_ok(false, "a workspace");
        return tap_done();
    }
    int listener = listen_here(port);
    test_works(&trial);
    test_owner(&trial);
    test_attempts(&trial, port);
    test_wishes(&trial, port);
    test_mounts_below(&trial);
    test_limits(&trial);
    test_unstartable(&trial);
    test_killed(&trial);
    if (strcmp(trial.ops->name, "podman") == 0) /* it is the same code for all */
        test_every_fault(&trial);
    (void)close(listener);
    trial.ops->close(trial.backend);
    sp_loop_free(trial.loop);
    sp_buf_fini(&trial.output);
    if (sp_remove_tree(top, &err))
        printf("# %s\n", err.text);
    return tap_done();
}
