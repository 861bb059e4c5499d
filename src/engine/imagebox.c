/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/imagebox.h"

#include "base/vec.h"

#include "image/root.h"
#include "lang/path.h"
#include "plan/inside.h"
#include "sys/env.h"
#include "sys/file.h"
#include "value/text.h"

#include <dirent.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HOPS_MAX  40   /* links behind links, as the kernel has it */
#define LINKS_MAX 1000 /* in one directory */
#define XS        "XXXXXX"

struct sp_imagebox {
    const struct sp_imagebox_request *request;
    SP_VEC(struct sp_box_mount) mounts;
};

struct sp_imagebox *sp_imagebox_new(const struct sp_imagebox_request *request)
{
    struct sp_imagebox *box = sp_alloc(sizeof *box);

    box->request = request;
    return box;
}

void sp_imagebox_free(struct sp_imagebox *box)
{
    if (!box)
        return;
    SP_VEC_FINI(&box->mounts);
    free(box);
}

/* Or the one that is there already. */
static struct sp_box_mount *add_mount(struct sp_imagebox *box,
                                      struct sp_str source,
                                      struct sp_str target)
{
    for (size_t i = 0; i < box->mounts.len; i++)
        if (sp_str_is(target, box->mounts.items[i].target))
            return &box->mounts.items[i];
    struct sp_box_mount *mount = SP_VEC_ADD(&box->mounts);
    mount->source = sp_arena_cstr(box->request->arena, source);
    mount->target = sp_arena_cstr(box->request->arena, target);
    return mount;
}

/* --- links ---------------------------------------------------------------------------------- */

static bool is_below(struct sp_str path, struct sp_str dir)
{
    return path.len >= dir.len && sp_str_eq(sp_str_slice(path, 0, dir.len), dir) &&
           (path.len == dir.len || path.ptr[dir.len] == '/');
}

/* Absolute, without "." and "..", by the look of it: what is in front is known to be no link. */
static struct sp_str plain_path(struct sp_arena *arena, struct sp_str dir, struct sp_str path)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    if (!sp_str_starts(path, "/"))
        sp_buf_add(&out, dir);
    while (path.ptr) {
        struct sp_str part = sp_str_cut(&path, '/');
        size_t slash = sp_str_rfind(sp_buf_str(&out), '/');
        if (sp_str_is(part, ".."))
            sp_buf_truncate(&out, slash == SIZE_MAX ? 0 : slash);
        else if (part.len && !sp_str_is(part, "."))
            sp_buf_addf(&out, "/" SP_STR_FMT, SP_STR_ARG(part));
    }
    return out.len ? sp_arena_str(arena, sp_buf_str(&out)) : SP_STR("/");
}

/* One link less: the first one in `path` replaced by what it says. False: there is none. */
static bool follow_first(struct sp_arena *arena, struct sp_str path, struct sp_str *out)
{
    char text[PATH_MAX];

    for (size_t i = 1; i <= path.len; i++) {
        if (i < path.len && path.ptr[i] != '/')
            continue;
        const char *front = sp_arena_cstr(arena, sp_str_slice(path, 0, i));
        ssize_t len = readlink(front, text, sizeof text);
        if (len <= 0 || (size_t)len == sizeof text)
            continue;
        struct sp_str dir = sp_str_slice(path, 0, sp_str_rfind(sp_str_of(front), '/'));
        struct sp_str target = { text, (size_t)len };
        struct sp_str rest = sp_str_slice(path, i, path.len);
        *out = plain_path(arena, dir, sp_arena_join(arena, target, "", rest));
        return true;
    }
    return false;
}

/* Every name on the way from `path` to what it stands for, but what is seen anyway: in the working
 * directory links are links. */
