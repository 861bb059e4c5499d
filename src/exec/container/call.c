/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/container/call.h"

#include "base/buf.h"
#include "base/vec.h"

#include "sys/env.h"
#include "sys/file.h"
#include "sys/limit.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

void sp_argv_add(struct sp_argv *words, const char *word)
{
    /* NOLINTNEXTLINE(bugprone-sizeof-expression): an array of pointers */
    *SP_VEC_ADD(words) = word;
}

void sp_argv_add_all(struct sp_argv *words, const char *const *more)
{
    for (size_t i = 0; more && more[i]; i++)
        sp_argv_add(words, more[i]);
}

void sp_argv_fini(struct sp_argv *words)
{
    SP_VEC_FINI(words);
}

void sp_call_addf(struct sp_call *call, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    sp_argv_add(&call->run, sp_arena_vprintf(call->arena, fmt, args).ptr);
    va_end(args);
}

const char *sp_call_csv(struct sp_call *call, const char *key, const char *value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (!strpbrk(value, ",\"\n\r"))
        return sp_arena_printf(call->arena, "%s=%s", key, value).ptr;
    sp_buf_addf(&text, "\"%s=", key);
    for (; *value; value++) {
        if (*value == '"')
            sp_buf_addc(&text, '"');
        sp_buf_addc(&text, *value);
    }
    sp_buf_addc(&text, '"');
    return sp_arena_cstr(call->arena, sp_buf_str(&text));
}

/* --- limits ---------------------------------------------------------------------------------- */

/* As podman and docker name them. */
static const struct {
    int resource;
    const char *name;
} limits[] = {
    { RLIMIT_CORE, "core" },     { RLIMIT_CPU, "cpu" },
    { RLIMIT_DATA, "data" },     { RLIMIT_FSIZE, "fsize" },
    { RLIMIT_LOCKS, "locks" },   { RLIMIT_MEMLOCK, "memlock" },
    { RLIMIT_NICE, "nice" },     { RLIMIT_NOFILE, "nofile" },
    { RLIMIT_NPROC, "nproc" },   { RLIMIT_MSGQUEUE, "msgqueue" },
    { RLIMIT_RSS, "rss" },       { RLIMIT_RTPRIO, "rtprio" },
    { RLIMIT_RTTIME, "rttime" }, { RLIMIT_SIGPENDING, "sigpending" },
    { RLIMIT_STACK, "stack" },
};

/* What podman has lowered its own to. */
static uint64_t most_processes(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    struct sp_err ignored = SP_ERR_INIT;
    int64_t most;

    if (sp_file_read("/proc/sys/kernel/pid_max", &text, &ignored) ||
        !sp_str_int(sp_str_trim(sp_buf_str(&text)), &most) || most <= 0)
        return RLIM_INFINITY;
    return (uint64_t)most;
}

/* Not above our own: only root with all its rights could. */
static void add_limit(struct sp_call *call, size_t which, uint64_t soft, uint64_t hard)
{
    struct rlimit own;

    if (getrlimit(limits[which].resource, &own) < 0)
        return;
    if (limits[which].resource == RLIMIT_NPROC)
        hard = SP_MIN(hard, most_processes());
    own.rlim_max = SP_MIN(own.rlim_max, hard);
    own.rlim_cur = SP_MIN(own.rlim_max, soft);
    sp_argv_add(&call->run, "--ulimit");
    sp_call_addf(call, "%s=%" PRId64 ":%" PRId64, limits[which].name, (int64_t)own.rlim_cur,
                 (int64_t)own.rlim_max);
}

static void add_ceiling(struct sp_call *call, int resource, uint64_t most)
{
    for (size_t i = 0; i < SP_COUNT(limits); i++)
        if (limits[i].resource == resource)
            add_limit(call, i, most, most);
}

static enum sp_rc add_soft_limit(struct sp_call *call,
                                 const struct sp_limit *limit,
                                 struct sp_err *err)
{
    for (size_t i = 0; i < SP_COUNT(limits); i++)
        if (limits[i].resource == limit->resource) {
            add_limit(call, i, limit->soft, RLIM_INFINITY);
            return SP_OK;
        }
    return sp_fail(err, SP_INVALID,
                   "a resource limit of step '%s' is none that containers may have (AS: say "
                   "opts.backend.box.memory)",
                   call->job->name);
}

static bool has_limit(const struct sp_job *job, int resource)
{
    for (size_t i = 0; i < job->limit_count; i++)
        if (job->limits[i].resource == resource)
            return true;
    return false;
}

