/* SPDX-License-Identifier: BSD-3-Clause */
/* root_test.c - a box in the file system of an image: what is to be seen there, and attempts to see
 * or to change anything else. As box_test.c; also with the argument "nobody". */
#include "base/tap.h"

#include "exec/sandbox/init.h"
#include "exec/sandbox/sandbox.h"
#include "exec/sandbox/trial.h"
#include "exec/testroot.h"
#include "sys/file.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

/* --- what is there ---------------------------------------------------------------------------- */

/* What `tune` functions cannot be given. */
static struct {
    char top[64];
    char secret[96], data[96], tree[96]; /* of the machine: a file, another, a directory */
} machine;

static void with_network(struct sp_box *box)
{
    box->flags |= SP_BOX_NETWORK;
}

static struct sp_box_mount mounts[] = {
    { .source = machine.data, .target = "/opt/deep/er/file" },
    { .source = machine.tree, .target = "/data/tree", .writable = true },
    { .source = machine.data, .target = "/etc/image" },
    { .source = machine.tree, .target = "/home" },
};

static void with_mounts(struct sp_box *box)
{
    box->mounts = mounts;
    box->mount_count = SP_COUNT(mounts);
}

static void with_shows(struct sp_box *box)
{
    static const char *const shows[] = { machine.data, machine.tree, NULL };

    box->shows = shows;
}

static const struct {
    const char *what, *script;
    void (*tune)(struct sp_box *box);
    const char *said; /* all of it, without the last line end */
} sights[] = {
    { "the image's files", "cat /etc/image", NULL, "busybox" },
    { "links of the image", "[ /bin/sh -ef /usr/bin/sh ] && echo same", NULL, "same" },
    { "nothing of the machine at the top",
      "ls / | grep -v -x -e bin -e usr -e etc -e tmp -e proc -e home -e dev -e run -e var", NULL,
      "" },
    { "no other entry of its working directory's surroundings", "cd ..; ls", NULL, "ws" },
    { "its own name", "[ \"$(id -un)\" = \"$(whoami)\" ] && echo ok", NULL, "ok" },
    { "its home",
      "grep -c \":$(id -u):$(id -g)::$HOME:/bin/sh\" /etc/passwd; [ -w $HOME ] && echo w", NULL,
      "1\nw" },
    { "the other users of the image", "grep -c other /etc/passwd /etc/group", NULL,
      "/etc/passwd:1\n/etc/group:1" },
    { "localhost", "grep -c localhost /etc/hosts; [ ! -e /etc/resolv.conf ] && echo none", NULL,
      "2\nnone" },
    { "the machine's name servers, with the network", "cat /etc/resolv.conf | wc -l", with_network,
      "RESOLV" },
    { "its devices",
      "cd /dev; ls -d null zero full random urandom shm pts fd stdin stdout stderr ptmx | wc -l; "
      "echo x >/dev/null; head -c 3 zero | wc -c; echo x >shm/x && cat shm/x",
      NULL, "12\n3\nx" },
    { "only its own processes",
      "[ $(ls /proc | grep -c '^[0-9]') -le 5 ] && echo few; ls /proc/self/fd | wc -l", NULL,
      "few\n4" },
    { "private directories",
      "for d in /tmp /var/tmp; do echo x >$d/x$$ || echo bad; done; "
      "[ -d /run ] && echo ok",
      NULL, "ok" },
    { "parts of the machine elsewhere",
      "cat /opt/deep/er/file /etc/image /home/leaf; echo; echo w >/data/tree/w; cat /data/tree/w; "
      "echo x >/home/x || echo x >/opt/deep/er/file || echo x >/opt/new || echo closed",
      with_mounts, "datadataleaf\nw\nclosed" },
    { "what is declared as an input",
      "cat $1/data $1/tree/leaf; echo; ls $1; echo x >$1/tree/leaf || echo closed", with_shows,
      "dataleaf\ndata\ntree\nws\nclosed" },
    { "a script beside it", "printf '#!/bin/sh\\necho run' >new; chmod +x new; ./new", NULL,
      "run" },
};

