/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/layout.h"

#include "base/vec.h"

#include "exec/pathname.h"
#include "exec/sandbox/confine.h"
#include "exec/sandbox/mounts.h"
#include "exec/sandbox/rootfs.h"
#include "sys/env.h"
#include "sys/file.h"

#include <unistd.h>

/* Those that hold no secrets and change nothing; of graphics processors all, but in an image, which
 * does not have what belongs to this machine's. */
#define PLAIN_DEVICES 6
static const char *const devices[] = {
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
    "/dev/tty",
    "/dev/dri",
    "/dev/kfd",
    "/dev/nvidiactl",
    "/dev/nvidia-uvm",
    "/dev/nvidia-uvm-tools",
    "/dev/nvidia-modeset",
    "/dev/nvidia-caps",
    "/dev/nvidia0",
    "/dev/nvidia1",
    "/dev/nvidia2",
    "/dev/nvidia3",
    "/dev/nvidia4",
    "/dev/nvidia5",
    "/dev/nvidia6",
    "/dev/nvidia7",
};

/* How names are resolved, where the network is asked for. */
static const char *const resolvers[] = { "/run/systemd/resolve", "/run/resolvconf",
                                         "/run/NetworkManager", "/run/nscd" };

struct layout {
    struct sp_arena *arena;
    bool has_root; /* it is not the machine's file system */
    const struct sp_scratch *scratch;
    SP_VEC(struct sp_box_bind) binds;
};

/* NULL: there is no such thing, or it is put somewhere already. */
static struct sp_box_bind *add_bind(struct layout *layout, const char *source, const char *path)
{
    enum sp_file_kind kind = sp_file_kind(source);

    for (size_t i = 0; i < layout->binds.len; i++)
        if (strcmp(layout->binds.items[i].path, path) == 0)
            return NULL;
    if (kind == SP_FILE_NONE)
        return NULL;
    struct sp_box_bind *bind = SP_VEC_ADD(&layout->binds);
    *bind = (struct sp_box_bind){
        .source = source, .path = path, .is_dir = kind == SP_FILE_DIR, .fd = -1
    };
    return bind;
}

static void add_readable(struct layout *layout, const char *source, const char *path)
{
    struct sp_box_bind *bind = add_bind(layout, source, path);

    if (bind)
        bind->optional = true;
}

static void add_writable(struct layout *layout, const char *path)
{
    struct sp_box_bind *bind = add_bind(layout, path, path);

    if (bind)
        bind->writable = bind->late = true;
}

static void add_devices(struct layout *layout)
{
    size_t count = layout->has_root ? PLAIN_DEVICES : SP_COUNT(devices);

    for (size_t i = 0; i < count; i++) {
        struct sp_box_bind *bind = add_bind(layout, devices[i], devices[i]);
        if (bind)
            bind->optional = bind->device = true;
    }
}

/* --- what has to be seen although its surroundings are hidden -------------------------------- */

/* Private directories hide what is below them; of others, and of what is shown with an open
 * directory, nothing is hidden. An image hides everything. */
static bool is_hidden(const struct layout *layout, const char *path)
{
    for (size_t i = 0; layout->scratch && i < layout->scratch->len; i++)
        if (sp_pathname_is_in(path, layout->scratch->dirs[i].path))
            return false;
    if (layout->has_root)
        return true;
    for (size_t i = 0; sp_mounts_private[i]; i++)
        if (sp_pathname_is_in(path, sp_mounts_private[i]) &&
            strcmp(path, sp_mounts_private[i]) != 0)
            return true;
    return false;
}

static void show(struct layout *layout, struct sp_str path)
{
    struct sp_str real = sp_real_path(layout->arena, path);

    if (is_hidden(layout, real.ptr))
        add_readable(layout, real.ptr, real.ptr);
    /* Also by the name that the tool has for it, if that is elsewhere. */
    char *name = sp_arena_cstr(layout->arena, path);
    if (strcmp(name, real.ptr) != 0 && is_hidden(layout, name) &&
        sp_str_find_str(path, SP_STR("/.")) == SIZE_MAX)
        add_readable(layout, real.ptr, name);
}

