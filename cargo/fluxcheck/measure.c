/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/measure.h"

#include "draw/robust.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define FWHM_TO_SIGMA 0.42466090014400953 /* 1 / sqrt(8 ln 2) */
#define FIT_LEVEL     0.2                 /* pixels above this share of the peak are fitted */
#define MASK_SIGMAS   6.0                 /* around sources, for the noise */
#define NEAR_SIGMAS   6.0                 /* neighbours closer than this are subtracted */
#define ROUNDS        8
#define STILL         1e-5 /* of the peak: smaller changes of a neighbour do not matter */

/* One source on its way. */
struct target {
    struct gaussian start; /* what the catalogue predicts */
    struct gaussian fit;
    bool active;
};

struct measurer {
    const struct fits_image *image;
    const struct measure_wish *wish;
    struct gaussian beam; /* peak 1 */
    struct target *targets;
    size_t count;
};

/* --- shapes ------------------------------------------------------------------------------- */

/* Covariance on the sky: east-east, east-north, north-north. */
struct covariance {
    double ee, en, nn;
};

static struct covariance covariance_of(double major, double minor, double pa)
{
    double a = major * FWHM_TO_SIGMA;
    double b = minor * FWHM_TO_SIGMA;
    double s = sin(pa);
    double c = cos(pa);

    return (struct covariance){
        a * a * s * s + b * b * c * c,
        (a * a - b * b) * s * c,
        a * a * c * c + b * b * s * s,
    };
}

/* The Gaussian of that covariance in pixels, peak 1, at the origin. */
static struct gaussian in_pixels(const struct wcs *wcs, const struct covariance *v)
{
    const double *t = wcs->from_plane;
    double xx = t[0] * t[0] * v->ee + 2 * t[0] * t[1] * v->en + t[1] * t[1] * v->nn;
    double yy = t[2] * t[2] * v->ee + 2 * t[2] * t[3] * v->en + t[3] * t[3] * v->nn;
    double xy = t[0] * t[2] * v->ee + (t[0] * t[3] + t[1] * t[2]) * v->en + t[1] * t[3] * v->nn;
    double determinant = xx * yy - xy * xy;

    return (struct gaussian){
        .peak = 1,
        .xx = yy / determinant,
        .xy = -xy / determinant,
        .yy = xx / determinant,
    };
}

/* What the catalogue predicts for the image: the source convolved with the beam. */
static struct gaussian predict(const struct measurer *m,
                               const struct sky_source *source,
                               double flux)
{
    const struct fits_image *image = m->image;
    struct covariance beam = covariance_of(image->beam_major, image->beam_minor, image->beam_pa);
    struct covariance own = covariance_of(source->major, source->minor, source->pa);
    struct covariance both = { beam.ee + own.ee, beam.en + own.en, beam.nn + own.nn };
    struct gaussian g = in_pixels(&image->wcs, &both);

    g.peak = flux / gaussian_flux(&g, &m->beam);
    return g;
}

/* Half width and height of the box that holds `sigmas` of a Gaussian. */
static void extent(const struct gaussian *g, double sigmas, double half[2])
{
    double determinant = g->xx * g->yy - g->xy * g->xy;

    half[0] = sigmas * sqrt(g->yy / determinant);
    half[1] = sigmas * sqrt(g->xx / determinant);
}

/* --- patches ------------------------------------------------------------------------------ */

static bool close_enough(const struct gaussian *a, const struct gaussian *b)
{
    double ha[2];
    double hb[2];

    extent(a, NEAR_SIGMAS / 2, ha);
    extent(b, NEAR_SIGMAS, hb);
    return fabs(a->x - b->x) < ha[0] + hb[0] && fabs(a->y - b->y) < ha[1] + hb[1];
}

static void subtract(struct patch *patch, const struct gaussian *g)
{
    for (int row = 0; row < patch->height; row++)
        for (int column = 0; column < patch->width; column++)
            patch->values[row * patch->width + column] -=
                gaussian_at(g, (double)(patch->x0 + column), (double)(patch->y0 + row));
}

