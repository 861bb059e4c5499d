/* SPDX-License-Identifier: BSD-3-Clause */
/* picture.h - an astronomical image as a figure: pixels in colour, frame with coordinates, colour
 * bar, beam, marks, title. Knows nothing of files. */
#pragma once

#include "draw/canvas.h"
#include "draw/colormap.h"
#include "draw/graticule.h"
#include "draw/stretch.h"

/* A circle around a place, in pixels of the image. */
struct sp_mark {
    double x, y;
    const char *label; /* NULL: none */
};

enum sp_picture_flags {
    SP_PICTURE_GRID = 1 << 0, /* lines of equal coordinates, not only ticks */
    SP_PICTURE_BAR = 1 << 1,  /* colour bar */
    SP_PICTURE_BEAM = 1 << 2, /* restoring beam, where there is one */
};

/* All pointers are borrowed. */
struct sp_picture {
    const float *pixels; /* rows from the bottom; NaN: no data */
    int64_t columns, rows;
    struct sp_window window; /* the part that is shown, x0 < x1 and y0 < y1 */
    int width, height;       /* of the figure; height 0: as the window needs */
    const char *title;       /* top left; NULL: none */
    const char *note;        /* top right, smaller; NULL: none */
    const struct sp_colormap *map;
    struct sp_stretch stretch;
    const char *unit;         /* of the pixels: "Jy/beam" gets a prefix as needed; "": none */
    const struct sp_sky *sky; /* NULL: pixel numbers at the axes */
    const char *x_label, *y_label;
    struct sp_ellipse beam; /* half axes in pixels of the image (x, y ignored); 0: none */
    const char *beam_label;
    const struct sp_mark *marks;
    size_t mark_count;
    unsigned flags; /* enum sp_picture_flags */
};

/* Draw into a new canvas, which the caller owns. SP_INVALID when the figure is too small for its
 * labels, too large, or the window is empty. */
enum sp_rc sp_picture_draw(const struct sp_picture *picture,
                           struct sp_canvas *out,
                           struct sp_err *err) SP_MUST_USE;

/* Prefix that suits values up to `high`: appends for "Jy/beam" and 0.2 "mJy/beam" and returns 1e3,
 * the factor for the values. Units that are not of Jy stay as they are, with factor 1. */
double sp_picture_unit(struct sp_buf *out, struct sp_str unit, double high);
