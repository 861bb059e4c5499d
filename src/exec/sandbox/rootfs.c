/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/rootfs.h"

#include "base/fault.h"
#include "base/nearest.h"
#include "base/vec.h"

#include "exec/pathname.h"
#include "exec/sandbox/mounts.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/spawn.h"

#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define SEARCH_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"

/* Links on the way mean what they mean inside. */
static int open_inside(int root, const char *path, int flags)
{
    struct open_how how = {
        .flags = (unsigned)flags | O_CLOEXEC,
        .resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
    };

    return (int)syscall(SYS_openat2, root, path, &how, sizeof how);
}

/* --- what is where in the image --------------------------------------------------------------- */

struct planning {
    struct sp_arena *arena;
    int root;
    struct sp_str prefix; /* path of the image's directory, as the kernel knows it */
    struct sp_str home;
    SP_VEC(const char *) targets; /* in the image, without links */
    size_t private_count;         /* the first of them are the box's own */
    SP_VEC(struct sp_box_shell) shells;
    SP_VEC(struct sp_box_text) texts;
};

static bool is_inside(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/' || !dir[1]);
}

/* The kernel's name for an open file of the image, as seen inside. */
static const char *name_inside(const struct planning *planning, int fd)
{
    char link[32], text[PATH_MAX];

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t len = readlink(link, text, sizeof text);
    struct sp_str path = { text, len < 0 ? 0 : (size_t)len };
    if (planning->prefix.len > 1)
        path = sp_str_slice(path, planning->prefix.len, path.len);
    return path.len ? sp_arena_cstr(planning->arena, path) : "/";
}

/* Without links, as far as it exists; what does not is kept as it is. */
static const char *resolve(const struct planning *planning, const char *path)
{
    sp_auto_fd int fd = open_inside(planning->root, path, O_PATH);

    if (fd >= 0)
        return name_inside(planning, fd);
    if (!path[1])
        return "/";
    const char *dir = resolve(planning, sp_pathname_parent(planning->arena, path));
    struct sp_str name =
        sp_str_slice(sp_str_of(path), sp_str_rfind(sp_str_of(path), '/') + 1, SIZE_MAX);
    return sp_arena_join(planning->arena, sp_str_of(dir), dir[1] ? "/" : "", name).ptr;
}

/* Of something without links on the way. */
static enum sp_file_kind kind_inside(const struct planning *planning, const char *path)
{
    struct stat info;

    if (fstatat(planning->root, path[1] ? path + 1 : ".", &info, AT_SYMLINK_NOFOLLOW) < 0)
        return SP_FILE_NONE;
    return S_ISDIR(info.st_mode)   ? SP_FILE_DIR
           : S_ISREG(info.st_mode) ? SP_FILE_REGULAR
                                   : SP_FILE_OTHER;
}

/* --- shells ------------------------------------------------------------------------------------
 */

static enum sp_rc add_entry(const struct planning *planning,
                            struct sp_box_shell *shell,
                            int dir,
                            const struct dirent *item,
                            struct sp_err *err)
{
    struct sp_shell_entry *entry = &shell->entries[shell->len];
    char target[PATH_MAX];
    struct stat info;

