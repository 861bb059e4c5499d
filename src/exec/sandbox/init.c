/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/init.h"

#include "base/fault.h"

#include "exec/sandbox/confine.h"
#include "exec/sandbox/mounts.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAST_DESCRIPTOR (~0U)

/* --- saying ------------------------------------------------------------------------------- */

static void say(const struct sp_box_plan *plan, const struct sp_box_message *message)
{
    /* Smaller than a pipe's atomic size, and the pipe is empty. */
    if (write(plan->status, message, sizeof *message) < 0)
        _exit(1);
}

SP_NORETURN static void fail(const struct sp_box_plan *plan, const char *what, const char *where)
{
    const struct sp_box_message message = {
        .kind = SP_BOX_FAILED, .number = errno, .what = what, .where = where
    };

    say(plan, &message);
    _exit(1);
}

/* --- who we are --------------------------------------------------------------------------- */

/* Write a small number or line; true on success. */
static bool write_file(const char *path, const char *text)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool passed = fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text);

    if (fd >= 0)
        (void)close(fd);
    return passed;
}

/* snprintf may take locks. */
static char *put_number(char *at, unsigned number)
{
    char digits[10];
    int len = 0;

    do
        digits[len++] = (char)('0' + number % 10);
    while (number /= 10);
    while (len)
        *at++ = digits[--len];
    return at;
}

/* The user is who he was, and nobody else is there. */
static bool map_user(const char *path, unsigned id)
{
    char text[32]; /* two numbers of 10 digits, " 1\n" */
    char *at = put_number(text, id);

    *at++ = ' ';
    at = put_number(at, id);
    memcpy(at, " 1\n", 4);
    return write_file(path, text);
}

static void become_user(const struct sp_box_plan *plan)
{
    if (!(plan->features & SP_BOX_USER_NS))
        return;
    if (!write_file("/proc/self/setgroups", "deny") || !map_user("/proc/self/uid_map", plan->uid) ||
        !map_user("/proc/self/gid_map", plan->gid))
        fail(plan, "map the user", NULL);
}

/* If Spoor died before the first of these calls, the leash has no other end any more. */
static void die_with_parent(const struct sp_box_plan *plan)
{
    struct pollfd leash = { .fd = plan->leash, .events = POLLIN };

    if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
        fail(plan, "ask for its end with Spoor's", NULL);
    if (poll(&leash, 1, 0) > 0 && (leash.revents & POLLHUP))
        _exit(1);
}

/* --- the network --------------------------------------------------------------------------- */

/* Programs talk to themselves through 127.0.0.1. No harm if it does not come up. */
static void raise_loopback(void)
{
    struct ifreq request = { .ifr_name = "lo" };
    int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

    if (fd < 0)
        return;
    if (ioctl(fd, SIOCGIFFLAGS, &request) == 0) {
        request.ifr_flags = (short)(request.ifr_flags | IFF_UP);
        (void)ioctl(fd, SIOCSIFFLAGS, &request);
    }
    (void)close(fd);
}

/* --- the tool ------------------------------------------------------------------------------ */

/* Numbers up to here are given once only, and not at all if the last one is said to have been it.
 */
#define RESERVED_PIDS 300

static void limit_processes(const struct sp_box_plan *plan)
{
    char text[16];
    const struct rlimit limit = { plan->processes, plan->processes };

    if (!plan->processes)
        return;
    *put_number(text, RESERVED_PIDS + plan->processes + 1) = '\0';
    /* Before Linux 6.14 it is that of the whole machine. */
    if ((plan->features & SP_BOX_OWN_PID_MAX) && (plan->features & SP_BOX_PROC)) {
        (void)write_file("/proc/sys/kernel/ns_last_pid", "300");
        (void)write_file("/proc/sys/kernel/pid_max", text);
    }
    /* In a user namespace it counts the box, outside all that the user runs. */
    if (plan->features & SP_BOX_USER_NS)
        (void)setrlimit(RLIMIT_NPROC, &limit);
}

static void set_limit(const struct sp_box_plan *plan, const struct sp_limit *wanted, bool is_hard)
{
    __rlimit_resource_t resource = (__rlimit_resource_t)wanted->resource;
    struct rlimit limit;

    if (getrlimit(resource, &limit) < 0)
        fail(plan, "read a resource limit", NULL);
    limit.rlim_cur = SP_MIN(wanted->soft, limit.rlim_max);
    if (is_hard)
        limit.rlim_max = limit.rlim_cur;
    if (setrlimit(resource, &limit) < 0)
        fail(plan, "set a resource limit", NULL);
}

