/* SPDX-License-Identifier: BSD-3-Clause */
/* fits_scan.h - is this file a FITS image, how large, and does it hold anything but blanks?
 *
 * An imager that was given nothing but flagged data writes an image of NaN and reports success.
 * Whoever runs it has to look at the pixels; this looks at as few as possible and needs no FITS
 * library. It reads headers and, of the first image with pixels, data up to the first pixel that
 * is not blank: one block for a normal image, the whole file for a blank one.
 *
 * Known: primary arrays and IMAGE extensions; other extensions are skipped. Compressed images
 * (tables to this reader) are not images here. Bytes are not trusted: sizes are checked against
 * the file before they are used, and nothing is allocated from them.
 */
#pragma once

#include "base/err.h"

#define SP_FITS_NAXIS_MAX 16

struct sp_fits_scan {
    bool is_image;   /* FITS, with at least one image of one or more pixels */
    bool all_blank;  /* every pixel is NaN, or equals BLANK in an image of integers */
    int64_t npixels; /* what follows describes the first image with pixels; 0 without one */
    int bitpix;      /* 8 16 32 64 -32 -64 */
    int naxis;
    int64_t shape[SP_FITS_NAXIS_MAX]; /* NAXIS1 first */
};

/* Look at the regular file `fd`, whose position is neither used nor moved. A file that is not
 * FITS gives SP_OK and is_image false. SP_CORRUPT: it begins as FITS but breaks the rules or ends
 * before its data do. */
enum sp_rc sp_fits_scan(int fd, struct sp_fits_scan *out, struct sp_err *err) SP_MUST_USE;