/* How many lines the machine has in that file. */
static unsigned count_lines(const char *path)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    unsigned count = 0;

    if (sp_file_read(path, &text, &err))
        return 0;
    for (size_t i = 0; i < text.len; i++)
        count += text.ptr[i] == '\n';
    return count;
}

/* What the shell says about refusals is not what is asked for. */
static bool said_only(const struct sp_trial *trial, const char *want)
{
    sp_auto_buf struct sp_buf said = SP_BUF(SP_BUF_SMALL);
    char number[16];

    for (struct sp_str rest = sp_buf_str(&trial->output); rest.len;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        if (sp_str_find_str(line, SP_STR(": ")) == SIZE_MAX)
            sp_buf_addf(&said, "%s" SP_STR_FMT, said.len ? "\n" : "", SP_STR_ARG(line));
    }
    (void)snprintf(number, sizeof number, "%u", count_lines("/etc/resolv.conf"));
    return sp_str_is(sp_buf_str(&said), strcmp(want, "RESOLV") == 0 ? number : want);
}

static void test_sights(struct sp_trial *trial)
{
    for (size_t i = 0; i < SP_COUNT(sights); i++) {
        sp_trial_reset(trial);
        bool ran = sp_trial_run(trial, sights[i].script, sights[i].tune, NULL) == SP_OK;
        if (!tap_ok(ran && trial->done && said_only(trial, sights[i].said) &&
                        sp_trial_left_nothing(trial),
                    "a box in an image has %s", sights[i].what))
            sp_trial_explain(trial);
    }
}

/* --- attempts --------------------------------------------------------------------------------- */

/* $0 is a port of the machine, $1 the directory around the workspace. */
static const struct {
    const char *what, *script;
} attempts[] = {
    { "write to the image",
      "echo x >/etc/image && echo BROKEN; echo x >/usr/bin/x && echo BROKEN; mkdir /new && "
      "echo BROKEN; rm /etc/image && echo BROKEN; chmod 777 /etc/image && echo BROKEN; "
      "touch /home/x && echo BROKEN; ln -s x /x && echo BROKEN; mv /bin /bim && echo BROKEN; "
      "rmdir /home && echo BROKEN; true" },
    { "write to the box's own files",
      "echo x >>/etc/passwd && echo BROKEN; rm /etc/hosts && echo BROKEN; echo x >>/etc/group && "
      "echo BROKEN; rm -r /.spoor* && echo BROKEN; true" },
    { "read the machine's secrets",
      "[ -e /etc/shadow ] && echo BROKEN; [ -e /etc/debian_version ] && echo BROKEN; "
      "[ -e /root ] && echo BROKEN; [ -e $1/secret ] && echo BROKEN; [ -e /sys/kernel ] && "
      "echo BROKEN; true" },
    { "leave by ..",
      "cat ../secret ../../../../../../../../etc/debian_version && echo BROKEN; "
      "cd table/../../..; cat secret && echo BROKEN; [ -e ../../../etc/debian_version ] && "
      "echo BROKEN; true" },
    { "leave by a link out of what it may write",
      "ln -s $1/secret table/l; cat table/l && echo BROKEN; ln -s /../../../../etc/debian_version "
      "table/m; cat table/m && echo BROKEN; true" },
    { "reach the old root",
      "for p in self 1 $$ $PPID; do for f in root cwd; do [ -e /proc/$p/$f/etc/debian_version ] && "
      "echo BROKEN; [ -e /proc/$p/$f/../../../../etc/debian_version ] && echo BROKEN; done; done; "
      "ls /proc/1/root/ && echo BROKEN; true" },
    { "find a descriptor that leads out",
      "for f in /proc/self/fd/*; do case $(readlink $f) in pipe:*|/dev/null|/proc/*|'') ;; "
      "*) echo BROKEN $f $(readlink $f);; esac; done; ls -l /proc/1/fd | grep -e '->' && "
      "echo BROKEN; true" },
    { "find a mount of the machine",
      "grep -v -e ' /ws ' /proc/self/mountinfo | cut -d' ' -f5 | "
      "grep -e ^/sys -e ^/work -e ^/boot -e ^/lost && echo BROKEN; true" },
    { "undo the mounts",
      "mount -o remount,rw / && echo BROKEN; mount -o remount,bind,rw /usr && echo BROKEN; "
      "umount /etc/passwd && echo BROKEN; umount -l / && echo BROKEN; "
      "mount -t tmpfs x /home && echo BROKEN; mount -t proc x /home && echo BROKEN; true" },
    { "change its root", "pivot_root . . && echo BROKEN; chroot / true && echo BROKEN; "
                         "mkdir table/r; chroot table/r true && echo BROKEN; true" },
    { "make device files", "mknod table/disk b 254 0 && echo BROKEN; mknod /tmp/disk b 254 0 && "
                           "echo BROKEN; mknod /dev/disk c 1 1 && echo BROKEN; true" },
    { "use a setuid program of the image", "grep -q '^NoNewPrivs:.*1' /proc/self/status || "
                                           "echo BROKEN; su -c true other && echo BROKEN; true" },
    { "look into its first process",
      "head -c 1 /proc/1/mem && echo BROKEN; cat /proc/1/environ && "
      "echo BROKEN; cat /proc/1/maps | grep . && echo BROKEN; true" },
    { "change the kernel's settings",
      "echo x >/proc/sys/kernel/core_pattern && echo BROKEN; echo h >/proc/sysrq-trigger && "
      "echo BROKEN; echo 0 >/proc/sys/kernel/yama/ptrace_scope && echo BROKEN; "
      "hostname x && echo BROKEN; date -s 2001-01-01; "
      "[ $(date +%Y) = 2001 ] && echo BROKEN; true" },
    { "reach a server on this machine", "nc -w 1 127.0.0.1 $0 </dev/null && echo BROKEN; true" },
    { "reach an abstract socket of this machine",
      "grep -q spoor-root-test /proc/net/unix && echo BROKEN; true" },
    { "see or end other processes", "kill -9 1; "
                                    "ls -d /proc/[0-9][0-9][0-9]* && echo BROKEN; true" },
    { "use cgroups", "[ -e /sys/fs/cgroup ] && echo BROKEN; mkdir /tmp/c; "
                     "mount -t cgroup2 x /tmp/c && echo BROKEN; true" },
};

