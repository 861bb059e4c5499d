/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/graticule.h"

#include <math.h>

#define GRID_STEPS 64  /* samples across the window to find its range */
#define SIDE_STEPS 400 /* samples along a side to find crossings */

/* The equivalent right ascension nearest to that of the middle. */
static double unwrap(double ra, double middle)
{
    return ra - 360 * rint((ra - middle) / 360);
}

static bool ask(const struct sp_graticule *g, double x, double y, double coordinate[2])
{
    if (!g->sky->to_sky(g->sky->arg, x, y, &coordinate[SP_SKY_RA], &coordinate[SP_SKY_DEC]))
        return false;
    coordinate[SP_SKY_RA] = unwrap(coordinate[SP_SKY_RA], g->middle_ra);
    return isfinite(coordinate[SP_SKY_RA]) && isfinite(coordinate[SP_SKY_DEC]);
}

static bool inside(const struct sp_window *w, double x, double y)
{
    return x >= w->x0 && x <= w->x1 && y >= w->y0 && y <= w->y1;
}

/* A pole in the window: all right ascensions occur, and the declination ends there. */
static void include_poles(struct sp_graticule *g)
{
    for (int pole = -90; pole <= 90; pole += 180) {
        double x = 0;
        double y = 0;
        if (!g->sky->to_pixel(g->sky->arg, g->middle_ra, pole, &x, &y) || !inside(&g->window, x, y))
            continue;
        g->low[SP_SKY_RA] = g->middle_ra - 180;
        g->high[SP_SKY_RA] = g->middle_ra + 180;
        g->low[SP_SKY_DEC] = fmin(g->low[SP_SKY_DEC], pole);
        g->high[SP_SKY_DEC] = fmax(g->high[SP_SKY_DEC], pole);
    }
}

static void find_range(struct sp_graticule *g)
{
    const struct sp_window *w = &g->window;

    for (int axis = 0; axis < 2; axis++) {
        g->low[axis] = (double)INFINITY;
        g->high[axis] = -(double)INFINITY;
    }
    for (int i = 0; i <= GRID_STEPS; i++) {
        for (int j = 0; j <= GRID_STEPS; j++) {
            double at[2];
            if (!ask(g, w->x0 + (w->x1 - w->x0) * i / GRID_STEPS,
                     w->y0 + (w->y1 - w->y0) * j / GRID_STEPS, at))
                continue;
            for (int axis = 0; axis < 2; axis++) {
                g->low[axis] = fmin(g->low[axis], at[axis]);
                g->high[axis] = fmax(g->high[axis], at[axis]);
            }
        }
    }
    include_poles(g);
}

/* Right ascension of the middle, or of the first place in the window that is on the sky. */
static void find_middle(struct sp_graticule *g)
{
    double x = (g->window.x0 + g->window.x1) / 2;
    double y = (g->window.y0 + g->window.y1) / 2;
    double dec = 0;

    g->middle_ra = 180;
    (void)g->sky->to_sky(g->sky->arg, x, y, &g->middle_ra, &dec);
}

void sp_graticule_init(struct sp_graticule *out,
                       const struct sp_sky *sky,
                       struct sp_window window,
                       const int wanted[2])
{
    *out = (struct sp_graticule){ .sky = sky, .window = window };
    find_middle(out);
    find_range(out);
    sp_ticks_hours(out->low[SP_SKY_RA], out->high[SP_SKY_RA], wanted[SP_SKY_RA],
                   &out->ticks[SP_SKY_RA]);
    sp_ticks_degrees(out->low[SP_SKY_DEC], out->high[SP_SKY_DEC], wanted[SP_SKY_DEC],
                     &out->ticks[SP_SKY_DEC]);
}

static bool ask_side(const struct sp_graticule *g, enum sp_side side, double share, double at[2])
{
    const struct sp_window *w = &g->window;
    double x = w->x0 + (w->x1 - w->x0) * share;
    double y = w->y0 + (w->y1 - w->y0) * share;

    switch (side) {
    case SP_SIDE_BOTTOM: return ask(g, x, w->y0, at);
    case SP_SIDE_TOP: return ask(g, x, w->y1, at);
    case SP_SIDE_LEFT: return ask(g, w->x0, y, at);
    case SP_SIDE_RIGHT: break;
    }
    return ask(g, w->x1, y, at);
}

size_t sp_graticule_meet(const struct sp_graticule *g,
                         enum sp_sky_axis axis,
                         enum sp_side side,
                         struct sp_meeting *out,
                         size_t max)
{
    const struct sp_ticks *ticks = &g->ticks[axis];
    double before[2] = { (double)NAN, (double)NAN };
    size_t len = 0;

    for (int i = 0; i <= SIDE_STEPS; i++) {
        double here[2];
        if (!ask_side(g, side, (double)i / SIDE_STEPS, here))
            here[axis] = (double)NAN;
        double from = before[axis];
        double step = here[axis] - from;
        for (size_t k = 0; k < ticks->len && fabs(step) < 90 && len < max; k++) {
            double t = (ticks->at[k] - from) / step;
            if (t > 0 && t <= 1)
                out[len++] = (struct sp_meeting){ (i - 1 + t) / SIDE_STEPS, k };
        }
        before[axis] = here[axis];
    }
    return len;
}

bool sp_graticule_point(const struct sp_graticule *g,
                        enum sp_sky_axis axis,
                        size_t tick,
                        double t,
                        double *x,
                        double *y)
{
    enum sp_sky_axis other = axis == SP_SKY_RA ? SP_SKY_DEC : SP_SKY_RA;
    double at[2];

    at[axis] = g->ticks[axis].at[tick];
    at[other] = g->low[other] + t * (g->high[other] - g->low[other]);
    return g->sky->to_pixel(g->sky->arg, at[SP_SKY_RA], at[SP_SKY_DEC], x, y);
}
