/* SPDX-License-Identifier: BSD-3-Clause */
/* predict_kernel.c - the direct Fourier transform of a list of sources.
 *
 * Compiled once a variant: RIME_LANES is the number of rows side by side in a vector, RIME_PREDICT
 * the name of the function. Lanes are rows; channels are a loop inside; the sums of a chunk of
 * channels stay in the first-level cache while four sources at a time are added.
 *
 * On equispaced channels a phasor goes to the next channel by a complex multiplication. Its steps
 * are rounded to float, an error that grows with every step; so the phase is computed anew, in
 * double, in the middle of every RIME_SEED channels, and the phasor walks from there in both
 * directions: half as many steps at the same cost. That is six operations of the multiply-add
 * units for a source, channel and vector, and these units are the limit.
 *
 * The envelope of a Gaussian obeys a recurrence of second order. Keeping the ratio of neighbours
 * less one, instead of the ratio, makes its errors grow like those of the phasor.
 */
#include "rime/kernel.h"
#include "rime/lanes.h"

#include <string.h>

void RIME_PREDICT(const struct rime_plan *plan, const struct rime_rows *rows);

/* What a group of sources needs besides a phase. Always a constant where it is used, so that each
 * combination becomes code of its own. */
enum {
    GAUSSIAN = 1,
    SMEARED = 2,
    UNEVEN = 4
};

struct complex_sum {
    vf re, im;
};

/* A vector of rows. */
struct block {
    struct vd u, v, w;
    struct vd du, dv, dw; /* change within the integration; smearing only */
};

struct envelope {
    vf g, s, p;       /* Gaussian: value, ratio - 1 to the next channel, ratio of ratios - 1 */
    vf time, band;    /* smearing: pi rate (per Hz), and the bandwidth factor */
    struct vd width2; /* Gaussian: exponent is -width2 nu^2 */
    struct vd rate;   /* smearing: change of delay within the integration, s */
    vi wild;          /* lanes in which the series for the time factor does not do */
    bool any_wild;
};

struct phasor {
    vf x, y;
    vf dx, dy; /* one channel on */
};

INLINE struct vd dot(const struct rime_group *group, int q, const struct vd *u)
{
    struct vd sum = vd_scale(u[2], group->lmn[2][q]);

    sum = vd_add_scaled(sum, u[1], group->lmn[1][q]);
    return vd_add_scaled(sum, u[0], group->lmn[0][q]);
}

INLINE void set_step(struct phasor *z, struct vd turns)
{
    struct sincos step = sincos_of(angle_of_turns(turns));

    z->dx = step.cos;
    z->dy = step.sin;
}

INLINE void set_phase(struct phasor *z, struct vd turns)
{
    struct sincos now = sincos_of(angle_of_turns(turns));

    z->x = now.cos;
    z->y = now.sin;
}

INLINE void advance(struct phasor *z)
{
    vf x = z->x * z->dx - z->y * z->dy;

    z->y = z->x * z->dy + z->y * z->dx;
    z->x = x;
}

INLINE vf exp_minus_one(struct vd x)
{
    struct vd e = vd_exp(x);

    return vd_to_float((struct vd){ e.lo - 1.0, e.hi - 1.0 });
}

/* What of the envelope does not depend on the channel. */
INLINE void open_envelope(struct envelope *e,
                          const struct rime_plan *plan,
                          const struct rime_group *group,
                          int q,
                          const struct block *block,
                          const unsigned what)
{
    if (what & GAUSSIAN) {
        struct vd sum = vd_scale(vd_mul(block->u, block->u), group->uu[q]);
        sum = vd_add_scaled(sum, vd_mul(block->u, block->v), group->uv[q]);
        e->width2 = vd_add_scaled(sum, vd_mul(block->v, block->v), group->vv[q]);
    }
    if ((what & GAUSSIAN) && !(what & UNEVEN))
        e->p = exp_minus_one(vd_scale(e->width2, -2 * plan->step * plan->step));
    if (what & SMEARED) {
        e->rate = dot(group, q, &block->du);
        e->time = vd_to_float(vd_scale(e->rate, PI_D));
        e->wild = (vi)(vf_abs(e->time) * (float)plan->top > SINC_SMALL);
        e->any_wild = vi_any(e->wild);
    }
}

