/* SPDX-License-Identifier: BSD-3-Clause */
#include "rime/noise.h"

#include "base/tap.h"

#include "rime/philox.h"
#include "rime/workers.h"

#include <math.h>
#include <stdlib.h>

/* Known answers that the authors of Philox publish with Random123. */
static const struct {
    uint32_t counter[4], key[2], want[4];
} answers[] = {
    { { 0, 0, 0, 0 }, { 0, 0 }, { 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8 } },
    { { 0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff },
      { 0xffffffff, 0xffffffff },
      { 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd } },
    { { 0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344 },
      { 0xa4093822, 0x299f31d0 },
      { 0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1 } },
};

static void test_philox(void)
{
    for (size_t i = 0; i < SP_COUNT(answers); i++) {
        uint32_t got[4];

        philox(answers[i].counter, answers[i].key, got);
        tap_ok(memcmp(got, answers[i].want, sizeof got) == 0, "Philox4x32-10, known answer %zu", i);
    }
}

/* What the kernels must give, written down plainly in double. */
static void plain_normals(uint64_t seed, uint64_t block, double out[4])
{
    const uint32_t counter[4] = { (uint32_t)block, (uint32_t)(block >> 32), 0, PHILOX_NOISE };
    const uint32_t key[2] = { (uint32_t)seed, (uint32_t)(seed >> 32) };
    uint32_t w[4];

    philox(counter, key, w);
    for (int k = 0; k < 4; k += 2) {
        const double u = ((w[k] >> 1) + 0.5) * 0x1p-31;
        const double angle = 2 * M_PI * (double)(int32_t)w[k + 1] * 0x1p-32;
        out[k] = sqrt(-2 * log(u)) * cos(angle);
        out[k + 1] = sqrt(-2 * log(u)) * sin(angle);
    }
}

static void test_kernel(const char *name, rime_normals_fn normals, const float *generic)
{
    enum {
        BLOCKS = 1003
    };

    static float got[4 * BLOCKS + 1];
    const uint64_t seed = UINT64_C(0x123456789abcdef), first = UINT64_C(0xfffffff0);
    double worst = 0;

    got[4 * BLOCKS] = 777;
    normals(seed, first, BLOCKS, got);
    for (uint64_t b = 0; b < BLOCKS; b++) {
        double want[4];
        plain_normals(seed, first + b, want);
        for (int k = 0; k < 4; k++)
            worst = fmax(worst, fabs((double)got[4 * b + (uint64_t)k] - want[k]));
    }
    tap_ok(worst < 3e-6 && got[4 * BLOCKS] == 777, "%s: normals within %.1e of libm's", name,
           worst);
    tap_ok(memcmp(got, generic, 4 * BLOCKS * sizeof *got) == 0, "%s: the bits of generic", name);
}

/* Mean, deviation, tails, correlation of neighbours and of real and imaginary parts. */
static void test_statistics(const struct rime_variant *variant)
{
    enum {
        COUNT = 1 << 20,
        ROUNDS = 4
    };

    float *n = sp_try_alloc(2 * COUNT, sizeof *n);
    double sum = 0, sum2 = 0, sum4 = 0, pairs = 0, neighbours = 0;
    int64_t beyond3 = 0;

    for (uint64_t round = 0; n && round < ROUNDS; round++) {
        rime_normals(variant, 7, round * COUNT, COUNT, n);
        for (int i = 0; i < COUNT; i++) {
            const double x = (double)n[2 * i], y = (double)n[2 * i + 1];
            sum += x + y;
            sum2 += x * x + y * y;
            sum4 += x * x * x * x + y * y * y * y;
            pairs += x * y;
            neighbours += i > 0 ? x * (double)n[2 * i - 2] : 0;
            beyond3 += (fabs(x) > 3) + (fabs(y) > 3);
        }
    }
    free(n);
    const double total = 2.0 * COUNT * ROUNDS;
    const double spread = sqrt(sum2 / total);
    tap_ok(fabs(sum / total) < 4 / sqrt(total), "mean %.1e", sum / total);
    tap_ok(fabs(spread - 1) < 1e-3, "standard deviation %.5f", spread);
    tap_ok(fabs(sum4 / total - 3) < 0.02, "fourth moment %.4f", sum4 / total);
    tap_ok(fabs((double)beyond3 / total / 0.0026998 - 1) < 0.04, "%.5f beyond 3 sigma",
           (double)beyond3 / total);
    tap_ok(fabs(pairs / total * 2) < 4 / sqrt(total / 2), "real and imaginary parts: %.1e",
           pairs / total * 2);
    tap_ok(fabs(neighbours / total * 2) < 4 / sqrt(total / 2), "neighbours: %.1e",
           neighbours / total * 2);
}

