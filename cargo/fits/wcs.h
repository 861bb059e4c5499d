/* SPDX-License-Identifier: BSD-3-Clause */
/* wcs.h - where on the sky the pixels of an image are.
 *
 * Zenithal projections (Calabretta & Greisen 2002, A&A 395, 1077) with the reference point at the
 * pole of the projection: what interferometers image in. Pixels are counted from 0 (FITS counts
 * from 1); whole numbers are pixel centres. Angles are radians.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum wcs_projection {
    WCS_SIN,
    WCS_TAN,
    WCS_ARC,
    WCS_ZEA,
    WCS_STG
};

struct wcs {
    enum wcs_projection projection;
    double ra0, dec0;     /* the reference point */
    double x0, y0;        /* its pixel */
    double to_plane[4];   /* pixels to the plane (radians, x east): row by row */
    double from_plane[4]; /* the inverse */
};

/* From the three letters behind the last '-' of CTYPE: SP_NOT_FOUND for one not known. */
enum sp_rc wcs_projection_get(struct sp_str code, enum wcs_projection *out, struct sp_err *err)
    SP_MUST_USE;

/* Fill from_plane; SP_INVALID if to_plane has no inverse. */
enum sp_rc wcs_prepare(struct wcs *wcs, struct sp_err *err) SP_MUST_USE;

/* False outside the projection's range (SIN: beyond the horizon). ra in [0, 2 pi). */
bool wcs_to_sky(const struct wcs *wcs, double x, double y, double *ra, double *dec);
bool wcs_to_pixel(const struct wcs *wcs, double ra, double dec, double *x, double *y);

/* Side of a pixel at the reference point: square root of its area. */
double wcs_pixel_size(const struct wcs *wcs);

/* Angle between two directions. */
double wcs_separation(double ra1, double dec1, double ra2, double dec2);
