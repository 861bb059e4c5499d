/* SPDX-License-Identifier: BSD-3-Clause */
/* window.h - which part of an image is shown. */
#pragma once

#include "draw/graticule.h"
#include "fits/fits.h"

/* NULL or 0 where nothing was asked for. */
struct window_wish {
    const char *centre; /* "J2000,RA,DEC" */
    const char *radius; /* angle: half of a side */
    double zoom;        /* show 1/zoom of the image's width and height */
};

/* The part of the image that was asked for, cut at its edges. SP_INVALID: it lies outside, or
 * needs sky coordinates that the image has not. */
enum sp_rc window_choose(const struct window_wish *wish,
                         const struct fits_image *image,
                         struct sp_window *out,
                         struct sp_err *err) SP_MUST_USE;
