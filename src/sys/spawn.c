/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/spawn.h"

#include "base/buf.h"
#include "base/fault.h"

#include "sys/env.h"
#include "sys/file.h"
#include "sys/limit.h"
#include "sys/witness.h"

#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <unistd.h>

#define INTERPRETER_MAX 256 /* BINPRM_BUF_SIZE of the kernel */

/* Set to their default action in the child: what shells ignore for background jobs, and what we
 * may ignore. Not SIGHUP (nohup). */
static const int reset_signals[] = { SIGINT, SIGQUIT, SIGTERM, SIGPIPE, SIGCHLD, SIGTTIN, SIGTTOU };

/* --- preparing ----------------------------------------------------------------------------- */

struct pipe {
    int reader, writer;
};

static enum sp_rc open_pipe(struct pipe *pipe, struct sp_err *err)
{
    int ends[2];

    if (SP_FAULT("spawn.pipe", EMFILE) || pipe2(ends, O_CLOEXEC) < 0)
        return sp_fail_errno(err, "create a pipe");
    pipe->reader = ends[0];
    pipe->writer = ends[1];
    /* Only our end: the file description of the other is the child's own. */
    if (fcntl(pipe->reader, F_SETFL, O_NONBLOCK) < 0)
        return sp_fail_errno(err, "set up a pipe");
    return SP_OK;
}

static int set_actions(posix_spawn_file_actions_t *actions,
                       const struct sp_spawn *what,
                       const struct pipe pipes[static 2])
{
    int rc = posix_spawn_file_actions_adddup2(actions, pipes[0].writer, STDOUT_FILENO);

    if (!rc)
        rc = posix_spawn_file_actions_adddup2(actions, pipes[1].writer, STDERR_FILENO);
    if (!rc && what->stdin_fd > 0)
        rc = posix_spawn_file_actions_adddup2(actions, what->stdin_fd, STDIN_FILENO);
    if (!rc && what->stdin_fd <= 0)
        rc = posix_spawn_file_actions_addopen(actions, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    if (!rc)
        rc = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
    if (!rc && what->cwd)
        rc = posix_spawn_file_actions_addchdir_np(actions, what->cwd);
    return rc;
}

static int set_attributes(posix_spawnattr_t *attributes)
{
    sigset_t empty;
    sigset_t reset;

    (void)sigemptyset(&empty);
    (void)sigemptyset(&reset);
    for (size_t i = 0; i < SP_COUNT(reset_signals); i++)
        (void)sigaddset(&reset, reset_signals[i]);

    int rc = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK |
                                                      POSIX_SPAWN_SETSIGDEF);
    if (!rc)
        rc = posix_spawnattr_setpgroup(attributes, 0);
    if (!rc)
        rc = posix_spawnattr_setsigmask(attributes, &empty);
    return rc ? rc : posix_spawnattr_setsigdefault(attributes, &reset);
}

/* --- failing ------------------------------------------------------------------------------- */

/* The program in the "#!" line of a script, empty when there is none. */
static struct sp_str read_interpreter(const char *path, char text[static INTERPRETER_MAX])
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd < 0 ? -1 : read(fd, text, INTERPRETER_MAX);
    struct sp_str line = { text, len < 0 ? 0 : (size_t)len };

    if (!sp_str_starts(line, "#!"))
        return SP_STR("");
    line = sp_str_slice(line, 2, line.len);
    line = sp_str_trim(sp_str_cut(&line, '\n'));
    return sp_str_cut(&line, ' ');
}

/* ENOENT for a program that has just been found: something that it needs is missing. */
static enum sp_rc fail_interpreter(const char *path, struct sp_err *err)
{
    char text[INTERPRETER_MAX];
    struct sp_str interpreter = read_interpreter(path, text);

    if (interpreter.len == 0)
        return sp_fail(err, SP_NOT_FOUND, "start '%s': its loader is not there", path);
    return sp_fail(err, SP_NOT_FOUND, "start '%s': its interpreter '" SP_STR_FMT "' is not there",
                   path, SP_STR_ARG(interpreter));
}

