/* SPDX-License-Identifier: BSD-3-Clause */
#include "fits/catalogue.h"

#include "sky/quantity.h"

static enum sp_rc place_from(const struct catalogue_wish *wish,
                             const struct sky_model *model,
                             double *ra,
                             double *dec,
                             struct sp_err *err)
{
    if (wish->from && direction_parse(sp_str_of(wish->from), ra, dec, err))
        return sp_err_wrap(err, "--recenter-from");
    if (!wish->from)
        sky_model_centre(model, ra, dec);
    return SP_OK;
}

static enum sp_rc place_to(const struct catalogue_wish *wish,
                           const struct fits_image *image,
                           double *ra,
                           double *dec,
                           struct sp_err *err)
{
    if (wish->to && direction_parse(sp_str_of(wish->to), ra, dec, err))
        return sp_err_wrap(err, "--recenter-to");
    if (wish->to)
        return SP_OK;
    if (!image->has_sky)
        return sp_fail(err, SP_INVALID, "the image says not where it is (%s): give --recenter-to",
                       image->sky_problem);
    *ra = image->wcs.ra0;
    *dec = image->wcs.dec0;
    return SP_OK;
}

enum sp_rc catalogue_read(struct sp_arena *arena,
                          const struct catalogue_wish *wish,
                          const struct fits_image *image,
                          struct sky_model *out,
                          struct sp_err *err)
{
    struct sky_model model;
    double from[2] = { 0 };
    double to[2] = { 0 };

    enum sp_rc rc = sky_model_read(arena, wish->path, wish->format, &model, err);
    if (rc)
        return rc;
    if (wish->recenter || wish->from || wish->to) {
        rc = place_from(wish, &model, &from[0], &from[1], err);
        rc = rc ? rc : place_to(wish, image, &to[0], &to[1], err);
        if (rc)
            return rc;
        sky_model_recentre(&model, from[0], from[1], to[0], to[1]);
    }
    *out = model;
    return SP_OK;
}