static void add_way(struct sp_imagebox *box, struct sp_str path, bool writable)
{
    struct sp_arena *arena = box->request->arena;
    struct sp_str here = box->request->session->world.cwd;
    struct sp_str real = sp_real_path(arena, path);

    if (sp_file_kind(real.ptr) == SP_FILE_NONE)
        return;
    for (int hop = 0; hop < HOPS_MAX && !sp_str_eq(path, real); hop++) {
        bool stays = is_below(path, here) || sp_inside_is_own(path);
        struct sp_box_mount *mount = stays ? NULL : add_mount(box, real, path);
        if (mount)
            mount->writable = mount->writable || writable;
        if (!follow_first(arena, path, &path))
            return;
    }
    if (!is_below(real, here) && !sp_inside_is_own(real))
        (void)add_mount(box, real, real);
}

static void close_dirp(DIR **dir)
{
    if (*dir)
        (void)closedir(*dir);
}

/* As the subtables of a Measurement Set that lie elsewhere. The links themselves are seen. */
static void add_links_in(struct sp_imagebox *box, struct sp_str dir)
{
    struct sp_arena *arena = box->request->arena;
    SP_CLEANUP(close_dirp) DIR *entries = opendir(sp_arena_cstr(arena, dir));
    const struct dirent *entry;
    struct sp_str target;

    for (int i = 0; entries && i < LINKS_MAX && (entry = readdir(entries));)
        if (entry->d_type == DT_LNK) {
            struct sp_str link = sp_arena_join(arena, dir, "/", sp_str_of(entry->d_name));
            if (follow_first(arena, link, &target))
                add_way(box, target, false);
            i++;
        }
}

void sp_imagebox_name(struct sp_imagebox *box, struct sp_str path, bool writable)
{
    struct sp_arena *arena = box->request->arena;
    struct sp_str full = plain_path(arena, box->request->session->world.cwd, path);

    if (sp_inside_is_own(full))
        return;
    add_way(box, full, writable);
    if (sp_file_kind(full.ptr) == SP_FILE_DIR)
        add_links_in(box, sp_real_path(arena, full));
}

/* Is it there anyway, in its own place? */
static bool is_shown(const struct sp_box *box, const struct sp_box_mount *mount)
{
    const char *const *const lists[] = { box->writes, box->shows };
    struct sp_str path = sp_str_of(mount->source);

    if (strcmp(mount->source, mount->target) != 0)
        return false;
    for (size_t i = 0; i < SP_COUNT(lists); i++)
        for (size_t k = 0; lists[i][k]; k++)
            if (is_below(path, sp_str_of(lists[i][k])))
                return true;
    return false;
}

void sp_imagebox_finish(const struct sp_imagebox *from, struct sp_box *out)
{
    struct sp_box_mount *all =
        SP_ARENA_NEW(from->request->arena, struct sp_box_mount, from->mounts.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < from->mounts.len; i++)
        if (!is_shown(out, &from->mounts.items[i]))
            all[len++] = from->mounts.items[i];
    out->root = &from->request->image->root;
    out->mounts = all;
    out->mount_count = len;
}

/* --- directories of the settings ------------------------------------------------------------ */

static const struct sp_dict *section_of(const struct sp_task *task, const char *name)
{
    static const struct sp_dict none;
    const struct sp_value *section =
        task->backend.kind == SP_DICT ? sp_dict_find(task->backend.dict, task->backend_name) : NULL;
    const struct sp_value *value =
        section && section->kind == SP_DICT ? sp_dict_get(section->dict, name) : NULL;

    return value && value->kind == SP_DICT ? value->dict : &none;
}

/* A field of a bind; empty: not given. */
static struct sp_str field(struct sp_arena *arena, const struct sp_dict *bind, const char *name)
{
    const struct sp_value *value = sp_dict_get(bind, name);

    return value && sp_is_value(*value) && value->kind != SP_NULL ? sp_value_text(arena, *value)
                                                                  : SP_STR("");
}

