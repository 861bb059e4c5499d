/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/canvas.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum sp_rc sp_canvas_init(struct sp_canvas *canvas,
                          int width,
                          int height,
                          struct sp_colour background,
                          struct sp_err *err)
{
    if (width < 1 || height < 1 || width > SP_CANVAS_SIDE_MAX || height > SP_CANVAS_SIDE_MAX)
        return sp_fail(err, SP_INVALID,
                       "a picture of %d x %d pixels: sides from 1 to %d are possible", width,
                       height, SP_CANVAS_SIDE_MAX);
    size_t count = (size_t)width * (size_t)height;
    sp_auto_free unsigned char *pixels = sp_try_alloc(count, 3);
    sp_auto_free float *coverage = sp_try_alloc(count, sizeof *coverage);
    if (!pixels || !coverage)
        return sp_fail(err, SP_LIMIT, "no memory for a picture of %d x %d pixels", width, height);
    *canvas = (struct sp_canvas){
        .width = width,
        .height = height,
        .pixels = SP_TAKE(pixels),
        .coverage = SP_TAKE(coverage),
        .clip = { 0, 0, width, height },
    };
    sp_canvas_fill(canvas, canvas->clip, background, 1.0);
    return SP_OK;
}

void sp_canvas_fini(struct sp_canvas *canvas)
{
    free(canvas->pixels);
    free(canvas->coverage);
    *canvas = (struct sp_canvas){ 0 };
}

void sp_canvas_unclip(struct sp_canvas *canvas)
{
    canvas->clip = (struct sp_rect){ 0, 0, canvas->width, canvas->height };
}

/* --- pixels ------------------------------------------------------------------------------- */

static unsigned char *pixel_at(const struct sp_canvas *canvas, int x, int y)
{
    return canvas->pixels + 3 * ((size_t)y * (size_t)canvas->width + (size_t)x);
}

struct sp_colour sp_canvas_pixel(const struct sp_canvas *canvas, int x, int y)
{
    const unsigned char *p = pixel_at(canvas, x, y);

    return (struct sp_colour){ p[0], p[1], p[2] };
}

/* The part of `rect` that may be drawn on. */
static struct sp_rect visible(const struct sp_canvas *canvas, struct sp_rect rect)
{
    return (struct sp_rect){
        .x0 = SP_MAX(SP_MAX(rect.x0, canvas->clip.x0), 0),
        .y0 = SP_MAX(SP_MAX(rect.y0, canvas->clip.y0), 0),
        .x1 = SP_MIN(SP_MIN(rect.x1, canvas->clip.x1), canvas->width),
        .y1 = SP_MIN(SP_MIN(rect.y1, canvas->clip.y1), canvas->height),
    };
}

static unsigned char mix_channel(unsigned char old, unsigned char new, double alpha)
{
    return (unsigned char)lrint(old + (new - old) * alpha);
}

static void mix(unsigned char *pixel, struct sp_colour colour, double alpha)
{
    pixel[0] = mix_channel(pixel[0], colour.red, alpha);
    pixel[1] = mix_channel(pixel[1], colour.green, alpha);
    pixel[2] = mix_channel(pixel[2], colour.blue, alpha);
}

void sp_canvas_set(struct sp_canvas *canvas, int x, int y, struct sp_colour colour)
{
    sp_canvas_fill(canvas, (struct sp_rect){ x, y, x + 1, y + 1 }, colour, 1.0);
}

void sp_canvas_fill(struct sp_canvas *canvas,
                    struct sp_rect rect,
                    struct sp_colour colour,
                    double alpha)
{
    struct sp_rect area = visible(canvas, rect);

    for (int y = area.y0; y < area.y1; y++)
        for (int x = area.x0; x < area.x1; x++)
            mix(pixel_at(canvas, x, y), colour, alpha);
}

/* The integers around an interval, safe for any finite or infinite ends. */
static int floor_int(double value)
{
    return (int)floor(fmin(fmax(value, -1e6), 1e6));
}

static int ceil_int(double value)
{
    return (int)ceil(fmin(fmax(value, -1e6), 1e6));
}

/* Share of a pixel inside an ellipse, by 4 x 4 samples. */
static double ellipse_share(const struct sp_ellipse *e, int x, int y)
{
    double c = cos(e->angle);
    double s = sin(e->angle);
    int inside = 0;

    for (int i = 0; i < 16; i++) {
        int row = i / 4;
        double dx = x + (i % 4 + 0.5) / 4 - e->x;
        double dy = e->y - (y + (row + 0.5) / 4);
        double along = (dx * c + dy * s) / e->major;
        double across = (dy * c - dx * s) / e->minor;
        inside += along * along + across * across <= 1;
    }
    return inside / 16.0;
}

