/* SPDX-License-Identifier: BSD-3-Clause */
/* backends.h - the backends of a run, each opened when the first step wants it. What its jobs of
 * earlier runs have left is removed then: the caller has the workspace for itself. */
#pragma once

#include "exec/backend.h"

#define SP_BACKENDS_MAX 16

struct sp_backends {
    struct sp_loop *loop;
    struct sp_str boxes; /* where jobs may have files of their own; may not be there */
    struct sp_backend *open[SP_BACKENDS_MAX]; /* as in sp_backends[]; NULL: not yet */
};

/* The one of that name; empty: "native". Both outputs stay the collection's. SP_NOT_FOUND: there is
 * none. */
enum sp_rc sp_backends_get(struct sp_backends *backends,
                           struct sp_str name,
                           const struct sp_backend_ops **ops,
                           struct sp_backend **out,
                           struct sp_err *err) SP_MUST_USE;

/* After a run that did not end: remove what its jobs have left, on any backend. */
enum sp_rc sp_backends_reap(const struct sp_backends *backends, struct sp_err *err) SP_MUST_USE;

void sp_backends_close(struct sp_backends *backends);
