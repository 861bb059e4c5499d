/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/gaussfit.h"

#include <math.h>
#include <string.h>

#define PARAMETERS   6
#define ROUNDS_MAX   100
#define DAMPING_MAX  1e12
#define CONVERGED    1e-10 /* relative fall of the sum of squares */
#define NOISE_POINTS 600   /* pixels that gauss_errors looks at */

struct fit {
    const struct patch *patch;
    const struct gaussian *region; /* pixels where this is above level are used */
    double level;
    int count; /* of free parameters: 3 or 6 */
};

/* Normal equations. */
struct normal {
    double matrix[PARAMETERS][PARAMETERS];
    double vector[PARAMETERS];
    double squares;
    int points;
};

double gaussian_at(const struct gaussian *g, double x, double y)
{
    double dx = x - g->x;
    double dy = y - g->y;

    return g->peak * exp(-(g->xx * dx * dx + 2 * g->xy * dx * dy + g->yy * dy * dy) / 2);
}

double gaussian_flux(const struct gaussian *g, const struct gaussian *beam)
{
    double mine = g->xx * g->yy - g->xy * g->xy;
    double unit = beam->xx * beam->yy - beam->xy * beam->xy;

    return g->peak * sqrt(unit / mine);
}

static bool is_proper(const struct gaussian *g)
{
    return isfinite(g->peak) && isfinite(g->x) && isfinite(g->y) && g->xx > 0 && g->yy > 0 &&
           g->xx * g->yy > g->xy * g->xy;
}

/* Value at a pixel and its derivatives by peak, x, y, xx, xy, yy. */
static double derive(const struct gaussian *g, double x, double y, double out[PARAMETERS])
{
    double dx = x - g->x;
    double dy = y - g->y;
    double shape = exp(-(g->xx * dx * dx + 2 * g->xy * dx * dy + g->yy * dy * dy) / 2);
    double value = g->peak * shape;

    out[0] = shape;
    out[1] = value * (g->xx * dx + g->xy * dy);
    out[2] = value * (g->xy * dx + g->yy * dy);
    out[3] = -value * dx * dx / 2;
    out[4] = -value * dx * dy;
    out[5] = -value * dy * dy / 2;
    return value;
}

static void add_point(struct normal *n, int count, const double *derivatives, double residual)
{
    n->squares += residual * residual;
    n->points++;
    for (int i = 0; i < count; i++) {
        n->vector[i] += derivatives[i] * residual;
        for (int j = 0; j < count; j++)
            n->matrix[i][j] += derivatives[i] * derivatives[j];
    }
}

static void accumulate(const struct fit *fit, const struct gaussian *g, struct normal *out)
{
    const struct patch *p = fit->patch;
    double least = fabs(fit->level * fit->region->peak);

    *out = (struct normal){ 0 };
    for (int row = 0; row < p->height; row++) {
        for (int column = 0; column < p->width; column++) {
            double derivatives[PARAMETERS];
            double value = p->values[row * p->width + column];
            double x = (double)(p->x0 + column);
            double y = (double)(p->y0 + row);
            if (!isfinite(value) || fabs(gaussian_at(fit->region, x, y)) < least)
                continue;
            double residual = value - derive(g, x, y, derivatives);
            add_point(out, fit->count, derivatives, residual);
        }
    }
}

/* Solve matrix * x = vector for a symmetric positive matrix (Cholesky); false if it is not. */
static bool solve(const struct normal *n, int count, double damping, double x[PARAMETERS])
{
    double l[PARAMETERS][PARAMETERS] = { { 0 } };

    for (int i = 0; i < count; i++) {
        for (int j = 0; j <= i; j++) {
            double sum = n->matrix[i][j] * (i == j ? 1 + damping : 1);
            for (int k = 0; k < j; k++)
                sum -= l[i][k] * l[j][k];
            if (i == j && !(sum > 0))
                return false;
            l[i][j] = i == j ? sqrt(sum) : sum / l[j][j];
        }
    }
    for (int i = 0; i < count; i++) {
        x[i] = n->vector[i];
        for (int k = 0; k < i; k++)
            x[i] -= l[i][k] * x[k];
        x[i] /= l[i][i];
    }
    for (int i = count - 1; i >= 0; i--) {
        for (int k = i + 1; k < count; k++)
            x[i] -= l[k][i] * x[k];
        x[i] /= l[i][i];
    }
    return true;
}

static struct gaussian stepped(const struct gaussian *g, int count, const double *step)
{
    struct gaussian next = *g;

    next.peak += step[0];
    next.x += step[1];
    next.y += step[2];
    if (count == PARAMETERS) {
        next.xx += step[3];
        next.xy += step[4];
        next.yy += step[5];
    }
    return next;
}

