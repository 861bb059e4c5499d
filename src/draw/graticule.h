/* SPDX-License-Identifier: BSD-3-Clause */
/* graticule.h - sky coordinates on a picture: which lines cross it and where they meet its frame.
 *
 * Works for any projection that can be asked both ways, over the poles and across 0 h. Right
 * ascensions are counted on from that of the middle of the window, so that they run without a jump
 * and may leave 0..360.
 */
#pragma once

#include "draw/axes.h"

/* A projection. Angles in degrees; pixels are counted from 0, whole numbers are pixel centres, y
 * rises. False: that place is not on the sky, or not in the image's half of it. */
struct sp_sky {
    bool (*to_sky)(const void *arg, double x, double y, double *ra, double *dec);
    bool (*to_pixel)(const void *arg, double ra, double dec, double *x, double *y);
    const void *arg;
};

/* A part of an image in pixel coordinates: corners, so that a single pixel (0, 0) has the window
 * from -0.5 to 0.5. */
struct sp_window {
    double x0, y0, x1, y1;
};

enum sp_sky_axis {
    SP_SKY_RA,
    SP_SKY_DEC
};

struct sp_graticule {
    const struct sp_sky *sky;
    struct sp_window window;
    struct sp_ticks ticks[2]; /* by enum sp_sky_axis; empty if the window shows no sky */
    double low[2], high[2];   /* range of the coordinates in the window */
    double middle_ra;
};

/* `sky` is borrowed. `wanted`: about how many lines of each kind, by enum sp_sky_axis. */
void sp_graticule_init(struct sp_graticule *out,
                       const struct sp_sky *sky,
                       struct sp_window window,
                       const int wanted[2]);

enum sp_side {
    SP_SIDE_BOTTOM,
    SP_SIDE_LEFT,
    SP_SIDE_TOP,
    SP_SIDE_RIGHT
};

/* Where the lines of one axis meet one side: share of the way from left to right or from bottom to
 * top, and the number of the tick. Returns the number of meetings, at most `max`. */
struct sp_meeting {
    double share;
    size_t tick;
};

size_t sp_graticule_meet(const struct sp_graticule *g,
                         enum sp_sky_axis axis,
                         enum sp_side side,
                         struct sp_meeting *out,
                         size_t max);

/* A point of the line of tick number `tick`, `t` from 0 to 1 along it; false where it is not on
 * the image's sky. */
bool sp_graticule_point(const struct sp_graticule *g,
                        enum sp_sky_axis axis,
                        size_t tick,
                        double t,
                        double *x,
                        double *y);
