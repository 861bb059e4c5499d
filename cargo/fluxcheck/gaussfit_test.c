/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/gaussfit.h"

#include "base/tap.h"

#include <math.h>
#include <string.h>

#define SIDE  41
#define LEVEL 0.2
#define FWHM  2.3548200450309493

/* Half widths sx, sy (sigma, pixels) along and across the angle. */
static struct gaussian make(double peak, double x, double y, double sx, double sy, double angle)
{
    double c = cos(angle);
    double s = sin(angle);
    double a = 1 / (sx * sx);
    double b = 1 / (sy * sy);

    return (struct gaussian){
        peak, x, y, a * c * c + b * s * s, (a - b) * s * c, a * s * s + b * c * c,
    };
}

static double at_pixel(const struct gaussian *g, int i)
{
    int row = i / SIDE;

    return gaussian_at(g, i % SIDE, row);
}

static void fill(double values[SIDE * SIDE], const struct gaussian *g)
{
    for (int i = 0; i < SIDE * SIDE; i++)
        values[i] = at_pixel(g, i);
}

static bool is_near(double got, double want, double tolerance)
{
    return fabs(got - want) <= tolerance;
}

/* Without noise the truth comes back, from a start some way off. */
static void test_exact(void)
{
    static const struct {
        const char *name;
        enum gauss_shape shape;
        double peak, dx, dy, sx, sy, angle; /* the truth */
    } cases[] = {
        { "round, on a pixel", GAUSS_SHAPE_FIXED, 1, 0, 0, 2.2, 2.2, 0 },
        { "round, between pixels", GAUSS_SHAPE_FIXED, 1, 0.5, -0.37, 2.2, 2.2, 0 },
        { "long and turned", GAUSS_SHAPE_FIXED, 0.01, 0.9, 0.6, 4, 2, 0.7 },
        { "negative", GAUSS_SHAPE_FIXED, -3, -0.6, 0.2, 3, 2, 2.5 },
        { "free shape", GAUSS_SHAPE_FREE, 1, 0.3, -0.4, 3, 2, 0.7 },
        { "free shape, round", GAUSS_SHAPE_FREE, 1, 0.3, -0.4, 2.5, 2.5, 0 },
    };

    static double values[SIDE * SIDE];

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct patch patch = { 0, 0, SIDE, SIDE, values };
        struct gaussian truth = make(cases[i].peak, 20 + cases[i].dx, 20 + cases[i].dy, cases[i].sx,
                                     cases[i].sy, cases[i].angle);
        bool free_shape = cases[i].shape == GAUSS_SHAPE_FREE;
        struct gaussian fit = free_shape ? make(0.8, 20, 20, 2.4, 2.4, 0) : truth;
        fit.peak = 0.8 * cases[i].peak;
        fit.x = fit.y = 20;
        fill(values, &truth);
        enum sp_rc rc = gauss_fit(&patch, cases[i].shape, LEVEL, &fit, &err);
        bool passed = rc == SP_OK && is_near(fit.peak / truth.peak, 1, 1e-6) &&
                      is_near(fit.x, truth.x, 1e-5) && is_near(fit.y, truth.y, 1e-5) &&
                      is_near(gaussian_flux(&fit, &truth) / truth.peak, 1, 1e-5);
        if (!tap_ok(passed, "exact: %s", cases[i].name))
            printf("# got %g at %g, %g; %s\n", fit.peak, fit.x, fit.y, err.text);
    }
}

static void test_hopeless(void)
{
    static double values[SIDE * SIDE];
    struct sp_err err = SP_ERR_INIT;
    struct patch patch = { 0, 0, SIDE, SIDE, values };
    struct gaussian start = make(1, 20, 20, 2, 2, 0);
    struct gaussian fit = start;

    for (int i = 0; i < SIDE * SIDE; i++)
        values[i] = (double)NAN;
    tap_ok(gauss_fit(&patch, GAUSS_SHAPE_FIXED, LEVEL, &fit, &err) == SP_NOT_FOUND &&
               fit.peak == start.peak && fit.x == start.x && fit.xx == start.xx,
           "nothing but blanks: %s", err.text);
    fit = make(1, 500, 500, 2, 2, 0);
    tap_ok(gauss_fit(&patch, GAUSS_SHAPE_FIXED, LEVEL, &fit, &err) == SP_NOT_FOUND,
           "beside the patch");
}

/* --- noise -------------------------------------------------------------------------------- */

