/* SPDX-License-Identifier: BSD-3-Clause */
/* imagebuild.h - the container images of a recipe, and building them (spec stimela2.md 6.6, 7.3).
 *
 * An image is one file, IMAGE_DIR/REFERENCE.simg. It is built under another name beside it and
 * renamed when it is whole, so that a file with that name is always a complete image; an old image
 * is replaced only by a new one that is ready. A lock beside it makes sure that one process builds
 * it and all others wait for the result.
 */
#pragma once

#include "engine/session.h"

struct sp_image_need {
    struct sp_str step;      /* the first that needs it */
    struct sp_str reference; /* "quay.io/stimela2/wsclean:1.0" */
    struct sp_str file;
    bool prebuilt;                  /* the cab names a file: nothing to build */
    const struct sp_dict *settings; /* backend settings of that step */
};

struct sp_image_needs {
    struct sp_image_need *items; /* arena; each file once, in the order of the steps */
    size_t len;
    size_t capacity; /* private */
    size_t native;   /* steps that need no image */
    size_t skipped;
};

/* What the selected steps need; with `all_steps` also those that are skipped. `skip_if_outputs`
 * does not count. Findings go to session->diags; SP_INVALID when there are errors. */
enum sp_rc sp_images_needed(struct sp_session *session,
                            bool all_steps,
                            struct sp_image_needs *out,
                            struct sp_err *err) SP_MUST_USE;

/* The recipe is this session's own: what its steps say about skipping is of no use to whoever only
 * wants their images. */
void sp_recipe_forget_skips(struct sp_recipe *recipe, bool all_steps, int depth);

enum sp_image_outcome {
    SP_IMAGE_THERE,
    SP_IMAGE_BUILT
};

struct sp_image_options {
    bool rebuild; /* also if there is one */
    /* One line of what the program says, or (ours) about waiting. */
    void (*line)(void *arg, struct sp_str text);
    void *arg;
};

/* Have the image. SP_NOT_FOUND: there is no singularity or apptainer. SP_BUSY: interrupted. */
enum sp_rc sp_image_build(struct sp_session *session,
                          const struct sp_image_need *need,
                          const struct sp_image_options *options,
                          enum sp_image_outcome *out,
                          struct sp_err *err) SP_MUST_USE;
