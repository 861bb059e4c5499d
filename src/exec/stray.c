/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/stray.h"

#include "base/fault.h"

#include "exec/children.h"
#include "exec/pathname.h"
#include "exec/scratch.h"
#include "sys/file.h"

#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define NAMED_MAX 5

struct sp_strays *sp_strays_new(const struct sp_box *box, const char *cwd)
{
    struct sp_strays *strays = sp_alloc(sizeof *strays);

    *strays = (struct sp_strays){
        .arena = sp_arena_new(),
        .box = box,
        .cwd = cwd,
        .names = SP_BUF(SP_BUF_SMALL),
        .litter = SP_BUF(SP_BUF_SMALL),
        .fault = SP_BUF(SP_BUF_SMALL),
        .warning = SP_BUF(SP_BUF_SMALL),
        .remark = SP_BUF(SP_BUF_SMALL),
    };
    return strays;
}

void sp_strays_free(struct sp_strays *strays)
{
    if (!strays)
        return;
    sp_buf_fini(&strays->names);
    sp_buf_fini(&strays->litter);
    sp_buf_fini(&strays->fault);
    sp_buf_fini(&strays->warning);
    sp_buf_fini(&strays->remark);
    sp_arena_free(strays->arena);
    free(strays);
}

/* --- names --------------------------------------------------------------------------------- */

/* As the recipe would name it. */
static const char *short_name(const struct sp_strays *strays, const char *path)
{
    size_t len = strlen(strays->cwd);

    return strncmp(path, strays->cwd, len) == 0 && path[len] == '/' ? path + len + 1 : path;
}

static void name(struct sp_buf *out, size_t *count, const char *path)
{
    if ((*count)++ < NAMED_MAX)
        sp_buf_addf(out, "%s'%s'", out->len ? ", " : "", path);
}

static const char *base_of(const char *path)
{
    return path + sp_str_rfind(sp_str_of(path), '/') + 1;
}

/* "core" means a file, "__pycache__/" a directory. */
static bool is_litter(const struct sp_strays *strays, const char *from, const char *to)
{
    struct sp_str base = sp_str_of(base_of(to));
    struct stat info;

    if (!strays->box->litter || lstat(from, &info) < 0)
        return false;
    for (const char *const *pattern = strays->box->litter; *pattern; pattern++) {
        struct sp_str text = sp_str_of(*pattern);
        bool is_dir = sp_str_ends(text, "/");
        if (is_dir)
            text.len--;
        if (is_dir == S_ISDIR(info.st_mode) && sp_str_match(text, base))
            return true;
    }
    return false;
}

/* --- moving -------------------------------------------------------------------------------- */

static int move(const char *from, const char *to)
{
    return SP_FAULT("stray.move", EIO) ? -1 : rename(from, to);
}

/* Into the directory that is listed. */
static enum sp_rc move_near(struct sp_strays *strays,
                            const char *from,
                            const char *to,
                            struct sp_err *err)
{
    const char *keep = strays->box->keep;
    const char *dir = sp_pathname_parent(strays->arena, to);

    while (sp_file_kind(dir) != SP_FILE_DIR)
        dir = sp_pathname_parent(strays->arena, dir);
    const char *near =
        sp_arena_printf(strays->arena, "%s/" SP_STRAY_HIDDEN "%s", dir, base_of(keep)).ptr;
    sp_auto_fd int list = open(sp_arena_printf(strays->arena, "%s/" SP_STRAY_ELSEWHERE, keep).ptr,
                               O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (list < 0)
        return sp_fail_errno(err, "note the directory '%s'", near);
    enum sp_rc rc =
        sp_write_all(list, sp_arena_join(strays->arena, sp_str_of(near), "", SP_STR("\n")), err);
    if (rc == SP_OK)
        rc = sp_make_dirs(near, err);
    if (rc)
        return rc;
    strays->place = near;
    const char *target = sp_arena_printf(strays->arena, "%s/%s", near, base_of(to)).ptr;
    return move(from, target) < 0 ? sp_fail_errno(err, "move '%s' to '%s'", to, near) : SP_OK;
}

static enum sp_rc move_away(struct sp_strays *strays,
                            const char *from,
                            const char *to,
                            struct sp_err *err)
{
    const char *relative = short_name(strays, to);
    const char *target = sp_arena_printf(strays->arena, "%s/%s", strays->box->keep,
                                         relative[0] == '/' ? relative + 1 : relative)
                             .ptr;
    enum sp_rc rc = sp_make_dirs(sp_pathname_parent(strays->arena, target), err);

