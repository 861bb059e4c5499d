/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/sandbox/layout.h"

#include "base/vec.h"

#include "exec/sandbox/confine.h"
#include "exec/sandbox/mounts.h"
#include "sys/env.h"
#include "sys/file.h"

#include <unistd.h>

/* Those that hold no secrets and change nothing; of graphics processors all. */
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
    const struct sp_scratch *scratch;
    SP_VEC(struct sp_box_bind) binds;
};

static bool is_inside(const char *path, const char *dir)
{
    size_t len = strlen(dir);

    return strncmp(path, dir, len) == 0 && (path[len] == '\0' || path[len] == '/');
}

static void add_bind(struct layout *layout, const char *path, bool writable, bool optional)
{
    enum sp_file_kind kind = sp_file_kind(path);

    for (size_t i = 0; i < layout->binds.len; i++)
        if (strcmp(layout->binds.items[i].path, path) == 0)
            return;
    if (kind != SP_FILE_NONE)
        *SP_VEC_ADD(&layout->binds) = (struct sp_box_bind){
            .path = path,
            .writable = writable,
            .is_dir = kind == SP_FILE_DIR,
            .optional = optional,
            .fd = -1,
        };
}

/* --- what has to be seen although its surroundings are hidden -------------------------------- */

/* Private directories hide what is below them; of others, and of what is shown with an open
 * directory, nothing is hidden. */
static bool is_hidden(const struct layout *layout, const char *path)
{
    for (size_t i = 0; layout->scratch && i < layout->scratch->len; i++)
        if (is_inside(path, layout->scratch->dirs[i].path))
            return false;
    for (size_t i = 0; sp_mounts_private[i]; i++)
        if (is_inside(path, sp_mounts_private[i]) && strcmp(path, sp_mounts_private[i]) != 0)
            return true;
    return false;
}

static void show(struct layout *layout, struct sp_str path)
{
    struct sp_str real = sp_real_path(layout->arena, path);

    if (is_hidden(layout, real.ptr))
        add_bind(layout, real.ptr, false, true);
    /* Also by the name that the tool has for it, if that is elsewhere. */
    char *name = sp_arena_cstr(layout->arena, path);
    if (strcmp(name, real.ptr) != 0 && is_hidden(layout, name) &&
        sp_str_find_str(path, SP_STR("/.")) == SIZE_MAX)
        add_bind(layout, name, false, true);
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
            add_bind(layout, box->writes[i], true, false);
}

static int by_path(const void *a, const void *b)
{
    const struct sp_box_bind *left = a;
    const struct sp_box_bind *right = b;

    return strcmp(left->path, right->path);
}

static void lay_out(struct layout *layout,
                    const struct sp_job *job,
                    unsigned features,
                    struct sp_box_plan *plan)
{
    const struct sp_box *box = job->box;

    for (size_t i = 0; i < SP_COUNT(devices); i++) {
        size_t before = layout->binds.len;
        add_bind(layout, devices[i], false, true);
        if (layout->binds.len > before)
            layout->binds.items[before].device = true;
    }
    for (size_t i = 0; box && (box->flags & SP_BOX_NETWORK) && i < SP_COUNT(resolvers); i++)
        add_bind(layout, resolvers[i], false, true);
    for (size_t i = 0; box && box->shows[i]; i++)
        show(layout, sp_str_of(box->shows[i]));
    if (!layout->scratch)
        show(layout, sp_str_of(job->cwd));
    show_program(layout, job, plan->program);
    add_writes(layout, box);
    /* Without mounts, Landlock grants whole directories. */
    for (size_t i = 0;
         layout->scratch && !(features & SP_BOX_NAMESPACES) && i < layout->scratch->len; i++)
        if (i || strcmp(layout->scratch->dirs[i].path, job->cwd) != 0)
            add_bind(layout, layout->scratch->dirs[i].path, true, false);
    plan->bind_count = layout->binds.len;
    plan->binds = SP_ARENA_NEW(layout->arena, struct sp_box_bind, layout->binds.len + 1);
    if (layout->binds.len) {
        memcpy(plan->binds, layout->binds.items, layout->binds.len * sizeof *plan->binds);
        qsort(plan->binds, plan->bind_count, sizeof *plan->binds, by_path);
    }
}

/* A home and a place for temporary files of its own, unless the step says which. */
static const char *const *add_places(struct sp_arena *arena,
                                     const struct sp_job *job,
                                     const struct sp_scratch *scratch,
                                     unsigned features)
{
    bool boxed = features & SP_BOX_NAMESPACES;
    size_t len = 0;

    while (job->env[len])
        len++;
    const char **env = SP_ARENA_NEW(arena, const char *, len + 3);
    memcpy(env, job->env, len * sizeof *env);
    if (scratch && !sp_env_find(job->env, "HOME"))
        env[len++] = sp_arena_printf(arena, "HOME=%s", boxed ? "/tmp/home" : scratch->home).ptr;
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

enum sp_rc sp_layout_make(struct sp_arena *arena,
                          const struct sp_job *job,
                          const struct sp_scratch *scratch,
                          unsigned features,
                          struct sp_box_plan *plan,
                          struct sp_err *err)
{
    sp_auto_buf struct sp_buf program = SP_BUF(SP_BUF_SMALL);
    struct layout layout = { .arena = arena, .scratch = scratch };
    bool inet = features & SP_BOX_NET_NS || (job->box && (job->box->flags & SP_BOX_NETWORK));

    enum sp_rc rc =
        sp_program_get(job->argv[0], sp_env_find(job->env, "PATH"), job->cwd, &program, err);
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
        .program = sp_arena_cstr(arena, sp_buf_str(&program)),
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
    lay_out(&layout, job, features, plan);
    SP_VEC_FINI(&layout.binds);
    return SP_OK;
}
