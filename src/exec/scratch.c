/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/scratch.h"

#include "base/fault.h"
#include "base/vec.h"

#include "exec/pathname.h"
#include "exec/stray.h"
#include "sys/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ELSEWHERE  "elsewhere"   /* names the scratch directories that are not here */
#define HIDDEN     ".spoor-box-" /* begins their names */
#define TARGET_MAX 4096          /* of a symbolic link */

/* --- paths --------------------------------------------------------------------------------- */

static bool is_dir(const char *path)
{
    return sp_file_kind(path) == SP_FILE_DIR;
}

/* Is it declared, or in a directory that is? */
static bool is_declared(const struct sp_box *box, const char *path)
{
    for (size_t i = 0; box->writes[i]; i++)
        if (sp_pathname_is_in(path, box->writes[i]))
            return true;
    return false;
}

static bool leads_to_declared(const struct sp_box *box, const char *path)
{
    for (size_t i = 0; box->writes[i]; i++)
        if (sp_pathname_is_in(box->writes[i], path))
            return true;
    return false;
}

/* --- which directories are open ------------------------------------------------------------ */

struct making {
    struct sp_scratch *scratch;
    SP_VEC(const char *) paths;
};

/* What is in a declared directory can be written anyway. */
static bool is_writable_anyway(const struct sp_box *box, const char *dir)
{
    for (size_t i = 0; box->writes[i]; i++)
        if (sp_pathname_is_in(dir, box->writes[i]) && is_dir(box->writes[i]))
            return true;
    return false;
}

static void open_dir(struct making *making, const char *path)
{
    for (size_t i = 0; i < making->paths.len; i++)
        if (strcmp(making->paths.items[i], path) == 0)
            return;
    if (!path[1] || is_writable_anyway(making->scratch->box, path))
        return; /* the root directory cannot be replaced */
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    *SP_VEC_ADD(&making->paths) = path;
}

static int by_path(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* So that a rename from one open directory into another one below it is within one mount. */
static void open_between(struct making *making)
{
    struct sp_arena *arena = making->scratch->arena;

    for (size_t i = 0; i < making->paths.len; i++)
        for (size_t k = 0; k < making->paths.len; k++) {
            const char *below = making->paths.items[k];
            if (i == k || !sp_pathname_is_in(below, making->paths.items[i]))
                continue;
            for (below = sp_pathname_parent(arena, below);
                 strcmp(below, making->paths.items[i]) != 0;
                 below = sp_pathname_parent(arena, below))
                open_dir(making, below);
        }
}

static void choose_dirs(struct making *making, const char *cwd)
{
    struct sp_arena *arena = making->scratch->arena;
    const struct sp_box *box = making->scratch->box;

    open_dir(making, cwd);
    for (size_t i = 0; box->writes[i]; i++) {
        const char *dir = sp_pathname_parent(arena, box->writes[i]);
        while (!is_dir(dir))
            dir = sp_pathname_parent(arena, dir);
        open_dir(making, dir);
    }
    open_between(making);
    if (making->paths.len)
        qsort(making->paths.items, making->paths.len, sizeof *making->paths.items, by_path);
}

/* --- what is in them ----------------------------------------------------------------------- */

struct filling {
    const struct making *making;
    struct sp_open_dir *dir;
    int from, to; /* the directory, its scratch directory */
    SP_VEC(struct sp_scratch_entry) entries;
};

static enum sp_rc fail_entry(const struct filling *filling, const char *name, struct sp_err *err)
{
    return sp_fail_errno(err, "scratch directory: put '%s/%s' there", filling->dir->path, name);
}

static bool is_open(const struct making *making, const char *path)
{
    for (size_t i = 0; i < making->paths.len; i++)
        if (strcmp(making->paths.items[i], path) == 0)
            return true;
    return false;
}

/* Root has no power over other people's files in a box: say so before the tool does. */
static enum sp_rc check_owner(const char *path, const struct stat *info, struct sp_err *err)
{
    if (info->st_uid == geteuid() || geteuid() != 0)
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "'%s' belongs to user %u: in a sandbox root cannot write what is not its own "
                   "(run Spoor as that user, or on the native backend)",
                   path, (unsigned)info->st_uid);
}

static enum sp_rc put_symlink(const struct filling *filling, const char *name, struct sp_err *err)
{
    char target[TARGET_MAX + 1];
    ssize_t len = readlinkat(filling->from, name, target, TARGET_MAX);

