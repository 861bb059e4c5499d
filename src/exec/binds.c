/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/binds.h"

#include "base/buf.h"
#include "base/vec.h"

#include "exec/pathname.h"
#include "sys/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

struct making {
    struct sp_arena *arena;
    const struct sp_scratch *scratch; /* may be NULL */
    SP_VEC(struct sp_box_mount) binds;
    SP_VEC(struct sp_box_mount) entries; /* of open directories: many, with places, each once */
};

/* The last one that says something about a place is right. */
static void add(struct making *making, const char *source, const char *target, bool writable)
{
    const struct sp_box_mount bind = { source, target, writable };

    for (size_t i = 0; i < making->binds.len; i++)
        if (strcmp(making->binds.items[i].target, target) == 0) {
            making->binds.items[i] = bind;
            return;
        }
    *SP_VEC_ADD(&making->binds) = bind;
}

static void add_if_there(struct making *making, const char *path, bool writable)
{
    if (path[1] && sp_file_kind(path) != SP_FILE_NONE)
        add(making, path, path, writable);
}

/* --- open directories ------------------------------------------------------------------------ */

static void add_open(struct making *making, const struct sp_open_dir *dir)
{
    if (dir->is_root)
        add(making, dir->files ? dir->path : dir->scratch, dir->path, true);
    for (size_t i = 0; i < dir->len; i++) {
        if (dir->entries[i].kind != SP_ENTRY_BOUND)
            continue;
        const char *path = sp_pathname_join(making->arena, dir->path, dir->entries[i].name);
        *SP_VEC_ADD(&making->entries) = (struct sp_box_mount){ path, path, false };
    }
}

/* A declared file in an open directory is there already: the same file, by another name. */
static bool is_linked(const struct making *making, const char *path)
{
    for (size_t i = 0; making->scratch && i < making->scratch->len; i++) {
        const struct sp_open_dir *dir = &making->scratch->dirs[i];
        size_t len = strlen(dir->path);
        if (!sp_pathname_is_in(path, dir->path) || !path[len])
            continue;
        if (dir->files && !strchr(path + len + 1, '/'))
            return true;
        for (size_t k = 0; k < dir->len; k++)
            if (dir->entries[k].kind == SP_ENTRY_LINKED &&
                strcmp(dir->entries[k].name, path + len + 1) == 0)
                return true;
    }
    return false;
}

static bool is_in_open(const struct making *making, const char *path)
{
    for (size_t i = 0; making->scratch && i < making->scratch->len; i++)
        if (sp_pathname_is_in(path, making->scratch->dirs[i].path))
            return true;
    return false;
}

/* --- mounts below read-only ones ------------------------------------------------------------- */

/* Octal, where mountinfo has what would end a field. */
static const char *unescape(struct sp_arena *arena, struct sp_str field)
{
    char *text = sp_arena_cstr(arena, field);
    char *to = text;

    for (const char *from = text; *from; from++) {
        if (from[0] == '\\' && from[1] && from[2] && from[3]) {
            *to++ = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 3;
        } else {
            *to++ = *from;
        }
    }
    *to = '\0';
    return text;
}

/* Is there something else between `bind` and the place `target` in it, or at it? */
static bool is_covered(const struct making *making,
                       const struct sp_box_mount *bind,
                       const char *target)
{
    for (size_t i = 0; i < making->binds.len; i++) {
        const char *other = making->binds.items[i].target;
        if (sp_pathname_is_in(target, other) && strlen(other) > strlen(bind->target))
            return true;
    }
    return false;
}

/* What is mounted below a directory comes with it, and whoever mounts makes only the directory
 * itself read-only. */
static void add_below(struct making *making, const char *mount, struct sp_box_mount bind)
{
    if (bind.writable || !sp_pathname_is_in(mount, bind.source) || strcmp(mount, bind.source) == 0)
        return;
    const char *target =
        sp_pathname_join(making->arena, bind.target, mount + strlen(bind.source) + 1);
    if (!is_covered(making, &bind, target))
        add(making, mount, target, false);
}

static enum sp_rc add_mounts_below(struct making *making, struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    size_t binds = making->binds.len;
    enum sp_rc rc = sp_file_read("/proc/self/mountinfo", &text, err);

    if (rc)
        return sp_err_wrap(err, "look for what is mounted");
    for (struct sp_str rest = sp_buf_str(&text); rest.len;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        for (int i = 0; i < 4; i++) /* number, parent, device, root */
            (void)sp_str_cut(&line, ' ');
        const char *mount = unescape(making->arena, sp_str_cut(&line, ' '));
        for (size_t i = 0; i < binds; i++)
            add_below(making, mount, making->binds.items[i]);
        for (size_t i = 0; i < making->entries.len; i++)
            add_below(making, mount, making->entries.items[i]);
    }
    return SP_OK;
}

