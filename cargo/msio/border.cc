/* SPDX-License-Identifier: BSD-3-Clause */
#include "msio/border.hh"

#include <casacore/casa/Logging/LogSink.h>
#include <casacore/casa/Logging/NullLogSink.h>
#include <cstdlib>
#include <cstring>
#include <fcntl.h>
#include <string>
#include <unistd.h>
#include <vector>

namespace msio
{

void prepare()
{
    static bool done = false;

    if (done)
        return;
    done = true;
    /* Without HOME casacore throws when it looks for its own settings. */
    (void)setenv("HOME", "/", 0);
    /* Complaints like "leap second table seems out-of-date" are of no use to anybody. */
    casacore::LogSinkInterface *nowhere = new casacore::NullLogSink;
    casacore::LogSink::globalSink(nowhere);
}

/* What casacore's texts mean. The first match counts. */
static const struct {
    const char *part;
    enum sp_rc code;
    int sys_errno;
    const char *advice;
} meanings[] = {
    { "No space left on device", SP_IO, ENOSPC, "the disk is full" },
    { "Disk quota exceeded", SP_IO, EDQUOT, "the disk quota is used up" },
    { "File too large", SP_IO, EFBIG, "a file grew beyond the limit that is set" },
    { "leap second", SP_IO, 0,
      "casacore's table of leap seconds is missing; install the package casacore-data" },
    { "TAI_UTC", SP_IO, 0,
      "casacore's table of leap seconds is missing; install the package casacore-data" },
    { "Permission denied", SP_IO, EACCES, "permission denied" },
    { "Read-only file system", SP_IO, EROFS, "the file system is read-only" },
    /* After a short write casacore shows whatever errno was before. */
    { "write error", SP_IO, EIO, "a write failed: the disk, or what may be used of it, is full" },
    { "could not be acquired", SP_BUSY, EAGAIN, "another program is using it" },
};

enum sp_rc translate(const char *what, struct sp_err *err)
{
    for (const auto &meaning : meanings) {
        if (!strstr(what, meaning.part))
            continue;
        sp_fail(err, meaning.code, "%s", meaning.advice);
        err->sys_errno = meaning.sys_errno;
        return meaning.code;
    }
    std::string text = what;
    for (char &c : text)
        c = c == '\n' || c == '\t' ? ' ' : c;
    return sp_fail(err, SP_IO, "casacore: %s", text.c_str());
}

/* Really writing also finds quotas, which free space does not show. */
void need_room(const char *dir, struct sp_err *err)
{
    static const size_t room_bytes = 2 << 20;
    int fd = open(dir, O_TMPFILE | O_WRONLY | O_CLOEXEC, 0600);

    if (fd < 0)
        return; /* the file system has no nameless files: casacore will have to try */
    std::vector<char> zeros(room_bytes);
    ssize_t written = write(fd, zeros.data(), zeros.size());
    int number = written < 0 ? errno : ENOSPC;
    (void)close(fd);
    if (written == (ssize_t)room_bytes)
        return;
    errno = number;
    throw failure{ sp_fail_errno(err, "the disk, or what may be used of it, is full") };
}

} /* namespace msio */