/* The Gaussian recurrence starts anew at channel `c`, in steps of `step` Hz. */
INLINE void seed_gaussian(struct envelope *e, const struct rime_plan *plan, int c, double step)
{
    double f = plan->freq[c];

    e->g = vd_to_float(vd_exp(vd_scale(e->width2, -f * f)));
    e->s = exp_minus_one(vd_scale(e->width2, -step * (2 * f + step)));
}

INLINE void advance_gaussian(struct envelope *e)
{
    e->g = e->g * e->s + e->g;
    e->s = (e->s * e->p + e->s) + e->p;
}

INLINE vf time_factor(const struct envelope *e, double freq)
{
    vf factor = sinc_series(e->time * (float)freq);

    if (__builtin_expect(e->any_wild, 0))
        factor = vf_choose(e->wild, sinc_turns(vd_scale(e->rate, 0.5 * freq)), factor);
    return factor;
}

INLINE vf amplitude(const struct envelope *e, float flux, double freq, const unsigned what)
{
    vf a = (vf){ 0 } + flux;

    if (what & GAUSSIAN)
        a = a * e->g;
    if (what & SMEARED)
        a = a * (e->band * time_factor(e, freq));
    return a;
}

/* What the channels of an even grid have in common for a group of sources. */
struct walk {
    const struct rime_plan *plan;
    const struct rime_group *group;
    struct complex_sum *sums; /* of channel `first` on */
    int first;
};

/* `count` channels beginning at `from`, upwards (`way` 1) or downwards (-1). */
struct stretch {
    int from, count;
    ptrdiff_t way;
};

/* Add a stretch of channels. The phasors are at its first channel. */
INLINE void add_channels(const struct walk *walk,
                         const struct phasor start[RIME_GROUP],
                         const struct envelope shape[RIME_GROUP],
                         struct stretch stretch,
                         const unsigned what)
{
    const float *flux = walk->group->flux + (ptrdiff_t)stretch.from * RIME_GROUP;
    const double *freq = walk->plan->freq + stretch.from;
    struct complex_sum *sum = walk->sums + (stretch.from - walk->first);
    struct phasor z[RIME_GROUP];
    struct envelope e[RIME_GROUP];

    for (int q = 0; q < RIME_GROUP; q++) {
        z[q] = start[q];
        if (what)
            e[q] = shape[q];
        if (what & GAUSSIAN)
            seed_gaussian(&e[q], walk->plan, stretch.from, (double)stretch.way * walk->plan->step);
    }
    for (int n = stretch.count; n > 0; n--) {
        vf re = sum->re;
        vf im = sum->im;

        for (int q = 0; q < RIME_GROUP; q++) {
            if (what) {
                vf a = amplitude(&e[q], flux[q], *freq, what);
                re += a * z[q].x;
                im += a * z[q].y;
            } else {
                re += flux[q] * z[q].x;
                im += flux[q] * z[q].y;
            }
            advance(&z[q]);
            if (what & GAUSSIAN)
                advance_gaussian(&e[q]);
        }
        sum->re = re;
        sum->im = im;
        sum += stretch.way;
        flux += stretch.way * RIME_GROUP;
        freq += stretch.way;
    }
}

/* Equispaced channels [range[0], range[1]) of a group. */
INLINE void add_even(const struct rime_plan *plan,
                     const struct rime_group *group,
                     const struct block *block,
                     const int range[2],
                     struct complex_sum *sums,
                     const unsigned what)
{
    const struct walk walk = { plan, group, sums, range[0] };
    struct vd delay[RIME_GROUP];
    struct phasor z[RIME_GROUP];
    struct envelope e[RIME_GROUP];

    for (int q = 0; q < RIME_GROUP; q++) {
        delay[q] = dot(group, q, &block->u);
        set_step(&z[q], vd_scale(delay[q], plan->step));
        open_envelope(&e[q], plan, group, q, block, what);
        if (what & SMEARED)
            e[q].band = sinc_turns(vd_scale(delay[q], 0.5 * plan->width[0]));
    }
    for (int begin = range[0]; begin < range[1]; begin += RIME_SEED) {
        const int end = begin + RIME_SEED < range[1] ? begin + RIME_SEED : range[1];
        const int middle = (begin + end) / 2;

        for (int q = 0; q < RIME_GROUP; q++)
            set_phase(&z[q], vd_scale(delay[q], plan->freq[middle]));
        add_channels(&walk, z, e, (struct stretch){ middle, end - middle, 1 }, what);
        if (middle == begin)
            continue;
        struct phasor back[RIME_GROUP];
        for (int q = 0; q < RIME_GROUP; q++) {
            back[q] = z[q];
            back[q].dy = -z[q].dy;
            advance(&back[q]);
        }
        add_channels(&walk, back, e, (struct stretch){ middle - 1, middle - begin, -1 }, what);
    }
}

