/* SPDX-License-Identifier: BSD-3-Clause */
/* model.c - from a list of sources to what the kernels want: groups of four, points before
 * Gaussians, one list for each Stokes parameter that occurs. */
#include "rime/rime.h"

#include <math.h>
#include <stdlib.h>

#define EARTH_RATE   7.2921150e-5 /* rad/s, sidereal */
#define ARCSEC       (M_PI / 180 / 3600)
#define J2000_MJD    51544.5
#define SECONDS_DAY  86400.0
#define CENTURY_DAYS 36525.0

/* Recurrences need channels that are even to a thousandth of a turn of phase over a re-seeding
 * interval at 10^5 turns a channel; and a Gaussian that underflows at one end of the interval
 * must not matter at the other. */
#define EVEN_TOLERANCE 1e-9
#define EVEN_SPAN      1.5

struct rime_model {
    struct rime_plan plan;
    double *freq, *width;
    struct rime_group *groups[4];
    float *flux[4];
};

/* Correlations in terms of the Stokes parameters I Q U V (0..3); the order is casacore's. */
static const struct {
    int code;
    struct rime_corr corr;
} corr_table[] = {
    { 1, { 0, -1, 0, 0 } }, { 2, { 1, -1, 0, 0 } },  { 3, { 2, -1, 0, 0 } },
    { 4, { 3, -1, 0, 0 } }, { 5, { 0, 3, 1, 0 } },   { 6, { 1, 2, 0, 1 } },
    { 7, { 1, 2, 0, -1 } }, { 8, { 0, 3, -1, 0 } },  { 9, { 0, 1, 1, 0 } },
    { 10, { 2, 3, 0, 1 } }, { 11, { 2, 3, 0, -1 } }, { 12, { 0, 1, -1, 0 } },
};

static const struct rime_corr *find_corr(int code)
{
    for (size_t i = 0; i < SP_COUNT(corr_table); i++)
        if (corr_table[i].code == code)
            return &corr_table[i].corr;
    return NULL;
}

static bool is_even(const double *freq, const double *width, int nchan)
{
    if (nchan == 1)
        return true;
    double step = freq[1] - freq[0];
    for (int c = 1; c < nchan; c++)
        if (fabs(freq[c] - (freq[0] + c * step)) > EVEN_TOLERANCE * fabs(freq[0]) ||
            fabs(width[c] - width[0]) > EVEN_TOLERANCE * fabs(width[0]))
            return false;
    for (int c = 0; c < nchan; c += RIME_SEED) {
        double end = freq[SP_MIN(c + RIME_SEED, nchan) - 1];
        if (fmax(end, freq[c]) > EVEN_SPAN * fmin(end, freq[c]))
            return false;
    }
    return true;
}

/* The Earth's axis in the frame of u (east), v (north), w: its J2000 direction at `time` by the
 * leading terms of IAU 2006 precession; what is left out (nutation) is below 1e-4. */
static void set_pole(const struct rime_setup *setup, double pole[3])
{
    const double t = (setup->time / SECONDS_DAY - J2000_MJD) / CENTURY_DAYS;
    const double x = (2004.191903 * t - 0.4297829 * t * t) * ARCSEC;
    const double y = (-0.025896 * t - 22.4072747 * t * t) * ARCSEC;
    const double z = sqrt(1 - x * x - y * y);
    const double sa = sin(setup->ra), ca = cos(setup->ra);
    const double sd = sin(setup->dec), cd = cos(setup->dec);

    pole[0] = EARTH_RATE * (-sa * x + ca * y);
    pole[1] = EARTH_RATE * (-sd * ca * x - sd * sa * y + cd * z);
    pole[2] = EARTH_RATE * (cd * ca * x + cd * sa * y + sd * z);
}

static bool is_gaussian(const struct sky_source *source)
{
    return source->major > 0 || source->minor > 0;
}

/* The exponent -pi^2/(4 ln 2) [major^2 (u sin + v cos)^2 + minor^2 (u cos - v sin)^2] nu^2/c^2
 * as a quadratic form in u and v. */
static void set_shape(struct rime_group *group, int q, const struct sky_source *source, double pa)
{
    const double k = M_PI * M_PI / (4 * M_LN2) / (RIME_C * RIME_C);
    const double a = k * source->major * source->major;
    const double b = k * source->minor * source->minor;
    const double s = sin(pa), c = cos(pa);

    group->uu[q] = a * s * s + b * c * c;
    group->uv[q] = 2 * (a - b) * s * c;
    group->vv[q] = a * c * c + b * s * s;
}

/* Put a source into slot `q` of `group`. `flux` is the group's table. */
static void set_source(const struct rime_setup *setup,
                       const struct sky_source *source,
                       int stokes,
                       struct rime_group *group,
                       int q,
                       float *flux)
{
    double lmn[3];

    sky_lmn(source->ra, source->dec, setup->ra, setup->dec, lmn);
    for (int k = 0; k < 3; k++)
        group->lmn[k][q] = lmn[k] / RIME_C;
    const double north =
        source->pa_of_field ? 0 : sky_north_angle(source->ra, source->dec, setup->ra, setup->dec);
    set_shape(group, q, source, source->pa + north);
    for (int c = 0; c < setup->nchan; c++)
        flux[(size_t)c * RIME_GROUP + (size_t)q] =
            (float)(source->stokes[stokes] * sky_source_flux_factor(source, setup->freq[c]));
}

