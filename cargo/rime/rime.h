/* SPDX-License-Identifier: BSD-3-Clause */
/* rime.h - visibilities of a list of sources (the radio interferometer measurement equation).
 *
 *   V_pq(nu) = sum_s B_s(nu) exp(+2 pi i (u l + v m + w (n - 1)) nu / c) E_s G_s
 *
 * with uvw as stored in the Measurement Set (msio.h), B = [[I+Q, U+iV], [U-iV, I-Q]] for linear
 * and [[I+V, Q+iU], [Q-iU, I-V]] for circular feeds, E the transform of a Gaussian and G the
 * smearing by the length of an integration and the width of a channel.
 *
 * Invariants
 *  1. The error is below 2e-6 of the summed flux.
 *  2. The visibilities of a row depend on that row alone: any division into calls, tiles and
 *     threads gives the same bits. (Another variant may round differently.)
 *
 * Fluxes are Jy, frequencies Hz, angles radians, lengths metres, times seconds.
 */
#pragma once

#include "base/err.h"

#include "rime/kernel.h"
#include "sky/skymodel.h"

/* One build of the kernels for a set of instructions. */
struct rime_variant {
    const char *name; /* "generic", "avx2", "avx512" */
    int lanes;
    rime_predict_fn predict;
    rime_normals_fn normals;
    bool (*supported)(void); /* by this machine */
};

/* All that were compiled in, slowest first. */
extern const struct rime_variant rime_variants[];
extern const size_t rime_variant_count;

/* The fastest that this machine supports (`name` NULL, "" or "auto"), or the one asked for;
 * SP_NOT_FOUND names those that would do. The result is static. */
enum sp_rc rime_variant_find(const char *name, const struct rime_variant **out, struct sp_err *err)
    SP_MUST_USE;

/* Everything borrowed, and only during rime_model_new. */
struct rime_setup {
    const struct sky_model *sky;
    double ra, dec; /* phase centre */
    int nchan;
    const double *freq, *width;
    const int *corr_type; /* casacore Stokes codes: I Q U V = 1..4, RR..LL = 5..8, XX..YY = 9..12 */
    int ncorr;
    bool smearing;
    double time; /* UTC, for the pole of date; smearing only */
};

struct rime_model;

/* A model ready for prediction. SP_INVALID: a correlation that is none of the above, or no
 * channel; SP_LIMIT: sources x channels do not fit into memory. The caller owns *out. */
enum sp_rc rime_model_new(const struct rime_setup *setup,
                          struct rime_model **out,
                          struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void rime_model_free(struct rime_model *model);

/* What the kernels want; valid as long as the model. */
const struct rime_plan *rime_model_plan(const struct rime_model *model);

/* Predict `rows`. Thread-safe. */
void rime_predict(const struct rime_variant *variant,
                  const struct rime_model *model,
                  const struct rime_rows *rows);

static inline void rime_model_freep(struct rime_model **model)
{
    rime_model_free(*model);
}

#define rime_auto_model SP_CLEANUP(rime_model_freep)
