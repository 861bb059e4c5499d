/* SPDX-License-Identifier: BSD-3-Clause */
/* boxspec.h - what a task may touch, from what it declares: the box of its job
 * (doc/design/boxes.md). */
#pragma once

#include "engine/images.h"
#include "exec/box.h"
#include "exec/job.h"
#include "plan/role.h"

struct sp_boxspec_request {
    struct sp_arena *arena; /* outlives the job */
    const struct sp_session *session;
    const struct sp_task *task;
    const struct sp_roles *roles;     /* of the task, if known; else NULL */
    const struct sp_effects *effects; /* may be NULL */
    struct sp_str scratch;            /* for the box's own files; its parent is made */
    struct sp_str keep; /* for files that are not declared; made when it is needed; may be empty */
    const struct sp_step_image *image; /* what it runs in; NULL: this machine */
    struct sp_list *temporaries; /* of an image: directories to remove when the job has ended */
};

/* Give `job` a box and, in place of ours, an environment of the variables that are for tools.
 * SP_INVALID: settings. */
enum sp_rc sp_boxspec_make(const struct sp_boxspec_request *request,
                           struct sp_job *job,
                           struct sp_err *err) SP_MUST_USE;
