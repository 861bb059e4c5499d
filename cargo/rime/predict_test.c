/* SPDX-License-Identifier: BSD-3-Clause */
/* Every variant of the kernels against sums written down naively in double. */
#include "base/tap.h"

#include "rime/rime.h"

#include <math.h>

#define ROWS_MAX  40
#define CHANS_MAX 256
#define MAX_ERROR 2e-6 /* of the summed flux: invariant 1 of rime.h */

/* Sources in a circle of 1.5 degrees, baselines up to 8 km, from a fixed generator. */
static uint64_t state = 1;

static double uniform(void)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (double)(state >> 11) * 0x1p-53;
}

static double spread(double size)
{
    return size * (2 * uniform() - 1);
}

struct scene {
    struct sky_source sources[16];
    struct sky_model sky;
    double freq[CHANS_MAX], width[CHANS_MAX];
    double uvw[3 * ROWS_MAX], interval[ROWS_MAX];
    float vis[ROWS_MAX * CHANS_MAX * 4 * 2];
    struct rime_setup setup;
};

/* What to put into a scene. */
struct content {
    int rows, chans, sources;
    double step;    /* Hz between channels */
    bool uneven;    /* shake the channels */
    int gaussians;  /* of the sources */
    double extent;  /* of the largest, rad; 1e-4 */
    bool polarised; /* Q U V too */
    bool spectra;   /* spectral indices */
    bool smearing;
    int ncorr; /* of XX XY YX YY, or only XX YY */
    bool circular;
};

static void fill_sources(struct scene *scene, const struct content *content)
{
    for (int i = 0; i < content->sources; i++) {
        struct sky_source *s = &scene->sources[i];

        *s = (struct sky_source){ .ra = 1.0 + spread(0.026 / cos(0.5)),
                                  .dec = -0.5 + spread(0.026) };
        s->stokes[0] = uniform();
        for (int k = 1; k < 4 && content->polarised; k++)
            s->stokes[k] = spread(0.5 * s->stokes[0]);
        if (content->spectra) {
            s->spectrum = SKY_SPECTRUM_LN;
            s->ncoeff = 2;
            s->coeff[0] = spread(1);
            s->coeff[1] = spread(0.3);
            s->freq0 = 1e9;
        }
        if (i < content->gaussians) {
            s->major = uniform() * (content->extent > 0 ? content->extent : 1e-4);
            s->minor = uniform() * s->major;
            s->pa = spread(3);
        }
    }
    scene->sky = (struct sky_model){ scene->sources, (size_t)content->sources, "test" };
}

static void fill_scene(struct scene *scene, const struct content *content)
{
    static const int linear[] = { 9, 10, 11, 12 }, circular[] = { 5, 6, 7, 8 };
    static const int two[] = { 9, 12 };

    state = 12345;
    fill_sources(scene, content);
    for (int c = 0; c < content->chans; c++) {
        scene->freq[c] = 0.9e9 + c * content->step + (content->uneven ? spread(2e5) : 0);
        scene->width[c] = fabs(content->step) * (content->uneven ? uniform() + 0.5 : 1);
    }
    for (int r = 0; r < content->rows; r++) {
        for (int k = 0; k < 3; k++)
            scene->uvw[3 * r + k] = r == 0 ? 0 : spread(8000);
        scene->interval[r] = 8 + (r % 3);
    }
    scene->setup = (struct rime_setup){
        .sky = &scene->sky,
        .ra = 1.0,
        .dec = -0.5,
        .nchan = content->chans,
        .freq = scene->freq,
        .width = scene->width,
        .corr_type = content->ncorr == 2 ? two
                     : content->circular ? circular
                                         : linear,
        .ncorr = content->ncorr,
        .smearing = content->smearing,
        .time = 51544.5 * 86400,
    };
}

static double sinc(double x)
{
    return fabs(x) < 1e-6 ? 1 : sin(x) / x;
}

