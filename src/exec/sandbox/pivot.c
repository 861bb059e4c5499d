/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/pivot.h"

#include "exec/sandbox/mounts.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SHELL_FLAGS   (MS_NOSUID | MS_NODEV)
#define SHELL_OPTIONS "mode=755,size=4m"
#define DRAFT         "/.spoor-draft" /* of a file, until it is where it belongs */

/* --- in -------------------------------------------------------------------------------------- */

/* Before anything covers them. */
static const char *open_shells(struct sp_box_image *image, const char **where)
{
    int root = open(image->path, O_PATH | O_DIRECTORY | O_CLOEXEC);

    *where = image->path;
    if (root < 0)
        return "open the image's directory";
    for (size_t i = 0; i < image->shell_count; i++) {
        struct sp_box_shell *shell = &image->shells[i];
        *where = shell->path;
        shell->fd =
            i ? openat(root, shell->path + 1, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) : root;
        if (shell->fd < 0)
            return "open the image's";
    }
    return NULL;
}

/* "/usr" and "lib" in `text`: false if it is too long. */
static bool join(const char *dir, const char *name, char text[static PATH_MAX])
{
    size_t len = dir[1] ? strlen(dir) : 0;
    size_t size = strlen(name) + 1;

    errno = ENAMETOOLONG;
    if (len + 1 + size > PATH_MAX)
        return false;
    char *end = mempcpy(text, dir, len);
    *end++ = '/';
    memcpy(end, name, size);
    return true;
}

/* The working directory is that of the image. */
static bool put_entry(const char *dir, const struct sp_shell_entry *entry)
{
    char target[PATH_MAX];

    if (!join(dir, entry->name, target))
        return false;
    if (entry->link)
        return symlink(entry->link, target) == 0;
    sp_mounts_hold(target, entry->is_dir);
    return mount(entry->name, target, NULL, MS_BIND | (entry->is_dir ? MS_REC : 0), NULL) == 0;
}

static const char *fill_shell(struct sp_box_shell *shell, const char **where)
{
    *where = shell->path;
    shell->made = open(shell->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (shell->made < 0 || fchdir(shell->fd) < 0)
        return "enter a new";
    for (size_t i = 0; i < shell->len; i++) {
        *where = shell->entries[i].name;
        if (!put_entry(shell->path, &shell->entries[i]))
            return "show the image's";
    }
    (void)close(shell->fd);
    return NULL;
}

const char *sp_pivot_enter(struct sp_box_image *image, const char **where)
{
    const char *what = open_shells(image, where);

    if (what)
        return what;
    *where = image->station;
    image->old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (image->old < 0)
        return "open the root for";
    if (mount("tmpfs", image->station, "tmpfs", SHELL_FLAGS, SHELL_OPTIONS) < 0)
        return "mount a new root at";
    /* The old root is then on top of the new one, where no path leads to. */
    *where = NULL;
    if (chdir(image->station) < 0 || syscall(SYS_pivot_root, ".", ".") < 0)
        return "change the root directory";
    for (size_t i = 0; i < image->shell_count; i++) {
        struct sp_box_shell *shell = &image->shells[i];
        *where = shell->path;
        if (i && mount("tmpfs", shell->path, "tmpfs", SHELL_FLAGS, SHELL_OPTIONS) < 0)
            return "mount a new";
        what = fill_shell(shell, where);
        if (what)
            return what;
    }
    return chdir("/") < 0 ? "go to the new root" : NULL;
}

/* --- files ------------------------------------------------------------------------------------ */

static bool write_draft(struct sp_str text)
{
    int fd = open(DRAFT, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0644);
    bool passed =
        fd >= 0 && fchmod(fd, 0644) == 0 && write(fd, text.ptr, text.len) == (ssize_t)text.len;

    if (fd >= 0)
        (void)close(fd);
    return passed;
}

/* Bound there, so that the directory around it needs no room where the image has such a file. */
const char *sp_pivot_write(const struct sp_box_image *image, const char **where)
{
    for (size_t i = 0; i < image->text_count; i++) {
        const struct sp_box_text *text = &image->texts[i];
        struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };
        *where = text->path;
        if (!write_draft(text->text))
            return "write";
        sp_mounts_hold(text->path, false);
        if (mount(DRAFT, text->path, NULL, MS_BIND, NULL) < 0 ||
            mount_setattr(AT_FDCWD, text->path, 0, &attr, sizeof attr) < 0 || unlink(DRAFT) < 0)
            return "put a file of the box's own at";
    }
    return NULL;
}

/* --- out -------------------------------------------------------------------------------------- */

const char *sp_pivot_leave(struct sp_box_image *image, const char **where)
{
    struct mount_attr attr = { .attr_set = MOUNT_ATTR_RDONLY };

    *where = NULL;
    if (fchdir(image->old) < 0 || umount2(".", MNT_DETACH) < 0 || close(image->old) < 0 ||
        chdir("/") < 0)
        return "leave the host's root directory";
    for (size_t i = 0; i < image->shell_count; i++) {
        *where = image->shells[i].path;
        if (mount_setattr(image->shells[i].made, "", AT_EMPTY_PATH, &attr, sizeof attr) < 0 ||
            close(image->shells[i].made) < 0)
            return "make read-only";
    }
    return NULL;
}
