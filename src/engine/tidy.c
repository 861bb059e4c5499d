/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/tidy.h"

#include "base/arena.h"
#include "base/fault.h"

#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

/* What goes, by directory. */
static const struct {
    const char *dir, *pattern;
} untidy[] = {
    { "dev", "*" },
    { "proc", "*" },
    { "sys", "*" },
    { "run", "*" },
    { "tmp", "*" },
    { "var/tmp", "*" },
    { "var/log", "*" },
    { "var/backups", "*" },
    { "var/cache/apt", "*" },
    { "var/cache/ldconfig", "*" },
    { "var/cache/debconf", "*-old" },
    { "var/lib/apt", "*" },
    { "var/lib/dpkg", "*-old" },
    { "var/lib/dpkg", "lock*" },
    { "var/lib/dpkg/triggers", "Lock" },
    { "var/lib/systemd", "*" },
    { "etc", "machine-id" },
    { "etc", "hostname" },
    { "etc", "resolv.conf" },
    { "etc", "*-" }, /* passwd as it was before */
    { "etc/apt", "sources.list*" },
    { "etc/apt/apt.conf.d", "99mmdebstrap" },
    { "etc/dpkg/dpkg.cfg.d", "99mmdebstrap" },
};

/* -1 with errno. */
static int open_inside(int top, const char *path)
{
    struct sp_str rest = sp_str_of(path);
    sp_auto_fd int at = fcntl(top, F_DUPFD_CLOEXEC, 3);
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    while (at >= 0 && rest.ptr) {
        const char *part = sp_arena_cstr(arena, sp_str_cut(&rest, '/'));
        int next = openat(at, part, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
        sp_fd_closep(&at);
        at = next;
    }
    return sp_take_fd(&at);
}

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* A directory that is not there, or is a link, is as tidy as can be. */
static enum sp_rc remove_entries(int top, const char *path, const char *pattern, struct sp_err *err)
{
    int fd = open_inside(top, path);
    SP_CLEANUP(close_dirp) DIR *dir = fd < 0 ? NULL : fdopendir(fd);
    enum sp_rc rc = SP_OK;

    if (fd < 0 && (errno == ENOENT || errno == ELOOP || errno == ENOTDIR))
        return SP_OK;
    if (!dir) {
        rc = sp_fail_errno(err, "open '%s'", path);
        sp_fd_closep(&fd);
        return rc;
    }
    while (rc == SP_OK) {
        const struct dirent *entry = readdir(dir);
        if (!entry)
            break;
        if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0 ||
            !sp_str_match(sp_str_of(pattern), sp_str_of(entry->d_name)))
            continue;
        rc = SP_FAULT("tidy.remove", EIO) ? sp_fail_errno(err, "remove '%s'", entry->d_name)
                                          : sp_remove_entry(dirfd(dir), entry->d_name, err);
    }
    return rc;
}

static enum sp_rc put_file(int top,
                           const char *dir,
                           const char *name,
                           struct sp_str text,
                           struct sp_err *err)
{
    sp_auto_fd int at = open_inside(top, dir);

    if (at < 0)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "open '%s'", dir);
    if (unlinkat(at, name, 0) < 0 && errno != ENOENT)
        return sp_fail_errno(err, "replace '%s/%s'", dir, name);
    sp_auto_fd int fd = SP_FAULT("tidy.create", ENOSPC)
                            ? -1
                            : openat(at, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    if (fd < 0)
        return sp_fail_errno(err, "make '%s/%s'", dir, name);
    if (fchmod(fd, 0644) < 0)
        return sp_fail_errno(err, "set the mode of '%s/%s'", dir, name);
    return sp_write_all(fd, text, err);
}

enum sp_rc sp_tidy(const char *tree, struct sp_str suite, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int top = open(tree, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    enum sp_rc rc = top < 0 ? sp_fail_errno(err, "open '%s'", tree) : SP_OK;

    for (size_t i = 0; i < SP_COUNT(untidy) && rc == SP_OK; i++)
        rc = remove_entries(top, untidy[i].dir, untidy[i].pattern, err);
    /* Empty ones are there for whoever mounts his own over them. */
    if (rc == SP_OK)
        rc = put_file(top, "etc", "resolv.conf", SP_STR(""), err);
    if (rc == SP_OK)
        rc = put_file(top, "etc", "hostname", SP_STR(""), err);
    if (rc == SP_OK)
        rc = put_file(top, "etc", "hosts", SP_STR("127.0.0.1 localhost\n::1 localhost\n"), err);
    if (rc == SP_OK)
        rc = put_file(top, "etc/apt", "sources.list",
                      sp_arena_printf(arena,
                                      "deb http://deb.debian.org/debian " SP_STR_FMT " main\n",
                                      SP_STR_ARG(suite)),
                      err);
    return rc;
}