/* The factor that all Stokes parameters of a source share, times its phasor. */
static void term(const struct scene *scene, int source, int row, int chan, double out[2])
{
    const struct sky_source *s = &scene->sources[source];
    const double *p = scene->uvw + 3 * row;
    const double f = scene->freq[chan], c = RIME_C, pi = M_PI;
    const double turn[3] = { 0, 7.2921150e-5 * cos(-0.5), 7.2921150e-5 * sin(-0.5) };
    double lmn[3];

    sky_lmn(s->ra, s->dec, 1.0, -0.5, lmn);
    const double l = lmn[0], m = lmn[1], n = lmn[2];
    const double delay = (p[0] * l + p[1] * m + p[2] * n) / c;
    double size = sky_source_flux_factor(s, scene->freq[chan]);
    if (s->major > 0) {
        const double pa = s->pa + sky_north_angle(s->ra, s->dec, 1.0, -0.5);
        const double u = p[0] * f / c, v = p[1] * f / c;
        const double a = s->major * (u * sin(pa) + v * cos(pa));
        const double b = s->minor * (u * cos(pa) - v * sin(pa));
        size *= exp(-pi * pi / (4 * log(2)) * (a * a + b * b));
    }
    if (scene->setup.smearing) {
        const double rate =
            ((turn[1] * p[2] - turn[2] * p[1]) * l + (turn[2] * p[0] - turn[0] * p[2]) * m +
             (turn[0] * p[1] - turn[1] * p[0]) * n) /
            c;
        size *= sinc(pi * f * rate * scene->interval[row]) * sinc(pi * scene->width[chan] * delay);
    }
    const double phase = 2 * pi * (delay * f - rint(delay * f));
    out[0] = size * cos(phase);
    out[1] = size * sin(phase);
}

/* B of rime.h in the order pp pq qp qq: real and imaginary part. */
static void brightness(const struct sky_source *s, bool circular, int corr, double out[2])
{
    const double *p = s->stokes;
    const double linear[4][2] = {
        { p[0] + p[1], 0 }, { p[2], p[3] }, { p[2], -p[3] }, { p[0] - p[1], 0 }
    };
    const double round[4][2] = {
        { p[0] + p[3], 0 }, { p[1], p[2] }, { p[1], -p[2] }, { p[0] - p[3], 0 }
    };

    out[0] = circular ? round[corr][0] : linear[corr][0];
    out[1] = circular ? round[corr][1] : linear[corr][1];
}

/* Largest error over the summed flux. */
static double compare(const struct scene *scene, const struct content *content)
{
    double worst = 0, flux = 0;

    for (int s = 0; s < content->sources; s++)
        for (int k = 0; k < 4; k++)
            flux += fabs(scene->sources[s].stokes[k]) *
                    fmax(1, sky_source_flux_factor(&scene->sources[s], scene->freq[0]));
    for (int r = 0; r < content->rows; r++)
        for (int c = 0; c < content->chans; c++) {
            double want[4][2] = { { 0 } };
            for (int s = 0; s < content->sources; s++) {
                double t[2];
                term(scene, s, r, c, t);
                for (int k = 0; k < 4; k++) {
                    double b[2];
                    brightness(&scene->sources[s], content->circular, k, b);
                    want[k][0] += b[0] * t[0] - b[1] * t[1];
                    want[k][1] += b[0] * t[1] + b[1] * t[0];
                }
            }
            for (int k = 0; k < content->ncorr; k++) {
                const int hand = content->ncorr == 2 ? 3 * k : k;
                const float *got = scene->vis + 2 * ((r * content->chans + c) * content->ncorr + k);
                worst = fmax(worst,
                             hypot((double)got[0] - want[hand][0], (double)got[1] - want[hand][1]));
            }
        }
    return flux > 0 ? worst / flux : worst;
}

static double error_of(rime_predict_fn predict, const struct content *content)
{
    static struct scene scene;
    struct sp_err err = SP_ERR_INIT;
    rime_auto_model struct rime_model *model = NULL;

    fill_scene(&scene, content);
    if (rime_model_new(&scene.setup, &model, &err)) {
        printf("# %s\n", err.text);
        return HUGE_VAL;
    }
    for (size_t i = 0; i < SP_COUNT(scene.vis); i++)
        scene.vis[i] = 777;
    predict(rime_model_plan(model),
            &(struct rime_rows){ content->rows, scene.uvw, scene.interval, scene.vis });
    const size_t used = (size_t)(content->rows * content->chans * content->ncorr) * 2;
    if (scene.vis[used] != 777)
        return HUGE_VAL; /* wrote behind the end */
    return compare(&scene, content);
}

