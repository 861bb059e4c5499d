/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/errand.h"

#include "engine/tools.h"
#include "sys/spawn.h"

#include <errno.h>
#include <poll.h>
#include <sys/wait.h>
#include <unistd.h>

struct stream {
    int fd;
    struct sp_buf *text;
};

/* False at its end. */
static bool take_part(const struct stream *stream)
{
    char part[4096];
    ssize_t got = read(stream->fd, part, sizeof part);

    if (got > 0)
        sp_buf_add(stream->text, (struct sp_str){ part, (size_t)got });
    return got > 0 || (got < 0 && (errno == EAGAIN || errno == EINTR));
}

static void listen_to(const struct stream *streams)
{
    struct pollfd wait[] = { { streams[0].fd, POLLIN, 0 }, { streams[1].fd, POLLIN, 0 } };

    while (wait[0].fd >= 0 || wait[1].fd >= 0) {
        if (poll(wait, 2, -1) < 0 && errno != EINTR)
            return;
        for (size_t i = 0; i < 2; i++)
            if (wait[i].fd >= 0 && wait[i].revents && !take_part(&streams[i]))
                wait[i].fd = -1;
    }
}

static struct sp_str last_line(struct sp_str text)
{
    text = sp_str_trim(text);
    size_t end = sp_str_rfind(text, '\n');

    return end == SIZE_MAX ? text : sp_str_slice(text, end + 1, text.len);
}

/* NOLINTNEXTLINE(readability-function-size): what to run, and the three things it says */
enum sp_rc sp_errand_run(struct sp_arena *arena,
                         const char *const *argv,
                         struct sp_str path,
                         struct sp_buf *out,
                         int *status,
                         struct sp_str *complaint,
                         struct sp_err *err)
{
    sp_auto_buf struct sp_buf unheard = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf complaints = SP_BUF(SP_BUF_LARGE);
    const struct sp_spawn what = { .argv = argv, .env = sp_tools_environment(arena, path, NULL) };
    struct sp_process process;
    enum sp_rc rc = sp_spawn(&what, &process, err);

    if (rc)
        return rc;
    const struct stream streams[] = { { process.stdout_fd, out ? out : &unheard },
                                      { process.stderr_fd, &complaints } };
    listen_to(streams);
    while (waitpid(process.pid, status, 0) < 0 && errno == EINTR) {}
    (void)close(process.stdout_fd);
    (void)close(process.stderr_fd);
    *complaint = sp_arena_str(arena, last_line(sp_buf_str(&complaints)));
    return SP_OK;
}
