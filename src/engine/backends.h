/* SPDX-License-Identifier: BSD-3-Clause */
/* backends.h - the backends of a run, each opened when the first step wants it. */
#pragma once

#include "exec/backend.h"

#define SP_BACKENDS_MAX 8

struct sp_backends {
    struct sp_loop *loop;
    struct sp_backend *open[SP_BACKENDS_MAX]; /* as in sp_backends[]; NULL: not yet */
};

/* The one of that name; empty: "native". Both outputs stay the collection's. SP_NOT_FOUND: there is
 * none. */
enum sp_rc sp_backends_get(struct sp_backends *backends,
                           struct sp_str name,
                           const struct sp_backend_ops **ops,
                           struct sp_backend **out,
                           struct sp_err *err) SP_MUST_USE;

void sp_backends_close(struct sp_backends *backends);