static const struct content contents[] = {
    { 0, 10, 3, .step = 1e6, .ncorr = 4 },
    { 1, 1, 0, .step = 1e6, .ncorr = 4 },
    { 1, 1, 1, .step = 1e6, .ncorr = 4 },
    { 3, 2, 2, .step = 1e6, .ncorr = 4 },
    { 16, 10, 9, .step = 1e6, .ncorr = 4 },
    { 17, 64, 4, .step = 1e6, .ncorr = 4 },
    { 15, 65, 5, .step = 1e6, .ncorr = 2 },
    { 33, 129, 8, .step = 1e6, .ncorr = 2 },
    { 7, 200, 1, .step = 1e6, .ncorr = 4 },
    { 9, 200, 3, .step = -0.8e6, .ncorr = 4 },
    { 9, 200, 7, .step = 1e4, .ncorr = 4 },
    { 9, 70, 7, .step = 1e6, .ncorr = 4, .spectra = true },
    { 9, 70, 7, .step = 1e6, .ncorr = 4, .polarised = true },
    { 9, 70, 7, .step = 1e6, .ncorr = 4, .polarised = true, .circular = true },
    { 9, 70, 7, .step = 1e6, .ncorr = 2, .polarised = true, .spectra = true },
    { 9, 200, 5, .step = 1e6, .ncorr = 4, .gaussians = 5 },
    { 9, 200, 7, .step = -1e6, .ncorr = 4, .gaussians = 3, .polarised = true, .spectra = true },
    { 9, 200, 6, .step = 1e6, .ncorr = 4, .gaussians = 6, .extent = 2e-3 },
    { 9, 150, 6, .step = 1e6, .ncorr = 4, .smearing = true },
    { 9, 150, 6, .step = 5e6, .ncorr = 4, .smearing = true, .gaussians = 4 },
    { 9, 1, 6, .step = 5e6, .ncorr = 4, .smearing = true, .gaussians = 4 },
    { 9, 150, 6, .step = 1e6, .uneven = true, .ncorr = 4 },
    { 9, 150, 6, .step = 1e6, .uneven = true, .ncorr = 4, .gaussians = 3, .polarised = true },
    { 9, 60, 6, .step = 4e6, .uneven = true, .ncorr = 4, .gaussians = 3, .smearing = true },
};

static void test_errors(const char *name, rime_predict_fn predict)
{
    for (size_t i = 0; i < SP_COUNT(contents); i++) {
        const struct content *c = &contents[i];
        const double error = error_of(predict, c);

        tap_ok(error < MAX_ERROR,
               "%s: %d rows %d chans %d sources (%d Gaussian)%s%s%s: error %.1e of the flux", name,
               c->rows, c->chans, c->sources, c->gaussians, c->uneven ? " uneven" : "",
               c->smearing ? " smeared" : "", c->polarised ? " polarised" : "", error);
    }
}

/* The errors of a lone source add up from channel to channel; those of many cancel. */
static void test_lone_sources(const char *name, rime_predict_fn predict)
{
    double worst = 0;

    for (int i = 0; i < 120; i++)
        worst = fmax(worst, error_of(predict, &(struct content){ .rows = ROWS_MAX,
                                                                 .chans = 64,
                                                                 .sources = 1,
                                                                 .step = 5e5 + 5e4 * i,
                                                                 .ncorr = 2 }));
    tap_ok(worst < MAX_ERROR, "%s: lone sources: error %.2e of the flux", name, worst);
}