/* Channels at any frequencies: everything anew for each of them. */
INLINE void add_uneven(const struct rime_plan *plan,
                       const struct rime_group *group,
                       const struct block *block,
                       const int range[2],
                       struct complex_sum *sums,
                       const unsigned what)
{
    for (int q = 0; q < RIME_GROUP; q++) {
        struct vd delay = dot(group, q, &block->u);
        struct phasor z;
        struct envelope e;

        open_envelope(&e, plan, group, q, block, what);
        for (int c = range[0]; c < range[1]; c++) {
            const double f = plan->freq[c];

            set_phase(&z, vd_scale(delay, f));
            if (what & GAUSSIAN)
                e.g = vd_to_float(vd_exp(vd_scale(e.width2, -f * f)));
            if (what & SMEARED)
                e.band = sinc_turns(vd_scale(delay, 0.5 * plan->width[c]));
            vf a = amplitude(&e, group->flux[(size_t)c * RIME_GROUP + (size_t)q], f, what);
            sums[c - range[0]].re += a * z.x;
            sums[c - range[0]].im += a * z.y;
        }
    }
}

typedef void (*add_fn)(const struct rime_plan *plan,
                       const struct rime_group *group,
                       const struct block *block,
                       const int range[2],
                       struct complex_sum *sums);

#define DEFINE_ADD(name, body, what)                                                             \
    static __attribute__((noinline)) void name(                                                  \
        const struct rime_plan *plan, const struct rime_group *group, const struct block *block, \
        const int range[2], struct complex_sum *sums)                                            \
    {                                                                                            \
        body(plan, group, block, range, sums, what);                                             \
    }

DEFINE_ADD(add_point, add_even, 0)
DEFINE_ADD(add_gaussian, add_even, GAUSSIAN)
DEFINE_ADD(add_smeared, add_even, SMEARED)
DEFINE_ADD(add_smeared_gaussian, add_even, GAUSSIAN | SMEARED)
DEFINE_ADD(add_uneven_point, add_uneven, UNEVEN)
DEFINE_ADD(add_uneven_gaussian, add_uneven, UNEVEN | GAUSSIAN)
DEFINE_ADD(add_uneven_smeared, add_uneven, UNEVEN | SMEARED)
DEFINE_ADD(add_uneven_smeared_gaussian, add_uneven, UNEVEN | GAUSSIAN | SMEARED)

static const add_fn add_table[8] = {
    [0] = add_point,
    [GAUSSIAN] = add_gaussian,
    [SMEARED] = add_smeared,
    [GAUSSIAN | SMEARED] = add_smeared_gaussian,
    [UNEVEN] = add_uneven_point,
    [UNEVEN | GAUSSIAN] = add_uneven_gaussian,
    [UNEVEN | SMEARED] = add_uneven_smeared,
    [UNEVEN | GAUSSIAN | SMEARED] = add_uneven_smeared_gaussian,
};

static void load_block(struct block *block,
                       const struct rime_plan *plan,
                       const struct rime_rows *rows,
                       int64_t row)
{
    double uvw[6][RIME_LANES] = { { 0 } };
    const int64_t left = rows->count - row;
    const int lanes = left < RIME_LANES ? (int)left : RIME_LANES;

    for (int i = 0; i < lanes; i++) {
        const double *p = rows->uvw + 3 * (row + i);

        for (int k = 0; k < 3; k++)
            uvw[k][i] = p[k];
        if (!plan->smearing)
            continue;
        /* Baselines turn with the Earth: d(uvw)/dt = pole x uvw. */
        const double *w = plan->pole;
        const double dt = rows->interval[row + i];
        uvw[3][i] = (w[1] * p[2] - w[2] * p[1]) * dt;
        uvw[4][i] = (w[2] * p[0] - w[0] * p[2]) * dt;
        uvw[5][i] = (w[0] * p[1] - w[1] * p[0]) * dt;
    }
    struct vd *parts[6] = { &block->u, &block->v, &block->w, &block->du, &block->dv, &block->dw };
    for (int k = 0; k < 6; k++)
        *parts[k] = vd_load(uvw[k]);
}