    if (fstatat(dir, item->d_name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return sp_fail_errno(err, "look at '%s/%s' of the image", shell->path, item->d_name);
    *entry =
        (struct sp_shell_entry){ .name = sp_arena_cstr(planning->arena, sp_str_of(item->d_name)),
                                 .is_dir = S_ISDIR(info.st_mode) };
    if (S_ISLNK(info.st_mode)) {
        ssize_t len = readlinkat(dir, item->d_name, target, sizeof target);
        if (len < 0)
            return sp_fail_errno(err, "read the link '%s/%s' of the image", shell->path,
                                 item->d_name);
        entry->link = sp_arena_cstr(planning->arena, (struct sp_str){ target, (size_t)len });
    }
    shell->len++;
    return SP_OK;
}

static enum sp_rc fill_shell(const struct planning *planning,
                             struct sp_box_shell *shell,
                             DIR *list,
                             struct sp_err *err)
{
    size_t count = 0;
    enum sp_rc rc = SP_OK;

    while (readdir(list))
        count++;
    if (count > SP_OPEN_ENTRIES_MAX)
        return sp_fail(err, SP_LIMIT,
                       "'%s' of the image has %zu entries: too many to put something beside them",
                       shell->path, count);
    shell->entries = SP_ARENA_NEW(planning->arena, struct sp_shell_entry, count + 1);
    rewinddir(list);
    for (const struct dirent *item; rc == SP_OK && shell->len < count && (item = readdir(list));)
        if (!sp_pathname_is_dots(item->d_name))
            rc = add_entry(planning, shell, dirfd(list), item, err);
    return rc;
}

static enum sp_rc add_shell(struct planning *planning, const char *path, struct sp_err *err)
{
    int fd = SP_FAULT("box.root", EMFILE)
                 ? -1
                 : open_inside(planning->root, path, O_RDONLY | O_DIRECTORY);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);
    struct sp_box_shell shell = { .path = path, .fd = -1, .made = -1 };

    if (!list) {
        enum sp_rc rc = sp_fail_errno(err, "look into '%s' of the image", path);
        sp_fd_closep(&fd);
        return rc;
    }
    enum sp_rc rc = fill_shell(planning, &shell, list, err);
    (void)closedir(list);
    if (rc == SP_OK)
        *SP_VEC_ADD(&planning->shells) = shell;
    return rc;
}

static struct sp_box_shell *find_shell(const struct planning *planning, const char *path)
{
    for (size_t i = 0; i < planning->shells.len; i++)
        if (strcmp(planning->shells.items[i].path, path) == 0)
            return &planning->shells.items[i];
    return NULL;
}

/* What is in the way: a link to nowhere, a file where a directory has to be. */
static void clear_way(struct sp_box_shell *shell, const char *target)
{
    const char *from = target + (shell->path[1] ? strlen(shell->path) + 1 : 1);
    struct sp_str name = sp_str_slice(sp_str_of(from), 0, strcspn(from, "/"));

    for (size_t i = 0; i < shell->len; i++)
        if (sp_str_is(name, shell->entries[i].name)) {
            shell->entries[i] = shell->entries[--shell->len];
            return;
        }
}

/* The box's own directories have room for everything. */
static bool has_room(const struct planning *planning, const char *target)
{
    for (size_t i = 0; i < planning->targets.len; i++)
        if (is_inside(target, planning->targets.items[i]))
            return true;
    return false;
}

/* Something is going to be put at `path`. */
static enum sp_rc add_target(struct planning *planning,
                             const char *path,
                             bool is_dir,
                             struct sp_err *err)
{
    const char *target = resolve(planning, path);
    enum sp_rc rc = SP_OK;

    if (has_room(planning, target))
        return SP_OK;
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    *SP_VEC_ADD(&planning->targets) = target;
    enum sp_file_kind kind = kind_inside(planning, target);
    if (is_dir ? kind == SP_FILE_DIR : kind == SP_FILE_REGULAR)
        return SP_OK;
    const char *dir = sp_pathname_parent(planning->arena, target);
    while (kind_inside(planning, dir) != SP_FILE_DIR)
        dir = sp_pathname_parent(planning->arena, dir);
    if (!find_shell(planning, dir))
        rc = add_shell(planning, dir, err);
    struct sp_box_shell *shell = find_shell(planning, dir);
    if (rc == SP_OK && shell)
        clear_way(shell, target);
    return rc;
}

/* --- the box's own files ------------------------------------------------------------------------
 */

#define TEXT_MAX ((size_t)1 << 20) /* of each; they are in memory */

static void read_inside(const struct planning *planning, const char *path, struct sp_buf *out)
{
    sp_auto_fd int fd = open_inside(planning->root, path, O_RDONLY | O_NONBLOCK | O_NOCTTY);
    char block[4096];
    ssize_t got;

    while (fd >= 0 && (got = read(fd, block, sizeof block)) > 0)
        sp_buf_add(out, (struct sp_str){ block, (size_t)got });
}

/* By something that the job wants to see there instead. */
static bool is_covered(const struct planning *planning, const char *target)
{
    for (size_t i = planning->private_count; i < planning->targets.len; i++)
        if (is_inside(target, planning->targets.items[i]))
            return true;
    return false;
}

static enum sp_rc add_text(struct planning *planning,
                           const char *path,
                           struct sp_buf *text,
                           struct sp_err *err)
{
    const char *target = resolve(planning, path);
    enum sp_rc rc = SP_OK;

