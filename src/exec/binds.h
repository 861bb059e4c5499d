/* SPDX-License-Identifier: BSD-3-Clause */
/* binds.h - what of the machine has to be mounted in the root of an image, for programs that make
 * the mounts themselves. */
#pragma once

#include "exec/job.h"
#include "exec/scratch.h"

/* In the order in which they are to be made: what is around something comes first. */
struct sp_binds {
    struct sp_box_mount *items;
    size_t len;
};

/* Everything that the box of `job` shows, may write and is given elsewhere, with the scratch
 * directories in the places of the open ones and a private /tmp and /var/tmp. Where something is
 * to be mounted in a scratch directory, the place for it is made: whoever mounts may not be the
 * one who has to remove it. `scratch` may be NULL: then nothing can be written beside
 * `box->writes`, and /tmp is the caller's. Memory is the arena's. */
enum sp_rc sp_binds_make(struct sp_arena *arena,
                         const struct sp_job *job,
                         const struct sp_scratch *scratch,
                         struct sp_binds *out,
                         struct sp_err *err) SP_MUST_USE;