enum sp_rc sp_spawn_explain(const struct sp_spawn *what,
                            const char *path,
                            int code,
                            struct sp_err *err)
{
    if (what->cwd && sp_file_kind(what->cwd) != SP_FILE_DIR)
        return sp_fail(err, SP_INVALID, "start '%s': there is no working directory '%s'", path,
                       what->cwd);
    if (code == ENOENT)
        return fail_interpreter(path, err);
    if (code == E2BIG)
        return sp_fail(err, SP_LIMIT, "start '%s': arguments and environment are too long", path);
    if (code == ENOEXEC)
        return sp_fail(err, SP_INVALID,
                       "start '%s': not a program for this machine, nor a script with a '#!' line",
                       path);
    errno = code;
    return sp_fail_errno(err, "start '%s'", path);
}

/* --- starting ------------------------------------------------------------------------------ */

/* posix_spawn with everything set up; an errno value, 0 is success. */
static int start(const struct sp_spawn *what,
                 const char *path,
                 const struct pipe pipes[static 2],
                 pid_t *out)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;

    int rc = posix_spawn_file_actions_init(&actions);
    if (rc)
        return rc;
    rc = posix_spawnattr_init(&attributes);
    if (rc == 0) {
        rc = set_actions(&actions, what, pipes);
        if (!rc)
            rc = set_attributes(&attributes);
        if (!rc && SP_FAULT("spawn.spawn", EAGAIN))
            rc = EAGAIN;
        /* posix_spawn does not change what its char *const * arguments point to. */
        if (!rc)
            rc = posix_spawn(out, path, &actions, &attributes, (char *const *)what->argv,
                             (char *const *)what->env);
        (void)posix_spawnattr_destroy(&attributes);
    }
    (void)posix_spawn_file_actions_destroy(&actions);
    return rc;
}

/* posix_spawn knows no limits, but the child inherits ours. All but that of CPU time, which would
 * count what we have used already; no program has used up its own before it is set. */
static size_t split_limits(const struct sp_spawn *what,
                           struct sp_limit inherited[static SP_LIMITS_MAX],
                           struct sp_limit *cpu)
{
    size_t count = 0;

    for (size_t i = 0; i < what->limit_count && i < SP_LIMITS_MAX; i++) {
        if (what->limits[i].resource == RLIMIT_CPU)
            *cpu = what->limits[i];
        else
            inherited[count++] = what->limits[i];
    }
    return count;
}

static enum sp_rc start_limited(const struct sp_spawn *what,
                                const char *path,
                                const struct pipe pipes[static 2],
                                pid_t *out,
                                struct sp_err *err)
{
    struct sp_limit limits[SP_LIMITS_MAX];
    struct sp_limit before[SP_LIMITS_MAX];
    struct sp_limit cpu = { .resource = -1 };
    size_t count = split_limits(what, limits, &cpu);

    enum sp_rc rc = sp_limits_set(limits, count, before, err);
    if (rc)
        return rc;
    int code = start(what, path, pipes, out);
    sp_limits_restore(before, count);
    if (code)
        return sp_spawn_explain(what, path, code, err);
    sp_limits_set_of(*out, &cpu, cpu.resource >= 0 ? 1 : 0);
    return SP_OK;
}

enum sp_rc sp_spawn(const struct sp_spawn *what, struct sp_process *out, struct sp_err *err)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    struct pipe pipes[2] = { { -1, -1 }, { -1, -1 } };
    pid_t pid = -1;

    sp_witness_blind();
    enum sp_rc rc =
        sp_program_get(what->argv[0], sp_env_find(what->env, "PATH"), what->cwd, &path, err);
    if (rc)
        return rc;
    for (int i = 0; i < 2 && !rc; i++)
        rc = open_pipe(&pipes[i], err);
    if (!rc)
        rc = start_limited(what, path.ptr, pipes, &pid, err);
    if (!rc)
        *out =
            (struct sp_process){ pid, sp_take_fd(&pipes[0].reader), sp_take_fd(&pipes[1].reader) };
    for (int i = 0; i < 2; i++) {
        sp_fd_closep(&pipes[i].reader);
        sp_fd_closep(&pipes[i].writer);
    }
    return rc;
}