    if (is_covered(planning, target)) {
        sp_buf_fini(text);
        return SP_OK;
    }
    rc = add_target(planning, target, false, err);
    if (rc == SP_OK)
        *SP_VEC_ADD(&planning->texts) = (struct sp_box_text){
            .path = target,
            .text = sp_arena_str(planning->arena, sp_buf_str(text)),
        };
    sp_buf_fini(text);
    return rc;
}

static bool is_plain_name(struct sp_str name)
{
    for (size_t i = 0; i < name.len; i++)
        if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-",
                    name.ptr[i]))
            return false;
    return name.len > 0;
}

static struct sp_str user_name(const struct sp_job *job, unsigned uid)
{
    struct sp_str name = sp_str_of(sp_env_find(job->env, "USER"));

    if (uid == 0)
        return SP_STR("root");
    return is_plain_name(name) ? name : SP_STR("user");
}

/* The image's list but for the one who is us: by name (field 0) and by number (field 2). */
static void add_others(struct sp_buf *out, struct sp_str list, struct sp_str name, unsigned id)
{
    while (list.len) {
        struct sp_str line = sp_str_cut(&list, '\n');
        struct sp_str rest = line;
        struct sp_str first = sp_str_cut(&rest, ':');
        int64_t number;
        (void)sp_str_cut(&rest, ':');
        bool is_us = sp_str_eq(first, name) ||
                     (sp_str_int(sp_str_cut(&rest, ':'), &number) && number == (int64_t)id);
        if (line.len && !is_us)
            sp_buf_addf(out, SP_STR_FMT "\n", SP_STR_ARG(line));
    }
}

static enum sp_rc add_user(struct planning *planning,
                           const struct sp_job *job,
                           const struct sp_box_plan *plan,
                           struct sp_err *err)
{
    struct sp_str name = user_name(job, plan->uid);
    struct sp_buf users = SP_BUF(TEXT_MAX), groups = SP_BUF(TEXT_MAX);
    sp_auto_buf struct sp_buf known_users = SP_BUF(TEXT_MAX);
    sp_auto_buf struct sp_buf known_groups = SP_BUF(TEXT_MAX);

    read_inside(planning, "/etc/passwd", &known_users);
    read_inside(planning, "/etc/group", &known_groups);
    sp_buf_addf(&users, SP_STR_FMT ":x:%u:%u::%s:/bin/sh\n", SP_STR_ARG(name), plan->uid, plan->gid,
                sp_env_find(plan->env, "HOME"));
    add_others(&users, sp_buf_str(&known_users), name, plan->uid);
    sp_buf_addf(&groups, SP_STR_FMT ":x:%u:\n", SP_STR_ARG(name), plan->gid);
    add_others(&groups, sp_buf_str(&known_groups), name, plan->gid);
    enum sp_rc rc = add_text(planning, "/etc/passwd", &users, err);
    if (rc == SP_OK)
        return add_text(planning, "/etc/group", &groups, err);
    sp_buf_fini(&groups);
    return rc;
}

/* Names are resolved as the machine does it, where its network is there, too. */
static enum sp_rc add_network(struct planning *planning,
                              const struct sp_box *box,
                              struct sp_err *err)
{
    struct sp_buf hosts = SP_BUF(TEXT_MAX), resolv = SP_BUF(TEXT_MAX);
    struct sp_err missing = SP_ERR_INIT;
    char name[HOST_NAME_MAX + 1] = "";
    bool has_network = box->flags & SP_BOX_NETWORK;

