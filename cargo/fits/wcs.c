/* SPDX-License-Identifier: BSD-3-Clause */
#include "fits/wcs.h"

#include <math.h>

/* Distance from the reference point on the plane for an angle on the sky, and back; NAN where
 * there is none. */
struct radial {
    const char *code;
    double (*to_plane)(double angle);
    double (*to_sky)(double radius);
};

static double sin_to_plane(double angle)
{
    return angle <= M_PI_2 ? sin(angle) : (double)NAN;
}

static double sin_to_sky(double radius)
{
    return radius <= 1 ? asin(radius) : (double)NAN;
}

static double tan_to_plane(double angle)
{
    return angle < M_PI_2 ? tan(angle) : (double)NAN;
}

static double tan_to_sky(double radius)
{
    return atan(radius);
}

static double arc_to_plane(double angle)
{
    return angle;
}

static double arc_to_sky(double radius)
{
    return radius <= M_PI ? radius : (double)NAN;
}

static double zea_to_plane(double angle)
{
    return 2 * sin(angle / 2);
}

static double zea_to_sky(double radius)
{
    return radius <= 2 ? 2 * asin(radius / 2) : (double)NAN;
}

static double stg_to_plane(double angle)
{
    return angle < M_PI ? 2 * tan(angle / 2) : (double)NAN;
}

static double stg_to_sky(double radius)
{
    return 2 * atan(radius / 2);
}

static const struct radial radials[] = {
    [WCS_SIN] = { "SIN", sin_to_plane, sin_to_sky },
    [WCS_TAN] = { "TAN", tan_to_plane, tan_to_sky },
    [WCS_ARC] = { "ARC", arc_to_plane, arc_to_sky },
    [WCS_ZEA] = { "ZEA", zea_to_plane, zea_to_sky },
    [WCS_STG] = { "STG", stg_to_plane, stg_to_sky },
};

enum sp_rc wcs_projection_get(struct sp_str code, enum wcs_projection *out, struct sp_err *err)
{
    for (size_t i = 0; i < SP_COUNT(radials); i++) {
        if (sp_str_is(code, radials[i].code)) {
            *out = (enum wcs_projection)i;
            return SP_OK;
        }
    }
    return sp_fail(err, SP_NOT_FOUND,
                   "projection '" SP_STR_FMT "' is not known; known are SIN, TAN, ARC, ZEA and STG",
                   SP_STR_ARG(code));
}

enum sp_rc wcs_prepare(struct wcs *wcs, struct sp_err *err)
{
    const double *m = wcs->to_plane;
    double determinant = m[0] * m[3] - m[1] * m[2];

    if (!isfinite(determinant) || determinant == 0)
        return sp_fail(err, SP_INVALID,
                       "the pixel sizes (CDELT or CD) of the image are not usable");
    wcs->from_plane[0] = m[3] / determinant;
    wcs->from_plane[1] = -m[1] / determinant;
    wcs->from_plane[2] = -m[2] / determinant;
    wcs->from_plane[3] = m[0] / determinant;
    return SP_OK;
}

bool wcs_to_sky(const struct wcs *wcs, double x, double y, double *ra, double *dec)
{
    double dx = x - wcs->x0;
    double dy = y - wcs->y0;
    double px = wcs->to_plane[0] * dx + wcs->to_plane[1] * dy;
    double py = wcs->to_plane[2] * dx + wcs->to_plane[3] * dy;
    double radius = hypot(px, py);
    double angle = radials[wcs->projection].to_sky(radius);

    if (!isfinite(angle))
        return false;
    /* Direction cosines towards east and north, and along the line of sight. */
    double l = radius > 0 ? sin(angle) * px / radius : 0;
    double m = radius > 0 ? sin(angle) * py / radius : 0;
    double n = cos(angle);
    double east = n * cos(wcs->dec0) - m * sin(wcs->dec0);
    double up = m * cos(wcs->dec0) + n * sin(wcs->dec0);
    double turned = wcs->ra0 + atan2(l, east);
    *ra = turned - 2 * M_PI * floor(turned / (2 * M_PI));
    *dec = atan2(up, hypot(l, east));
    return true;
}

bool wcs_to_pixel(const struct wcs *wcs, double ra, double dec, double *x, double *y)
{
    double l = cos(dec) * sin(ra - wcs->ra0);
    double m = sin(dec) * cos(wcs->dec0) - cos(dec) * sin(wcs->dec0) * cos(ra - wcs->ra0);
    double n = sin(dec) * sin(wcs->dec0) + cos(dec) * cos(wcs->dec0) * cos(ra - wcs->ra0);
    double sine = hypot(l, m);
    double radius = radials[wcs->projection].to_plane(atan2(sine, n));

    if (!isfinite(radius))
        return false;
    double px = sine > 0 ? radius * l / sine : 0;
    double py = sine > 0 ? radius * m / sine : 0;
    *x = wcs->x0 + wcs->from_plane[0] * px + wcs->from_plane[1] * py;
    *y = wcs->y0 + wcs->from_plane[2] * px + wcs->from_plane[3] * py;
    return true;
}

double wcs_pixel_size(const struct wcs *wcs)
{
    const double *m = wcs->to_plane;

    return sqrt(fabs(m[0] * m[3] - m[1] * m[2]));
}

double wcs_separation(double ra1, double dec1, double ra2, double dec2)
{
    double s1 = sin((dec2 - dec1) / 2);
    double s2 = sin((ra2 - ra1) / 2);

    return 2 * asin(fmin(1, sqrt(s1 * s1 + cos(dec1) * cos(dec2) * s2 * s2)));
}