    if (len < 0)
        return fail_entry(filling, name, err);
    target[len] = '\0';
    return symlinkat(target, filling->to, name) < 0 ? fail_entry(filling, name, err) : SP_OK;
}

/* What a mount is put on. */
static enum sp_rc put_holder(const struct filling *filling,
                             const struct sp_scratch_entry *entry,
                             struct sp_err *err)
{
    if (filling->dir->files) /* on itself */
        return SP_OK;
    int rc = entry->is_dir ? mkdirat(filling->to, entry->name, 0700)
                           : mknodat(filling->to, entry->name, S_IFREG | 0600, 0);

    return rc < 0 ? fail_entry(filling, entry->name, err) : SP_OK;
}

static enum sp_rc put_declared(const struct filling *filling,
                               struct sp_scratch_entry *entry,
                               const struct stat *info,
                               struct sp_err *err)
{
    const char *path =
        sp_pathname_join(filling->making->scratch->arena, filling->dir->path, entry->name);
    enum sp_rc rc = check_owner(path, info, err);

    if (rc)
        return rc;
    entry->kind = SP_ENTRY_WRITABLE;
    if (!S_ISREG(info->st_mode))
        return put_holder(filling, entry, err);
    if (linkat(filling->from, entry->name, filling->to, entry->name, 0) == 0) {
        entry->kind = SP_ENTRY_LINKED;
        return SP_OK;
    }
    return put_holder(filling, entry, err); /* it can be written, if not replaced */
}

static bool is_exactly_declared(const struct sp_box *box, const char *path)
{
    for (size_t i = 0; box->writes[i]; i++)
        if (strcmp(box->writes[i], path) == 0)
            return true;
    return false;
}

static enum sp_rc put_entry(struct filling *filling, const char *name, struct sp_err *err)
{
    struct sp_arena *arena = filling->making->scratch->arena;
    const char *path = sp_pathname_join(arena, filling->dir->path, name);
    struct stat info;

