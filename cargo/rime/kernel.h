/* SPDX-License-Identifier: BSD-3-Clause */
/* kernel.h - what the prediction kernels are given. Shared by model.c, which prepares it, and by
 * predict_kernel.c, which is compiled once a variant. Plain data: no vectors here. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RIME_GROUP 4   /* sources in flight */
#define RIME_SEED  32  /* channels between two exact phases */
#define RIME_CHUNK 128 /* channels whose sums stay in the first-level cache */
#define RIME_CORRS 4

#define RIME_C 299792458.0

/* RIME_GROUP sources; a group that is not full has sources without flux. */
struct rime_group {
    double lmn[3][RIME_GROUP]; /* l, m, n - 1, divided by c: seconds a metre */
    /* Gaussian: exponent -(uu u^2 + uv u v + vv v^2) nu^2, u and v in metres. */
    double uu[RIME_GROUP], uv[RIME_GROUP], vv[RIME_GROUP];
    const float *flux; /* [nchan][RIME_GROUP], Jy */
};

/* All sources that have something in one Stokes parameter. */
struct rime_list {
    const struct rime_group *groups; /* points first */
    size_t points;                   /* number of groups of points */
    size_t len;                      /* of all groups */
};

/* correlation = V[first] + (re + i im) V[second] over Stokes I Q U V; second < 0: none. */
struct rime_corr {
    int first, second;
    float re, im;
};

struct rime_plan {
    int nchan, ncorr;
    const double *freq, *width; /* [nchan] */
    bool even;                  /* equispaced channels of one width: the recurrence may be used */
    bool smearing;
    double step;    /* between even channels; 0 when there is one */
    double top;     /* highest frequency */
    double pole[3]; /* rotation of the Earth in the frame of u v w, rad/s */
    struct rime_list stokes[4];
    struct rime_corr corr[RIME_CORRS];
};

/* Rows of a call; borrowed. */
struct rime_rows {
    int64_t count;
    const double *uvw;      /* [count][3], metres */
    const double *interval; /* [count], seconds; NULL unless smearing */
    float *vis;             /* [count][nchan][ncorr] complex; overwritten */
};

typedef void (*rime_predict_fn)(const struct rime_plan *plan, const struct rime_rows *rows);

/* Standard normal deviates of the blocks [first, first + count) of a stream: four floats a block
 * (two complex numbers). See noise.h. */
typedef void (*rime_normals_fn)(uint64_t seed, uint64_t first, size_t count, float *out);
