/* SPDX-License-Identifier: BSD-3-Clause */
#include "fitspicture/figure.h"

#include "base/arena.h"

#include "draw/robust.h"

#include <math.h>

#define DEGREE (M_PI / 180)
#define ARCSEC (DEGREE / 3600)

/* Texts and marks of one figure live in its arena. */
struct maker {
    const char *path;
    const struct figure_wish *wish;
    const struct fits_image *image;
    struct sp_arena *arena;
    struct sp_sky sky;
    struct sp_picture picture;
    struct sp_err *err;
};

/* --- sky in degrees, as draw wants it ----------------------------------------------------- */

static bool to_sky(const void *arg, double x, double y, double *ra, double *dec)
{
    if (!wcs_to_sky(arg, x, y, ra, dec))
        return false;
    *ra /= DEGREE;
    *dec /= DEGREE;
    return true;
}

static bool to_pixel(const void *arg, double ra, double dec, double *x, double *y)
{
    return wcs_to_pixel(arg, ra * DEGREE, dec * DEGREE, x, y);
}

static void set_axes(struct maker *m)
{
    m->picture.x_label = "Pixel";
    m->picture.y_label = "Pixel";
    if (!m->image->has_sky)
        return;
    m->sky = (struct sp_sky){ to_sky, to_pixel, &m->image->wcs };
    m->picture.sky = &m->sky;
    m->picture.x_label = sp_arena_printf(m->arena, "Right ascension (%s)", m->image->frame).ptr;
    m->picture.y_label = sp_arena_printf(m->arena, "Declination (%s)", m->image->frame).ptr;
}

/* --- beam --------------------------------------------------------------------------------- */

/* An angle on the sky, `length` at position angle `pa`, in pixels. */
static double pixels_along(const struct wcs *wcs, double length, double pa, double *angle)
{
    double px = length * sin(pa);
    double py = length * cos(pa);
    double x = wcs->from_plane[0] * px + wcs->from_plane[1] * py;
    double y = wcs->from_plane[2] * px + wcs->from_plane[3] * py;

    *angle = atan2(y, x);
    return hypot(x, y);
}

static void set_beam(struct maker *m)
{
    const struct fits_image *image = m->image;
    double turned = 0;
    bool large = image->beam_major >= 120 * ARCSEC;
    double unit = large ? 60 * ARCSEC : ARCSEC;
    const char *sign = large ? "′" : "″";
    /* Two digits of the smaller axis, also of the beams of long baselines. */
    int decimals = 1;

    if (!image->has_sky || !(image->beam_major > 0) || !(image->beam_minor > 0))
        return;
    m->picture.beam.major =
        pixels_along(&image->wcs, image->beam_major / 2, image->beam_pa, &m->picture.beam.angle);
    m->picture.beam.minor =
        pixels_along(&image->wcs, image->beam_minor / 2, image->beam_pa + M_PI_2, &turned);
    double pa = image->beam_pa / DEGREE;
    pa -= 180 * ceil((pa - 90) / 180);
    while (decimals < 9 && image->beam_minor / unit < pow(10, 1 - decimals))
        decimals++;
    m->picture.beam_label =
        sp_arena_printf(m->arena, "%.*f%s × %.*f%s, PA %s%.0f°", decimals, image->beam_major / unit,
                        sign, decimals, image->beam_minor / unit, sign, pa < 0 ? "−" : "", fabs(pa))
            .ptr;
}

/* --- texts -------------------------------------------------------------------------------- */

static void set_title(struct maker *m)
{
    struct sp_str path = sp_str_of(m->path);
    size_t slash = sp_str_rfind(path, '/');

    m->picture.title = m->wish->title;
    if (!m->wish->title)
        m->picture.title = slash == SIZE_MAX ? m->path : m->path + slash + 1;
    else if (!*m->wish->title)
        m->picture.title = NULL;
}

static void add_part(struct sp_buf *note, struct sp_str part)
{
    if (note->len > 0 && part.len > 0)
        sp_buf_adds(note, "   ");
    sp_buf_add(note, part);
}

