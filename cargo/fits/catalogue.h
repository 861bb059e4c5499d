/* SPDX-License-Identifier: BSD-3-Clause */
/* catalogue.h - a sky model laid over an image.
 *
 * A model may lie elsewhere on the sky than the observation that was simulated from it. Moving it
 * there is done exactly as the simulator does it: a rigid turn of the sphere that keeps north.
 */
#pragma once

#include "fits/fits.h"
#include "sky/skymodel.h"

/* What was asked for on the command line; NULL where nothing. */
struct catalogue_wish {
    const char *path;
    const char *format; /* NULL: guess */
    bool recenter;      /* move the model's flux-weighted centre to the image's reference point */
    const char *from;   /* directions "J2000,RA,DEC": move this point ... */
    const char *to;     /* ... to that one; each has the default of `recenter` */
};

/* Read the model and move it if asked to. The sources live in `arena`. SP_INVALID: the place to
 * move to must be given because the image has no sky coordinates. */
enum sp_rc catalogue_read(struct sp_arena *arena,
                          const struct catalogue_wish *wish,
                          const struct fits_image *image,
                          struct sky_model *out,
                          struct sp_err *err) SP_MUST_USE;
