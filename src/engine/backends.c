/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/backends.h"

static enum sp_rc reap(const struct sp_backends *backends,
                       const struct sp_backend_ops *ops,
                       struct sp_err *err)
{
    return ops->reap && backends->boxes.len ? ops->reap(backends->boxes.ptr, err) : SP_OK;
}

enum sp_rc sp_backends_reap(const struct sp_backends *backends, struct sp_err *err)
{
    enum sp_rc rc = SP_OK;

    for (size_t i = 0; sp_backends[i] && rc == SP_OK; i++)
        rc = reap(backends, sp_backends[i], err);
    return rc;
}

enum sp_rc sp_backends_get(struct sp_backends *backends,
                           struct sp_str name,
                           const struct sp_backend_ops **ops,
                           struct sp_backend **out,
                           struct sp_err *err)
{
    if (!name.len)
        name = SP_STR("native");
    for (size_t i = 0; sp_backends[i] && i < SP_BACKENDS_MAX; i++) {
        if (!sp_str_is(name, sp_backends[i]->name))
            continue;
        enum sp_rc rc = backends->open[i] ? SP_OK : reap(backends, sp_backends[i], err);
        if (rc == SP_OK && !backends->open[i])
            rc = sp_backends[i]->open(backends->loop, &backends->open[i], err);
        if (rc)
            return rc;
        *ops = sp_backends[i];
        *out = backends->open[i];
        return SP_OK;
    }
    return sp_fail(err, SP_NOT_FOUND, "there is no backend '" SP_STR_FMT "'", SP_STR_ARG(name));
}

void sp_backends_close(struct sp_backends *backends)
{
    for (size_t i = 0; sp_backends[i] && i < SP_BACKENDS_MAX; i++)
        if (backends->open[i])
            sp_backends[i]->close(SP_TAKE(backends->open[i]));
}