static void set_limits(const struct sp_box_plan *plan)
{
    if (plan->cpus && sched_setaffinity(0, sizeof *plan->cpus, plan->cpus) < 0)
        fail(plan, "choose its processors", NULL);
    for (size_t i = 0; i < plan->ceiling_count; i++)
        set_limit(plan, &plan->ceilings[i], true);
    for (size_t i = 0; i < plan->limit_count; i++)
        set_limit(plan, &plan->limits[i], false);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int signo = 1; signo < NSIG; signo++)
        if (signo != SIGHUP) /* nohup works through us */
            (void)signal(signo, SIG_DFL);
    (void)sigemptyset(&none);
    (void)sigprocmask(SIG_SETMASK, &none, NULL);
}

/* What the "#!" line of a script asks for. */
static void read_need(const char *path, char need[static 64])
{
    char line[64] = "";
    size_t len = 0, from = 2;
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return;
    if (read(fd, line, sizeof line - 1) < 2 || line[0] != '#' || line[1] != '!')
        line[2] = '\0';
    (void)close(fd);
    while (line[from] == ' ')
        from++;
    while (line[from + len] && !strchr(" \t\r\n", line[from + len]))
        len++;
    memcpy(need, line + from, len);
}

SP_NORETURN static void fail_start(const struct sp_box_plan *plan, const char *path, int code)
{
    struct sp_box_message message = {
        .kind = SP_BOX_FAILED, .number = code, .what = "start", .where = path
    };
    struct stat info;

    if (path && code == ENOENT)
        read_need(path, message.needs);
    message.is_dir = path && stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    say(plan, &message);
    _exit(1);
}

/* As execvp(3) does. */
SP_NORETURN static void run_program(const struct sp_box_plan *plan)
{
    const char *refused = NULL;

    for (size_t i = 0; plan->programs[i]; i++) {
        const char *path = plan->programs[i];
        (void)execve(path, (char *const *)(uintptr_t)plan->argv,
                     (char *const *)(uintptr_t)plan->env);
        int code = errno;
        if (code == EACCES && !refused)
            refused = path;
        /* It is there, but not what it needs. */
        if (code == ENOENT && access(path, F_OK) == 0)
            fail_start(plan, path, code);
        if (code != ENOENT && code != ENOTDIR && code != EACCES)
            fail_start(plan, path, code);
    }
    fail_start(plan, refused, refused ? EACCES : ENOENT);
}

SP_NORETURN static void become_tool(const struct sp_box_plan *plan)
{
    int in = plan->in >= 0 ? plan->in : open("/dev/null", O_RDONLY | O_CLOEXEC);

    (void)setpgid(0, 0);
    if (!(plan->features & SP_BOX_NAMESPACES))
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (in < 0 || dup2(in, STDIN_FILENO) < 0 || dup2(plan->out, STDOUT_FILENO) < 0 ||
        dup2(plan->err, STDERR_FILENO) < 0)
        fail(plan, "connect its input and output", NULL);
    if (chdir(plan->cwd) < 0)
        fail(plan, "go to the working directory", plan->cwd);
    set_limits(plan);
    reset_signals();
    if (plan->filter && !sp_confine_filter(plan->filter))
        fail(plan, "install the filter of system calls", NULL);
    run_program(plan);
}

/* --- waiting ------------------------------------------------------------------------------- */

struct watch {
    const struct sp_box_plan *plan;
    pid_t tool;
    int status;
    bool ended; /* the tool has */
    bool empty; /* nothing is left */
    bool left;  /* when the tool had ended, something was */
    bool asked; /* what is left, to end */
    int64_t deadline_ms;
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void reap(struct watch *watch)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        watch->empty = pid < 0;
        watch->left = watch->left || (watch->ended && pid == 0);
        if (pid <= 0)
            return;
        if (pid != watch->tool)
            continue;
        watch->ended = true;
        watch->status = status;
        watch->deadline_ms = now_ms() + watch->plan->grace_ms;
    }
}

/* Numbers of signals; nothing: Spoor has died, and so do we, if the kernel has not seen to it. */
static void obey(const struct watch *watch)
{
    unsigned char signo;
    ssize_t got = read(watch->plan->leash, &signo, 1);

    if (got == 0)
        _exit(1);
    if (got != 1)
        return;
    (void)kill(-watch->tool, signo);
    (void)kill(-watch->tool, SIGCONT);
}

/* All of the box; outside of a pid namespace those of the tool's group. */
static void end_others(const struct watch *watch, int signo)
{
    if (watch->plan->features & SP_BOX_NAMESPACES)
        (void)kill(-1, signo);
    else
        (void)kill(-watch->tool, signo);
}

static void wait_for_end(struct watch *watch, int children)
{
    struct pollfd fds[] = {
        { .fd = watch->plan->leash, .events = POLLIN },
        { .fd = children, .events = POLLIN },
    };
    struct signalfd_siginfo ignored;

    while (reap(watch), !watch->empty) {
        int64_t left = watch->ended ? watch->deadline_ms - now_ms() : -1;
        if (watch->ended && left <= 0) {
            if (watch->asked)
                return;
            end_others(watch, SIGTERM);
            watch->asked = true;
            watch->deadline_ms = now_ms() + watch->plan->grace_ms;
            continue;
        }
        if (poll(fds, SP_COUNT(fds), (int)left) < 0 && errno != EINTR)
            _exit(1);
        if (fds[0].revents)
            obey(watch);
        if ((fds[1].revents & POLLIN) && read(children, &ignored, sizeof ignored) < 0)
            continue;
    }
}