/* The surroundings of source number `at` without its neighbours; false without memory. */
static bool cut_patch(const struct measurer *m, size_t at, struct patch *out)
{
    const struct fits_image *image = m->image;
    const struct gaussian *g = &m->targets[at].start;
    double half[2];

    extent(g, 3, half);
    int64_t x0 = SP_MAX(0, llrint(g->x - half[0]));
    int64_t y0 = SP_MAX(0, llrint(g->y - half[1]));
    int64_t x1 = SP_MIN(image->columns - 1, llrint(g->x + half[0]));
    int64_t y1 = SP_MIN(image->rows - 1, llrint(g->y + half[1]));
    *out = (struct patch){ x0, y0, (int)(x1 - x0 + 1), (int)(y1 - y0 + 1), NULL };
    out->values = sp_try_alloc((size_t)out->width * (size_t)out->height, sizeof(double));
    if (!out->values)
        return false;
    for (int64_t y = y0; y <= y1; y++)
        for (int64_t x = x0; x <= x1; x++)
            out->values[(y - y0) * out->width + (x - x0)] =
                (double)image->pixels[y * image->columns + x];
    for (size_t i = 0; i < m->count; i++)
        if (i != at && m->targets[i].active && close_enough(g, &m->targets[i].fit))
            subtract(out, &m->targets[i].fit);
    return true;
}

/* --- fitting ------------------------------------------------------------------------------ */

/* Fit one source anew; false if it is lost. *moved: by how much of the peak the model changed. */
static bool fit_target(struct measurer *m, size_t at, double *moved)
{
    struct target *t = &m->targets[at];
    struct gaussian fit = t->start;
    struct sp_err err = SP_ERR_INIT;
    struct patch patch = { 0 };
    double reach[2];

    if (!cut_patch(m, at, &patch))
        return false;
    enum sp_rc rc = gauss_fit(&patch, m->wish->shape, FIT_LEVEL, &fit, &err);
    free(patch.values);
    extent(&t->start, 1 / FWHM_TO_SIGMA, reach);
    if (rc || fabs(fit.x - t->start.x) > reach[0] || fabs(fit.y - t->start.y) > reach[1])
        return false;
    *moved = fmax(*moved, fabs(fit.peak - t->fit.peak) / fabs(t->start.peak));
    t->fit = fit;
    return true;
}

static void fit_all(struct measurer *m)
{
    for (int round = 0; round < ROUNDS; round++) {
        double moved = 0;
        for (size_t i = 0; i < m->count; i++)
            if (m->targets[i].active)
                m->targets[i].active = fit_target(m, i, &moved);
        if (moved < STILL)
            return;
    }
}

/* --- noise -------------------------------------------------------------------------------- */

static void mask_around(float *copy, const struct fits_image *image, const struct gaussian *g)
{
    double half[2];

    extent(g, MASK_SIGMAS, half);
    int64_t x0 = SP_MAX(0, (int64_t)floor(g->x - half[0]));
    int64_t y0 = SP_MAX(0, (int64_t)floor(g->y - half[1]));
    int64_t x1 = SP_MIN(image->columns - 1, (int64_t)ceil(g->x + half[0]));
    int64_t y1 = SP_MIN(image->rows - 1, (int64_t)ceil(g->y + half[1]));
    for (int64_t y = y0; y <= y1; y++)
        for (int64_t x = x0; x <= x1; x++)
            copy[y * image->columns + x] = NAN;
}

static enum sp_rc measure_noise(const struct measurer *m, double *out, struct sp_err *err)
{
    size_t count = (size_t)(m->image->columns * m->image->rows);
    sp_auto_free float *copy = sp_try_alloc(count, sizeof *copy);
    struct sp_robust stats;