static void show_program(struct layout *layout, const struct sp_job *job, const char *program)
{
    struct sp_str path = sp_str_of(sp_env_find(job->env, "PATH"));
    struct sp_str real = sp_real_path(layout->arena, sp_str_of(program));

    show(layout, sp_str_slice(sp_str_of(program), 0, sp_str_rfind(sp_str_of(program), '/')));
    show(layout, sp_str_slice(real, 0, sp_str_rfind(real, '/')));
    while (path.len) {
        struct sp_str dir = sp_str_cut(&path, ':');
        if (sp_str_starts(dir, "/"))
            show(layout, dir);
    }
}

/* --- what can be written --------------------------------------------------------------------- */

/* In open directories, files are there as links; where there is none, as in the file system's root
 * and without namespaces, by mounts. */
static bool is_linked(const struct layout *layout, const char *path)
{
    for (size_t i = 0; layout->scratch && i < layout->scratch->len; i++) {
        const struct sp_open_dir *dir = &layout->scratch->dirs[i];
        for (size_t k = 0; k < dir->len; k++)
            if (dir->entries[k].kind == SP_ENTRY_LINKED &&
                strcmp(sp_arena_printf(layout->arena, "%s/%s", dir->path, dir->entries[k].name).ptr,
                       path) == 0)
                return true;
    }
    return false;
}

static void add_writes(struct layout *layout, const struct sp_box *box)
{
    for (size_t i = 0; box && box->writes[i]; i++)
        if (!is_linked(layout, box->writes[i]))
            add_writable(layout, box->writes[i]);
}

/* In a scratch directory, and in what cannot be written, there has to be something to put it on. */
static bool has_place(const struct layout *layout, const struct sp_box_mount *mount)
{
    enum sp_file_kind kind = sp_file_kind(mount->target);

    return is_hidden(layout, mount->target) ||
           (kind != SP_FILE_NONE &&
            (kind == SP_FILE_DIR) == (sp_file_kind(mount->source) == SP_FILE_DIR));
}

static enum sp_rc add_mounts(struct layout *layout, const struct sp_box *box, struct sp_err *err)
{
    for (size_t i = 0; box && i < box->mount_count; i++) {
        const struct sp_box_mount *mount = &box->mounts[i];
        if (sp_file_kind(mount->source) == SP_FILE_NONE)
            return sp_fail(err, SP_INVALID, "there is no '%s' to be shown at '%s'", mount->source,
                           mount->target);
        if (!has_place(layout, mount))
            return sp_fail(err, SP_INVALID,
                           "'%s' cannot be shown at '%s': there has to be %s already, since "
                           "nothing can be made there",
                           mount->source, mount->target,
                           sp_file_kind(mount->source) == SP_FILE_DIR ? "a directory" : "a file");
        struct sp_box_bind *bind = add_bind(layout, mount->source, mount->target);
        if (!bind)
            return sp_fail(err, SP_INVALID, "two things are to be shown at '%s'", mount->target);
        bind->writable = mount->writable;
        bind->late = true;
    }
    return SP_OK;
}

static int by_path(const void *a, const void *b)
{
    const struct sp_box_bind *left = a;
    const struct sp_box_bind *right = b;

    return strcmp(left->path, right->path);
}

/* Without mounts, Landlock grants whole directories. */
static void grant_dirs(struct layout *layout, const struct sp_job *job)
{
    for (size_t i = 0; layout->scratch && i < layout->scratch->len; i++)
        if (i || strcmp(layout->scratch->dirs[i].path, job->cwd) != 0)
            add_writable(layout, layout->scratch->dirs[i].path);
}

static enum sp_rc lay_out(struct layout *layout,
                          const struct sp_job *job,
                          unsigned features,
                          struct sp_box_plan *plan,
                          struct sp_err *err)
{
    const struct sp_box *box = job->box;
    bool has_network = box && (box->flags & SP_BOX_NETWORK) && !layout->has_root;

    add_devices(layout);
    enum sp_rc rc = add_mounts(layout, box, err);
    if (rc)
        return rc;
    for (size_t i = 0; has_network && i < SP_COUNT(resolvers); i++)
        add_readable(layout, resolvers[i], resolvers[i]);
    for (size_t i = 0; box && box->shows[i]; i++)
        show(layout, sp_str_of(box->shows[i]));
    if (!layout->scratch && job->cwd[1])
        show(layout, sp_str_of(job->cwd));
    if (!layout->has_root)
        show_program(layout, job, plan->programs[0]);
    add_writes(layout, box);
    if (!(features & SP_BOX_NAMESPACES))
        grant_dirs(layout, job);
    plan->bind_count = layout->binds.len;
    plan->binds = SP_ARENA_NEW(layout->arena, struct sp_box_bind, layout->binds.len + 1);
    if (layout->binds.len) {
        memcpy(plan->binds, layout->binds.items, layout->binds.len * sizeof *plan->binds);
        qsort(plan->binds, plan->bind_count, sizeof *plan->binds, by_path);
    }
    return SP_OK;
}

