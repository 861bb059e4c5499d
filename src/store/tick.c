/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/tick.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define TRIES 20 /* a tick may end in between */

static bool is_same(struct timespec a, struct timespec b)
{
    return a.tv_sec == b.tv_sec && a.tv_nsec == b.tv_nsec;
}

static struct timespec now(void)
{
    struct timespec time;

    (void)clock_gettime(CLOCK_REALTIME_COARSE, &time);
    return time;
}

static bool change(int fd, struct timespec *out)
{
    struct stat info;

    if (write(fd, "x", 1) != 1 || fstat(fd, &info) < 0)
        return false;
    *out = info.st_ctim;
    return true;
}

/* Three changes within one tick that can be told apart are a proof. */
static bool try_out(int fd)
{
    for (int i = 0; i < TRIES; i++) {
        struct timespec times[3];
        struct timespec begin = now();
        if (!change(fd, &times[0]) || !change(fd, &times[1]) || !change(fd, &times[2]))
            return false;
        if (is_same(begin, now()))
            return !is_same(times[0], times[1]) && !is_same(times[1], times[2]);
    }
    return false;
}

bool sp_tick_is_fine(const char *dir, dev_t dev)
{
    static _Thread_local struct {
        dev_t dev;
        bool known, fine;
    } last;
    struct stat info;

    if (last.known && last.dev == dev)
        return last.fine;
    sp_auto_fd int fd = open(dir, O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
    if (fd < 0 || fstat(fd, &info) < 0 || info.st_dev != dev)
        return false;
    last.dev = dev;
    last.known = true;
    last.fine = try_out(fd);
    return last.fine;
}
