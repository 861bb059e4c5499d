/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/limit.h"

int sp_limit_find(struct sp_str name, struct sp_nearest *nearest)
{
    static const struct {
        const char *name;
        int resource;
    } limits[] = {
        { "AS", RLIMIT_AS },
        { "CORE", RLIMIT_CORE },
        { "CPU", RLIMIT_CPU },
        { "DATA", RLIMIT_DATA },
        { "FSIZE", RLIMIT_FSIZE },
        { "MEMLOCK", RLIMIT_MEMLOCK },
        { "MSGQUEUE", RLIMIT_MSGQUEUE },
        { "NICE", RLIMIT_NICE },
        { "NOFILE", RLIMIT_NOFILE },
        { "NPROC", RLIMIT_NPROC },
        { "OFILE", RLIMIT_NOFILE }, /* as BSD calls it */
        { "RSS", RLIMIT_RSS },
        { "RTPRIO", RLIMIT_RTPRIO },
        { "RTTIME", RLIMIT_RTTIME },
        { "SIGPENDING", RLIMIT_SIGPENDING },
        { "STACK", RLIMIT_STACK },
    };

    for (size_t i = 0; i < SP_COUNT(limits); i++) {
        if (sp_str_is(name, limits[i].name))
            return limits[i].resource;
        sp_nearest_offer(nearest, sp_str_of(limits[i].name));
    }
    return -1;
}

static int set_soft(int resource, rlim_t soft, rlim_t *before)
{
    struct rlimit limit;

    if (getrlimit((__rlimit_resource_t)resource, &limit) < 0)
        return -1;
    *before = limit.rlim_cur;
    limit.rlim_cur = soft;
    return setrlimit((__rlimit_resource_t)resource, &limit);
}

enum sp_rc sp_limits_set(const struct sp_limit *limits,
                         size_t count,
                         struct sp_limit *before,
                         struct sp_err *err)
{
    for (size_t i = 0; i < count; i++) {
        before[i].resource = limits[i].resource;
        if (set_soft(limits[i].resource, limits[i].soft, &before[i].soft) < 0) {
            int code = errno;
            sp_limits_restore(before, i);
            errno = code;
            return sp_fail_errno(err, "set resource limit %d", limits[i].resource);
        }
    }
    return SP_OK;
}

void sp_limits_restore(const struct sp_limit *before, size_t count)
{
    rlim_t unused;

    /* In reverse: one limit may be there twice. Raising a soft limit to where it was cannot fail.
     */
    for (size_t i = count; i-- > 0;)
        (void)set_soft(before[i].resource, before[i].soft, &unused);
}

void sp_limits_set_of(int pid, const struct sp_limit *limits, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        __rlimit_resource_t resource = (__rlimit_resource_t)limits[i].resource;
        struct rlimit limit;
        if (prlimit(pid, resource, NULL, &limit) < 0)
            continue;
        limit.rlim_cur = limits[i].soft;
        (void)prlimit(pid, resource, &limit, NULL);
    }
}