static bool is_set(const struct sp_dict *bind, const char *name, bool otherwise)
{
    const struct sp_value *value = sp_dict_get(bind, name);

    return value && sp_is_value(*value) && value->kind != SP_NULL ? sp_truth(*value) : otherwise;
}

/* "empty", "ephemeral", "ephemeral:CLASS": a directory of the job's own. */
static bool is_ephemeral(struct sp_str host, struct sp_str *storage)
{
    *storage = SP_STR("tmp");
    if (sp_str_is(host, "empty") || sp_str_is(host, "ephemeral"))
        return true;
    if (!sp_str_starts(host, "ephemeral:"))
        return false;
    *storage = sp_str_slice(host, strlen("ephemeral:"), host.len);
    return true;
}

static enum sp_rc make_ephemeral(const struct sp_imagebox *box,
                                 struct sp_str storage,
                                 struct sp_str *out,
                                 struct sp_err *err)
{
    const struct sp_imagebox_request *request = box->request;
    const struct sp_dict *classes = section_of(request->task, "ephemeral");
    const struct sp_value *base = sp_dict_find(classes, storage);
    char *path;

    if (base && sp_is_text(*base))
        path = sp_arena_cstr(request->arena,
                             sp_arena_join(request->arena, base->text, "/spoor-", SP_STR(XS)));
    else if (sp_str_is(storage, "tmp"))
        path = sp_arena_cstr(request->arena,
                             sp_arena_join(request->arena, request->scratch, "-", SP_STR(XS)));
    else
        return sp_fail(err, SP_INVALID, "there is no class '" SP_STR_FMT "' in 'ephemeral'",
                       SP_STR_ARG(storage));
    if (!mkdtemp(path))
        return sp_fail_errno(err, "make '%s'", path);
    *out = sp_str_of(path);
    sp_list_add(request->arena, request->temporaries, sp_text(*out));
    return SP_OK;
}

static enum sp_rc find_host(const struct sp_imagebox *box,
                            const struct sp_dict *bind,
                            struct sp_str *source,
                            struct sp_str *target,
                            struct sp_err *err)
{
    const struct sp_imagebox_request *request = box->request;
    struct sp_str host = field(request->arena, bind, "host");
    struct sp_str storage;
    enum sp_rc rc = SP_OK;

    *target = field(request->arena, bind, "target");
    if (!host.len)
        return sp_fail(err, SP_INVALID, "it has no 'host'");
    if (is_ephemeral(host, &storage) && !target->len)
        return sp_fail(err, SP_INVALID, "host '" SP_STR_FMT "' needs a 'target'", SP_STR_ARG(host));
    if (is_ephemeral(host, &storage))
        return make_ephemeral(box, storage, source, err);
    host = plain_path(request->arena, request->session->world.cwd,
                      sp_path_expand_home(request->arena, host, request->session->world.home));
    if (!target->len)
        *target = host;
    if (is_set(bind, "mkdir", false))
        rc = sp_make_dirs(host.ptr, err);
    if (rc == SP_OK && sp_file_kind(host.ptr) == SP_FILE_NONE)
        rc = sp_fail(err, SP_INVALID, "there is no '" SP_STR_FMT "' ('mkdir: true' would make it)",
                     SP_STR_ARG(host));
    *source = sp_real_path(request->arena, host);
    return rc;
}

static enum sp_rc add_bind(struct sp_imagebox *box, const struct sp_dict *bind, struct sp_err *err)
{
    struct sp_str source, target, mode = field(box->request->arena, bind, "mode");

