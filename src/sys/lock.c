/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/lock.h"

#include "base/buf.h"
#include "base/clock.h"
#include "base/fault.h"

#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#define NOTE_MAX 256

struct sp_lock {
    int fd;
    bool shared; /* the note is not ours */
};

/* A lock on the whole file that belongs to our open file, not to the process: also known to network
 * file systems, and not lost when somebody in this process opens and closes the same file. */
static int lock_file(int fd, short type)
{
    struct flock lock = { .l_type = type, .l_whence = SEEK_SET };

    if (fcntl(fd, F_OFD_SETLK, &lock) == 0)
        return 0;
    if (errno == EACCES)
        errno = EAGAIN; /* POSIX allows both for "held" */
    return -1;
}

/* The note in the file: "PID\nSINCE\nHOST\n". */
static bool parse_note(struct sp_str note, struct sp_lock_holder *out)
{
    int64_t pid;

    if (!sp_str_int(sp_str_cut(&note, '\n'), &pid) || pid <= 0 || pid > INT32_MAX)
        return false;
    struct sp_str since = sp_str_cut(&note, '\n');
    struct sp_str host = sp_str_cut(&note, '\n');
    out->pid = (int)pid;
    (void)snprintf(out->since, sizeof out->since, SP_STR_FMT, SP_STR_ARG(since));
    (void)snprintf(out->host, sizeof out->host, SP_STR_FMT, SP_STR_ARG(host));
    return true;
}

static bool read_note(int fd, struct sp_lock_holder *out)
{
    char text[NOTE_MAX];
    ssize_t len = pread(fd, text, sizeof text, 0);

    return len > 0 && parse_note((struct sp_str){ text, (size_t)len }, out);
}

static enum sp_rc write_note(int fd, struct sp_err *err)
{
    char host[65] = "this host";
    char note[NOTE_MAX];

    (void)gethostname(host, sizeof host - 1);
    int len = snprintf(note, sizeof note, "%d\n%s\n%s\n", (int)getpid(),
                       sp_clock_local(sp_clock_realtime()).text, host);
    if (ftruncate(fd, 0) < 0)
        return sp_fail_errno(err, "truncate");
    return sp_write_all(fd, (struct sp_str){ note, (size_t)len }, err);
}

static enum sp_rc fail_busy(int fd, struct sp_err *err)
{
    struct sp_lock_holder holder;

    if (!read_note(fd, &holder))
        return sp_fail(err, SP_BUSY, "another spoor is running here");
    return sp_fail(err, SP_BUSY, "another spoor (pid %d on %s, since %s) is running here",
                   holder.pid, holder.host, holder.since);
}

enum sp_rc sp_lock_take(const char *path, struct sp_lock **out, struct sp_err *err)
{
    sp_auto_fd int fd = SP_FAULT("lock.open", EACCES)
                            ? -1
                            : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return sp_fail_errno(err, "lock '%s'", path);
    if (SP_FAULT("lock.lock", ENOLCK) || lock_file(fd, F_WRLCK) < 0)
        return errno == EAGAIN ? fail_busy(fd, err) : sp_fail_errno(err, "lock '%s'", path);
    enum sp_rc rc = write_note(fd, err);
    if (rc)
        return sp_err_wrap(err, "lock '%s'", path);

    struct sp_lock *lock = sp_alloc(sizeof *lock);
    lock->fd = sp_take_fd(&fd);
    *out = lock;
    return SP_OK;
}

static int open_shared(const char *path)
{
    int fd =
        SP_FAULT("lock.open", EIO) ? -1 : open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY, 0666);

    return fd >= 0 || (errno != EROFS && errno != EACCES)
               ? fd
               : open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
}

enum sp_rc sp_lock_share(const char *path, struct sp_lock **out, struct sp_err *err)
{
    sp_auto_fd int fd = open_shared(path);

    if (fd < 0)
        return sp_fail_errno(err, "lock '%s'", path);
    if (SP_FAULT("lock.lock", ENOLCK) || lock_file(fd, F_RDLCK) < 0)
        return errno == EAGAIN ? fail_busy(fd, err) : sp_fail_errno(err, "lock '%s'", path);
    struct sp_lock *lock = sp_alloc(sizeof *lock);
    lock->fd = sp_take_fd(&fd);
    lock->shared = true;
    *out = lock;
    return SP_OK;
}

enum sp_rc sp_lock_probe(const char *dir, bool *works, struct sp_err *err)
{
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&path, "%s/.lock-probe-XXXXXX", dir);
    sp_auto_fd int first = mkostemp(path.ptr, O_CLOEXEC);
    if (first < 0)
        return sp_fail_errno(err, "make a file in '%s'", dir);
    sp_auto_fd int second = open(path.ptr, O_RDWR | O_CLOEXEC);
    (void)unlink(path.ptr);
    if (second < 0)
        return sp_fail_errno(err, "open '%s'", path.ptr);
    *works = lock_file(first, F_WRLCK) == 0 && lock_file(second, F_WRLCK) < 0 && errno == EAGAIN;
    return SP_OK;
}

void sp_lock_release(struct sp_lock *lock)
{
    if (!lock)
        return;
    if (!lock->shared)
        (void)!ftruncate(lock->fd, 0);
    sp_fd_closep(&lock->fd);
    free(lock);
}

bool sp_lock_find_holder(const char *path, struct sp_lock_holder *out)
{
    struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);

    if (fd < 0 || fcntl(fd, F_OFD_GETLK, &lock) < 0 || lock.l_type == F_UNLCK)
        return false;
    return read_note(fd, out);
}
