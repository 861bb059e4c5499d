/* SPDX-License-Identifier: BSD-3-Clause */
#include "fits/wcs.h"

#include "base/tap.h"

#include <math.h>

#define DEGREE (M_PI / 180)
#define ARCSEC (DEGREE / 3600)

/* Values of astropy 5.2: images of 2048 pixels with reference pixel 1024 (counted from 0). */
static const struct {
    const char *code;
    double ra0, dec0, pixel_arcsec, rotation_deg; /* CRVAL, CDELT, CROTA2 */
    double x, y, ra, dec;                         /* degrees */
} cases[] = {
    { "SIN", 90, -45, 3, 0, 0, 0, 91.2251298724, -45.8469128359 },
    { "SIN", 90, -45, 3, 0, 1024, 1024, 90, -45 },
    { "SIN", 90, -45, 3, 0, 2047, 13, 88.7763047773, -45.8360921835 },
    { "SIN", 90, -45, 3, 0, 1500.5, 900.25, 89.4374304366, -45.1017465948 },
    { "SIN", 0.01, 80, 60, 0, 100, 1900, 108.455366645, 73.5405362857 },
    { "SIN", 0.01, 80, 60, 0, 1024, 0, 0.01, 62.6703132584 },
    { "SIN", 300, 10, 30, 25, 3, 1999, 304.586520944, 20.9971810149 },
    { "TAN", 90, -45, 3, 0, 0, 0, 91.2248540643, -45.8467264785 },
    { "TAN", 90, -45, 3, 0, 1024, 1024, 90, -45 },
    { "TAN", 90, -45, 3, 0, 2047, 13, 88.7765764659, -45.8359107219 },
    { "TAN", 90, -45, 3, 0, 1500.5, 900.25, 89.4374448833, -45.101744022 },
    { "TAN", 0.01, 80, 60, 0, 100, 1900, 106.054704386, 74.7955086082 },
    { "TAN", 0.01, 80, 60, 0, 1024, 0, 0.01, 63.4128095733 },
    { "TAN", 300, 10, 30, 25, 3, 1999, 304.485799151, 20.7703735447 },
    { "ARC", 90, -45, 3, 0, 0, 0, 91.2250379076, -45.8468506975 },
    { "ARC", 90, -45, 3, 0, 1024, 1024, 90, -45 },
    { "ARC", 90, -45, 3, 0, 2047, 13, 88.7763953681, -45.8360316778 },
    { "ARC", 90, -45, 3, 0, 1500.5, 900.25, 89.4374352523, -45.1017457372 },
    { "ARC", 0.01, 80, 60, 0, 100, 1900, 107.61968878, 74.0026987687 },
    { "ARC", 0.01, 80, 60, 0, 1024, 0, 0.01, 62.9333333333 },
    { "ARC", 300, 10, 30, 25, 3, 1999, 304.551917532, 20.9193442465 },
    { "ZEA", 90, -45, 3, 0, 0, 0, 91.2250608953, -45.8468662298 },
    { "ZEA", 90, -45, 3, 0, 1024, 1024, 90, -45 },
    { "ZEA", 90, -45, 3, 0, 2047, 13, 88.7763727237, -45.836046802 },
    { "ZEA", 90, -45, 3, 0, 1500.5, 900.25, 89.4374340484, -45.1017459516 },
    { "ZEA", 0.01, 80, 60, 0, 100, 1900, 107.822748016, 73.8930361312 },
    { "ZEA", 0.01, 80, 60, 0, 1024, 0, 0.01, 62.8696008773 },
    { "ZEA", 300, 10, 30, 25, 3, 1999, 304.560440391, 20.938523694 },
    { "STG", 90, -45, 3, 0, 0, 0, 91.2249919375, -45.8468196366 },
    { "STG", 90, -45, 3, 0, 1024, 1024, 90, -45 },
    { "STG", 90, -45, 3, 0, 2047, 13, 88.7764406515, -45.8360014329 },
    { "STG", 90, -45, 3, 0, 1500.5, 900.25, 89.4374376601, -45.1017453084 },
    { "STG", 0.01, 80, 60, 0, 100, 1900, 107.220147699, 74.2137357692 },
    { "STG", 0.01, 80, 60, 0, 1024, 0, 0.01, 63.0578685077 },
    { "STG", 300, 10, 30, 25, 3, 1999, 304.535065697, 20.8814059627 },
};

static struct wcs make(size_t i)
{
    struct sp_err err = SP_ERR_INIT;
    double s = cases[i].pixel_arcsec * ARCSEC;
    double c = cos(cases[i].rotation_deg * DEGREE);
    double q = sin(cases[i].rotation_deg * DEGREE);
    struct wcs wcs = {
        .ra0 = cases[i].ra0 * DEGREE,
        .dec0 = cases[i].dec0 * DEGREE,
        .x0 = 1024,
        .y0 = 1024,
        .to_plane = { -s * c, -s * q, -s * q, s * c },
    };

    /* CROTA2 turns after scaling with CDELT: x = -s (c dx - (cdelt2/cdelt1) q dy). */
    if (wcs_projection_get(sp_str_of(cases[i].code), &wcs.projection, &err) ||
        wcs_prepare(&wcs, &err))
        tap_ok(false, "prepare %s", cases[i].code);
    return wcs;
}

static void test_against_astropy(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct wcs wcs = make(i);
        double ra = 0;
        double dec = 0;
        double x = 0;
        double y = 0;

        bool there = wcs_to_sky(&wcs, cases[i].x, cases[i].y, &ra, &dec);
        double off = wcs_separation(ra, dec, cases[i].ra * DEGREE, cases[i].dec * DEGREE);
        tap_ok(there && off < 1e-5 * ARCSEC,
               "%s at dec %g: pixel (%g, %g) to sky, off by %.1e arcsec", cases[i].code,
               cases[i].dec0, cases[i].x, cases[i].y, off / ARCSEC);
        bool back = wcs_to_pixel(&wcs, ra, dec, &x, &y);
        tap_ok(back && hypot(x - cases[i].x, y - cases[i].y) < 1e-6, "and back");
    }
}

static void test_edges(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct wcs wcs = make(0);
    enum wcs_projection projection = WCS_SIN;
    double a = 0;
    double b = 0;

    wcs.projection = WCS_SIN;
    tap_ok(!wcs_to_sky(&wcs, 1024 + 1.001 / (3 * ARCSEC), 1024, &a, &b), "SIN ends at the horizon");
    tap_ok(!wcs_to_pixel(&wcs, wcs.ra0 + M_PI, -wcs.dec0, &a, &b), "the antipode is not in SIN");
    tap_ok(wcs_to_sky(&wcs, 1024, 1024, &a, &b) && fabs(a - wcs.ra0) < 1e-15, "reference pixel");
    tap_ok(fabs(wcs_pixel_size(&wcs) - 3 * ARCSEC) < 1e-12, "size of a pixel");
    tap_ok(wcs_projection_get(SP_STR("CAR"), &projection, &err) == SP_NOT_FOUND, "no CAR");
    wcs.to_plane[0] = wcs.to_plane[1] = 0;
    tap_ok(wcs_prepare(&wcs, &err) == SP_INVALID, "a flat matrix is refused");
    tap_ok(fabs(wcs_separation(0, M_PI_2, 3, M_PI_2)) < 1e-12, "all is one at the pole");
    tap_ok(fabs(wcs_separation(0, 0, M_PI, 0) - M_PI) < 1e-7, "opposite places");
}

int main(void)
{
    test_against_astropy();
    test_edges();
    return tap_done();
}