    (void)gethostname(name, sizeof name - 1);
    if (!has_network || sp_file_read("/etc/hosts", &hosts, &missing)) {
        sp_buf_clear(&hosts);
        sp_buf_addf(&hosts, "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 %s\n", name);
    }
    enum sp_rc rc = add_text(planning, "/etc/hosts", &hosts, err);
    if (rc || !has_network || sp_file_read("/etc/resolv.conf", &resolv, &missing)) {
        sp_buf_fini(&resolv);
        return rc;
    }
    return add_text(planning, "/etc/resolv.conf", &resolv, err);
}

/* --- the plan -----------------------------------------------------------------------------------
 */

/* What is in something that is put there needs no room of its own. */
static enum sp_rc add_targets(struct planning *planning,
                              const struct sp_box_plan *plan,
                              struct sp_err *err)
{
    enum sp_rc rc = add_target(planning, "/proc", true, err);

    for (size_t i = 0; sp_mounts_private[i] && rc == SP_OK; i++)
        rc = add_target(planning, sp_mounts_private[i], true, err);
    planning->private_count = planning->targets.len;
    for (size_t i = 0; i < plan->dir_count && rc == SP_OK; i++)
        if (plan->dirs[i].is_root)
            rc = add_target(planning, plan->dirs[i].path, true, err);
    for (size_t i = 0; i < plan->bind_count && rc == SP_OK; i++)
        rc = add_target(planning, plan->binds[i].path, plan->binds[i].is_dir, err);
    return rc;
}

static int by_path(const void *a, const void *b)
{
    const struct sp_box_shell *left = a;
    const struct sp_box_shell *right = b;

    return strcmp(left->path, right->path);
}

static struct sp_box_image *make_image(struct planning *planning, const char *path)
{
    struct sp_box_image *image = SP_ARENA_NEW(planning->arena, struct sp_box_image, 1);
    size_t shells = planning->shells.len, texts = planning->texts.len;
    struct sp_box_text *copy = SP_ARENA_NEW(planning->arena, struct sp_box_text, texts + 1);

    qsort(planning->shells.items, shells, sizeof *planning->shells.items, by_path);
    image->path = image->station = path;
    image->shells = SP_ARENA_NEW(planning->arena, struct sp_box_shell, shells);
    image->shell_count = shells;
    memcpy(image->shells, planning->shells.items, shells * sizeof *image->shells);
    if (texts)
        memcpy(copy, planning->texts.items, texts * sizeof *copy);
    image->texts = copy;
    image->text_count = texts;
    return image;
}

static enum sp_rc plan_all(struct planning *planning,
                           const struct sp_job *job,
                           struct sp_box_plan *plan,
                           struct sp_err *err)
{
    char link[32], text[PATH_MAX];

    (void)snprintf(link, sizeof link, "/proc/self/fd/%d", planning->root);
    ssize_t len = readlink(link, text, sizeof text);
    if (len < 0)
        return sp_fail_errno(err, "find out where the image is");
    planning->prefix = sp_arena_str(planning->arena, (struct sp_str){ text, (size_t)len });
    enum sp_rc rc = add_shell(planning, "/", err);
    if (rc == SP_OK)
        rc = add_targets(planning, plan, err);
    if (rc == SP_OK)
        rc = add_user(planning, job, plan, err);
    if (rc == SP_OK)
        rc = add_network(planning, job->box, err);
    if (rc == SP_OK)
        plan->image = make_image(planning, planning->prefix.ptr);
    return rc;
}

enum sp_rc sp_rootfs_plan(struct sp_arena *arena,
                          const struct sp_job *job,
                          struct sp_box_plan *plan,
                          struct sp_err *err)
{
    const struct sp_box_root *root = job->box->root;
    sp_auto_fd int fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    struct planning planning = { .arena = arena, .root = fd };

