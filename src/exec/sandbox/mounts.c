/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/mounts.h"

#include "exec/sandbox/pivot.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#define PRIVATE_FLAGS (MS_NOSUID | MS_NODEV)

const char *const sp_mounts_private[] = { "/tmp", "/var/tmp", "/run", "/dev", NULL };

/* --- the new mount calls -------------------------------------------------------------------- */

static int clone_mount(int at, const char *path)
{
    return open_tree(at, path,
                     OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_RECURSIVE | AT_NO_AUTOMOUNT |
                         AT_SYMLINK_NOFOLLOW);
}

static bool set_attributes(int fd, const char *path, unsigned flags, uint64_t attributes)
{
    struct mount_attr attr = { .attr_set = attributes };

    return mount_setattr(fd, path, flags | AT_RECURSIVE, &attr, sizeof attr) == 0;
}

/* Put the clone `fd` at `name`, and close it. */
static bool put(int fd, int at, const char *name)
{
    bool passed = fd >= 0 && move_mount(fd, "", at, name,
                                        MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_SYMLINKS) == 0;

    if (fd >= 0) {
        int code = errno;
        (void)close(fd);
        errno = code;
    }
    return passed;
}

/* mkdir -p of what is around `path`, below our own directories. */
static void make_parents(const char *path)
{
    char text[PATH_MAX];
    size_t len = strlen(path);

    if (len >= sizeof text)
        return;
    memcpy(text, path, len + 1);
    for (char *slash = text + 1; (slash = strchr(slash, '/')); slash++) {
        *slash = '\0';
        (void)mkdir(text, 0755); /* there already, or read-only: then nothing has to be made */
        *slash = '/';
    }
}

void sp_mounts_hold(const char *path, bool is_dir)
{
    make_parents(path);
    if (is_dir)
        (void)mkdir(path, 0755);
    else
        (void)mknod(path, S_IFREG | 0600, 0);
}

/* --- before anything is covered -------------------------------------------------------------- */

static const char *clone_writable(struct sp_box_plan *plan, const char **where)
{
    for (size_t i = 0; i < plan->dir_count; i++) {
        const struct sp_open_dir *dir = &plan->dirs[i];
        *where = dir->path;
        plan->scratch_fds[i] =
            dir->is_root ? clone_mount(AT_FDCWD, dir->files ? dir->path : dir->scratch) : -1;
        if (dir->is_root &&
            (plan->scratch_fds[i] < 0 || !set_attributes(plan->scratch_fds[i], "", AT_EMPTY_PATH,
                                                         MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV)))
            return "clone the scratch directory of";
    }
    for (size_t i = 0; i < plan->bind_count; i++) {
        struct sp_box_bind *bind = &plan->binds[i];
        bool early = bind->writable || bind->device;
        *where = bind->source;
        bind->fd = early ? clone_mount(AT_FDCWD, bind->source) : -1;
        if (early && bind->fd < 0 && !bind->optional)
            return "clone";
        if (bind->device && bind->fd >= 0 &&
            !set_attributes(bind->fd, "", AT_EMPTY_PATH, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID))
            return "make read-only";
    }
    return NULL;
}

/* Mounts of these inherit that nothing can be written. */
static const char *open_readable(struct sp_box_plan *plan, const char **where)
{
    for (size_t i = 0; i < plan->dir_count; i++) {
        *where = plan->dirs[i].path;
        plan->dir_fds[i] = open(plan->dirs[i].path, O_PATH | O_DIRECTORY | O_CLOEXEC);
        if (plan->dir_fds[i] < 0)
            return "open";
    }
    for (size_t i = 0; i < plan->bind_count; i++) {
        struct sp_box_bind *bind = &plan->binds[i];
        *where = bind->source;
        if (!bind->writable && !bind->device)
            bind->fd = clone_mount(AT_FDCWD, bind->source);
        if (bind->fd < 0 && !bind->optional)
            return "clone";
    }
    return NULL;
}

/* --- private directories --------------------------------------------------------------------- */

/* The host's is there, or not; an image's may be missing. */
static bool is_there(const struct sp_box_plan *plan, const char *path)
{
    if (plan->image)
        sp_mounts_hold(path, true);
    return access(path, F_OK) == 0;
}

static const char *cover_tmp(const struct sp_box_plan *plan, int tmp, const char **where)
{
    *where = "/tmp";
    if (!is_there(plan, "/tmp") ||
        (plan->tmp ? !put(tmp, AT_FDCWD, "/tmp")
                   : mount("tmpfs", "/tmp", "tmpfs", PRIVATE_FLAGS, "mode=1777") < 0))
        return "make a private";
    *where = "/var/tmp";
    if (is_there(plan, "/var/tmp") && mount("/tmp", "/var/tmp", NULL, MS_BIND, NULL) < 0)
        return "make a private";
    *where = "/run";
    if (is_there(plan, "/run") &&
        mount("tmpfs", "/run", "tmpfs", PRIVATE_FLAGS, "mode=755,size=1m") < 0)
        return "make a private";
    return NULL;
}