/* Programs would raise these to values that not everybody may have. */
static void keep_own(struct sp_call *call, int resource)
{
    struct rlimit own;

    for (size_t i = 0; i < SP_COUNT(limits); i++)
        if (limits[i].resource == resource && !has_limit(call->job, resource) &&
            getrlimit(resource, &own) == 0)
            add_limit(call, i, own.rlim_cur, own.rlim_max);
}

void sp_call_add_limits(struct sp_call *call, bool grouped)
{
    const struct sp_box *box = call->job->box;

    keep_own(call, RLIMIT_NOFILE);
    if (box->file_size)
        add_ceiling(call, RLIMIT_FSIZE, box->file_size);
    if (!grouped) {
        if (box->memory)
            add_ceiling(call, RLIMIT_DATA, box->memory);
        if (box->processes)
            add_ceiling(call, RLIMIT_NPROC, box->processes);
        else
            keep_own(call, RLIMIT_NPROC);
        return;
    }
    keep_own(call, RLIMIT_NPROC);
    if (box->memory) {
        sp_argv_add(&call->run, "--memory");
        sp_call_addf(call, "%" PRIu64, box->memory);
        sp_argv_add(&call->run, "--memory-swap");
        sp_call_addf(call, "%" PRIu64, box->memory);
    }
    if (box->cpus > 0) {
        sp_argv_add(&call->run, "--cpus");
        sp_call_addf(call, "%.2f", box->cpus);
    }
    sp_argv_add(&call->run, "--pids-limit");
    if (box->processes)
        sp_call_addf(call, "%u", box->processes);
    else
        sp_argv_add(&call->run, "-1");
}

/* --- what all have --------------------------------------------------------------------------- */

struct sp_argv sp_call_variables(const struct sp_call *call)
{
    struct sp_argv all = { 0 };

    sp_argv_add_all(&all, call->job->env);
    if (!sp_env_find(call->job->env, "HOME"))
        sp_argv_add(&all, call->scratch ? "HOME=/tmp/home" : "HOME=/tmp");
    return all;
}

static void add_variables(struct sp_call *call)
{
    struct sp_argv variables = sp_call_variables(call);

    for (size_t i = 0; i < variables.len; i++) {
        sp_argv_add(&call->run, "--env");
        sp_argv_add(&call->run, variables.items[i]);
    }
    sp_argv_fini(&variables);
}

static void add_mounts(struct sp_call *call)
{
    for (size_t i = 0; i < call->binds.len; i++) {
        const struct sp_box_mount *bind = &call->binds.items[i];
        sp_argv_add(&call->run, "--mount");
        sp_call_addf(call, "type=bind,%s,%s%s", sp_call_csv(call, "source", bind->source),
                     sp_call_csv(call, "destination", bind->target),
                     bind->writable ? "" : ",readonly");
    }
    if (!call->scratch)
        sp_argv_add_all(&call->run, (const char *const[]){ "--tmpfs", "/tmp:mode=1777", NULL });
}

/* As much as a machine gives to /dev/shm by itself. */
static uint64_t shared_memory(void)
{
    return (uint64_t)sysconf(_SC_PHYS_PAGES) * (uint64_t)sysconf(_SC_PAGESIZE) / 2;
}

enum sp_rc sp_call_add_common(struct sp_call *call, struct sp_err *err)
{
    const struct sp_job *job = call->job;
    bool network = job->box->flags & SP_BOX_NETWORK;
    const char *const words[] = {
        "--rm",
        "--name",
        call->name,
        "--hostname",
        "spoor",
        "--network",
        network ? "host" : "none",
        "--read-only",
        "--cap-drop",
        "all",
        "--security-opt",
        "no-new-privileges",
        /* Files of the machine have no labels for containers, and are to get none. */
        "--security-opt",
        "label=disable",
        "--pull",
        "never",
        "--workdir",
        job->cwd,
        NULL,
    };
    enum sp_rc rc = SP_OK;

    /* With the network of the machine comes its name. */
    for (size_t i = 0; words[i]; i++)
        if (network && strcmp(words[i], "--hostname") == 0)
            i++;
        else
            sp_argv_add(&call->run, words[i]);
    sp_argv_add(&call->run, "--shm-size");
    sp_call_addf(call, "%" PRIu64, shared_memory());
    for (size_t i = 0; i < job->limit_count && rc == SP_OK; i++)
        rc = add_soft_limit(call, &job->limits[i], err);
    add_mounts(call);
    add_variables(call);
    return rc;
}