    if (fd < 0) {
        (void)sp_fail_errno(err, "open its directory '%s'", root->path);
        return sp_err_wrap(err, "image '%s'", root->name);
    }
    enum sp_rc rc = plan_all(&planning, job, plan, err);
    SP_VEC_FINI(&planning.targets);
    SP_VEC_FINI(&planning.shells);
    SP_VEC_FINI(&planning.texts);
    return rc ? sp_err_wrap(err, "image '%s'", root->name) : SP_OK;
}

/* --- the program ---------------------------------------------------------------------------------
 */

static struct sp_str search_path(const struct sp_job *job)
{
    const char *path = sp_env_find(job->env, "PATH");

    return sp_str_of(path ? path : SEARCH_PATH);
}

/* NOLINTBEGIN(bugprone-sizeof-expression): arrays of pointers */
enum sp_rc sp_rootfs_programs(struct sp_arena *arena,
                              const struct sp_job *job,
                              const char *const **out,
                              struct sp_err *err)
{
    struct sp_str rest = search_path(job);
    const char *name = job->argv[0];
    size_t count = 0;

    if (!*name)
        return sp_fail(err, SP_NOT_FOUND, "the name of the program is empty");
    const char **programs = SP_ARENA_NEW(arena, const char *, rest.len + 3);
    if (strchr(name, '/'))
        programs[count++] = name;
    while (!strchr(name, '/') && rest.ptr) {
        struct sp_str dir = sp_str_cut(&rest, ':');
        programs[count++] =
            sp_arena_join(arena, dir.len ? dir : SP_STR("."), "/", sp_str_of(name)).ptr;
    }
    *out = programs;
    return SP_OK;
}

/* NOLINTEND(bugprone-sizeof-expression) */

static void offer_programs(int root,
                           struct sp_str dir,
                           struct sp_arena *arena,
                           struct sp_nearest *to)
{
    int fd = open_inside(root, sp_arena_cstr(arena, dir), O_RDONLY | O_DIRECTORY);
    DIR *list = fd < 0 ? NULL : fdopendir(fd);

    if (!list) {
        sp_fd_closep(&fd);
        return;
    }
    for (const struct dirent *item; (item = readdir(list));)
        if (item->d_name[0] != '.')
            sp_nearest_offer(to, sp_arena_str(arena, sp_str_of(item->d_name)));
    (void)closedir(list);
}

static enum sp_rc fail_missing(const struct sp_job *job, struct sp_err *err)
{
    const struct sp_box_root *root = job->box->root;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_fd int fd = open(root->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const char *name = job->argv[0];
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));
    struct sp_str rest = search_path(job);

    if (strchr(name, '/'))
        return sp_fail(err, SP_NOT_FOUND, "there is no program '%s' in image '%s'", name,
                       root->name);
    while (rest.ptr && fd >= 0)
        offer_programs(fd, sp_str_cut(&rest, ':'), arena, &nearest);
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND,
                           "no program '%s' in PATH of image '%s'", name, root->name);
}

enum sp_rc sp_rootfs_explain(const struct sp_job *job,
                             const struct sp_box_message *answer,
                             struct sp_err *err)
{
    const char *image = job->box->root->name;

    if (!answer->where)
        return fail_missing(job, err);
    if (answer->number == ENOENT && answer->needs[0])
        return sp_fail(err, SP_NOT_FOUND, "start '%s': its interpreter '%s' is not in image '%s'",
                       answer->where, answer->needs, image);
    if (answer->number == ENOENT)
        return sp_fail(err, SP_NOT_FOUND, "start '%s': its loader is not in image '%s'",
                       answer->where, image);
    if (answer->is_dir)
        return sp_fail(err, SP_NOT_FOUND, "'%s' in image '%s' is a directory, no program",
                       answer->where, image);
    if (answer->number == EACCES)
        return sp_fail(err, SP_NOT_FOUND, "'%s' in image '%s' is not executable", answer->where,
                       image);
    (void)sp_spawn_explain(&(struct sp_spawn){ .argv = job->argv }, answer->where, answer->number,
                           err);
    return sp_err_wrap(err, "image '%s'", image);
}
