/* SPDX-License-Identifier: BSD-3-Clause */
#include "fitspicture/window.h"

#include "sky/quantity.h"

#include <math.h>

static enum sp_rc find_centre(const struct window_wish *wish,
                              const struct fits_image *image,
                              double at[2],
                              struct sp_err *err)
{
    double ra = 0;
    double dec = 0;

    at[0] = (double)(image->columns - 1) / 2;
    at[1] = (double)(image->rows - 1) / 2;
    if (!wish->centre)
        return SP_OK;
    if (direction_parse(sp_str_of(wish->centre), &ra, &dec, err))
        return sp_err_wrap(err, "--centre");
    if (!wcs_to_pixel(&image->wcs, ra, dec, &at[0], &at[1]))
        return sp_fail(err, SP_INVALID, "--centre %s is not in the image", wish->centre);
    return SP_OK;
}

static enum sp_rc find_half(const struct window_wish *wish,
                            const struct fits_image *image,
                            double half[2],
                            struct sp_err *err)
{
    double radius = 0;
    double zoom = wish->zoom > 0 ? wish->zoom : 1;

    half[0] = (double)image->columns / 2 / zoom;
    half[1] = (double)image->rows / 2 / zoom;
    if (!wish->radius)
        return SP_OK;
    if (quantity_parse(sp_str_of(wish->radius), QUANTITY_ANGLE, NULL, &radius, err))
        return sp_err_wrap(err, "--radius");
    if (!(radius > 0))
        return sp_fail(err, SP_INVALID, "--radius %s is not above 0", wish->radius);
    half[0] = half[1] = radius / wcs_pixel_size(&image->wcs);
    return SP_OK;
}

enum sp_rc window_choose(const struct window_wish *wish,
                         const struct fits_image *image,
                         struct sp_window *out,
                         struct sp_err *err)
{
    double at[2];
    double half[2];

    if ((wish->centre || wish->radius) && !image->has_sky)
        return sp_fail(err, SP_INVALID, "--centre and --radius need sky coordinates: %s",
                       image->sky_problem);
    enum sp_rc rc = find_centre(wish, image, at, err);
    rc = rc ? rc : find_half(wish, image, half, err);
    if (rc)
        return rc;
    struct sp_window window = {
        .x0 = fmax(at[0] - half[0], -0.5),
        .y0 = fmax(at[1] - half[1], -0.5),
        .x1 = fmin(at[0] + half[0], (double)image->columns - 0.5),
        .y1 = fmin(at[1] + half[1], (double)image->rows - 0.5),
    };
    if (window.x1 - window.x0 < 1 || window.y1 - window.y0 < 1)
        return sp_fail(err, SP_INVALID, "the part to be shown has no pixel of the image");
    *out = window;
    return SP_OK;
}