/* Any division of the rows into calls gives the same bits. */
static void test_division(const char *name, rime_predict_fn predict)
{
    static struct scene scene;
    static float whole[SP_COUNT(scene.vis)];
    struct sp_err err = SP_ERR_INIT;
    rime_auto_model struct rime_model *model = NULL;
    const struct content content = { .rows = 37,
                                     .chans = 70,
                                     .sources = 9,
                                     .step = 1e6,
                                     .gaussians = 4,
                                     .polarised = true,
                                     .smearing = true,
                                     .ncorr = 4 };
    const size_t row = 70 * 4 * 2;

    fill_scene(&scene, &content);
    if (rime_model_new(&scene.setup, &model, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    const struct rime_plan *plan = rime_model_plan(model);
    predict(plan, &(struct rime_rows){ 37, scene.uvw, scene.interval, whole });
    for (int piece = 1; piece <= 19; piece += 3) {
        memset(scene.vis, 0, sizeof scene.vis);
        for (int r = 0; r < 37; r += piece)
            predict(plan, &(struct rime_rows){ SP_MIN(piece, 37 - r), scene.uvw + 3 * r,
                                               scene.interval + r, scene.vis + (size_t)r * row });
        tap_ok(memcmp(scene.vis, whole, 37 * row * sizeof(float)) == 0,
               "%s: %d rows a call: the same bits", name, piece);
    }
}

/* A source to the east, a baseline to the east: the phase grows with u l. */
static void test_phase_sign(const char *name, rime_predict_fn predict)
{
    struct sky_source source = { .ra = 1.001, .dec = 0, .stokes = { 2 } };
    struct sky_model sky = { &source, 1, "test" };
    const double freq = 1e9, width = 1e6, uvw[3] = { 20, 0, 0 };
    const int corr = 9;
    float vis[2];
    struct sp_err err = SP_ERR_INIT;
    rime_auto_model struct rime_model *model = NULL;
    const struct rime_setup setup = { .sky = &sky,
                                      .ra = 1,
                                      .dec = 0,
                                      .nchan = 1,
                                      .freq = &freq,
                                      .width = &width,
                                      .corr_type = &corr,
                                      .ncorr = 1 };

    if (rime_model_new(&setup, &model, &err))
        return;
    predict(rime_model_plan(model), &(struct rime_rows){ 1, uvw, NULL, vis });
    const double phase = 2 * M_PI * 20 * sin(0.001) * 1e9 / RIME_C;
    tap_ok(fabs((double)vis[1] - 2 * sin(phase)) < 1e-6 && vis[1] > 0.5F,
           "%s: the phase is +2 pi u l", name);
}

static void test_setup(void)
{
    static struct scene scene;
    struct sp_err err = SP_ERR_INIT;
    struct rime_model *model = NULL;
    const struct rime_variant *variant = NULL;
    static const int strange = 17; /* outlives the scene that points to it */

    fill_scene(&scene, &(struct content){ .rows = 1, .chans = 1, .sources = 1, .ncorr = 4 });
    scene.setup.corr_type = &strange;
    scene.setup.ncorr = 1;
    tap_ok(rime_model_new(&scene.setup, &model, &err) == SP_INVALID && !model &&
               strstr(err.text, "type 17"),
           "a strange correlation: %s", err.text);
    tap_ok(rime_variant_find("abacus", &variant, &err) == SP_NOT_FOUND && !variant &&
               strstr(err.text, "generic"),
           "an unknown kernel: %s", err.text);
    tap_ok(rime_variant_find(NULL, &variant, &err) == SP_OK && variant->supported(),
           "the best kernel is %s", variant ? variant->name : "?");
    tap_ok(rime_variant_find("generic", &variant, &err) == SP_OK && variant->lanes == 4,
           "a kernel by name");
}

#if defined(__x86_64__)
/* The code of avx512 (16 lanes) built for avx2, so that its logic is tested everywhere. */
void rime_predict_wide(const struct rime_plan *plan, const struct rime_rows *rows);
#endif

static void test_kernel(const char *name, rime_predict_fn predict)
{
    test_errors(name, predict);
    test_lone_sources(name, predict);
    test_division(name, predict);
    test_phase_sign(name, predict);
}

int main(void)
{
    for (size_t i = 0; i < rime_variant_count; i++) {
        if (rime_variants[i].supported())
            test_kernel(rime_variants[i].name, rime_variants[i].predict);
        else
            tap_skip(rime_variants[i].name);
    }
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        test_kernel("16 lanes on avx2", rime_predict_wide);
#endif
    test_setup();
    return tap_done();
}