static double next_normal(uint64_t *state)
{
    double sum = -6;

    for (int i = 0; i < 12; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*state >> 11) / (double)(UINT64_C(1) << 53);
    }
    return sum;
}

/* Convolve rows (step 1) or columns (step SIDE) with a Gaussian of unit square sum; periodic. */
static void smooth(double values[SIDE * SIDE], double sigma, int step)
{
    double kernel[SIDE];
    double squares = 0;
    static double out[SIDE * SIDE];

    for (int i = 0; i < SIDE; i++) {
        double d = i <= SIDE / 2 ? i : i - SIDE;
        kernel[i] = exp(-d * d / (2 * sigma * sigma));
        squares += kernel[i] * kernel[i];
    }
    for (int line = 0; line < SIDE; line++) {
        int start = step == 1 ? line * SIDE : line;
        for (int i = 0; i < SIDE; i++) {
            double sum = 0;
            for (int k = 0; k < SIDE; k++)
                sum += kernel[(i - k + SIDE) % SIDE] * values[start + k * step];
            out[start + i * step] = sum / sqrt(squares);
        }
    }
    memcpy(values, out, sizeof out);
}

/* Noise of standard deviation 1 that is correlated like the beam: white noise smoothed with a
 * Gaussian narrower by sqrt(2), whose autocorrelation is the beam. */
static void make_noise(double values[SIDE * SIDE], double sx, double sy, uint64_t *state)
{
    for (int i = 0; i < SIDE * SIDE; i++)
        values[i] = next_normal(state);
    smooth(values, sx / sqrt(2), 1);
    smooth(values, sy / sqrt(2), SIDE);
}

/* Scatter of many fits against what gauss_errors promises, and that against Condon (1997): flux
 * error equal to the noise, position error FWHM / (SNR sqrt(8 ln 2)). */
static void test_noise(void)
{
    enum {
        TRIALS = 400
    };

    const double sx = 2.6;
    const double sy = 1.9;
    const double snr = 50;
    static double values[SIDE * SIDE];
    double squares[3] = { 0 };
    double bias = 0;
    uint64_t state = 42;
    struct gaussian truth = make(snr, 20.3, 19.6, sx, sy, 0);
    struct gaussian beam = make(1, 0, 0, sx, sy, 0);

    for (int trial = 0; trial < TRIALS; trial++) {
        struct sp_err err = SP_ERR_INIT;
        struct patch patch = { 0, 0, SIDE, SIDE, values };
        struct gaussian fit = truth;
        make_noise(values, sx, sy, &state);
        for (int i = 0; i < SIDE * SIDE; i++)
            values[i] += at_pixel(&truth, i);
        if (gauss_fit(&patch, GAUSS_SHAPE_FIXED, LEVEL, &fit, &err))
            tap_ok(false, "trial %d: %s", trial, err.text);
        bias += (fit.peak - snr) / TRIALS;
        squares[0] += (fit.peak - snr) * (fit.peak - snr) / TRIALS;
        squares[1] += (fit.x - truth.x) * (fit.x - truth.x) / TRIALS;
        squares[2] += (fit.y - truth.y) * (fit.y - truth.y) / TRIALS;
    }
    struct gauss_errors promised = gauss_errors(&truth, &beam, 1, LEVEL);
    double ratios[] = { sqrt(squares[0]) / promised.peak, sqrt(squares[1]) / promised.x,
                        sqrt(squares[2]) / promised.y };
    for (int i = 0; i < 3; i++)
        tap_ok(is_near(ratios[i], 1, 0.12), "scatter / promised error is %.3f", ratios[i]);
    tap_ok(fabs(bias) < 4 * promised.peak / sqrt(TRIALS), "no bias of the flux: %.3f", bias);

    double condon = sx * FWHM / (snr * sqrt(8 * log(2)));
    tap_ok(promised.peak > 0.9 && promised.peak < 1.2, "flux error / noise is %.3f", promised.peak);
    tap_ok(promised.x / condon > 0.8 && promised.x / condon < 1.3,
           "position error / Condon's is %.3f", promised.x / condon);
    struct gaussian large = make(1, 0, 0, 60, 50, 0.3);
    struct gauss_errors of_large = gauss_errors(&large, &large, 0.01, LEVEL);
    tap_ok(of_large.peak > 0.009 && of_large.peak < 0.012, "the same for a beam of many pixels");
}

int main(void)
{
    test_exact();
    test_hopeless();
    test_noise();
    return tap_done();
}
