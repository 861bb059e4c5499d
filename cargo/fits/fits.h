/* SPDX-License-Identifier: BSD-3-Clause */
/* fits.h - radio images in FITS files: one plane of pixels and what the header says about it. */
#pragma once

#include "base/err.h"
#include "base/str.h"

#include "fits/wcs.h"

struct fits_image {
    int64_t columns, rows;
    float *pixels; /* rows from the bottom (south), NaN: blank; owned */

    bool has_sky; /* wcs is known; otherwise sky_problem says why not */
    struct wcs wcs;
    char sky_problem[120];
    char frame[16]; /* "J2000", "ICRS", "B1950" */

    char unit[32];   /* "Jy/beam", or BUNIT as it stands */
    char object[72]; /* may be empty, as the following */
    char stokes[8];
    double freq;                            /* Hz, 0: unknown */
    double bandwidth;                       /* Hz, 0: unknown */
    double beam_major, beam_minor, beam_pa; /* FWHM, north through east; radians; 0: none */

    /* Of wsclean; empty where the file is from elsewhere. */
    char weighting[72]; /* WSCWEIGH: "Briggs'(0)" */
};

/* Read the first plane of the first image in the file. The caller owns *out.
 * SP_NOT_FOUND: no such file. SP_INVALID: not FITS, or no image of two axes in it. SP_LIMIT: no
 * memory for it. SP_CORRUPT: cut short or otherwise unreadable. */
enum sp_rc fits_image_read(const char *path, struct fits_image *out, struct sp_err *err)
    SP_MUST_USE;

void fits_image_fini(struct fits_image *image);
#define auto_fits_image SP_CLEANUP(fits_image_fini)
