/* SPDX-License-Identifier: BSD-3-Clause */
/* assemble.h - make an image of a directory, and put it into the vault.
 *
 * The image has the layers of another one, if there is one, and one with what the directory has
 * more or otherwise (image/tarball.h). Nothing in it depends on the moment: the same directory
 * gives the same digest. The name is written last, so that whoever finds it finds all of the image.
 */
#pragma once

#include "image/pull.h"

struct sp_assembly {
    struct sp_str name;                /* "spoor/wsclean:bookworm" */
    const struct sp_image_found *from; /* NULL: none */
    const char *tree;                  /* the whole directory; borrowed */
    const char *lower;                 /* that of `from`; NULL: none */
    const struct sp_dict *run;         /* "config" of the configuration: Env, Labels ... */
    struct sp_str history;             /* how the layer came about, in a line */
    sp_nsec latest;                    /* no time in the image is later */
};

enum sp_rc sp_image_assemble(struct sp_vault *vault,
                             const struct sp_assembly *assembly,
                             struct sp_arena *arena,
                             struct sp_image_found *out,
                             struct sp_err *err) SP_MUST_USE;
