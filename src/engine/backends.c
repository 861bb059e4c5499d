/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine/backends.h"

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
        enum sp_rc rc = backends->open[i]
                            ? SP_OK
                            : sp_backends[i]->open(backends->loop, &backends->open[i], err);
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