/* "755 MHz   noise 71 µJy/beam": what one asks first about an image. */
static void set_note(struct maker *m, const struct sp_robust *stats)
{
    sp_auto_buf struct sp_buf note = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf unit = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf part = SP_BUF(SP_BUF_SMALL);
    double freq = m->image->freq;

    if (m->image->stokes[0]) {
        sp_buf_addf(&part, "Stokes %s", m->image->stokes);
        add_part(&note, sp_buf_str(&part));
        sp_buf_clear(&part);
    }
    if (freq > 0) {
        sp_buf_addf(&part, freq < 1e9 ? "%.4g MHz" : "%.4g GHz", freq / (freq < 1e9 ? 1e6 : 1e9));
        add_part(&note, sp_buf_str(&part));
        sp_buf_clear(&part);
    }
    if (stats->sigma > 0) {
        double factor = sp_picture_unit(&unit, sp_str_of(m->image->unit), stats->sigma);
        sp_buf_addf(&part, "noise %.3g %s", stats->sigma * factor, unit.ptr);
        add_part(&note, sp_buf_str(&part));
    }
    m->picture.note = sp_arena_cstr(m->arena, sp_buf_str(&note));
}

/* --- marks -------------------------------------------------------------------------------- */

static enum sp_rc set_marks(struct maker *m)
{
    struct sky_model model;

    if (!m->wish->marks.path)
        return SP_OK;
    if (!m->image->has_sky)
        return sp_fail(m->err, SP_INVALID, "%s: marks need sky coordinates: %s", m->path,
                       m->image->sky_problem);
    enum sp_rc rc = catalogue_read(m->arena, &m->wish->marks, m->image, &model, m->err);
    if (rc)
        return rc;
    struct sp_mark *marks = SP_ARENA_NEW(m->arena, struct sp_mark, model.len);
    for (size_t i = 0; i < model.len; i++) {
        struct sp_mark *mark = &marks[m->picture.mark_count];
        const struct sky_source *source = &model.sources[i];
        if (!wcs_to_pixel(&m->image->wcs, source->ra, source->dec, &mark->x, &mark->y))
            continue;
        mark->label = m->wish->mark_names ? sp_arena_cstr(m->arena, source->name) : NULL;
        m->picture.mark_count++;
    }
    m->picture.marks = marks;
    return SP_OK;
}

/* --- the whole ---------------------------------------------------------------------------- */

static enum sp_rc set_stretch(struct maker *m, struct sp_robust *stats)
{
    size_t count = (size_t)(m->image->columns * m->image->rows);

    if (sp_robust_measure(m->image->pixels, count, stats, m->err)) {
        if (m->err->code == SP_NOT_FOUND)
            return sp_fail(m->err, SP_INVALID,
                           "%s: every pixel is blank (NaN); was all data flagged?", m->path);
        return m->err->code;
    }
    if (sp_stretch_fit(m->image->pixels, count, &m->wish->stretch, &m->picture.stretch, m->err))
        return sp_err_wrap(m->err, "%s", m->path);
    return SP_OK;
}

static enum sp_rc fill_picture(struct maker *m)
{
    struct sp_robust stats;

    m->picture = (struct sp_picture){
        .pixels = m->image->pixels,
        .columns = m->image->columns,
        .rows = m->image->rows,
        .width = m->wish->width,
        .height = m->wish->height,
        .map = &m->wish->map,
        .unit = m->image->unit,
        .flags = m->wish->flags,
    };
    enum sp_rc rc = set_stretch(m, &stats);
    if (rc)
        return rc;
    if (window_choose(&m->wish->window, m->image, &m->picture.window, m->err))
        return sp_err_wrap(m->err, "%s", m->path);
    set_axes(m);
    set_beam(m);
    set_title(m);
    set_note(m, &stats);
    return set_marks(m);
}

enum sp_rc figure_draw(const char *path,
                       const struct figure_wish *wish,
                       struct sp_canvas *out,
                       struct sp_err *err)
{
    auto_fits_image struct fits_image image = { 0 };
    struct maker m = { .path = path, .wish = wish, .image = &image, .err = err };

    enum sp_rc rc = fits_image_read(path, &image, err);
    if (rc)
        return rc;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    m.arena = arena;
    rc = fill_picture(&m);
    return rc ? rc : sp_picture_draw(&m.picture, out, err);
}