/* --- the first process ---------------------------------------------------------------------- */

static void close_all_but(const int *keep, size_t count)
{
    unsigned from = STDERR_FILENO + 1;

    for (size_t i = 0; i < count; i++) { /* ascending */
        if ((unsigned)keep[i] > from)
            (void)close_range(from, (unsigned)keep[i] - 1, 0);
        from = (unsigned)keep[i] + 1;
    }
    (void)close_range(from, LAST_DESCRIPTOR, 0);
}

/* Descriptors of Spoor's are locks and journals: nobody keeps them for it. */
static void close_strangers(const struct sp_box_plan *plan)
{
    int keep[] = { plan->out, plan->err, plan->status, plan->leash, plan->in };
    size_t count = plan->in >= 0 ? 5 : 4;

    for (size_t i = 1; i < count; i++)
        for (size_t k = i; k > 0 && keep[k - 1] > keep[k]; k--) {
            int swap = keep[k];
            keep[k] = keep[k - 1];
            keep[k - 1] = swap;
        }
    close_all_but(keep, count);
}

static void build(struct sp_box_plan *plan)
{
    const char *where = NULL;

    become_user(plan);
    if (plan->features & SP_BOX_NAMESPACES) {
        const char *what = sp_mounts_build(plan, &where);
        if (what)
            fail(plan, what, where);
        if (plan->features & SP_BOX_NET_NS)
            raise_loopback();
        limit_processes(plan);
        if (!sp_mounts_seal())
            fail(plan, "make read-only", "/proc");
    } else {
        (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    }
    if (!sp_confine_drop())
        fail(plan, "give up privileges", NULL);
    if (plan->landlock > 0 && (plan->features & SP_BOX_LANDLOCK)) {
        const char *what = sp_confine_landlock(plan, &where);
        if (what)
            fail(plan, what, where);
    }
}

SP_NORETURN static void be_first(struct sp_box_plan *plan)
{
    struct watch watch = { .plan = plan };
    sigset_t all, child;
    int pipes[2];
    char ignored;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_NAME, "spoor-box");
    (void)setpgid(0, 0);
    die_with_parent(plan);
    close_strangers(plan);
    build(plan);
    die_with_parent(plan); /* again: other privileges forget it */
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (children < 0 || pipe2(pipes, O_CLOEXEC) < 0)
        fail(plan, "listen to its child", NULL);
    /* The tool may look at processes of the box, but not into this one. Its own program makes it
     * readable again. */
    (void)prctl(PR_SET_DUMPABLE, 0);
    watch.tool = (pid_t)syscall(SYS_clone, (long)SIGCHLD, NULL, NULL, NULL, NULL);
    if (watch.tool < 0)
        fail(plan, "fork", NULL);
    if (watch.tool == 0)
        become_tool(plan);
    (void)close(pipes[1]);
    (void)close(plan->out);
    (void)close(plan->err);
    if (read(pipes[0], &ignored, 1) != 0) /* its end: the program has been started, or not */
        fail(plan, "listen to its child", NULL);
    (void)close(pipes[0]);
    say(plan, &(struct sp_box_message){ .kind = SP_BOX_STARTED });
    wait_for_end(&watch, children);
    end_others(&watch, SIGKILL);
    say(plan, &(struct sp_box_message){ .kind = SP_BOX_ENDED,
                                        .number = watch.status,
                                        .left = watch.left,
                                        .was_ended = watch.asked });
    _exit(0);
}

/* --- forking -------------------------------------------------------------------------------- */

static unsigned long flags_of(const struct sp_box_plan *plan)
{
    unsigned long flags = SIGCHLD;

    if (plan->features & SP_BOX_NAMESPACES)
        flags |= CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS;
    if (plan->features & SP_BOX_USER_NS)
        flags |= CLONE_NEWUSER;
    if (plan->features & SP_BOX_NET_NS)
        flags |= CLONE_NEWNET;
    return flags;
}

enum sp_rc sp_box_clone(struct sp_box_plan *plan, int *out_pid, struct sp_err *err)
{
    /* Not fork(3): it takes locks, and knows no namespaces. */
    long pid = SP_FAULT("box.clone", EAGAIN)
                   ? -1
                   : syscall(SYS_clone, flags_of(plan), NULL, NULL, NULL, NULL);

    if (pid < 0)
        return sp_fail_errno(err, "start a box");
    if (pid == 0)
        be_first(plan);
    *out_pid = (int)pid;
    return SP_OK;
}
