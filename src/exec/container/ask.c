/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/ask.h"

#include "base/clock.h"

#include "sys/spawn.h"

#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

/* False at the end of the pipe. */
static bool read_some(struct pollfd *from, struct sp_buf *to)
{
    char block[4096];
    ssize_t got = read(from->fd, block, sizeof block);

    if (got < 0)
        return errno == EAGAIN || errno == EINTR;
    sp_buf_add(to, (struct sp_str){ block, (size_t)got });
    return got > 0;
}

/* False if that takes too long. */
static bool listen_to(const struct sp_process *process,
                      sp_nsec until,
                      struct sp_buf *out,
                      struct sp_buf *said)
{
    struct pollfd fds[] = {
        { .fd = process->stdout_fd, .events = POLLIN },
        { .fd = process->stderr_fd, .events = POLLIN },
    };
    struct sp_buf *const to[] = { out, said };

    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        sp_nsec left = until - sp_clock_monotonic();
        if (left <= 0)
            return false;
        if (poll(fds, SP_COUNT(fds), (int)(left / SP_NSEC_PER_MS) + 1) < 0 && errno != EINTR)
            return false;
        for (size_t i = 0; i < SP_COUNT(fds); i++)
            if (fds[i].fd >= 0 && fds[i].revents && !read_some(&fds[i], to[i]))
                fds[i].fd = -1;
    }
    return true;
}

int sp_ask(const char *const *argv, int timeout_ms, struct sp_buf *out, struct sp_buf *said)
{
    const struct sp_spawn what = { .argv = argv, .env = (const char *const *)environ, .cwd = "/" };
    sp_nsec until = sp_clock_monotonic() + timeout_ms * SP_NSEC_PER_MS;
    struct sp_err err = SP_ERR_INIT;
    struct sp_process process;
    int status = -1;

    if (sp_spawn(&what, &process, &err)) {
        sp_buf_adds(said, err.text);
        return -1;
    }
    bool heard = listen_to(&process, until, out, said);
    if (!heard) {
        sp_buf_adds(said, "no answer");
        (void)kill(-process.pid, SIGKILL);
    }
    while (waitpid(process.pid, &status, 0) < 0 && errno == EINTR)
        ;
    sp_fd_closep(&process.stdout_fd);
    sp_fd_closep(&process.stderr_fd);
    return heard && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}