void sp_canvas_fill_ellipse(struct sp_canvas *canvas,
                            const struct sp_ellipse *ellipse,
                            struct sp_colour colour,
                            double alpha)
{
    double reach = fmax(ellipse->major, ellipse->minor);
    struct sp_rect box = { floor_int(ellipse->x - reach), floor_int(ellipse->y - reach),
                           ceil_int(ellipse->x + reach) + 1, ceil_int(ellipse->y + reach) + 1 };
    struct sp_rect area = visible(canvas, box);

    for (int y = area.y0; y < area.y1; y++)
        for (int x = area.x0; x < area.x1; x++)
            mix(pixel_at(canvas, x, y), colour, alpha * ellipse_share(ellipse, x, y));
}

/* --- paths -------------------------------------------------------------------------------- */

void sp_path_move(struct sp_path *path, double x, double y)
{
    path->x = x;
    path->y = y;
}

void sp_path_line(struct sp_path *path, double x, double y)
{
    path->items = sp_grow(path->items, &path->capacity, path->len + 1, sizeof *path->items);
    path->items[path->len++] = (struct sp_segment){ path->x, path->y, x, y };
    sp_path_move(path, x, y);
}

void sp_path_ellipse(struct sp_path *path, const struct sp_ellipse *e)
{
    double c = cos(e->angle);
    double s = sin(e->angle);
    int steps = (int)fmin(16 + 2 * fmax(e->major, e->minor), 720);

    for (int i = 0; i <= steps; i++) {
        double along = e->major * cos(2 * M_PI * i / steps);
        double across = e->minor * sin(2 * M_PI * i / steps);
        double x = e->x + along * c - across * s;
        double y = e->y - along * s - across * c;
        if (i == 0)
            sp_path_move(path, x, y);
        else
            sp_path_line(path, x, y);
    }
}

void sp_path_clear(struct sp_path *path)
{
    path->len = 0;
}

void sp_path_fini(struct sp_path *path)
{
    free(path->items);
    *path = (struct sp_path){ 0 };
}

/* --- strokes ------------------------------------------------------------------------------ */

static double distance_to(const struct sp_segment *segment, double x, double y)
{
    double dx = segment->x1 - segment->x0;
    double dy = segment->y1 - segment->y0;
    double square = dx * dx + dy * dy;
    double t = square > 0 ? ((x - segment->x0) * dx + (y - segment->y0) * dy) / square : 0;

    t = fmin(fmax(t, 0), 1);
    return hypot(segment->x0 + t * dx - x, segment->y0 + t * dy - y);
}

static struct sp_rect reach_of(const struct sp_canvas *canvas,
                               const struct sp_segment *segment,
                               double reach)
{
    struct sp_rect box = { floor_int(fmin(segment->x0, segment->x1) - reach),
                           floor_int(fmin(segment->y0, segment->y1) - reach),
                           ceil_int(fmax(segment->x0, segment->x1) + reach) + 1,
                           ceil_int(fmax(segment->y0, segment->y1) + reach) + 1 };

    return visible(canvas, box);
}

/* Note how far the segment covers each pixel, keeping the larger of old and new. */
static void cover(struct sp_canvas *canvas, const struct sp_segment *segment, double width)
{
    struct sp_rect area = reach_of(canvas, segment, width / 2 + 1);
    double thinness = fmin(width, 1); /* lines below a pixel fade instead of vanishing */

    for (int y = area.y0; y < area.y1; y++) {
        float *row = canvas->coverage + (size_t)y * (size_t)canvas->width;
        for (int x = area.x0; x < area.x1; x++) {
            double inside = fmax(width, 1) / 2 + 0.5 - distance_to(segment, x + 0.5, y + 0.5);
            float share = (float)(thinness * fmin(fmax(inside, 0), 1));
            row[x] = fmaxf(row[x], share);
        }
    }
}

/* Mix the noted coverage in and forget it. */
static void spend(struct sp_canvas *canvas,
                  const struct sp_segment *segment,
                  const struct sp_pen *pen)
{
    struct sp_rect area = reach_of(canvas, segment, pen->width / 2 + 1);

    for (int y = area.y0; y < area.y1; y++) {
        float *row = canvas->coverage + (size_t)y * (size_t)canvas->width;
        for (int x = area.x0; x < area.x1; x++) {
            if (row[x] > 0)
                mix(pixel_at(canvas, x, y), pen->colour, pen->alpha * (double)row[x]);
            row[x] = 0;
        }
    }
}

void sp_canvas_stroke(struct sp_canvas *canvas, const struct sp_path *path, struct sp_pen pen)
{
    for (size_t i = 0; i < path->len; i++)
        cover(canvas, &path->items[i], pen.width);
    for (size_t i = 0; i < path->len; i++)
        spend(canvas, &path->items[i], &pen);
}