    if (fstatat(filling->from, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
        return errno == ENOENT ? SP_OK : fail_entry(filling, name, err);
    bool is_declared_itself = is_exactly_declared(filling->making->scratch->box, path);
    if (filling->dir->files && (!S_ISDIR(info.st_mode) || is_declared_itself))
        return SP_OK; /* it is there */
    if (filling->entries.len >= SP_OPEN_ENTRIES_MAX)
        return sp_fail(err, SP_LIMIT,
                       "'%s' has more than %d directories: a box cannot show them all (let the "
                       "step write into a directory of its own)",
                       filling->dir->path, SP_OPEN_ENTRIES_MAX);
    struct sp_scratch_entry *entry = SP_VEC_ADD(&filling->entries);
    entry->name = sp_arena_cstr(arena, sp_str_of(name));
    entry->is_dir = S_ISDIR(info.st_mode);
    if (S_ISLNK(info.st_mode)) {
        entry->kind = SP_ENTRY_SYMLINK;
        return put_symlink(filling, name, err);
    }
    if (entry->is_dir && is_open(filling->making, path)) {
        entry->kind = SP_ENTRY_OPEN;
        return SP_OK;
    }
    if (is_declared_itself)
        return put_declared(filling, entry, &info, err);
    entry->kind = SP_ENTRY_BOUND;
    return put_holder(filling, entry, err);
}

static int by_name(const void *a, const void *b)
{
    const struct sp_scratch_entry *left = a;
    const struct sp_scratch_entry *right = b;

    return strcmp(left->name, right->name);
}

static bool is_ours(const char *name)
{
    return strncmp(name, HIDDEN, strlen(HIDDEN)) == 0 ||
           strncmp(name, SP_STRAY_HIDDEN, strlen(SP_STRAY_HIDDEN)) == 0;
}

static enum sp_rc put_all(struct filling *filling, DIR *list, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (struct dirent *item; rc == SP_OK && (item = readdir(list));)
        if (!sp_pathname_is_dots(item->d_name) && !is_ours(item->d_name))
            rc = put_entry(filling, item->d_name, err);
    return rc;
}

static enum sp_rc fill(const struct making *making, struct sp_open_dir *dir, struct sp_err *err)
{
    sp_auto_fd int to = dir->scratch ? open(dir->scratch, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
    DIR *list = opendir(dir->path);
    struct filling filling = { .making = making, .dir = dir, .to = to };

    if (!list || (dir->scratch && to < 0)) {
        enum sp_rc rc = sp_fail_errno(err, "scratch directory of '%s'", dir->path);
        if (list)
            (void)closedir(list);
        return rc;
    }
    filling.from = dirfd(list);
    enum sp_rc rc = put_all(&filling, list, err);
    (void)closedir(list);
    dir->len = filling.entries.len;
    dir->entries = SP_ARENA_NEW(making->scratch->arena, struct sp_scratch_entry, dir->len);
    if (dir->len) {
        memcpy(dir->entries, filling.entries.items, dir->len * sizeof *dir->entries);
        qsort(dir->entries, dir->len, sizeof *dir->entries, by_name);
    }
    SP_VEC_FINI(&filling.entries);
    return rc;
}

/* Of a directory with more files than can be shown one by one; else 0. */
static size_t count_files(const char *path)
{
    DIR *list = opendir(path);
    size_t count = 0;

    if (!list)
        return 0;
    for (struct dirent *item; (item = readdir(list));)
        count += item->d_type != DT_DIR;
    (void)closedir(list);
    return count > SP_OPEN_FILES_MAX ? count : 0;
}

/* --- making them --------------------------------------------------------------------------- */

static enum sp_rc make_dir(const char *path, mode_t mode, struct sp_err *err)
{
    if (SP_FAULT("box.mkdir", ENOSPC) || mkdir(path, 0700) < 0 || chmod(path, mode) < 0)
        return sp_fail_errno(err, "make the scratch directory '%s'", path);
    return SP_OK;
}

/* On the file system of the directory, so that files can be renamed into it. */
static enum sp_rc choose_place(const struct making *making,
                               struct sp_open_dir *dir,
                               dev_t dev,
                               struct sp_err *err)
{
    struct sp_arena *arena = making->scratch->arena;
    const char *base = making->scratch->box->scratch;
    const char *number = sp_arena_printf(arena, "%zu", (size_t)(dir - making->scratch->dirs)).ptr;
    struct stat here;

    if (stat(base, &here) < 0)
        return sp_fail_errno(err, "look at '%s'", base);
    if (here.st_dev == dev) {
        dir->scratch = sp_pathname_join(arena, base, number);
        return SP_OK;
    }
    const char *name = base + sp_str_rfind(sp_str_of(base), '/') + 1;
    dir->scratch =
        sp_arena_printf(arena, "%s/" HIDDEN "%s-%s", dir->path[1] ? dir->path : "", name, number)
            .ptr;
    sp_auto_fd int list = open(sp_pathname_join(arena, base, ELSEWHERE),
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    struct sp_str line = sp_arena_join(arena, sp_str_of(dir->scratch), "", SP_STR("\n"));
    if (list < 0)
        return sp_fail_errno(err, "note the scratch directory '%s'", dir->scratch);
    return sp_write_all(list, line, err);
}

static struct sp_open_dir *find_open(const struct sp_scratch *scratch, const char *path)
{
    for (size_t i = 0; i < scratch->len; i++)
        if (strcmp(scratch->dirs[i].path, path) == 0)
            return &scratch->dirs[i];
    return NULL;
}

static enum sp_rc add_open(struct making *making, const char *path, struct sp_err *err)
{
    struct sp_scratch *scratch = making->scratch;
    const struct sp_open_dir *parent = find_open(scratch, sp_pathname_parent(scratch->arena, path));
    struct sp_open_dir *dir = &scratch->dirs[scratch->len];
    struct stat info, above;

    *dir = (struct sp_open_dir){ .path = path };
    if (stat(path, &info) < 0)
        return sp_fail_errno(err, "look at '%s'", path);
    enum sp_rc rc = check_owner(path, &info, err);
    dir->files = count_files(path);
    dir->is_root = !parent || parent->files || dir->files || stat(parent->path, &above) < 0 ||
                   above.st_dev != info.st_dev;
    if (rc == SP_OK && dir->files) {
        scratch->len++;
        return fill(making, dir, err);
    }
    if (rc == SP_OK && dir->is_root)
        rc = choose_place(making, dir, info.st_dev, err);
    else if (rc == SP_OK)
        dir->scratch = sp_pathname_join(scratch->arena, parent->scratch,
                                        path + sp_str_rfind(sp_str_of(path), '/') + 1);
    if (rc)
        return rc;
    dir->root_len = dir->is_root ? strlen(dir->scratch) : parent->root_len;
    scratch->len++;
    rc = make_dir(dir->scratch, (info.st_mode & 0777) | 0700, err);
    return rc ? rc : fill(making, dir, err);
}

/* An open directory on another file system than the one around it is a mount there. */
static void settle_holders(struct sp_scratch *scratch)
{
    for (size_t i = 0; i < scratch->len; i++)
        for (size_t k = 0; k < scratch->dirs[i].len; k++) {
            struct sp_scratch_entry *entry = &scratch->dirs[i].entries[k];
            const struct sp_open_dir *child =
                entry->kind == SP_ENTRY_OPEN
                    ? find_open(scratch, sp_pathname_join(scratch->arena, scratch->dirs[i].path,
                                                          entry->name))
                    : NULL;
            if (child && child->is_root && scratch->dirs[i].scratch)
                (void)mkdir(sp_pathname_join(scratch->arena, scratch->dirs[i].scratch, entry->name),
                            0700);
        }
}

/* What the tool is known to look for in the home directory, it finds in this one. */
static void show_at_home(struct sp_scratch *scratch, const char *path)
{
    const char *home = scratch->box->home;
    struct sp_err ignored = SP_ERR_INIT;
    size_t len = strlen(home);

    if (!sp_pathname_is_in(path, home) || path[len] != '/')
        return;
    const char *link = sp_pathname_join(scratch->arena, scratch->home, path + len + 1);
    /* Where something around it is shown already, it is there, too. */
    if (sp_make_dirs(sp_pathname_parent(scratch->arena, link), &ignored) == SP_OK &&
        symlink(path, link) < 0)
        ignored.sys_errno = errno;
}

static enum sp_rc make_private(struct sp_scratch *scratch, struct sp_err *err)
{
    scratch->tmp = sp_pathname_join(scratch->arena, scratch->box->scratch, "tmp");
    scratch->home = sp_pathname_join(scratch->arena, scratch->tmp, "home");
    enum sp_rc rc = make_dir(scratch->tmp, 01777, err);
    if (rc == SP_OK)
        rc = make_dir(scratch->home, 0700, err);
    for (size_t i = 0; rc == SP_OK && scratch->box->home && scratch->box->shows[i]; i++)
        show_at_home(scratch, scratch->box->shows[i]);
    return rc;
}

enum sp_rc sp_scratch_make(const struct sp_box *box,
                           const char *cwd,
                           struct sp_scratch **out,
                           struct sp_err *err)
{
    struct sp_scratch *scratch = sp_alloc(sizeof *scratch);
    struct making making = { .scratch = scratch };

    scratch->arena = sp_arena_new();
    scratch->box = box;
    scratch->cwd = sp_arena_cstr(scratch->arena, sp_str_of(cwd));
    enum sp_rc rc = make_dir(box->scratch, 0700, err);
    if (rc) {
        sp_arena_free(scratch->arena);
        free(scratch);
        return rc;
    }
    rc = make_private(scratch, err);
    if (rc == SP_OK && !is_dir(cwd))
        rc = sp_fail(err, SP_INVALID, "there is no working directory '%s'", cwd);
    if (rc == SP_OK)
        choose_dirs(&making, cwd);
    scratch->dirs = SP_ARENA_NEW(scratch->arena, struct sp_open_dir, making.paths.len + 1);
    for (size_t i = 0; rc == SP_OK && i < making.paths.len; i++)
        rc = add_open(&making, making.paths.items[i], err);
    SP_VEC_FINI(&making.paths);
    if (rc) {
        sp_scratch_free(scratch);
        return rc;
    }
    settle_holders(scratch);
    *out = scratch;
    return SP_OK;
}

/* --- harvest ------------------------------------------------------------------------------- */

struct harvest {
    const struct sp_scratch *scratch;
    struct sp_strays *strays;
};

static enum sp_rc move(const char *from, const char *to, struct sp_err *err)
{
    if (SP_FAULT("box.move", EIO) || rename(from, to) < 0)
        return sp_fail_errno(err, "move '%s' out of its box", to);
    return SP_OK;
}

static enum sp_rc take_tree(struct harvest *harvest,
                            const char *from,
                            const char *to,
                            struct sp_err *err);

static enum sp_rc take_new(struct harvest *harvest,
                           const char *from,
                           const char *to,
                           struct sp_err *err)
{
    const struct sp_box *box = harvest->scratch->box;
    struct stat info;

    if (lstat(from, &info) < 0)
        return sp_fail_errno(err, "look at '%s'", from);
    if ((box->flags & SP_BOX_OPEN) || is_declared(box, to))
        return move(from, to, err);
    if (!S_ISDIR(info.st_mode) || !leads_to_declared(box, to))
        return sp_strays_add(harvest->strays, from, to, err);
    if (mkdir(to, info.st_mode & 0777) < 0 && errno != EEXIST)
        return sp_fail_errno(err, "make '%s'", to);
    return take_tree(harvest, from, to, err);
}

/* A directory that the tool has made, on the way to something declared. */
static enum sp_rc take_tree(struct harvest *harvest,
                            const char *from,
                            const char *to,
                            struct sp_err *err)
{
    struct sp_arena *arena = harvest->scratch->arena;
    enum sp_rc rc = SP_OK;
    DIR *list = opendir(from);

    if (!list)
        return sp_fail_errno(err, "look into '%s'", from);
    for (struct dirent *item; rc == SP_OK && (item = readdir(list));)
        if (!sp_pathname_is_dots(item->d_name))
            rc = take_new(harvest, sp_pathname_join(arena, from, item->d_name),
                          sp_pathname_join(arena, to, item->d_name), err);
    (void)closedir(list);
    return rc;
}

static bool is_same_file(const char *a, const char *b)
{
    struct stat left, right;

    return lstat(a, &left) == 0 && lstat(b, &right) == 0 && left.st_ino == right.st_ino &&
           left.st_dev == right.st_dev;
}

static bool is_same_link(const char *a, const char *b)
{
    char left[TARGET_MAX], right[TARGET_MAX];
    ssize_t len = readlink(a, left, sizeof left);

    return len >= 0 && readlink(b, right, sizeof right) == len &&
           memcmp(left, right, (size_t)len) == 0;
}

/* Not a link to one. */
static bool is_real_dir(const char *path)
{
    struct stat info;

    return lstat(path, &info) == 0 && S_ISDIR(info.st_mode);
}

static enum sp_rc take_entry(struct harvest *harvest,
                             const struct sp_open_dir *dir,
                             const char *name,
                             struct sp_err *err)
{
    struct sp_arena *arena = harvest->scratch->arena;
    const char *from = sp_pathname_join(arena, dir->scratch, name);
    const char *to = sp_pathname_join(arena, dir->path, name);
    struct sp_scratch_entry wanted = { .name = name };
    const struct sp_scratch_entry *known =
        dir->len ? bsearch(&wanted, dir->entries, dir->len, sizeof wanted, by_name) : NULL;

    if (!known)
        return take_new(harvest, from, to, err);
    if (known->kind == SP_ENTRY_OPEN && !is_real_dir(from)) /* see open_kept */
        return sp_strays_add(harvest->strays, from, to, err);
    if (known->kind == SP_ENTRY_LINKED && !is_same_file(from, to))
        return move(from, to, err);
    if (known->kind == SP_ENTRY_SYMLINK && !is_same_link(from, to))
        return sp_strays_add(harvest->strays, from, to, err);
    return SP_OK;
}

/* What the tool has removed: only a declared file, or a link, can be. */
static enum sp_rc take_removals(struct harvest *harvest,
                                const struct sp_open_dir *dir,
                                struct sp_err *err)
{
    struct sp_arena *arena = harvest->scratch->arena;

    for (size_t i = 0; i < dir->len; i++) {
        const struct sp_scratch_entry *entry = &dir->entries[i];
        struct stat info;
        if (entry->kind != SP_ENTRY_LINKED && entry->kind != SP_ENTRY_SYMLINK)
            continue;
        const char *from = sp_pathname_join(arena, dir->scratch, entry->name);
        if (lstat(from, &info) == 0)
            continue;
        const char *path = sp_pathname_join(arena, dir->path, entry->name);
        enum sp_rc rc = SP_OK;
        if (entry->kind == SP_ENTRY_SYMLINK)
            rc = sp_strays_add(harvest->strays, from, path, err);
        else if (unlink(path) < 0 && errno != ENOENT)
            rc = sp_fail_errno(err, "remove '%s', as the tool did", path);
        if (rc)
            return rc;
    }
    return SP_OK;
}

/* A tool may remove an open directory, or put something else in its place: a link there leads to
 * files that are not the tool's, so nothing is looked for behind it. -1: it is not there any more.
 * Nothing in the box lives, so what is found stays as it is. */
static int open_kept(struct sp_arena *arena, const struct sp_open_dir *dir)
{
    struct open_how how = { .flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC,
                            .resolve = RESOLVE_NO_SYMLINKS | RESOLVE_BENEATH };
    struct sp_str root = sp_str_slice(sp_str_of(dir->scratch), 0, dir->root_len);
    const char *rest = dir->scratch + dir->root_len;
    sp_auto_fd int fd = open(sp_arena_cstr(arena, root), O_PATH | O_DIRECTORY | O_CLOEXEC);

    return fd < 0 ? -1 : (int)syscall(SYS_openat2, fd, *rest ? rest + 1 : ".", &how, sizeof how);
}

static bool is_replaced(int error)
{
    return error == ENOENT || error == ELOOP || error == ENOTDIR;
}

static enum sp_rc harvest_dir(struct harvest *harvest,
                              const struct sp_open_dir *dir,
                              struct sp_err *err)
{
    int fd = open_kept(harvest->scratch->arena, dir);

    if (fd < 0 && !is_replaced(errno))
        return sp_fail_errno(err, "look into '%s'", dir->scratch);
    enum sp_rc rc = take_removals(harvest, dir, err); /* first: what is moved is not there then */
    if (fd < 0)
        return rc;
    DIR *list = fdopendir(fd);
    for (struct dirent *item; rc == SP_OK && (item = readdir(list));)
        if (!sp_pathname_is_dots(item->d_name))
            rc = take_entry(harvest, dir, item->d_name, err);
    (void)closedir(list);
    return rc;
}

enum sp_rc sp_scratch_harvest(const struct sp_scratch *scratch,
                              struct sp_strays *strays,
                              struct sp_err *err)
{
    struct harvest harvest = { .scratch = scratch, .strays = strays };
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; rc == SP_OK && i < scratch->len; i++)
        if (!scratch->dirs[i].files)
            rc = harvest_dir(&harvest, &scratch->dirs[i], err);
    return rc;
}

const struct sp_open_dir *sp_scratch_wide(const struct sp_scratch *scratch)
{
    for (size_t i = 0; i < scratch->len; i++)
        if (scratch->dirs[i].files)
            return &scratch->dirs[i];
    return NULL;
}

/* --- removing ------------------------------------------------------------------------------ */

void sp_scratch_free(struct sp_scratch *scratch)
{
    struct sp_err ignored = SP_ERR_INIT;

    if (!scratch)
        return;
    /* What cannot be removed now is tried again by sp_scratch_reap. */
    for (size_t i = 0; i < scratch->len; i++)
        if (scratch->dirs[i].is_root && scratch->dirs[i].scratch &&
            sp_remove_tree(scratch->dirs[i].scratch, &ignored) != SP_OK)
            ignored.code = SP_OK;
    if (sp_remove_tree(scratch->box->scratch, &ignored) != SP_OK)
        ignored.code = SP_OK;
    sp_arena_free(scratch->arena);
    free(scratch);
}

enum sp_rc sp_scratch_remove_listed(const char *list, const char *hidden, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err missing = SP_ERR_INIT;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    enum sp_rc rc = SP_OK;

    if (sp_file_read(list, &text, &missing))
        return SP_OK;
    for (struct sp_str rest = sp_buf_str(&text); rest.ptr && rc == SP_OK;) {
        struct sp_str path = sp_str_cut(&rest, '\n');
        size_t slash = sp_str_rfind(path, '/');
        if (rest.ptr && slash != SIZE_MAX &&
            sp_str_starts(sp_str_slice(path, slash + 1, path.len), hidden))
            rc = sp_remove_tree(sp_arena_cstr(arena, path), err);
    }
    return rc;
}

enum sp_rc sp_scratch_reap(const char *dir, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    DIR *list = opendir(dir);
    enum sp_rc rc = SP_OK;

    if (!list)
        return errno == ENOENT ? SP_OK : sp_fail_errno(err, "look into '%s'", dir);
    for (struct dirent *item; rc == SP_OK && (item = readdir(list));) {
        if (sp_pathname_is_dots(item->d_name))
            continue;
        const char *left = sp_pathname_join(arena, dir, item->d_name);
        rc = sp_scratch_remove_listed(sp_pathname_join(arena, left, ELSEWHERE), HIDDEN, err);
        if (rc == SP_OK)
            rc = sp_remove_tree(left, err);
    }
    (void)closedir(list);
    return rc;
}