static void test_sigma(const struct rime_variant *variant)
{
    enum {
        ROWS = 300,
        CHANS = 7,
        CORRS = 3
    };

    static float whole[ROWS * CHANS * CORRS * 2], pieces[SP_COUNT(whole)];
    double interval[ROWS], sum = 0;
    float scale[CHANS];
    const struct rime_noise noise = { .seed = 3, .nchan = CHANS, .ncorr = CORRS, .scale = scale };

    tap_ok(fabs(rime_noise_sigma(831, 1e6, 10) - 0.18582) < 1e-5, "831 Jy, 1 MHz, 10 s: 0.1858 Jy");
    for (int i = 0; i < ROWS; i++)
        interval[i] = i < ROWS / 2 ? 10 : 40;
    for (int i = 0; i < CHANS; i++)
        scale[i] = rime_noise_scale(831, 1e6);
    rime_noise_add(variant, &noise, 11, ROWS, interval, whole);
    const size_t row = CHANS * CORRS * 2;
    for (int from = 0; from < ROWS; from += 37)
        rime_noise_add(variant, &noise, 11 + from, SP_MIN(37, ROWS - from), interval + from,
                       pieces + (size_t)from * row);
    tap_ok(memcmp(whole, pieces, sizeof whole) == 0, "an odd number of samples a row, in pieces");
    const size_t count = SP_COUNT(whole);
    for (size_t i = 0; i < count; i++)
        sum += (double)(whole[i] * whole[i]) * (2 * i < count ? 1 : 4);
    tap_ok(fabs(sqrt(sum / (double)count) / 0.18582 - 1) < 0.03,
           "noise falls with the root of the interval");
}

struct shared_work {
    const struct rime_variant *variant;
    float *out;
};

enum {
    PIECES = 53,
    PIECE_SAMPLES = 1001
};

static void draw_piece(int64_t piece, void *arg)
{
    const struct shared_work *work = arg;

    rime_normals(work->variant, 9, (uint64_t)piece * PIECE_SAMPLES, PIECE_SAMPLES,
                 work->out + 2 * piece * PIECE_SAMPLES);
}

static void test_threads(const struct rime_variant *variant)
{
    static float one[2 * PIECES * PIECE_SAMPLES], many[SP_COUNT(one)];
    struct sp_err err = SP_ERR_INIT;

    rime_normals(variant, 9, 0, PIECES * PIECE_SAMPLES, one);
    for (int threads = 1; threads <= 5; threads++) {
        rime_auto_workers struct workers *workers = NULL;
        struct shared_work work = { variant, many };

        if (workers_new(threads, &workers, &err)) {
            tap_ok(false, "%s", err.text);
            return;
        }
        memset(many, 0, sizeof many);
        for (int round = 0; round < 3; round++) { /* the same workers take several jobs */
            workers_start(workers, &(struct workers_job){ PIECES, draw_piece, &work });
            workers_wait(workers);
        }
        workers_wait(workers); /* nothing to wait for */
        tap_ok(memcmp(one, many, sizeof one) == 0, "%d threads: the same bits", threads);
    }
}

#if defined(__x86_64__)
void rime_normals_wide(uint64_t seed, uint64_t first, size_t count, float *out);
#endif

int main(void)
{
    static float generic[4 * 1003];
    struct sp_err err = SP_ERR_INIT;
    const struct rime_variant *best = NULL;

    test_philox();
    rime_variants[0].normals(UINT64_C(0x123456789abcdef), UINT64_C(0xfffffff0), 1003, generic);
    for (size_t i = 0; i < rime_variant_count; i++)
        if (rime_variants[i].supported())
            test_kernel(rime_variants[i].name, rime_variants[i].normals, generic);
#if defined(__x86_64__)
    if (__builtin_cpu_supports("avx2"))
        test_kernel("16 lanes on avx2", rime_normals_wide, generic);
#endif
    if (rime_variant_find(NULL, &best, &err))
        return tap_done();
    test_statistics(best);
    test_sigma(best);
    test_threads(best);
    return tap_done();
}
