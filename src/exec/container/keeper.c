/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/keeper.h"

#include "base/fault.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define LAST_DESCRIPTOR (~0U)
#define CANNOT_MAKE     125 /* status of the program when it has failed itself */
#define SETTLE_MS       300 /* for the monitor to end after its container, so that it is counted */

struct keeping {
    const struct sp_keeper_plan *plan;
    pid_t client, killer, remover; /* 0: none */
    unsigned char wishes[16];      /* signals that have not been sent, first first */
    size_t wish_count;
    int wish;            /* the one that `killer` sends */
    int struck;          /* the one that the client got itself; 0: none */
    int status;          /* of the client */
    bool ended;          /* the client has */
    bool unclean;        /* it may have left the container behind */
    bool empty;          /* no child is left */
    bool orphaned;       /* Spoor has died */
    int64_t deadline_ms; /* after the end */
};

static int64_t now_ms(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* Whoever listened may have died: no matter. */
static void say(const struct sp_keeper_plan *plan, int kind, int number)
{
    const struct sp_keeper_message message = { .kind = kind, .number = number };

    if (write(plan->status, &message, sizeof message) < 0)
        return;
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

/* None is above our own. */
static void set_limits(const struct sp_keeper_plan *plan)
{
    for (size_t i = 0; i < plan->limit_count; i++) {
        const struct sp_keeper_limit *wanted = &plan->limits[i];
        struct rlimit limit;
        if (getrlimit(wanted->resource, &limit) < 0)
            continue;
        limit.rlim_cur = SP_MIN(wanted->most, limit.rlim_max);
        if (wanted->is_hard)
            limit.rlim_max = limit.rlim_cur;
        (void)setrlimit(wanted->resource, &limit);
    }
}

/* --- programs -------------------------------------------------------------------------------- */

SP_NORETURN static void become(const struct keeping *keeping,
                               const char *const *argv,
                               int out,
                               int err,
                               bool mortal)
{
    const struct sp_keeper_plan *plan = keeping->plan;
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    (void)setpgid(0, 0);
    if (mortal) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        set_limits(plan);
    }
    out = out >= 0 ? out : null;
    err = err >= 0 ? err : null;
    if (null >= 0 && chdir(plan->dir) == 0 && dup2(null, STDIN_FILENO) >= 0 &&
        dup2(out, STDOUT_FILENO) >= 0 && dup2(err, STDERR_FILENO) >= 0) {
        reset_signals();
        (void)execve(argv[0], (char *const *)(uintptr_t)argv, (char *const *)(uintptr_t)plan->env);
    }
    if (mortal)
        say(plan, SP_KEEPER_FAILED, errno);
    _exit(127);
}

/* 0: it could not be forked. */
static pid_t start(const struct keeping *keeping, const char *const *argv, int out, int err)
{
    bool mortal = argv == keeping->plan->run;
    long pid = syscall(SYS_clone, (long)SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid == 0)
        become(keeping, argv, out, err, mortal);
    if (pid > 0)
        (void)setpgid((pid_t)pid, (pid_t)pid); /* whoever of us is first */
    return pid > 0 ? (pid_t)pid : 0;
}

/* Take the container away; the program that waits for it, too. */
static void take_away(struct keeping *keeping)
{
    if (keeping->remover)
        return;
    if (keeping->plan->remove)
        keeping->remover = start(keeping, keeping->plan->remove, -1, -1);
    else if (!keeping->ended)
        (void)kill(-keeping->client, SIGKILL);
}

/* --- signals --------------------------------------------------------------------------------- */

/* There is no container, or none that takes signals from others. */
static void strike_client(struct keeping *keeping, int signo)
{
    if (keeping->ended)
        return;
    if (signo != SIGCONT)
        keeping->struck = signo;
    (void)kill(keeping->plan->kill ? keeping->client : -keeping->client, signo);
}

static void write_number(char *word, int number)
{
    if (number >= 10)
        *word++ = (char)('0' + number / 10 % 10);
    *word++ = (char)('0' + number % 10);
    *word = '\0';
}

/* One after the other, since what is to be sent is in one place. */
static void send_next(struct keeping *keeping)
{
    const struct sp_keeper_plan *plan = keeping->plan;

    while (keeping->wish_count && keeping->killer <= 0 && !keeping->ended) {
        keeping->wish = keeping->wishes[0];
        keeping->wish_count--;
        memmove(keeping->wishes, keeping->wishes + 1, keeping->wish_count);
        if (plan->kill) {
            write_number(plan->number, keeping->wish);
            keeping->killer = start(keeping, plan->kill, -1, -1);
        }
        if (keeping->killer <= 0)
            strike_client(keeping, keeping->wish);
    }
}

static void note_sent(struct keeping *keeping, int status)
{
    keeping->killer = 0;
    if (status != 0)
        strike_client(keeping, keeping->wish);
    send_next(keeping);
}

/* --- waiting --------------------------------------------------------------------------------- */

static void note_end(struct keeping *keeping, int status)
{
    keeping->ended = true;
    keeping->status = status;
    if (keeping->struck && WIFEXITED(status) &&
        (WEXITSTATUS(status) == 1 || WEXITSTATUS(status) == CANNOT_MAKE))
        keeping->status = keeping->struck; /* it gave up before there was a container */
    keeping->deadline_ms = now_ms() + SETTLE_MS;
    if (keeping->unclean || WIFSIGNALED(status))
        take_away(keeping);
}

static void note_removal(struct keeping *keeping)
{
    keeping->remover = keeping->ended ? -1 : 0; /* what it still makes goes when it has ended */
    keeping->deadline_ms = now_ms() + SETTLE_MS;
    keeping->unclean = true;
    if (!keeping->ended)
        (void)kill(-keeping->client, SIGKILL);
}

static void reap(struct keeping *keeping)
{
    for (;;) {
        int status;
        pid_t pid = waitpid(-1, &status, WNOHANG | __WALL);
        if (pid < 0 && errno == EINTR)
            continue;
        keeping->empty = pid < 0;
        if (pid <= 0)
            return;
        if (pid == keeping->client)
            note_end(keeping, status);
        else if (pid == keeping->killer)
            note_sent(keeping, status);
        else if (pid == keeping->remover)
            note_removal(keeping);
    }
}

static void obey(struct keeping *keeping)
{
    unsigned char signo;
    ssize_t got = read(keeping->plan->leash, &signo, 1);

    if (got == 0)
        keeping->orphaned = true;
    if (got == 0 || (got == 1 && signo == SIGKILL)) {
        take_away(keeping);
    } else if (got == 1 && keeping->wish_count + 2 <= sizeof keeping->wishes) {
        keeping->unclean = true;
        keeping->wishes[keeping->wish_count++] = signo;
        keeping->wishes[keeping->wish_count++] = SIGCONT;
        send_next(keeping);
    }
}

/* A child has ended, or (SIGTERM) whoever knows this process only wants the container to go. */
static void heed(struct keeping *keeping, int signals)
{
    struct signalfd_siginfo info;

    if (read(signals, &info, sizeof info) == (ssize_t)sizeof info && info.ssi_signo == SIGTERM)
        take_away(keeping);
}

static void keep(struct keeping *keeping, int children)
{
    struct pollfd fds[] = {
        { .fd = children, .events = POLLIN },
        { .fd = keeping->plan->leash, .events = POLLIN },
    };

    while (reap(keeping), !keeping->empty) {
        bool waits = !keeping->ended || keeping->remover > 0 || keeping->killer > 0;
        int64_t left = waits ? -1 : keeping->deadline_ms - now_ms();
        if (!waits && left <= 0)
            return;
        if (poll(fds, keeping->orphaned ? 1 : 2, (int)left) < 0 && errno != EINTR)
            return;
        if (!keeping->orphaned && fds[1].revents)
            obey(keeping);
        if (fds[0].revents & POLLIN)
            heed(keeping, children);
    }
}

/* --- the process ----------------------------------------------------------------------------- */

/* Descriptors of Spoor's are locks and journals: nobody keeps them for it. */
static void close_strangers(const struct sp_keeper_plan *plan)
{
    int keep[] = { plan->out, plan->err, plan->status, plan->leash };
    unsigned from = STDERR_FILENO + 1;

    for (size_t i = 1; i < SP_COUNT(keep); i++)
        for (size_t k = i; k > 0 && keep[k - 1] > keep[k]; k--) {
            int swap = keep[k];
            keep[k] = keep[k - 1];
            keep[k - 1] = swap;
        }
    for (size_t i = 0; i < SP_COUNT(keep); i++) {
        if ((unsigned)keep[i] > from)
            (void)close_range(from, (unsigned)keep[i] - 1, 0);
        from = (unsigned)keep[i] + 1;
    }
    (void)close_range(from, LAST_DESCRIPTOR, 0);
}

/* Who started Spoor may read its output to the end: not for the keeper to hold it open. */
static void leave_terminal(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);

    for (int fd = STDIN_FILENO; null >= 0 && fd <= STDERR_FILENO; fd++)
        (void)dup2(null, fd);
}

