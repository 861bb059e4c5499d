/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/jobspec.h"

#include "base/nearest.h"

#include "engine/tools.h"
#include "engine/venv.h"
#include "sys/env.h"
#include "sys/file.h"
#include "sys/limit.h"
#include "value/text.h"

/* --- the virtual environment --------------------------------------------------------------- */

static struct sp_str absolute_venv(struct sp_arena *arena,
                                   const struct sp_session *session,
                                   const struct sp_task *task)
{
    if (sp_str_starts(task->virtual_env, "/"))
        return task->virtual_env;
    return sp_arena_join(arena, session->world.cwd, "/", task->virtual_env);
}

struct sp_str sp_jobspec_path(struct sp_arena *arena,
                              const struct sp_session *session,
                              struct sp_str path,
                              const struct sp_task *task)
{
    const char *own = sp_env_find(task->command.env, "PATH");

    if (own)
        path = sp_str_of(own);
    if (!task->virtual_env.len)
        return path;
    return sp_arena_join(arena, absolute_venv(arena, session, task), "/bin:", path);
}

/* bash sources the script, then becomes the tool. */
static const char *const *source(struct sp_arena *arena,
                                 struct sp_str script,
                                 const struct sp_command *command)
{
    static const char *const words[] = { "/bin/bash", "-c", ". \"$0\" && exec \"$@\"" };
    const char **argv = SP_ARENA_NEW(arena, const char *, command->argc + SP_COUNT(words) + 2);
    size_t len = 0;

    for (size_t i = 0; i < SP_COUNT(words); i++)
        argv[len++] = words[i];
    argv[len++] = sp_arena_cstr(arena, script);
    for (size_t i = 0; i < command->argc; i++)
        argv[len++] = command->argv[i];
    return argv;
}

static const char *const *with_variables(struct sp_arena *arena,
                                         const char *const *env,
                                         struct sp_str path,
                                         struct sp_str dir)
{
    size_t len = 0;

    while (env && env[len])
        len++;
    const char **all = SP_ARENA_NEW(arena, const char *, len + 3);
    for (size_t i = 0; i < len; i++)
        all[i] = env[i];
    all[len++] = sp_arena_printf(arena, "PATH=" SP_STR_FMT, SP_STR_ARG(path)).ptr;
    all[len++] = sp_arena_printf(arena, "VIRTUAL_ENV=" SP_STR_FMT, SP_STR_ARG(dir)).ptr;
    return all;
}

static enum sp_rc enter_venv(struct sp_arena *arena,
                             const struct sp_session *session,
                             struct sp_str path,
                             const struct sp_task *task,
                             struct sp_job *job,
                             struct sp_err *err)
{
    struct sp_str dir = absolute_venv(arena, session, task);
    struct sp_str file = sp_arena_printf(arena, SP_STR_FMT "/bin/activate", SP_STR_ARG(dir));
    sp_auto_buf struct sp_buf script = SP_BUF(SP_BUF_LARGE);
    enum sp_rc rc = sp_file_read(file.ptr, &script, err);

    if (rc)
        return sp_err_wrap(err, "virtual environment '" SP_STR_FMT "'", SP_STR_ARG(dir));
    if (!sp_venv_is_plain(sp_buf_str(&script), dir)) {
        job->argv = source(arena, file, &task->command);
        job->env = sp_tools_environment(arena, path, task->command.env);
        return SP_OK;
    }
    job->env = sp_tools_environment(
        arena, path,
        with_variables(arena, task->command.env, sp_jobspec_path(arena, session, path, task), dir));
    const char **env = (const char **)(uintptr_t)job->env; /* ours: just made */
    size_t kept = 0;
    for (size_t i = 0; env[i]; i++)
        if (strncmp(env[i], "PYTHONHOME=", strlen("PYTHONHOME=")) != 0)
            env[kept++] = env[i];
    env[kept] = NULL;
    return SP_OK;
}

/* --- limits -------------------------------------------------------------------------------- */

static enum sp_rc refuse_size(const struct sp_dict_entry *entry, rlim_t most, struct sp_err *err)
{
    sp_auto_buf struct sp_buf wanted = SP_BUF(SP_BUF_SMALL);

    sp_value_str(entry->value, &wanted);
    return sp_fail(err, SP_INVALID,
                   "cannot set backend.rlimits." SP_STR_FMT " to %s: the hard limit here is %llu",
                   SP_STR_ARG(entry->key), entry->value.kind == SP_NULL ? "unlimited" : wanted.ptr,
                   (unsigned long long)most);
}

static enum sp_rc read_limit(const struct sp_dict_entry *entry,
                             struct sp_limit *out,
                             struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);
    struct rlimit current;
    rlim_t wanted = RLIM_INFINITY;

    out->resource = sp_limit_find(entry->key, &nearest);
    if (out->resource < 0)
        return sp_nearest_fail(&nearest, NULL, err, SP_INVALID,
                               "unknown resource limit 'backend.rlimits." SP_STR_FMT "'",
                               SP_STR_ARG(nearest.wanted));
    if (entry->value.kind != SP_NULL && (entry->value.kind != SP_INT || entry->value.integer < 0))
        return sp_fail(err, SP_INVALID,
                       "backend.rlimits." SP_STR_FMT
                       " must be a number, or null for no limit at all",
                       SP_STR_ARG(entry->key));
    if (entry->value.kind == SP_INT)
        wanted = (rlim_t)entry->value.integer;
    if (getrlimit((__rlimit_resource_t)out->resource, &current) < 0)
        return sp_fail_errno(err, "read resource limit " SP_STR_FMT, SP_STR_ARG(entry->key));
    if (current.rlim_max != RLIM_INFINITY && wanted > current.rlim_max)
        return refuse_size(entry, current.rlim_max, err);
    out->soft = wanted;
    return SP_OK;
}

enum sp_rc sp_jobspec_limits(struct sp_arena *arena,
                             const struct sp_task *task,
                             const struct sp_limit **out,
                             size_t *out_count,
                             struct sp_err *err)
{
    size_t len = task->limits ? task->limits->len : 0;
    struct sp_limit *limits = len ? SP_ARENA_NEW(arena, struct sp_limit, len) : NULL;

    if (len > SP_LIMITS_MAX)
        return sp_fail(err, SP_LIMIT, "backend.rlimits has more than %d entries", SP_LIMITS_MAX);
    for (size_t i = 0; i < len; i++) {
        enum sp_rc rc = read_limit(&task->limits->entries[i], &limits[i], err);
        if (rc)
            return rc;
    }
    *out = limits;
    *out_count = len;
    return SP_OK;
}

/* --- the job ------------------------------------------------------------------------------- */

enum sp_rc sp_jobspec_make(struct sp_arena *arena,
                           const struct sp_session *session,
                           struct sp_str path,
                           const struct sp_task *task,
                           struct sp_job *out,
                           struct sp_err *err)
{
    struct sp_job job = {
        .argv = task->command.argv,
        .cwd = sp_arena_cstr(arena, session->world.cwd),
    };
    enum sp_rc rc = sp_jobspec_limits(arena, task, &job.limits, &job.limit_count, err);

    if (rc == SP_OK && task->virtual_env.len)
        rc = enter_venv(arena, session, path, task, &job, err);
    else if (rc == SP_OK)
        job.env = sp_tools_environment(arena, path, task->command.env);
    if (rc == SP_OK)
        *out = job;
    return rc;
}
