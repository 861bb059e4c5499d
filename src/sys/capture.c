/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/capture.h"

#include "base/clock.h"

#include "sys/spawn.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#define NS_IN_MS INT64_C(1000000)

/* False at its end. */
static bool take_part(int fd, struct sp_buf *text)
{
    char part[4096];
    ssize_t got = read(fd, part, sizeof part);

    if (got > 0 && text)
        sp_buf_add(text, (struct sp_str){ part, (size_t)got });
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

/* Milliseconds for poll(2); 0 when the time is over. */
static int time_left(sp_nsec deadline)
{
    sp_nsec left = deadline - sp_clock_monotonic();

    return left <= 0 ? 0 : (int)(left / NS_IN_MS) + 1;
}

/* Both streams to their ends; false when that takes too long. */
static bool listen_to(const struct sp_process *process,
                      sp_nsec deadline,
                      struct sp_buf *const *texts)
{
    struct pollfd wait[] = { { process->stdout_fd, POLLIN, 0 }, { process->stderr_fd, POLLIN, 0 } };

    while (wait[0].fd >= 0 || wait[1].fd >= 0) {
        int left = deadline ? time_left(deadline) : -1;
        int ready = left ? poll(wait, SP_COUNT(wait), left) : 0;
        if (!ready || (ready < 0 && errno != EINTR))
            return false;
        if (ready < 0)
            continue;
        for (size_t i = 0; i < SP_COUNT(wait); i++)
            if (wait[i].fd >= 0 && wait[i].revents && !take_part(wait[i].fd, texts[i]))
                wait[i].fd = -1;
    }
    return true;
}

/* A child may close its streams and go on. False when that takes too long. */
static bool reap(const struct sp_process *process, sp_nsec deadline, int *status)
{
    bool in_time = true;

    *status = 0;
    for (;;) {
        pid_t got = waitpid(process->pid, status, deadline ? WNOHANG : 0);
        if (got > 0 || (got < 0 && errno != EINTR))
            return in_time;
        if (deadline && !time_left(deadline)) {
            (void)kill(-process->pid, SIGKILL);
            in_time = false;
            deadline = 0;
        } else if (deadline) {
            (void)poll(NULL, 0, 1);
        }
    }
}

bool sp_capture(const struct sp_process *process,
                sp_nsec patience,
                struct sp_buf *out,
                struct sp_buf *errors,
                int *status)
{
    struct sp_buf *const texts[] = { out, errors };
    sp_nsec deadline = patience ? sp_clock_monotonic() + patience : 0;
    bool heard = listen_to(process, deadline, texts);

    if (!heard)
        (void)kill(-process->pid, SIGKILL);
    bool ended = reap(process, heard ? deadline : 0, status);
    (void)close(process->stdout_fd);
    (void)close(process->stderr_fd);
    return heard && ended;
}

struct sp_str sp_last_line(struct sp_str text)
{
    text = sp_str_trim(text);
    size_t end = sp_str_rfind(text, '\n');

    return end == SIZE_MAX ? text : sp_str_slice(text, end + 1, text.len);
}