/* Sums of one Stokes parameter over all its sources. */
static void sum_sources(const struct rime_plan *plan,
                        const struct rime_list *list,
                        const struct block *block,
                        const int range[2],
                        struct complex_sum *sums)
{
    const unsigned all = (plan->even ? 0U : UNEVEN) | (plan->smearing ? SMEARED : 0U);

    memset(sums, 0, sizeof *sums * (size_t)(range[1] - range[0]));
    for (size_t g = 0; g < list->len; g++) {
        const unsigned what = all | (g < list->points ? 0U : GAUSSIAN);
        add_table[what](plan, &list->groups[g], block, range, sums);
    }
}

/* first + (re + i im) second, in place of first. */
static void mix(struct complex_sum *out,
                const struct complex_sum *first,
                const struct complex_sum *second,
                const struct rime_corr *corr,
                int count)
{
    for (int c = 0; c < count; c++) {
        out[c].re = first[c].re + corr->re * second[c].re - corr->im * second[c].im;
        out[c].im = first[c].im + corr->re * second[c].im + corr->im * second[c].re;
    }
}

/* Transpose [corr][chan][lane] into [lane][chan][corr]. */
static void scatter(const struct complex_sum *const planes[RIME_CORRS],
                    const struct rime_plan *plan,
                    const struct rime_rows *rows,
                    int64_t row,
                    const int range[2])
{
    static const struct complex_sum nothing;
    const int64_t left = rows->count - row;
    const int lanes = left < RIME_LANES ? (int)left : RIME_LANES;
    const ptrdiff_t ncorr = plan->ncorr;

    for (int i = 0; i < lanes; i++) {
        float *out = rows->vis + 2 * (size_t)ncorr *
                                     ((size_t)(row + i) * (size_t)plan->nchan + (size_t)range[0]);
        for (ptrdiff_t k = 0; k < ncorr; k++) {
            const float *from = (const float *)(planes[k] ? planes[k] : &nothing) + i;
            const size_t step = planes[k] ? sizeof nothing / sizeof(float) : 0;
            float *to = out + 2 * k;

            for (int c = range[0]; c < range[1]; c++) {
                to[0] = from[0];
                to[1] = from[RIME_LANES];
                to += 2 * ncorr;
                from += step;
            }
        }
    }
}

static void predict_chunk(const struct rime_plan *plan,
                          const struct rime_rows *rows,
                          int64_t row,
                          const struct block *block,
                          const int range[2])
{
    struct complex_sum stokes[4][RIME_CHUNK];
    struct complex_sum mixed[RIME_CORRS][RIME_CHUNK];
    const struct complex_sum *planes[RIME_CORRS] = { NULL };

    for (int s = 0; s < 4; s++)
        if (plan->stokes[s].len > 0)
            sum_sources(plan, &plan->stokes[s], block, range, stokes[s]);

    for (int k = 0; k < plan->ncorr; k++) {
        const struct rime_corr *corr = &plan->corr[k];
        static const struct complex_sum zeros[RIME_CHUNK];
        const struct complex_sum *first =
            plan->stokes[corr->first].len > 0 ? stokes[corr->first] : NULL;

        planes[k] = first;
        if (corr->second < 0 || plan->stokes[corr->second].len == 0)
            continue;
        mix(mixed[k], first ? first : zeros, stokes[corr->second], corr, range[1] - range[0]);
        planes[k] = mixed[k];
    }
    scatter(planes, plan, rows, row, range);
}

void RIME_PREDICT(const struct rime_plan *plan, const struct rime_rows *rows)
{
    for (int64_t row = 0; row < rows->count; row += RIME_LANES) {
        struct block block;

        load_block(&block, plan, rows, row);
        for (int c = 0; c < plan->nchan; c += RIME_CHUNK) {
            const int range[2] = { c, c + RIME_CHUNK < plan->nchan ? c + RIME_CHUNK : plan->nchan };
            predict_chunk(plan, rows, row, &block, range);
        }
    }
}