/* --- places for mounts ----------------------------------------------------------------------- */

/* The bind that a path will be in, once all before it are made, or NULL. */
static const struct sp_box_mount *find_around(const struct sp_box_mount *binds,
                                              size_t len,
                                              const char *path)
{
    const struct sp_box_mount *found = NULL;

    for (size_t i = 0; i < len; i++)
        if (sp_pathname_is_in(path, binds[i].target) && strcmp(path, binds[i].target) != 0 &&
            (!found || strlen(binds[i].target) > strlen(found->target)))
            found = &binds[i];
    return found;
}

static enum sp_rc make_place(struct making *making, size_t at, struct sp_err *err)
{
    const struct sp_box_mount *bind = &making->binds.items[at];
    const struct sp_box_mount *around = find_around(making->binds.items, at, bind->target);
    struct sp_arena *arena = making->arena;

    if (!around || !around->writable)
        return SP_OK;
    const char *place =
        sp_pathname_join(arena, around->source, bind->target + strlen(around->target) + 1);
    if (access(place, F_OK) == 0)
        return SP_OK;
    size_t slash = sp_str_rfind(sp_str_of(place), '/');
    bool is_dir = sp_file_kind(bind->source) == SP_FILE_DIR;
    const char *dir =
        is_dir ? place : sp_arena_cstr(arena, sp_str_slice(sp_str_of(place), 0, slash));
    enum sp_rc rc = sp_make_dirs(dir, err);
    if (rc == SP_OK && !is_dir && mknod(place, S_IFREG | 0600, 0) < 0)
        rc = sp_fail_errno(err, "make a place for '%s' in the box", bind->target);
    return rc;
}

/* --- all ------------------------------------------------------------------------------------- */

static int by_target(const void *a, const void *b)
{
    const struct sp_box_mount *left = a;
    const struct sp_box_mount *right = b;

    return strcmp(left->target, right->target);
}

static void add_all(struct making *making, const struct sp_job *job)
{
    const struct sp_box *box = job->box;
    const struct sp_scratch *scratch = making->scratch;

    if (scratch) {
        add(making, scratch->tmp, "/tmp", true);
        add(making, scratch->tmp, "/var/tmp", true);
    }
    for (size_t i = 0; box->shows[i]; i++)
        if (!is_in_open(making, box->shows[i]))
            add_if_there(making, box->shows[i], false);
    if (!scratch)
        add_if_there(making, job->cwd, false);
    for (size_t i = 0; scratch && i < scratch->len; i++)
        add_open(making, &scratch->dirs[i]);
    for (size_t i = 0; box->writes[i]; i++)
        if (!is_linked(making, box->writes[i]))
            add_if_there(making, box->writes[i], true);
    for (size_t i = 0; i < box->mount_count; i++)
        add(making, box->mounts[i].source, box->mounts[i].target, box->mounts[i].writable);
}

static void sort(struct sp_box_mount *items, size_t len)
{
    if (len)
        qsort(items, len, sizeof *items, by_target);
}

enum sp_rc sp_binds_make(struct sp_arena *arena,
                         const struct sp_job *job,
                         const struct sp_scratch *scratch,
                         struct sp_binds *out,
                         struct sp_err *err)
{
    struct making making = { .arena = arena, .scratch = scratch };

    add_all(&making, job);
    enum sp_rc rc = add_mounts_below(&making, err);
    sort(making.binds.items, making.binds.len);
    for (size_t i = 0; rc == SP_OK && i < making.binds.len; i++)
        rc = make_place(&making, i, err);
    out->len = making.binds.len + making.entries.len;
    out->items = SP_ARENA_NEW(arena, struct sp_box_mount, out->len + 1);
    for (size_t i = 0; i < making.binds.len; i++)
        out->items[i] = making.binds.items[i];
    for (size_t i = 0; i < making.entries.len; i++)
        out->items[making.binds.len + i] = making.entries.items[i];
    sort(out->items, out->len);
    SP_VEC_FINI(&making.binds);
    SP_VEC_FINI(&making.entries);
    return rc;
}