    if (!is_set(bind, "conditional", true))
        return SP_OK;
    if (mode.len && !sp_str_is(mode, "ro") && !sp_str_is(mode, "rw"))
        return sp_fail(err, SP_INVALID, "its mode is ro or rw, not '" SP_STR_FMT "'",
                       SP_STR_ARG(mode));
    enum sp_rc rc = find_host(box, bind, &source, &target, err);
    if (rc)
        return rc;
    if (!sp_str_starts(target, "/"))
        return sp_fail(err, SP_INVALID, "its target '" SP_STR_FMT "' is not absolute",
                       SP_STR_ARG(target));
    target = plain_path(box->request->arena, SP_STR("/"), target);
    struct sp_box_mount *mount = add_mount(box, source, target);
    if (!sp_str_is(source, mount->source))
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "' is '%s' already, and cannot be '" SP_STR_FMT "', too",
                       SP_STR_ARG(target), mount->source, SP_STR_ARG(source));
    mount->writable = mount->writable || !sp_str_is(mode, "ro");
    return SP_OK;
}

enum sp_rc sp_imagebox_bind(struct sp_imagebox *box, struct sp_err *err)
{
    const struct sp_task *task = box->request->task;
    const struct sp_dict *binds = section_of(task, "bind_dirs");

    SP_DICT_EACH(entry, binds)
    {
        enum sp_rc rc = entry->value.kind == SP_DICT
                            ? add_bind(box, entry->value.dict, err)
                            : sp_fail(err, SP_INVALID, "it is no mapping with 'host'");
        if (rc)
            return sp_err_wrap(err, "opts.backend." SP_STR_FMT ".bind_dirs." SP_STR_FMT,
                               SP_STR_ARG(task->backend_name), SP_STR_ARG(entry->key));
    }
    return SP_OK;
}

/* --- the image's own ------------------------------------------------------------------------ */

static size_t set_variable(const char **env, size_t len, const char *entry)
{
    size_t name = strcspn(entry, "=") + 1;
    size_t at = 0;

    while (at < len && strncmp(env[at], entry, name) != 0)
        at++;
    env[at] = entry;
    return SP_MAX(len, at + 1);
}

const char *const *sp_imagebox_environment(struct sp_arena *arena,
                                           const struct sp_dict *config,
                                           const char *const *own)
{
    static const char usual[] = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    const struct sp_value *image = config ? sp_dict_get(config, "Env") : NULL;
    size_t given = image && sp_is_list(*image) ? image->list->len : 0;
    size_t len = 0, more = 0;

    while (own[more])
        more++;
    const char **env = SP_ARENA_NEW(arena, const char *, given + more + 2);
    len = set_variable(env, len, usual);
    for (size_t i = 0; i < given; i++)
        if (sp_is_text(image->list->items[i]) &&
            sp_str_find(image->list->items[i].text, '=') != SIZE_MAX)
            len = set_variable(env, len, sp_arena_cstr(arena, image->list->items[i].text));
    for (size_t i = 0; i < more; i++)
        len = set_variable(env, len, own[i]);
    return env;
}

const char *const *sp_imagebox_command(const struct sp_imagebox_request *request,
                                       const char *const *argv,
                                       const char *const *env)
{
    static const char *const pythons[] = { "python", "python3" };
    const struct sp_cab *cab = request->task->cab;
    const char *root = request->image->root.path, *path = sp_env_find(env, "PATH");
    bool python = cab->flavour == SP_FLAVOUR_PYTHON || cab->flavour == SP_FLAVOUR_PYTHON_CODE;
    size_t len = 0;

    while (argv[len])
        len++;
    if (!python ||
        (cab->flavour_options && sp_dict_get(cab->flavour_options, "interpreter_binary")))
        return argv;
    const char **all = SP_ARENA_NEW(request->arena, const char *, len + 1);
    for (size_t i = 0; i < len; i++)
        all[i] = argv[i];
    for (size_t i = 0; i < len && strcmp(all[i], "-c") != 0; i++)
        for (size_t k = 0; k < SP_COUNT(pythons); k++)
            if (strcmp(argv[i], pythons[k]) == 0 && !sp_root_has_program(root, pythons[k], path) &&
                sp_root_has_program(root, pythons[!k], path))
                all[i] = pythons[!k];
    return all;
}
