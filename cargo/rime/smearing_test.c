/* SPDX-License-Identifier: BSD-3-Clause */
/* Smearing against averages over finely divided integrations and channels. */
#include "base/tap.h"

#include "rime/rime.h"

#include <math.h>

#define TIMES      101 /* parts of an integration */
#define PARTS      65  /* parts of a channel */
#define EARTH_RATE 7.2921150e-5

static const struct smear_case {
    const char *name;
    double baseline[3]; /* equatorial, metres */
    double offset;      /* degrees from the phase centre */
    double interval, width;
    double tolerance;
} cases[] = {
    { "7 km, 1 deg, 8 s, 836 kHz", { 4000, -5500, 1500 }, 1, 8, 836e3, 1e-4 },
    { "7 km, 0.3 deg, 8 s, 2 MHz", { -4000, 5500, 1500 }, 0.3, 8, 2e6, 1e-4 },
    { "1 km, 2 deg, 16 s, 836 kHz", { 700, 600, -400 }, 2, 16, 836e3, 1e-4 },
    { "no baseline", { 0, 0, 0 }, 1, 8, 836e3, 1e-6 },
    { "no time, no width", { 4000, -5500, 1500 }, 1, 0, 0, 1e-6 },
};

/* Baseline to u v w at hour angle `h` (spec: Thompson, Moran and Swenson). */
static void rotate(const double b[3], double h, double dec, double uvw[3])
{
    uvw[0] = b[0] * sin(h) + b[1] * cos(h);
    uvw[1] = -b[0] * sin(dec) * cos(h) + b[1] * sin(dec) * sin(h) + b[2] * cos(dec);
    uvw[2] = b[0] * cos(dec) * cos(h) - b[1] * cos(dec) * sin(h) + b[2] * sin(dec);
}

static bool predict(const struct rime_setup *setup, const struct rime_rows *rows)
{
    struct sp_err err = SP_ERR_INIT;
    rime_auto_model struct rime_model *model = NULL;
    const struct rime_variant *variant = NULL;

    if (rime_variant_find(NULL, &variant, &err) || rime_model_new(setup, &model, &err)) {
        printf("# %s\n", err.text);
        return false;
    }
    rime_predict(variant, model, rows);
    return true;
}

static double error_of(const struct smear_case *c, double *amplitude)
{
    static float fine[TIMES * PARTS * 2];
    double uvw[3 * TIMES], freq[PARTS], width[PARTS], middle_uvw[3];
    const double ra = 1, dec = -0.6, hour = 0.7, f0 = 1.4e9;
    struct sky_source source = {
        .ra = ra + c->offset * M_PI / 180 / cos(dec) * 0.8,
        .dec = dec + c->offset * M_PI / 180 * 0.6,
        .stokes = { 1 },
    };
    struct sky_model sky = { &source, 1, "test" };
    const int corr = 9;
    float vis[2];
    double re = 0, im = 0;

    for (int t = 0; t < TIMES; t++)
        rotate(c->baseline, hour + EARTH_RATE * c->interval * ((t + 0.5) / TIMES - 0.5), dec,
               uvw + 3 * t);
    for (int p = 0; p < PARTS; p++) {
        freq[p] = f0 + c->width * ((p + 0.5) / PARTS - 0.5);
        width[p] = 1;
    }
    rotate(c->baseline, hour, dec, middle_uvw);
    struct rime_setup setup = {
        .sky = &sky,
        .ra = ra,
        .dec = dec,
        .nchan = PARTS,
        .freq = freq,
        .width = width,
        .corr_type = &corr,
        .ncorr = 1,
    };
    if (!predict(&setup, &(struct rime_rows){ TIMES, uvw, NULL, fine }))
        return HUGE_VAL;
    for (int i = 0; i < TIMES * PARTS; i++) {
        re += (double)fine[2 * i] / (TIMES * PARTS);
        im += (double)fine[2 * i + 1] / (TIMES * PARTS);
    }
    setup.nchan = 1;
    setup.freq = &f0;
    setup.width = &c->width;
    setup.smearing = true;
    setup.time = 51544.5 * 86400; /* J2000: the pole is that of the coordinates */
    if (!predict(&setup, &(struct rime_rows){ 1, middle_uvw, &c->interval, vis }))
        return HUGE_VAL;
    *amplitude = hypot(re, im);
    return hypot((double)vis[0] - re, (double)vis[1] - im);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        double amplitude = 0;
        const double error = error_of(&cases[i], &amplitude);

        tap_ok(error < cases[i].tolerance, "%s: amplitude %.4f, error %.1e", cases[i].name,
               amplitude, error);
    }
    return tap_done();
}
