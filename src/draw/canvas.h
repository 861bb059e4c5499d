/* SPDX-License-Identifier: BSD-3-Clause */
/* canvas.h - a picture of RGB pixels, and anti-aliased strokes on it.
 *
 * Coordinates are in pixels, x to the right and y down; pixel (i, j) covers the square from (i, j)
 * to (i + 1, j + 1). Everything is clipped to the canvas and to its clip rectangle.
 *
 * A path is a set of line segments; curves are added as many short ones. Stroking covers each
 * pixel once, however often the path crosses itself, so that joints and crossings of thin or
 * translucent lines do not show.
 */
#pragma once

#include "base/err.h"

#define SP_CANVAS_SIDE_MAX 16384

struct sp_colour {
    unsigned char red, green, blue;
};

#define SP_COLOUR_BLACK ((struct sp_colour){ 0, 0, 0 })
#define SP_COLOUR_WHITE ((struct sp_colour){ 255, 255, 255 })

struct sp_rect {
    int x0, y0, x1, y1; /* x0 <= x < x1 */
};

struct sp_canvas {
    int width, height;
    unsigned char *pixels; /* rows from the top, 3 bytes a pixel; owned */
    struct sp_rect clip;   /* change freely; starts as the whole canvas */
    float *coverage;       /* private: scratch of stroke, all zero between calls */
};

/* SP_INVALID for a side below 1 or above SP_CANVAS_SIDE_MAX, SP_LIMIT without the memory. */
enum sp_rc sp_canvas_init(struct sp_canvas *canvas,
                          int width,
                          int height,
                          struct sp_colour background,
                          struct sp_err *err) SP_MUST_USE;
void sp_canvas_fini(struct sp_canvas *canvas);
#define sp_auto_canvas SP_CLEANUP(sp_canvas_fini)

/* Allow drawing everywhere again. */
void sp_canvas_unclip(struct sp_canvas *canvas);

struct sp_colour sp_canvas_pixel(const struct sp_canvas *canvas, int x, int y);
void sp_canvas_set(struct sp_canvas *canvas, int x, int y, struct sp_colour colour);

/* Mix `colour` into all pixels of `rect`; alpha 1 covers. */
void sp_canvas_fill(struct sp_canvas *canvas,
                    struct sp_rect rect,
                    struct sp_colour colour,
                    double alpha);

struct sp_ellipse {
    double x, y;
    double major, minor; /* half axes, pixels */
    double angle;        /* of the major axis: radians from the x axis, towards -y (up) */
};

void sp_canvas_fill_ellipse(struct sp_canvas *canvas,
                            const struct sp_ellipse *ellipse,
                            struct sp_colour colour,
                            double alpha);

struct sp_segment {
    double x0, y0, x1, y1;
};

/* `struct sp_path path = { 0 };` is an empty path. */
struct sp_path {
    struct sp_segment *items;
    size_t len;
    size_t capacity;
    double x, y; /* where the pen is */
};

void sp_path_move(struct sp_path *path, double x, double y);
void sp_path_line(struct sp_path *path, double x, double y);
void sp_path_ellipse(struct sp_path *path, const struct sp_ellipse *ellipse);
void sp_path_clear(struct sp_path *path);
void sp_path_fini(struct sp_path *path);
#define sp_auto_path SP_CLEANUP(sp_path_fini)

struct sp_pen {
    struct sp_colour colour;
    double width; /* pixels; ends and joints are round */
    double alpha; /* 0 draws nothing, 1 covers */
};

void sp_canvas_stroke(struct sp_canvas *canvas, const struct sp_path *path, struct sp_pen pen);