    if (!copy)
        return sp_fail(err, SP_LIMIT, "no memory for a copy of the image");
    memcpy(copy, m->image->pixels, count * sizeof *copy);
    for (size_t i = 0; i < m->count; i++)
        if (isfinite(m->targets[i].start.x))
            mask_around(copy, m->image, &m->targets[i].start);
    enum sp_rc rc = sp_robust_measure(copy, count, &stats, err);
    if (rc)
        return sp_err_wrap(err, "measure noise away from the sources");
    *out = stats.sigma;
    return SP_OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

static bool is_on_pixels(const struct fits_image *image, double x, double y)
{
    int64_t column = llrint(fmin(fmax(x, -1), 1e9));
    int64_t row = llrint(fmin(fmax(y, -1), 1e9));

    return column >= 0 && row >= 0 && column < image->columns && row < image->rows &&
           isfinite(image->pixels[row * image->columns + column]);
}

static void place_targets(struct measurer *m,
                          const struct sky_model *model,
                          struct source_result *results)
{
    for (size_t i = 0; i < model->len; i++) {
        const struct sky_source *source = &model->sources[i];
        struct target *t = &m->targets[i];
        double freq = m->image->freq;
        double factor = freq > 0 ? sky_source_flux_factor(source, freq) : 1;
        results[i].catalogue_flux = source->stokes[0] * factor;
        t->start = predict(m, source, results[i].catalogue_flux);
        bool there =
            wcs_to_pixel(&m->image->wcs, source->ra, source->dec, &t->start.x, &t->start.y);
        if (!there)
            t->start.x = t->start.y = (double)NAN;
        t->active = there && is_on_pixels(m->image, t->start.x, t->start.y);
        results[i].state = t->active ? SOURCE_LOST : SOURCE_OUTSIDE;
        t->fit = t->start;
    }
}

static void judge(const struct measurer *m,
                  const struct target *t,
                  const struct sky_source *source,
                  double noise,
                  struct source_result *out)
{
    struct gauss_errors errors = gauss_errors(&t->fit, &m->beam, noise, FIT_LEVEL);
    double pixel = wcs_pixel_size(&m->image->wcs);
    double ra = 0;
    double dec = 0;

    if (!wcs_to_sky(&m->image->wcs, t->fit.x, t->fit.y, &ra, &dec))
        return;
    out->state = SOURCE_MEASURED;
    out->flux = gaussian_flux(&t->fit, &m->beam);
    out->flux_error = errors.peak * out->flux / t->fit.peak;
    out->snr = t->fit.peak / noise;
    out->offset = wcs_separation(ra, dec, source->ra, source->dec);
    out->offset_error = pixel * hypot(errors.x, errors.y);
}

static enum sp_rc check_image(const struct fits_image *image, struct sp_err *err)
{
    if (!image->has_sky)
        return sp_fail(err, SP_INVALID, "no sky coordinates: %s", image->sky_problem);
    if (!(image->beam_major > 0) || !(image->beam_minor > 0))
        return sp_fail(err, SP_INVALID,
                       "no beam in the header (BMAJ, BMIN, BPA): is it a restored image?");
    return SP_OK;
}

enum sp_rc measure_image(struct sp_arena *arena,
                         const struct sky_model *model,
                         const struct measure_wish *wish,
                         struct image_result *out,
                         struct sp_err *err)
{
    struct measurer m = { .image = out->image, .wish = wish, .count = model->len };
    double noise = 0;

    if (check_image(out->image, err))
        return sp_err_wrap(err, "%s", out->path);
    struct covariance beam =
        covariance_of(out->image->beam_major, out->image->beam_minor, out->image->beam_pa);
    m.beam = in_pixels(&out->image->wcs, &beam);
    m.targets = SP_ARENA_NEW(arena, struct target, model->len);
    struct source_result *results = SP_ARENA_NEW(arena, struct source_result, model->len);
    place_targets(&m, model, results);
    if (measure_noise(&m, &noise, err))
        return sp_err_wrap(err, "%s", out->path);
    fit_all(&m);
    for (size_t i = 0; i < model->len; i++)
        if (m.targets[i].active)
            judge(&m, &m.targets[i], &model->sources[i], noise, &results[i]);
    out->sources = results;
    out->noise = noise;
    return SP_OK;
}
