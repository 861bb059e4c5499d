/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/replay.h"

#include "engine/recorded.h"
#include "sys/file.h"

#define FILE_MAX ((size_t)64 * 1024 * 1024)

/* --- names --------------------------------------------------------------------------------- */

static void add_parts(struct sp_buf *out, struct sp_str path)
{
    while (path.ptr) {
        struct sp_str part = sp_str_cut(&path, '/');
        if (part.len == 0 || sp_str_is(part, "."))
            continue;
        if (!sp_str_is(part, "..")) {
            sp_buf_addc(out, '/');
            sp_buf_add(out, part);
            continue;
        }
        size_t slash = sp_str_rfind(sp_buf_str(out), '/');
        sp_buf_truncate(out, slash == SIZE_MAX ? 0 : slash);
    }
}

/* Is `path` in `dir`, or that itself? */
static bool is_below(struct sp_str path, struct sp_str dir)
{
    return dir.len && path.len >= dir.len && sp_str_eq(sp_str_slice(path, 0, dir.len), dir) &&
           (path.len == dir.len || path.ptr[dir.len] == '/');
}

/* Absolute, without "." and ".."; no file is looked at. */
static struct sp_str full_name(const struct sp_replay *replay, struct sp_str path)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    if (!sp_str_starts(path, "/"))
        add_parts(&out, replay->cwd);
    add_parts(&out, path);
    struct sp_str full = sp_buf_str(&out);
    if (is_below(full, replay->old_cwd) && !is_below(full, replay->root))
        return sp_arena_printf(replay->arena, SP_STR_FMT SP_STR_FMT, SP_STR_ARG(replay->cwd),
                               SP_STR_ARG(sp_str_slice(full, replay->old_cwd.len, full.len)));
    return sp_arena_str(replay->arena, full);
}

struct sp_str sp_replay_place(const struct sp_replay *replay, struct sp_str path)
{
    struct sp_str full = full_name(replay, path);

    if (is_below(full, replay->root))
        return full;
    return sp_arena_printf(replay->arena, SP_STR_FMT SP_STR_FMT, SP_STR_ARG(replay->root),
                           SP_STR_ARG(full));
}

struct sp_str sp_replay_name(const struct sp_replay *replay, struct sp_str place)
{
    return is_below(place, replay->root) ? sp_str_slice(place, replay->root.len, place.len) : place;
}

/* --- files --------------------------------------------------------------------------------- */

static enum sp_rc write_file(const struct sp_replay *replay,
                             struct sp_str path,
                             struct sp_str text,
                             struct sp_err *err)
{
    struct sp_str place = sp_replay_place(replay, path);
    char *dir = sp_arena_cstr(replay->arena, sp_str_slice(place, 0, sp_str_rfind(place, '/')));

    enum sp_rc rc = sp_make_dirs(dir, err);
    return rc ? rc : sp_file_write(place.ptr, text, err);
}

static enum sp_rc put_file(const struct sp_replay *replay,
                           const struct sp_dict *file,
                           sp_replay_fn missing,
                           void *arg,
                           struct sp_err *err)
{
    struct sp_str path = sp_dict_text(file, "path");
    struct sp_err why = SP_ERR_INIT;
    struct sp_str text;

    if (sp_recorded_text(replay->workspace, file, &text, &why) == SP_OK)
        return write_file(replay, path, text, err);
    missing(arg, path, why.text);
    sp_auto_buf struct sp_buf today = SP_BUF(FILE_MAX);
    if (sp_file_read(sp_arena_cstr(replay->arena, path), &today, &why))
        return SP_OK;
    return write_file(replay, path, sp_buf_str(&today), err);
}

enum sp_rc sp_replay_files(const struct sp_workspace *workspace,
                           const struct sp_dict *start,
                           const char *root,
                           sp_replay_fn missing,
                           void *arg,
                           struct sp_replay *out,
                           struct sp_err *err)
{
    const struct sp_value *files = sp_dict_get(start, "loaded");
    struct sp_arena *arena = workspace->arena;
    struct sp_replay replay = {
        .workspace = workspace,
        .arena = arena,
        .start = start,
        .cwd = sp_real_path(arena, SP_STR(".")),
        .old_cwd = sp_dict_text(start, "cwd"),
    };

    enum sp_rc rc = sp_remove_tree(root, err);
    if (rc == SP_OK)
        rc = sp_make_dirs(root, err);
    replay.root = sp_real_path(arena, sp_str_of(root));
    if (files && sp_is_list(*files))
        for (size_t i = 0; i < files->list->len && rc == SP_OK; i++)
            if (files->list->items[i].kind == SP_DICT)
                rc = put_file(&replay, files->list->items[i].dict, missing, arg, err);
    if (rc == SP_OK)
        *out = replay;
    return rc;
}

/* --- the world ----------------------------------------------------------------------------- */

static enum sp_rc replay_read(void *arg,
                              struct sp_str path,
                              struct sp_arena *arena,
                              struct sp_str *out,
                              struct sp_err *err)
{
    const struct sp_replay *replay = arg;

    return replay->base->read(replay->base->arg, sp_replay_place(replay, path), arena, out, err);
}

static enum sp_path_kind replay_kind(void *arg, struct sp_str path)
{
    const struct sp_replay *replay = arg;

    return replay->base->kind(replay->base->arg, sp_replay_place(replay, path));
}

static sp_nsec replay_mtime(void *arg, struct sp_str path)
{
    const struct sp_replay *replay = arg;

    return replay->base->mtime(replay->base->arg, path);
}

static bool replay_writable(void *arg, struct sp_str path)
{
    const struct sp_replay *replay = arg;

    return replay->base->writable(replay->base->arg, path);
}

static struct sp_str replay_real(void *arg, struct sp_str path, struct sp_arena *arena)
{
    const struct sp_replay *replay = arg;

    return replay->base->real(replay->base->arg, sp_replay_place(replay, path), arena);
}

static struct sp_paths replay_glob(void *arg, struct sp_str pattern, struct sp_arena *arena)
{
    const struct sp_replay *replay = arg;

    return replay->base->glob(replay->base->arg, sp_replay_place(replay, pattern), arena);
}

static bool replay_package(void *arg,
                           struct sp_str name,
                           struct sp_arena *arena,
                           struct sp_str *out)
{
    const struct sp_replay *replay = arg;

    return replay->base->package(replay->base->arg, name, arena, out);
}

static struct sp_str replay_env(void *arg, struct sp_str name)
{
    const struct sp_replay *replay = arg;

    return replay->base->env(replay->base->arg, name);
}

static enum sp_rc replay_call(void *arg,
                              struct sp_str request,
                              struct sp_arena *arena,
                              struct sp_str *answer,
                              struct sp_err *err)
{
    const struct sp_replay *replay = arg;

    return replay->base->call(replay->base->arg, request, arena, answer, err);
}

struct sp_world sp_replay_world(struct sp_replay *replay, const struct sp_world *base)
{
    replay->base = base;
    return (struct sp_world){
        .arg = replay,
        .read = replay_read,
        .kind = replay_kind,
        .mtime = replay_mtime,
        .writable = replay_writable,
        .real = replay_real,
        .glob = replay_glob,
        .package = replay_package,
        .call = replay_call,
        .env = replay_env,
        .cwd = base->cwd,
        .home = base->home,
    };
}
