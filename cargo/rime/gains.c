/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/gains.h"

#include "rime/philox.h"

#include <math.h>
#include <stdlib.h>

#define CORRS_MAX 4

/* amplitude * sin(rate * t + start) */
struct swing {
    double amplitude, rate, start;
};

struct feed_gain {
    struct swing amplitude, phase;
};

struct rime_gains {
    int nantenna, ncorr;
    int feed1[CORRS_MAX], feed2[CORRS_MAX];
    struct feed_gain *feeds; /* [antenna][2] */
};

static enum sp_rc check_span(const struct rime_span *span, const char *name, struct sp_err *err)
{
    if (!(span->min >= 0) || !(span->max >= span->min))
        return sp_fail(err, SP_INVALID, "gain errors: %s from %g to %g is not a range", name,
                       span->min, span->max);
    return SP_OK;
}

static enum sp_rc check_limits(const struct rime_gain_limits *limits, struct sp_err *err)
{
    const struct {
        const struct rime_span *span;
        const char *name;
        bool period;
    } spans[] = {
        { &limits->amplitude, "amplitude", false },
        { &limits->amplitude_period, "amplitude period", true },
        { &limits->phase, "phase", false },
        { &limits->phase_period, "phase period", true },
    };

    for (size_t i = 0; i < SP_COUNT(spans); i++) {
        enum sp_rc rc = check_span(spans[i].span, spans[i].name, err);
        if (rc)
            return rc;
        if (spans[i].period && !(spans[i].span->min > 0))
            return sp_fail(err, SP_INVALID, "gain errors: the %s must be above zero seconds",
                           spans[i].name);
    }
    return SP_OK;
}

/* In [0, 1), from 32 random bits. */
static double unit(uint32_t word)
{
    return word * 0x1p-32;
}

static double within(const struct rime_span *span, uint32_t word)
{
    return span->min + (span->max - span->min) * unit(word);
}

static struct swing draw_swing(const struct rime_span *size,
                               const struct rime_span *period,
                               uint64_t seed,
                               uint32_t number)
{
    const uint32_t counter[4] = { number, 0, 0, PHILOX_GAINS };
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
    uint32_t words[4];

    philox(counter, key, words);
    return (struct swing){
        .amplitude = within(size, words[0]),
        .rate = 2 * M_PI / within(period, words[1]),
        .start = 2 * M_PI * unit(words[2]),
    };
}

static enum sp_rc set_feeds(struct rime_gains *gains, const int *corr_type, struct sp_err *err)
{
    if (gains->ncorr < 1 || gains->ncorr > CORRS_MAX)
        return sp_fail(err, SP_INVALID, "gain errors: %d correlations", gains->ncorr);
    for (int k = 0; k < gains->ncorr; k++) {
        if (corr_type[k] < 5 || corr_type[k] > 12)
            return sp_fail(err, SP_INVALID,
                           "gain errors: correlation type %d is not one of two feeds",
                           corr_type[k]);
        const int hands = (corr_type[k] - 5) % 4; /* 0 1 2 3: pp pq qp qq */
        gains->feed1[k] = hands / 2;
        gains->feed2[k] = hands % 2;
    }
    return SP_OK;
}

enum sp_rc rime_gains_new(const struct rime_gain_setup *setup,
                          struct rime_gains **out,
                          struct sp_err *err)
{
    const struct rime_gain_limits *limits = setup->limits;
    rime_auto_gains struct rime_gains *gains = sp_alloc(sizeof *gains);

    gains->nantenna = setup->nantenna;
    gains->ncorr = setup->ncorr;
    if (check_limits(limits, err) || set_feeds(gains, setup->corr_type, err))
        return err->code;
    gains->feeds = sp_try_alloc(2 * (size_t)setup->nantenna, sizeof *gains->feeds);
    if (!gains->feeds)
        return sp_fail(err, SP_LIMIT, "no memory for the gains of %d antennas", setup->nantenna);
    for (uint32_t i = 0; i < 2 * (uint32_t)setup->nantenna; i++) {
        struct feed_gain *feed = &gains->feeds[i];

        feed->amplitude =
            draw_swing(&limits->amplitude, &limits->amplitude_period, setup->seed, 2 * i);
        feed->phase = draw_swing(&limits->phase, &limits->phase_period, setup->seed, 2 * i + 1);
    }
    *out = SP_TAKE(gains);
    return SP_OK;
}

void rime_gains_free(struct rime_gains *gains)
{
    if (!gains)
        return;
    free(gains->feeds);
    free(gains);
}

static double swing_at(const struct swing *swing, double time)
{
    return swing->amplitude * sin(swing->rate * time + swing->start);
}

void rime_gain_at(const struct rime_gains *gains, int antenna, int feed, double time, double g[2])
{
    const struct feed_gain *one = &gains->feeds[2 * antenna + feed];
    const double size = 1 + swing_at(&one->amplitude, time);
    const double phase = swing_at(&one->phase, time);

    g[0] = size * cos(phase);
    g[1] = size * sin(phase);
}

/* vis *= a conj(b) for one correlation of a row. */
static void multiply(float *vis, int nchan, int ncorr, const double a[2], const double b[2])
{
    const float re = (float)(a[0] * b[0] + a[1] * b[1]);
    const float im = (float)(a[1] * b[0] - a[0] * b[1]);

    for (int c = 0; c < nchan; c++, vis += 2 * (ptrdiff_t)ncorr) {
        const float x = vis[0] * re - vis[1] * im;
        vis[1] = vis[0] * im + vis[1] * re;
        vis[0] = x;
    }
}

static void apply_row(const struct rime_gains *gains, const struct rime_gain_rows *rows, int64_t i)
{
    double g1[2][2], g2[2][2];
    float *vis = rows->vis + 2 * (size_t)i * (size_t)rows->nchan * (size_t)gains->ncorr;

    for (int feed = 0; feed < 2; feed++) {
        rime_gain_at(gains, rows->antenna1[i], feed, rows->time[i], g1[feed]);
        rime_gain_at(gains, rows->antenna2[i], feed, rows->time[i], g2[feed]);
    }
    for (int k = 0; k < gains->ncorr; k++)
        multiply(vis + 2 * (ptrdiff_t)k, rows->nchan, gains->ncorr, g1[gains->feed1[k]],
                 g2[gains->feed2[k]]);
}

void rime_gains_apply(const struct rime_gains *gains, const struct rime_gain_rows *rows)
{
    for (int64_t i = 0; i < rows->count; i++)
        apply_row(gains, rows, i);
}