static void test_attempts(struct sp_trial *trial, const char *port)
{
    for (size_t i = 0; i < SP_COUNT(attempts); i++) {
        sp_trial_reset(trial);
        bool ran = sp_trial_run(trial, attempts[i].script, NULL, port) == SP_OK;
        if (!tap_ok(ran && trial->done && !sp_trial_said(trial, "BROKEN") &&
                        sp_trial_holds(trial, "other", "other") && sp_trial_left_nothing(trial),
                    "cannot %s", attempts[i].what))
            sp_trial_explain(trial);
    }
}

/* --- what is not there ---------------------------------------------------------------------------
 */

static void test_missing(struct sp_trial *trial)
{
    static const char *const env[] = { "PATH=/bin", NULL };
    static const char *const nothing[] = { NULL };

    static const struct {
        const char *program;
        enum sp_rc rc;
        const char *why;
    } rows[] = {
        { "wgte", SP_NOT_FOUND,
          "no program 'wgte' in PATH of image 'busybox:test'; did you mean "
          "'wget'?" },
        { "/usr/bin/apt-get", SP_NOT_FOUND,
          "no program '/usr/bin/apt-get' in image 'busybox:test'" },
        { "/etc/image", SP_NOT_FOUND, "'/etc/image' in image 'busybox:test' is not executable" },
        { "/home", SP_NOT_FOUND, "'/home' in image 'busybox:test' is a directory" },
        { "script", SP_NOT_FOUND, "interpreter '/usr/bin/python9' is not in image 'busybox:test'" },
        { "text", SP_INVALID, "image 'busybox:test': start '/bin/text': not a program" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_box box = { .root = trial->root, .writes = nothing, .shows = nothing };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        const char *const argv[] = { rows[i].program, NULL };
        const struct sp_job job = { "box", argv, env, sp_trial_path(trial, "", arena),
                                    .box = &box };
        struct sp_handle handle;
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_trial_submit(trial, &job, &handle, &err);
        if (!tap_ok(rc == rows[i].rc && strstr(err.text, rows[i].why), "%s", rows[i].why))
            printf("# %s: %s\n", sp_rc_name(rc), err.text);
    }
}

static struct sp_box_mount nowhere = { .source = "/no/such/thing", .target = "/x" };

static void without_root(struct sp_box *box)
{
    box->root = NULL;
}

static void with_bad_mount(struct sp_box *box)
{
    box->mounts = &nowhere;
    box->mount_count = 1;
}

static void with_lost_root(struct sp_box *box)
{
    static const struct sp_box_root lost = { .path = "/no/such/root",
                                             .name = "lost:1",
                                             .key = "1" };

    box->root = &lost;
}

static void test_refusals(struct sp_trial *trial)
{
    static const struct {
        void (*tune)(struct sp_box *box);
        unsigned without;
        enum sp_rc rc;
        const char *why;
    } rows[] = {
        { without_root, 0, SP_INVALID, "has no image" },
        { with_bad_mount, 0, SP_INVALID, "there is no '/no/such/thing'" },
        { with_lost_root, 0, SP_NOT_FOUND, "image 'lost:1': open its directory '/no/such/root'" },
        { NULL, SP_BOX_NAMESPACES | SP_BOX_USER_NS | SP_BOX_NET_NS, SP_INVALID,
          "image 'busybox:test' cannot be run in a box" },
        { NULL, SP_BOX_PROC, SP_INVALID, "image 'busybox:test' cannot be run in a box" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_trial_reset(trial);
        sp_sandbox_without(trial->backend, rows[i].without);
        enum sp_rc rc = sp_trial_run(trial, "true", rows[i].tune, NULL);
        if (!tap_ok(rc == rows[i].rc && strstr(trial->reason, rows[i].why) &&
                        sp_trial_left_nothing(trial),
                    "refused: %s", rows[i].why))
            printf("# %s: %s\n", sp_rc_name(rc), trial->reason);
    }
    sp_sandbox_without(trial->backend, 0);
}

/* --- images that are not as usual
 * ----------------------------------------------------------------- */

/* Nothing where the box needs something, or something else. */
static enum sp_rc make_odd(const char *path, struct sp_err *err)
{
    static const struct {
        const char *name, *target;
    } links[] = {
        { "tmp", "/no/where/tmp" },
        { "var", "../../../usr/var" },
        { "home", "etc" },
        { "dev", "dev" },
        { "etc/hosts", "/run/hosts" },
        { "etc/group", "../../x" },
        { "etc/resolv.conf", "/etc/none" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    enum sp_rc rc = sp_testroot_make(path, err);
    for (size_t i = 0; i < SP_COUNT(links) && rc == SP_OK; i++) {
        const char *at = sp_arena_printf(arena, "%s/%s", path, links[i].name).ptr;
        rc = sp_remove_tree(at, err);
        if (rc == SP_OK && symlink(links[i].target, at) < 0)
            rc = sp_fail_errno(err, "make a link at '%s'", at);
    }
    const char *run = sp_arena_printf(arena, "%s/run", path).ptr;
    sp_trial_put_file(run, "a file");
    return rc;
}

static void test_odd(struct sp_trial *trial)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *path = sp_arena_printf(arena, "%s/odd", trial->top).ptr;
    const struct sp_box_root odd = { .path = path, .name = "odd:1", .key = "2" };
    const struct sp_box_root *usual = trial->root;
    struct sp_err err = SP_ERR_INIT;

    if (make_odd(path, &err))
        printf("# %s\n", err.text);
    trial->root = &odd;
    sp_trial_reset(trial);
    bool ran = sp_trial_run(trial,
                            "echo x >/tmp/x; echo y >/var/tmp/y; cat /var/tmp/y; [ -d /run ] && "
                            "grep -c localhost /etc/hosts; whoami; id -gn; cat /home/image; "
                            "echo z >/dev/null; echo n >new; pwd",
                            with_network, NULL) == SP_OK;
    if (!tap_ok(ran && trial->status == 0 && sp_trial_holds(trial, "new", "n\n") &&
                    sp_trial_said(trial, "y\n") && sp_trial_said(trial, "busybox\n"),
                "an image with links in the way"))
        sp_trial_explain(trial);
    sp_trial_reset(trial);
    ran = sp_trial_run(trial, "cat /opt/deep/er/file; cat /home/leaf /etc/leaf", with_mounts,
                       NULL) == SP_OK;
    if (!tap_ok(ran && sp_trial_said(trial, "dataleafleaf"), "and mounts over them"))
        sp_trial_explain(trial);
    trial->root = usual;
}

/* --- together ----------------------------------------------------------------------------------
 */

static void test_unchanged(const struct sp_trial *trial, sp_nsec before)
{
    tap_ok(sp_tree_changed(trial->root->path) == before, "nothing was changed in the image");
}

/* --- all ----------------------------------------------------------------------------------------
 */

static int listen_at(struct sockaddr *name, socklen_t len)
{
    int fd = socket(name->sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);

    if (fd < 0 || bind(fd, name, len) < 0 || listen(fd, 5) < 0 ||
        (name->sa_family == AF_INET && getsockname(fd, name, &len) < 0))
        printf("# cannot listen\n");
    return fd;
}

static void make_surroundings(const char *top)
{
    char leaf[sizeof machine.tree + 8];

    (void)snprintf(machine.top, sizeof machine.top, "%s", top);
    (void)snprintf(machine.secret, sizeof machine.secret, "%s/secret", top);
    (void)snprintf(machine.data, sizeof machine.data, "%s/data", top);
    (void)snprintf(machine.tree, sizeof machine.tree, "%s/tree", top);
    (void)snprintf(leaf, sizeof leaf, "%s/leaf", machine.tree);
    (void)mkdir(machine.tree, 0755);
    sp_trial_put_file(machine.secret, "secret");
    sp_trial_put_file(machine.data, "data");
    sp_trial_put_file(leaf, "leaf");
}

static void run_all(struct sp_trial *trial)
{
    struct sockaddr_in name = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
    struct sockaddr_un hidden = { .sun_family = AF_UNIX };
    char port[8];

    (void)snprintf(hidden.sun_path + 1, sizeof hidden.sun_path - 1, "spoor-root-test-%d",
                   (int)getpid());
    sp_auto_fd int inet = listen_at((struct sockaddr *)&name, sizeof name);
    sp_auto_fd int local = listen_at((struct sockaddr *)&hidden, sizeof hidden);
    (void)snprintf(port, sizeof port, "%d", (int)ntohs(name.sin_port));
    tap_ok(inet >= 0 && local >= 0, "there is something to be reached");
    make_surroundings(trial->top);
    sp_nsec before = sp_tree_changed(trial->root->path);
    test_sights(trial);
    test_attempts(trial, port);
    test_missing(trial);
    test_refusals(trial);
    test_unchanged(trial, before);
    test_odd(trial);
}

static enum sp_rc make_image(const char *path, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    const char *script = sp_arena_printf(arena, "%s/usr/bin/script", path).ptr;
    const char *text = sp_arena_printf(arena, "%s/usr/bin/text", path).ptr;

    enum sp_rc rc = sp_testroot_make(path, err);
    sp_trial_put_file(script, "#! /usr/bin/python9 -u\n");
    sp_trial_put_file(text, "text");
    if (rc == SP_OK && (chmod(script, 0755) < 0 || chmod(text, 0755) < 0))
        rc = sp_fail_errno(err, "make programs");
    return rc;
}

int main(int argc, char **argv)
{
    char top[] = "/tmp/spoor-root-test-XXXXXX";
    char path[sizeof top + 6]; /* "/image" */
    struct sp_box_root image = { .path = path, .name = "busybox:test", .key = "0" };
    struct sp_trial trial = { .ops = &sp_container_backend, .shell = "sh", .root = &image };
    struct sp_err err = SP_ERR_INIT;

    if (!sp_trial_become(argc, argv))
        return 1;
    if (trial.ops->refusal()) {
        tap_skip(trial.ops->refusal());
        return tap_done();
    }
    if (sp_trial_begin(&trial, top, &err)) {
        tap_ok(false, "begin: %s", err.text);
        return tap_done();
    }
    (void)snprintf(path, sizeof path, "%s/image", top);
    if (make_image(path, &err))
        tap_ok(false, "%s", err.text);
    else
        run_all(&trial);
    sp_trial_end(&trial);
    return tap_done();
}
