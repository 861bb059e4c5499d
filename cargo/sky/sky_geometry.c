/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_geometry.c - positions of sources, and their flux at other frequencies. */
#include "sky/skymodel.h"

#include <math.h>

double sky_source_flux_factor(const struct sky_source *source, double freq)
{
    if (source->spectrum == SKY_SPECTRUM_FLAT || source->ncoeff == 0 || !(source->freq0 > 0))
        return 1;
    const double x = freq / source->freq0;
    const double step = source->spectrum == SKY_SPECTRUM_LN      ? log(x)
                        : source->spectrum == SKY_SPECTRUM_LOG10 ? log10(x)
                                                                 : x - 1;
    double sum = 0;
    for (int k = source->ncoeff; k-- > 0;)
        sum = (sum + source->coeff[k]) * step;

    if (source->spectrum == SKY_SPECTRUM_LN)
        return exp(sum);
    if (source->spectrum == SKY_SPECTRUM_LOG10)
        return pow(10, sum);
    return 1 + sum / source->stokes[0];
}

void sky_lmn(double ra, double dec, double ra0, double dec0, double lmn[3])
{
    const double da = ra - ra0;
    const double n = sin(dec) * sin(dec0) + cos(dec) * cos(dec0) * cos(da);

    lmn[0] = cos(dec) * sin(da);
    lmn[1] = sin(dec) * cos(dec0) - cos(dec) * sin(dec0) * cos(da);
    /* n - 1 loses its digits near the centre; this form does not. */
    lmn[2] = n > 0 ? -(lmn[0] * lmn[0] + lmn[1] * lmn[1]) / (1 + n) : n - 1;
}

double sky_north_angle(double ra, double dec, double ra0, double dec0)
{
    const double da = ra - ra0;

    return atan2(-sin(dec) * sin(da), sin(dec) * sin(dec0) * cos(da) + cos(dec) * cos(dec0));
}

static void position_of(const double lmn[3], double ra0, double dec0, double *ra, double *dec)
{
    const double n = 1 + lmn[2];
    const double s = lmn[1] * cos(dec0) + n * sin(dec0);

    *dec = asin(fmax(-1, fmin(1, s)));
    *ra = ra0 + atan2(lmn[0], n * cos(dec0) - lmn[1] * sin(dec0));
    *ra -= 2 * M_PI * floor(*ra / (2 * M_PI));
}

void sky_model_recentre(struct sky_model *model,
                        double from_ra,
                        double from_dec,
                        double to_ra,
                        double to_dec)
{
    for (size_t i = 0; i < model->len; i++) {
        struct sky_source *s = &model->sources[i];
        double lmn[3];
        const double north = sky_north_angle(s->ra, s->dec, from_ra, from_dec);

        sky_lmn(s->ra, s->dec, from_ra, from_dec, lmn);
        position_of(lmn, to_ra, to_dec, &s->ra, &s->dec);
        if (!s->pa_of_field)
            s->pa += north - sky_north_angle(s->ra, s->dec, to_ra, to_dec);
    }
}

void sky_model_centre(const struct sky_model *model, double *ra, double *dec)
{
    double sum[3] = { 0 };

    for (size_t i = 0; i < model->len; i++) {
        const struct sky_source *s = &model->sources[i];
        const double weight = fabs(s->stokes[0]);

        sum[0] += weight * cos(s->dec) * cos(s->ra);
        sum[1] += weight * cos(s->dec) * sin(s->ra);
        sum[2] += weight * sin(s->dec);
    }
    if (sum[0] == 0 && sum[1] == 0 && sum[2] == 0 && model->len > 0) {
        *ra = model->sources[0].ra;
        *dec = model->sources[0].dec;
        return;
    }
    *ra = atan2(sum[1], sum[0]);
    *ra += *ra < 0 ? 2 * M_PI : 0;
    *dec = atan2(sum[2], hypot(sum[0], sum[1]));
}
