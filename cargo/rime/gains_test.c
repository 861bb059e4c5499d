/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/gains.h"

#include "base/tap.h"

#include <math.h>
#include <string.h>

static const int linear[4] = { 9, 10, 11, 12 };

static const struct rime_gain_limits usual = {
    .amplitude = { 0.05, 0.1 },
    .amplitude_period = { 600, 1200 },
    .phase = { 0.2, 0.5 },
    .phase_period = { 600, 1200 },
};

static const struct {
    const char *name;
    struct rime_gain_limits limits;
    int corr;
    const char *why;
} refused[] = {
    { "reversed span", { { 0.2, 0.1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } }, 9, "amplitude" },
    { "negative", { { -0.2, 0.1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } }, 9, "amplitude" },
    { "no period", { { 0, 0.1 }, { 1, 1 }, { 0, 0 }, { 0, 1 } }, 9, "phase period" },
    { "not a number", { { 0, 0.1 }, { 1, 1 }, { 0, (double)NAN }, { 1, 1 } }, 9, "phase" },
    { "Stokes", { { 0, 0.1 }, { 1, 1 }, { 0, 0 }, { 1, 1 } }, 1, "type 1" },
};

static void test_refused(void)
{
    for (size_t i = 0; i < SP_COUNT(refused); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct rime_gains *gains = NULL;
        enum sp_rc rc = rime_gains_new(
            &(struct rime_gain_setup){ &refused[i].limits, 1, 4, &refused[i].corr, 1 }, &gains,
            &err);

        tap_ok(rc == SP_INVALID && !gains && strstr(err.text, refused[i].why), "%s: %s",
               refused[i].name, err.text);
    }
}

static void test_limits(void)
{
    struct sp_err err = SP_ERR_INIT;
    rime_auto_gains struct rime_gains *a = NULL, *b = NULL, *other = NULL;
    double largest = 0, turn = 0, first[2], again[2], different[2];

    const struct rime_gain_setup five = { &usual, 5, 16, linear, 4 },
                                 six = { &usual, 6, 16, linear, 4 };

    if (rime_gains_new(&five, &a, &err) || rime_gains_new(&five, &b, &err) ||
        rime_gains_new(&six, &other, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    for (int antenna = 0; antenna < 16; antenna++)
        for (int step = 0; step < 1000; step++) {
            double g[2];
            rime_gain_at(a, antenna, step % 2, 4.9e9 + 7 * step, g);
            largest = fmax(largest, fabs(hypot(g[0], g[1]) - 1));
            turn = fmax(turn, fabs(atan2(g[1], g[0])));
        }
    tap_ok(largest <= 0.1 && largest > 0.08, "amplitude errors up to %.3f", largest);
    tap_ok(turn <= 0.5 && turn > 0.4, "phase errors up to %.3f rad", turn);

    rime_gain_at(a, 3, 1, 4.9e9, first);
    rime_gain_at(b, 3, 1, 4.9e9, again);
    rime_gain_at(other, 3, 1, 4.9e9, different);
    tap_ok(memcmp(first, again, sizeof first) == 0, "the same seed, the same gains");
    tap_ok(memcmp(first, different, sizeof first) != 0, "another seed, others");
}

/* V_pq = g_p V conj(g_q), each correlation with its feeds. */
static void test_apply(void)
{
    enum {
        CHANS = 3
    };
    struct sp_err err = SP_ERR_INIT;
    rime_auto_gains struct rime_gains *gains = NULL;
    float vis[2][CHANS][4][2];
    const double time[2] = { 4.9e9, 4.9e9 + 10 };
    const int32_t antenna1[2] = { 0, 2 }, antenna2[2] = { 1, 2 };
    double worst = 0;

    if (rime_gains_new(&(struct rime_gain_setup){ &usual, 5, 3, linear, 4 }, &gains, &err)) {
        tap_ok(false, "%s", err.text);
        return;
    }
    for (size_t i = 0; i < sizeof vis / sizeof(float); i++)
        (&vis[0][0][0][0])[i] = i % 2 == 0 ? 2.0F : 1.0F;
    rime_gains_apply(
        gains, &(struct rime_gain_rows){ 2, time, antenna1, antenna2, CHANS, &vis[0][0][0][0] });
    for (int row = 0; row < 2; row++)
        for (int k = 0; k < 4; k++) {
            double p[2], q[2];
            rime_gain_at(gains, antenna1[row], k / 2, time[row], p);
            rime_gain_at(gains, antenna2[row], k % 2, time[row], q);
            const double re = p[0] * q[0] + p[1] * q[1], im = p[1] * q[0] - p[0] * q[1];
            for (int c = 0; c < CHANS; c++)
                worst = fmax(worst, hypot((double)vis[row][c][k][0] - (2 * re - im),
                                          (double)vis[row][c][k][1] - (re + 2 * im)));
        }
    tap_ok(worst < 1e-6, "V becomes g_p V conj(g_q): error %.1e", worst);
}

int main(void)
{
    test_refused();
    test_limits();
    test_apply();
    return tap_done();
}
