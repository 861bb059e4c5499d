/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/retry.h"

#include "recipe/setting.h"

#include <errno.h>

#define RETRIES_MAX 100
#define PAUSE_STEPS 6 /* doublings; then every 64 s */

static const char *const names[SP_FAILURE_CLASSES] = {
    [SP_FAILURE_NONE] = "",
    [SP_FAILURE_TOOL] = "tool",
    [SP_FAILURE_RESOURCE] = "resource",
    [SP_FAILURE_INFRASTRUCTURE] = "infrastructure",
};

const char *sp_failure_name(enum sp_failure_class failure)
{
    return names[failure];
}

enum sp_failure_class sp_failure_of_start(const struct sp_err *err)
{
    /* What passes by itself, or when others have ended. */
    static const struct {
        int number;
        enum sp_failure_class failure;
    } rows[] = {
        { EAGAIN, SP_FAILURE_INFRASTRUCTURE },    { EINTR, SP_FAILURE_INFRASTRUCTURE },
        { EMFILE, SP_FAILURE_INFRASTRUCTURE },    { ENFILE, SP_FAILURE_INFRASTRUCTURE },
        { EIO, SP_FAILURE_INFRASTRUCTURE },       { ESTALE, SP_FAILURE_INFRASTRUCTURE },
        { ETIMEDOUT, SP_FAILURE_INFRASTRUCTURE }, { ECONNREFUSED, SP_FAILURE_INFRASTRUCTURE },
        { ETXTBSY, SP_FAILURE_INFRASTRUCTURE },   { ENOMEM, SP_FAILURE_RESOURCE },
        { ENOSPC, SP_FAILURE_RESOURCE },          { EDQUOT, SP_FAILURE_RESOURCE },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (rows[i].number == err->sys_errno)
            return rows[i].failure;
    return SP_FAILURE_TOOL;
}

/* --- settings ------------------------------------------------------------------------------ */

static const struct sp_value *find(struct sp_value section, const char *name)
{
    const struct sp_value *value = section.kind == SP_DICT ? sp_dict_get(section.dict, name) : NULL;

    return value && value->kind != SP_NULL && value->kind != SP_UNSET ? value : NULL;
}

static enum sp_rc read_retries(const struct sp_value *section,
                               struct sp_retry_policy *out,
                               struct sp_err *err)
{
    for (size_t i = SP_FAILURE_TOOL; section && i < SP_FAILURE_CLASSES; i++) {
        const struct sp_value *value = find(*section, names[i]);
        if (!value)
            continue;
        if (value->kind != SP_INT || value->integer < 0 || value->integer > RETRIES_MAX)
            return sp_fail(err, SP_INVALID, "opts.backend.retries.%s must be a number from 0 to %d",
                           names[i], RETRIES_MAX);
        out->retries[i] = (unsigned)value->integer;
    }
    return SP_OK;
}

static enum sp_rc read_timeout(const struct sp_value *value,
                               struct sp_retry_policy *out,
                               struct sp_err *err)
{
    if (value && sp_setting_duration(*value, &out->timeout, err))
        return sp_err_wrap(err, "opts.backend.timeout");
    return SP_OK;
}

enum sp_rc sp_retry_policy_read(const struct sp_task *task,
                                struct sp_retry_policy *out,
                                struct sp_err *err)
{
    *out = (struct sp_retry_policy){ .retries = { [SP_FAILURE_INFRASTRUCTURE] = 2 } };
    enum sp_rc rc = read_retries(find(task->backend, "retries"), out, err);

    return rc ? rc : read_timeout(find(task->backend, "timeout"), out, err);
}

/* --- a step under way ---------------------------------------------------------------------- */

bool sp_retry_next(struct sp_retry *retry,
                   enum sp_failure_class failure,
                   unsigned *of,
                   sp_nsec *pause)
{
    unsigned used = retry->used[failure], all = retry->policy.retries[failure];

    if (failure == SP_FAILURE_NONE || used >= all)
        return false;
    *of = retry->attempt + all - used;
    *pause = SP_NSEC_PER_SEC << SP_MIN(retry->attempt - 1, (unsigned)PAUSE_STEPS);
    retry->used[failure]++;
    return true;
}
