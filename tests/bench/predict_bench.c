/* SPDX-License-Identifier: BSD-3-Clause */
/* predict_bench.c - prediction by each variant of the kernels against a plain loop over libm's
 * sincos, in one run on one core: visibilities x sources a second, ratio, and largest error.
 *
 *     predict_bench [rows [sources [channels]]] */
#include "base/clock.h"

#include "rime/noise.h"
#include "rime/rime.h"

#include <math.h>

#define LEAST_TIME (SP_NSEC_PER_SEC / 4)

struct bench {
    int64_t rows;
    int sources, chans;
    double *uvw, *freq, *width, *interval;
    float *vis;
    float *reference;
    struct sky_model sky;
    double flux;
};

static uint64_t state = 1;

static double spread(double size)
{
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return size * ((double)(state >> 11) * 0x1p-52 - 1);
}

static void *allocate(size_t count, size_t size)
{
    void *p = sp_try_alloc(count, size);
    if (!p)
        abort();
    return p;
}

static void fill(struct bench *b)
{
    const size_t rows = (size_t)b->rows, chans = (size_t)b->chans;

    b->uvw = allocate(3 * rows, sizeof *b->uvw);
    b->interval = allocate(rows, sizeof *b->interval);
    b->freq = allocate(chans, sizeof *b->freq);
    b->width = allocate(chans, sizeof *b->width);
    b->vis = allocate(rows * chans * 2, sizeof *b->vis);
    b->reference = allocate(rows * chans * 2, sizeof *b->reference);
    b->sky = (struct sky_model){ allocate((size_t)b->sources, sizeof *b->sky.sources),
                                 (size_t)b->sources, "bench" };
    for (size_t i = 0; i < 3 * rows; i++)
        b->uvw[i] = spread(7700);
    for (size_t i = 0; i < rows; i++)
        b->interval[i] = 8;
    for (size_t c = 0; c < chans; c++) {
        b->freq[c] = 0.856e9 + 1e6 * (double)c;
        b->width[c] = 1e6;
    }
    for (int s = 0; s < b->sources; s++) {
        struct sky_source *source = &b->sky.sources[s];
        *source = (struct sky_source){ .ra = spread(0.02), .dec = spread(0.02) };
        source->stokes[0] = fabs(spread(1));
        b->flux += source->stokes[0];
    }
}

struct plain_source {
    double l, m, n, flux;
};

/* What one writes first: a phase in double, one sincos for each visibility and source. */
static void predict_plainly(const struct bench *b, const struct plain_source *sources, float *vis)
{
    for (int64_t r = 0; r < b->rows; r++)
        for (int c = 0; c < b->chans; c++) {
            const double *p = b->uvw + 3 * r;
            double re = 0, im = 0;

            for (int s = 0; s < b->sources; s++) {
                const struct plain_source *one = &sources[s];
                double sine, cosine;

                sincos(2 * M_PI / RIME_C * b->freq[c] *
                           (p[0] * one->l + p[1] * one->m + p[2] * one->n),
                       &sine, &cosine);
                re += one->flux * cosine;
                im += one->flux * sine;
            }
            vis[2 * (r * b->chans + c)] = (float)re;
            vis[2 * (r * b->chans + c) + 1] = (float)im;
        }
}

static double rate_plain(const struct bench *b)
{
    sp_auto_free struct plain_source *sources = allocate(b->sky.len, sizeof *sources);

    for (size_t s = 0; s < b->sky.len; s++) {
        double lmn[3];

        sky_lmn(b->sky.sources[s].ra, b->sky.sources[s].dec, 0, 0, lmn);
        sources[s] = (struct plain_source){ lmn[0], lmn[1], lmn[2], b->sky.sources[s].stokes[0] };
    }
    const sp_nsec start = sp_clock_monotonic();
    predict_plainly(b, sources, b->reference);
    const double seconds = 1e-9 * (double)(sp_clock_monotonic() - start);
    return (double)b->rows * b->chans * b->sources / seconds;
}

static double rate_kernel(struct bench *b, const struct rime_variant *variant, bool gaussian)
{
    static const int corr = 9;
    struct sp_err err = SP_ERR_INIT;
    rime_auto_model struct rime_model *model = NULL;

    for (size_t s = 0; s < b->sky.len; s++)
        b->sky.sources[s].major = b->sky.sources[s].minor = gaussian ? 1e-5 : 0;
    const struct rime_setup setup = { .sky = &b->sky,
                                      .nchan = b->chans,
                                      .freq = b->freq,
                                      .width = b->width,
                                      .corr_type = &corr,
                                      .ncorr = 1 };
    if (rime_model_new(&setup, &model, &err))
        return 0;
    const struct rime_rows rows = { b->rows, b->uvw, b->interval, b->vis };
    double best = HUGE_VAL;
    const sp_nsec start = sp_clock_monotonic();
    while (sp_clock_monotonic() - start < LEAST_TIME) {
        const sp_nsec begin = sp_clock_monotonic();
        rime_predict(variant, model, &rows);
        best = fmin(best, 1e-9 * (double)(sp_clock_monotonic() - begin));
    }
    return (double)b->rows * b->chans * b->sources / best;
}

static double largest_error(const struct bench *b)
{
    double worst = 0;

    for (int64_t i = 0; i < b->rows * b->chans; i++)
        worst = fmax(worst, hypot((double)b->vis[2 * i] - (double)b->reference[2 * i],
                                  (double)b->vis[2 * i + 1] - (double)b->reference[2 * i + 1]));
    return worst / b->flux;
}

static double rate_noise(struct bench *b, const struct rime_variant *variant)
{
    const size_t count = (size_t)b->rows * (size_t)b->chans;
    const sp_nsec start = sp_clock_monotonic();

    rime_normals(variant, 1, 0, count, b->vis);
    return (double)count / (1e-9 * (double)(sp_clock_monotonic() - start));
}

static int number(int argc, char **argv, int index, int missing)
{
    return argc > index ? (int)strtol(argv[index], NULL, 10) : missing;
}

int main(int argc, char **argv)
{
    struct bench b = { .rows = number(argc, argv, 1, 1024),
                       .sources = number(argc, argv, 2, 128),
                       .chans = number(argc, argv, 3, 64) };

    fill(&b);
    const double plain = rate_plain(&b);
    printf("%lld rows, %d sources, %d channels; one core, G visibilities x sources / s\n",
           (long long)b.rows, b.sources, b.chans);
    printf("%-12s %8s %8s %10s %10s %14s\n", "kernel", "points", "ratio", "error", "Gaussians",
           "noise Mvis/s");
    printf("%-12s %8.3f %8.1f\n", "libm sincos", 1e-9 * plain, 1.0);
    for (size_t i = 0; i < rime_variant_count; i++) {
        const struct rime_variant *v = &rime_variants[i];

        if (!v->supported()) {
            printf("%-12s not on this machine\n", v->name);
            continue;
        }
        const double points = rate_kernel(&b, v, false);
        const double error = largest_error(&b);
        const double gaussians = rate_kernel(&b, v, true);
        printf("%-12s %8.3f %8.1f %10.1e %10.3f %14.0f\n", v->name, 1e-9 * points, points / plain,
               error, 1e-9 * gaussians, 1e-6 * rate_noise(&b, v));
    }
    return 0;
}