SP_NORETURN static void be_keeper(const struct sp_keeper_plan *plan)
{
    struct keeping keeping = { .plan = plan };
    sigset_t all, child;

    (void)sigfillset(&all);
    (void)sigprocmask(SIG_SETMASK, &all, NULL);
    (void)prctl(PR_SET_NAME, "spoor-keeper");
    (void)prctl(PR_SET_CHILD_SUBREAPER, 1);
    (void)setpgid(0, 0);
    close_strangers(plan);
    leave_terminal();
    (void)sigemptyset(&child);
    (void)sigaddset(&child, SIGCHLD);
    (void)sigaddset(&child, SIGTERM);
    int children = signalfd(-1, &child, SFD_CLOEXEC | SFD_NONBLOCK);
    if (children >= 0)
        keeping.client = start(&keeping, plan->run, plan->out, plan->err);
    if (!keeping.client) {
        say(plan, SP_KEEPER_FAILED, errno);
        _exit(127);
    }
    (void)close(plan->out);
    (void)close(plan->err);
    keep(&keeping, children);
    say(plan, SP_KEEPER_ENDED, keeping.status);
    _exit(0);
}

enum sp_rc sp_keeper_fork(const struct sp_keeper_plan *plan, pid_t *out, struct sp_err *err)
{
    /* Not fork(3): it takes locks. */
    long pid = SP_FAULT("keeper.clone", EAGAIN)
                   ? -1
                   : syscall(SYS_clone, (long)SIGCHLD, NULL, NULL, NULL, NULL);

    if (pid < 0)
        return sp_fail_errno(err, "start a container");
    if (pid == 0)
        be_keeper(plan);
    (void)setpgid((pid_t)pid, (pid_t)pid); /* whoever of us is first */
    *out = (pid_t)pid;
    return SP_OK;
}