    if (rc)
        return rc;
    strays->moved++;
    strays->place = strays->box->keep;
    if (move(from, target) == 0)
        return SP_OK;
    return errno == EXDEV ? move_near(strays, from, to, err)
                          : sp_fail_errno(err, "move '%s' to '%s'", to, strays->box->keep);
}

/* As without a box. What somebody else has put there meanwhile is not lost. */
static enum sp_rc move_home(const struct sp_strays *strays,
                            const char *from,
                            const char *to,
                            struct sp_err *err)
{
    struct stat info;
    bool is_link = lstat(to, &info) == 0 && S_ISLNK(info.st_mode);

    if (lstat(from, &info) < 0)
        return unlink(to) < 0 && errno != ENOENT ? sp_fail_errno(err, "remove '%s'", to) : SP_OK;
    enum sp_rc rc = sp_make_dirs(sp_pathname_parent(strays->arena, to), err);
    if (rc)
        return rc;
    if (SP_FAULT("stray.keep", EIO) ||
        renameat2(AT_FDCWD, from, AT_FDCWD, to, is_link ? 0 : RENAME_NOREPLACE) < 0)
        return sp_fail_errno(err, "move '%s' out of its box", to);
    return SP_OK;
}

enum sp_rc sp_strays_add(struct sp_strays *strays,
                         const char *from,
                         const char *to,
                         struct sp_err *err)
{
    if (is_litter(strays, from, to)) {
        name(&strays->litter, &strays->litter_count, short_name(strays, to));
        return SP_OK;
    }
    name(&strays->names, &strays->count, short_name(strays, to));
    switch (strays->box->undeclared) {
    case SP_UNDECLARED_DROP: return SP_OK;
    case SP_UNDECLARED_KEEP: return move_home(strays, from, to, err);
    case SP_UNDECLARED_FAIL: break;
    }
    if (!strays->box->keep || sp_file_kind(from) == SP_FILE_NONE)
        return SP_OK;
    return move_away(strays, from, to, err);
}

enum sp_rc sp_strays_remove(const char *keep, struct sp_err *err)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    enum sp_rc rc = sp_scratch_remove_listed(
        sp_arena_printf(arena, "%s/" SP_STRAY_ELSEWHERE, keep).ptr, SP_STRAY_HIDDEN, err);

    return rc ? rc : sp_remove_tree(keep, err);
}

/* --- telling ------------------------------------------------------------------------------- */

static void add_names(const struct sp_buf *names, size_t count, struct sp_buf *out)
{
    sp_buf_add(out, sp_buf_str(names));
    if (count > NAMED_MAX)
        sp_buf_addf(out, " and %zu more", count - NAMED_MAX);
}

static void add_place(const struct sp_strays *strays, struct sp_buf *out)
{
    if (!strays->moved)
        return;
    sp_buf_addf(out, "; %s in %s", strays->count > 1 ? "they are" : "it is",
                short_name(strays, strays->place));
}

void sp_strays_overlook(struct sp_strays *strays, const char *dir, size_t files)
{
    strays->overlooked = dir;
    strays->files = files;
}

static void tell_overlooked(struct sp_strays *strays, struct sp_child_end *end)
{
    if (!strays->overlooked)
        return;
    if (strays->warning.len)
        sp_buf_adds(&strays->warning, "; ");
    sp_buf_addf(&strays->warning,
                "'%s' has %zu files, too many to confine a step in: what it has written there was "
                "not looked at",
                strays->overlooked, strays->files);
    end->warning = strays->warning.ptr;
}

static void tell_strays(struct sp_strays *strays, struct sp_child_end *end)
{
    bool failed = !WIFEXITED(end->status) || WEXITSTATUS(end->status) != 0 || end->cancelled;
    bool is_fault = strays->box->undeclared == SP_UNDECLARED_FAIL && !failed;
    struct sp_buf *out = is_fault ? &strays->fault : &strays->warning;

    if (strays->litter_count) {
        sp_buf_adds(&strays->remark, "removed as litter: ");
        add_names(&strays->litter, strays->litter_count, &strays->remark);
        end->remark = strays->remark.ptr;
    }
    if (!strays->count)
        return;
    sp_buf_adds(out, "it has written ");
    add_names(&strays->names, strays->count, out);
    sp_buf_adds(out, ", which its cab does not declare");
    add_place(strays, out);
    if (strays->box->undeclared == SP_UNDECLARED_DROP)
        sp_buf_adds(out, "; removed (opts.backend.box.undeclared: drop)");
    if (strays->box->undeclared == SP_UNDECLARED_KEEP)
        sp_buf_adds(out, "; kept, but a result that is reused comes without "
                         "(opts.backend.box.undeclared: keep)");
    if (is_fault)
        sp_buf_adds(out, " (declare an output, set opts.backend.box.undeclared to drop or keep, or "
                         "take --backend native)");
    if (is_fault)
        end->fault = out->ptr;
    else
        end->warning = out->ptr;
}

void sp_strays_tell(struct sp_strays *strays, struct sp_child_end *end)
{
    tell_strays(strays, end);
    tell_overlooked(strays, end);
}