/* Devices are binds of the plan. */
static const char *cover_dev(const struct sp_box_plan *plan, const char **where)
{
    static const char *const links[][2] = {
        { "/proc/self/fd", "/dev/fd" },       { "/proc/self/fd/0", "/dev/stdin" },
        { "/proc/self/fd/1", "/dev/stdout" }, { "/proc/self/fd/2", "/dev/stderr" },
        { "pts/ptmx", "/dev/ptmx" },
    };

    *where = "/dev";
    if (!is_there(plan, "/dev") ||
        mount("tmpfs", "/dev", "tmpfs", MS_NOSUID | MS_NOEXEC, "mode=755") < 0)
        return "make a private";
    for (size_t i = 0; i < SP_COUNT(links); i++)
        if (symlink(links[i][0], links[i][1]) < 0)
            return "make a private";
    if (mkdir("/dev/shm", 01777) < 0 || chmod("/dev/shm", 01777) < 0 || mkdir("/dev/pts", 0755) < 0)
        return "make a private";
    /* No harm without: few tools want a terminal. */
    (void)mount("devpts", "/dev/pts", "devpts", MS_NOSUID | MS_NOEXEC,
                "newinstance,ptmxmode=0666,mode=0600");
    return NULL;
}

/* --- the parts -------------------------------------------------------------------------------- */

/* One call each, since there may be many: the working directory is the one that has been covered,
 * the target is what covers it. */
static bool show_entries(const struct sp_box_plan *plan, size_t at, const char **where)
{
    const struct sp_open_dir *dir = &plan->dirs[at];
    char target[PATH_MAX];
    size_t len = strlen(dir->path);

    if (len + 1 >= sizeof target || fchdir(plan->dir_fds[at]) < 0)
        return false;
    memcpy(target, dir->path, len);
    target[len++] = '/';
    for (size_t i = 0; i < dir->len; i++) {
        const struct sp_scratch_entry *entry = &dir->entries[i];
        size_t size = strlen(entry->name) + 1;
        if (entry->kind != SP_ENTRY_BOUND)
            continue;
        *where = entry->name;
        errno = ENAMETOOLONG;
        if (len + size > sizeof target)
            return false;
        memcpy(target + len, entry->name, size);
        if (mount(entry->name, target, NULL, MS_BIND | (entry->is_dir ? MS_REC : 0), NULL) < 0)
            return false;
    }
    return chdir("/") == 0;
}

static const char *open_dirs(const struct sp_box_plan *plan, const char **where)
{
    for (size_t i = 0; i < plan->dir_count; i++) {
        const struct sp_open_dir *dir = &plan->dirs[i];
        *where = dir->path;
        if (dir->is_root) {
            sp_mounts_hold(dir->path, true);
            if (!put(plan->scratch_fds[i], AT_FDCWD, dir->path))
                return "put the scratch directory of";
        }
        if (!show_entries(plan, i, where))
            return "show";
        (void)close(plan->dir_fds[i]);
    }
    return NULL;
}

static const char *put_binds(const struct sp_box_plan *plan, bool late, const char **where)
{
    for (size_t i = 0; i < plan->bind_count; i++) {
        const struct sp_box_bind *bind = &plan->binds[i];
        *where = bind->path;
        if (bind->late != late || bind->fd < 0)
            continue;
        sp_mounts_hold(bind->path, bind->is_dir);
        if (!put(bind->fd, AT_FDCWD, bind->path) && !bind->optional)
            return "show";
    }
    return NULL;
}

/* A /proc of the box's processes. */
static const char *mount_proc(const struct sp_box_plan *plan, const char **where)
{
    *where = "/proc";
    if ((plan->features & SP_BOX_PROC) && is_there(plan, "/proc") &&
        mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0)
        return "mount a new";
    return NULL;
}

/* Everything that is needed from the host is in descriptors. */
static const char *furnish(struct sp_box_plan *plan, int tmp, const char **where)
{
    const char *what = plan->image ? sp_pivot_enter(plan->image, where) : NULL;

    if (!what)
        what = cover_tmp(plan, tmp, where);
    if (!what)
        what = cover_dev(plan, where);
    if (!what && plan->image)
        what = sp_pivot_write(plan->image, where);
    if (!what)
        what = put_binds(plan, false, where);
    if (!what)
        what = open_dirs(plan, where);
    if (!what)
        what = put_binds(plan, true, where);
    if (!what)
        what = mount_proc(plan, where);
    return what || !plan->image ? what : sp_pivot_leave(plan->image, where);
}

const char *sp_mounts_build(struct sp_box_plan *plan, const char **where)
{
    int tmp = -1;

    *where = "/";
    if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
        return "part from the mounts of the host at";
    if (plan->tmp && (tmp = clone_mount(AT_FDCWD, plan->tmp)) < 0)
        return "clone the private /tmp of";
    const char *what = clone_writable(plan, where);
    if (what)
        return what;
    *where = "/";
    if (!set_attributes(AT_FDCWD, "/", 0, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV))
        return "make read-only all from";
    what = open_readable(plan, where);
    return what ? what : furnish(plan, tmp, where);
}

bool sp_mounts_seal(void)
{
    return set_attributes(AT_FDCWD, "/proc", 0, MOUNT_ATTR_RDONLY);
}