static size_t count_sources(const struct sky_model *sky, int stokes, bool gaussian)
{
    size_t count = 0;

    for (size_t i = 0; i < sky->len; i++)
        count += sky->sources[i].stokes[stokes] != 0 && is_gaussian(&sky->sources[i]) == gaussian;
    return count;
}

static enum sp_rc fill_list(struct rime_model *model,
                            const struct rime_setup *setup,
                            int stokes,
                            struct sp_err *err)
{
    const struct sky_model *sky = setup->sky;
    const size_t nchan = (size_t)setup->nchan;
    const size_t n[2] = { count_sources(sky, stokes, false), count_sources(sky, stokes, true) };
    const size_t groups[2] = { (n[0] + RIME_GROUP - 1) / RIME_GROUP,
                               (n[1] + RIME_GROUP - 1) / RIME_GROUP };
    const size_t len = groups[0] + groups[1];

    if (len == 0)
        return SP_OK;
    struct rime_group *group = sp_try_alloc(len, sizeof *group);
    float *flux = sp_try_alloc(len, nchan * RIME_GROUP * sizeof *flux);
    model->groups[stokes] = group;
    model->flux[stokes] = flux;
    if (!group || !flux)
        return sp_fail(err, SP_LIMIT, "no memory for %zu sources in %zu channels", n[0] + n[1],
                       nchan);

    size_t next[2] = { 0, groups[0] * RIME_GROUP };
    for (size_t i = 0; i < sky->len; i++) {
        const struct sky_source *source = &sky->sources[i];
        if (source->stokes[stokes] == 0)
            continue;
        size_t slot = next[is_gaussian(source)]++;
        set_source(setup, source, stokes, &group[slot / RIME_GROUP], (int)(slot % RIME_GROUP),
                   flux + slot / RIME_GROUP * nchan * RIME_GROUP);
    }
    for (size_t g = 0; g < len; g++)
        group[g].flux = flux + g * nchan * RIME_GROUP;
    model->plan.stokes[stokes] =
        (struct rime_list){ .groups = group, .points = groups[0], .len = len };
    return SP_OK;
}

/* Which Stokes parameters the correlations need at all. */
static unsigned needed_stokes(const struct rime_plan *plan)
{
    unsigned needed = 0;

    for (int k = 0; k < plan->ncorr; k++) {
        needed |= 1U << plan->corr[k].first;
        if (plan->corr[k].second >= 0)
            needed |= 1U << plan->corr[k].second;
    }
    return needed;
}

static enum sp_rc fill_plan(struct rime_plan *plan,
                            const struct rime_setup *setup,
                            struct sp_err *err)
{
    if (setup->nchan < 1)
        return sp_fail(err, SP_INVALID, "no channels");
    if (setup->ncorr < 1 || setup->ncorr > RIME_CORRS)
        return sp_fail(err, SP_INVALID, "%d correlations; 1 to %d can be predicted", setup->ncorr,
                       RIME_CORRS);
    for (int k = 0; k < setup->ncorr; k++) {
        const struct rime_corr *corr = find_corr(setup->corr_type[k]);
        if (!corr)
            return sp_fail(err, SP_INVALID,
                           "correlation of type %d; I Q U V (1-4), RR RL LR LL (5-8) and "
                           "XX XY YX YY (9-12) can be predicted",
                           setup->corr_type[k]);
        plan->corr[k] = *corr;
    }
    plan->nchan = setup->nchan;
    plan->ncorr = setup->ncorr;
    plan->even = is_even(setup->freq, setup->width, setup->nchan);
    plan->step = setup->nchan > 1 ? setup->freq[1] - setup->freq[0] : 0;
    plan->smearing = setup->smearing;
    for (int c = 0; c < setup->nchan; c++)
        plan->top = fmax(plan->top, setup->freq[c]);
    if (setup->smearing)
        set_pole(setup, plan->pole);
    return SP_OK;
}

static enum sp_rc fill_model(struct rime_model *model,
                             const struct rime_setup *setup,
                             struct sp_err *err)
{
    enum sp_rc rc = fill_plan(&model->plan, setup, err);
    if (rc)
        return rc;
    const size_t nchan = (size_t)setup->nchan;
    model->freq = sp_try_alloc(nchan, sizeof *model->freq);
    model->width = sp_try_alloc(nchan, sizeof *model->width);
    if (!model->freq || !model->width)
        return sp_fail(err, SP_LIMIT, "no memory for %zu channels", nchan);
    for (size_t c = 0; c < nchan; c++) {
        model->freq[c] = setup->freq[c];
        model->width[c] = setup->width[c];
    }
    model->plan.freq = model->freq;
    model->plan.width = model->width;

    const unsigned needed = needed_stokes(&model->plan);
    for (int s = 0; s < 4 && !rc; s++)
        if (needed & (1U << s))
            rc = fill_list(model, setup, s, err);
    return rc;
}

enum sp_rc rime_model_new(const struct rime_setup *setup,
                          struct rime_model **out,
                          struct sp_err *err)
{
    rime_auto_model struct rime_model *model = sp_alloc(sizeof *model);
    enum sp_rc rc = fill_model(model, setup, err);

    if (!rc)
        *out = SP_TAKE(model);
    return rc;
}

void rime_model_free(struct rime_model *model)
{
    if (!model)
        return;
    for (int s = 0; s < 4; s++) {
        free(model->groups[s]);
        free(model->flux[s]);
    }
    free(model->freq);
    free(model->width);
    free(model);
}

const struct rime_plan *rime_model_plan(const struct rime_model *model)
{
    return &model->plan;
}
