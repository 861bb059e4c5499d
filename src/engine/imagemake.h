/* SPDX-License-Identifier: BSD-3-Clause */
/* imagemake.h - build images from build files (engine/buildfile.h) into the vault.
 *
 * An image carries a key in its labels: a hash of what its build file says, the image below it, the
 * versions of all packages and the contents of all files. One whose key is still the same is not
 * built again. What is being built is in directories that the next build removes if this one is
 * killed; the vault has an image when it has all of it.
 */
#pragma once

#include "engine/buildfile.h"
#include "engine/debian.h"
#include "engine/session.h"
#include "image/root.h"

struct sp_make_options {
    struct sp_str as;   /* the name of the image; empty: that of the build file */
    const char *mirror; /* see sp_debian_options */
    bool refresh;       /* ask the mirror for new lists */
    bool force;         /* build those that are asked for although they are up to date */
    sp_debian_progress_fn progress;
    void *arg;
};

struct sp_made {
    struct sp_image_found image;
    struct sp_root root; /* it is unpacked */
    bool built;          /* now; else it was up to date */
    size_t packages;     /* of its own layer */
    uint64_t layer;      /* bytes of its own layer, compressed */
    sp_nsec took;
};

struct sp_maker; /* several images, one after the other */

/* SP_BUSY: interrupted while another spoor was building. *log: the file that has what programs say.
 * Closed by sp_maker_close in any case. */
enum sp_rc sp_maker_open(struct sp_session *session,
                         struct sp_vault *vault,
                         const struct sp_make_options *options,
                         struct sp_maker **out,
                         struct sp_err *err) SP_MUST_USE;
void sp_maker_close(struct sp_maker *maker); /* accepts NULL */
const char *sp_maker_log(const struct sp_maker *maker);

/* Build the image of one file, and those that it is `from` first. Faults of build files are
 * findings of the session too. SP_NOT_FOUND: a program is missing; SP_INVALID; SP_BUSY:
 * interrupted. */
enum sp_rc sp_maker_make(struct sp_maker *maker,
                         struct sp_str path,
                         struct sp_made *out,
                         struct sp_err *err) SP_MUST_USE;
