/* SPDX-License-Identifier: BSD-3-Clause */
/* imagebox.h - what a box in an image has besides what every box has (engine/boxspec.h): the
 * variables of the image, the places that links lead through, the directories of the settings. */
#pragma once

#include "engine/images.h"
#include "exec/job.h"

struct sp_imagebox_request {
    struct sp_arena *arena; /* outlives the job */
    const struct sp_session *session;
    const struct sp_task *task;
    const struct sp_step_image *image;
    struct sp_str scratch;       /* of the box: our own directories are beside it */
    struct sp_list *temporaries; /* those that the caller removes when the job has ended: texts */
};

/* Parts of the machine that are to be seen at other places than their own, or everywhere. */
struct sp_imagebox; /* under way */

struct sp_imagebox *sp_imagebox_new(const struct sp_imagebox_request *request);
void sp_imagebox_free(struct sp_imagebox *box); /* accepts NULL */

/* The job names this path, absolute or not. Links in it, and, of a directory, those that are right
 * in it, lead to what has to be seen, too. Nothing is put over what every box has of its own
 * (plan/inside.h). */
void sp_imagebox_name(struct sp_imagebox *box, struct sp_str path, bool writable);

/* opts.backend.NAME.bind_dirs. SP_INVALID, with the label. */
enum sp_rc sp_imagebox_bind(struct sp_imagebox *box, struct sp_err *err) SP_MUST_USE;

/* Give `out` the root of the image and what has come together; its `writes` and `shows` are known.
 */
void sp_imagebox_finish(const struct sp_imagebox *from, struct sp_box *out);

/* The variables of the image, with `own` over them; NULL-terminated. */
const char *const *sp_imagebox_environment(struct sp_arena *arena,
                                           const struct sp_dict *config,
                                           const char *const *own);

/* The command, with the Python that the image has where the cab names none. */
const char *const *sp_imagebox_command(const struct sp_imagebox_request *request,
                                       const char *const *argv,
                                       const char *const *env);
