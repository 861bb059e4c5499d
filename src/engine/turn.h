/* SPDX-License-Identifier: BSD-3-Clause */
/* turn.h - waiting until one may run in a workspace. */
#pragma once

#include "engine/workspace.h"

struct sp_turn_options {
    const char *dir;                              /* of the workspace */
    sp_nsec patience;                             /* negative: for ever */
    void (*waits)(void *arg, struct sp_str text); /* once, before it waits: for whom */
    void *arg;
};

/* sp_workspace_open, as soon as nobody else runs there. SP_BUSY: the patience is at an end; err
 * says who is there. *interrupted: somebody wants us to stop waiting (SIGINT, SIGTERM, SIGHUP). */
enum sp_rc sp_turn_take(struct sp_arena *arena,
                        const struct sp_turn_options *options,
                        struct sp_workspace *out,
                        bool *interrupted,
                        struct sp_err *err) SP_MUST_USE;