/* A home and a place for temporary files of its own, unless the step says which. */
static const char *const *add_places(struct sp_arena *arena,
                                     const struct sp_job *job,
                                     const struct sp_scratch *scratch,
                                     unsigned features)
{
    bool has_root = job->box && job->box->root;
    bool boxed = features & SP_BOX_NAMESPACES;
    size_t len = 0;

    while (job->env[len])
        len++;
    const char **env = SP_ARENA_NEW(arena, const char *, len + 3);
    memcpy(env, job->env, len * sizeof *env);
    if (scratch && !sp_env_find(job->env, "HOME"))
        env[len++] = sp_arena_printf(arena, "HOME=%s", boxed ? "/tmp/home" : scratch->home).ptr;
    else if (has_root && !sp_env_find(job->env, "HOME"))
        env[len++] = "HOME=/tmp";
    if (scratch && !boxed && !sp_env_find(job->env, "TMPDIR"))
        env[len++] = sp_arena_printf(arena, "TMPDIR=%s", scratch->tmp).ptr;
    return env;
}

static void put_ceilings(const struct sp_box *box, struct sp_box_plan *plan)
{
    plan->processes = box->processes;
    if (box->memory)
        plan->ceilings[plan->ceiling_count++] =
            (struct sp_limit){ .resource = RLIMIT_DATA, .soft = box->memory };
    if (box->file_size)
        plan->ceilings[plan->ceiling_count++] =
            (struct sp_limit){ .resource = RLIMIT_FSIZE, .soft = box->file_size };
}

static enum sp_rc find_program(struct sp_arena *arena,
                               const struct sp_job *job,
                               const char *const **out,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);
    const char **programs = SP_ARENA_NEW(arena, const char *, 2);

    enum sp_rc rc =
        sp_program_get(job->argv[0], sp_env_find(job->env, "PATH"), job->cwd, &program, err);
    programs[0] = rc ? NULL : sp_arena_cstr(arena, sp_buf_str(&program));
    *out = programs;
    return rc;
}

enum sp_rc sp_layout_make(struct sp_arena *arena,
                          const struct sp_job *job,
                          const struct sp_scratch *scratch,
                          unsigned features,
                          struct sp_box_plan *plan,
                          struct sp_err *err)
{
    bool has_root = job->box && job->box->root;
    struct layout layout = { .arena = arena, .has_root = has_root, .scratch = scratch };
    bool inet = features & SP_BOX_NET_NS || (job->box && (job->box->flags & SP_BOX_NETWORK));
    const char *const *programs;

    enum sp_rc rc = has_root ? sp_rootfs_programs(arena, job, &programs, err)
                             : find_program(arena, job, &programs, err);
    if (rc)
        return rc;
    if (job->box && (job->box->flags & SP_BOX_NETWORK))
        features &= ~(unsigned)SP_BOX_NET_NS;
    *plan = (struct sp_box_plan){
        .features = features,
        .uid = (unsigned)geteuid(),
        .gid = (unsigned)getegid(),
        .tmp = scratch ? scratch->tmp : NULL,
        .filter = features & SP_BOX_SECCOMP ? sp_confine_make_filter(inet) : NULL,
        .programs = programs,
        .argv = job->argv,
        .env = add_places(arena, job, scratch, features),
        .cwd = job->cwd,
        .limits = job->limits,
        .limit_count = job->limit_count,
        .landlock = sp_box_probe()->landlock,
        .in = -1,
    };
    if (scratch && (features & SP_BOX_NAMESPACES)) {
        plan->dirs = scratch->dirs;
        plan->dir_count = scratch->len;
        plan->dir_fds = SP_ARENA_NEW(arena, int, scratch->len + 1);
        plan->scratch_fds = SP_ARENA_NEW(arena, int, scratch->len + 1);
    }
    if (job->box)
        put_ceilings(job->box, plan);
    rc = lay_out(&layout, job, features, plan, err);
    SP_VEC_FINI(&layout.binds);
    return rc || !has_root ? rc : sp_rootfs_plan(arena, job, plan, err);
}