/* One step downhill, with as much damping as that needs. False: there is none. */
static bool improve(const struct fit *fit, struct gaussian *g, struct normal *at, double *damping)
{
    while (*damping < DAMPING_MAX) {
        struct normal next;
        double step[PARAMETERS];
        struct gaussian candidate = *g;
        bool solved = solve(at, fit->count, *damping, step);
        if (solved)
            candidate = stepped(g, fit->count, step);
        if (solved && is_proper(&candidate)) {
            accumulate(fit, &candidate, &next);
            if (next.squares < at->squares) {
                *g = candidate;
                *at = next;
                *damping /= 10;
                return true;
            }
        }
        *damping = fmax(10 * *damping, 1e-6);
    }
    return false;
}

enum sp_rc gauss_fit(const struct patch *patch,
                     enum gauss_shape shape,
                     double level,
                     struct gaussian *fit,
                     struct sp_err *err)
{
    struct gaussian start = *fit;
    struct gaussian g = *fit;
    struct fit search = { patch, &start, level, shape == GAUSS_SHAPE_FREE ? PARAMETERS : 3 };
    struct normal at;
    double damping = 1e-3;

    accumulate(&search, &g, &at);
    if (at.points < 2 * search.count)
        return sp_fail(err, SP_NOT_FOUND, "only %d pixels to fit a source to", at.points);
    for (int i = 0; i < ROUNDS_MAX; i++) {
        double before = at.squares;
        if (!improve(&search, &g, &at, &damping) || before - at.squares <= CONVERGED * before) {
            *fit = g;
            return SP_OK;
        }
    }
    return sp_fail(err, SP_NOT_FOUND, "the fit does not converge");
}

/* --- errors ------------------------------------------------------------------------------- */

struct point {
    double x, y;
    double derivatives[PARAMETERS];
};

/* Every `stride`-th pixel of the region; returns how many there are. */
static int sample_region(const struct gaussian *g,
                         double level,
                         int stride,
                         struct point *out,
                         int max)
{
    double reach = -2 * log(level);
    double determinant = g->xx * g->yy - g->xy * g->xy;
    int half_x = (int)ceil(sqrt(reach * g->yy / determinant) / stride);
    int half_y = (int)ceil(sqrt(reach * g->xx / determinant) / stride);
    int count = 0;

    for (int j = -half_y; j <= half_y; j++) {
        for (int i = -half_x; i <= half_x; i++) {
            double x = rint(g->x) + i * stride;
            double y = rint(g->y) + j * stride;
            if (gaussian_at(g, x, y) < level * g->peak)
                continue;
            if (count < max) {
                out[count] = (struct point){ .x = x, .y = y };
                (void)derive(g, x, y, out[count].derivatives);
            }
            count++;
        }
    }
    return count;
}

/* inverse(J'J) J'CJ inverse(J'J), diagonal. Column k of the inverse solves J'J v = e_k. */
static void sandwich(const struct normal *normal, double middle[3][3], double variances[3])
{
    for (int k = 0; k < 3; k++) {
        struct normal column = *normal;
        double v[PARAMETERS] = { 0 };
        memset(column.vector, 0, sizeof column.vector);
        column.vector[k] = 1;
        variances[k] = (double)NAN;
        if (!solve(&column, 3, 0, v))
            continue;
        variances[k] = 0;
        for (int i = 0; i < 3; i++)
            for (int j = 0; j < 3; j++)
                variances[k] += v[i] * middle[i][j] * v[j];
    }
}

struct gauss_errors gauss_errors(const struct gaussian *fit,
                                 const struct gaussian *beam,
                                 double noise,
                                 double level)
{
    struct point points[NOISE_POINTS];
    struct gaussian g = *fit;
    struct gaussian correlation = *beam;
    struct normal normal = { 0 };
    double middle[3][3] = { { 0 } };
    double variances[3];
    int count = 0;

    g.peak = fabs(g.peak);
    for (int stride = 1; stride < 1000; stride++)
        if ((count = sample_region(&g, level, stride, points, NOISE_POINTS)) <= NOISE_POINTS)
            break;
    correlation.peak = noise * noise;
    for (int a = 0; a < count; a++) {
        add_point(&normal, 3, points[a].derivatives, 0);
        for (int b = 0; b < count; b++) {
            correlation.x = points[b].x;
            correlation.y = points[b].y;
            double covariance = gaussian_at(&correlation, points[a].x, points[a].y);
            for (int i = 0; i < 9; i++)
                middle[i / 3][i % 3] +=
                    points[a].derivatives[i / 3] * covariance * points[b].derivatives[i % 3];
        }
    }
    sandwich(&normal, middle, variances);
    return (struct gauss_errors){ sqrt(variances[0]), sqrt(variances[1]), sqrt(variances[2]) };
}
