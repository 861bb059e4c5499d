/* SPDX-License-Identifier: BSD-3-Clause */
/* simulation.h - from settings to a filled column.
 *
 * One thread (the caller's) reads and writes the Measurement Set, tile by tile, while the workers
 * compute the tile before: two tiles are in memory. Each visibility is computed from its own row
 * and the settings alone.
 */
#pragma once

#include "simulator/settings.h"

struct simulation_report {
    size_t sources;
    const char *format; /* of the sky model; NULL without one */
    int64_t rows;       /* of the MS */
    int64_t written;    /* rows done: all of them unless interrupted */
    int64_t predicted;  /* rows of the chosen fields among them */
    int nchan, ncorr;
    const char *kernel;
    int threads;
    double sigma;      /* Jy; 0 without noise */
    bool added_column; /* it was not there before */
    bool interrupted;
    double seconds_predict, seconds_noise, seconds_io, seconds_total;
    char warning[400]; /* "" or something that the user should know */
};

/* Called now and then; `done` of `total` rows. */
typedef void (*simulation_progress_fn)(int64_t done, int64_t total, void *arg);

struct simulation_calls {
    simulation_progress_fn progress; /* may be NULL */
    void *arg;
    const volatile int *stop; /* non-zero: finish the tile in work, close, and return */
    int argc;                 /* for HISTORY */
    const char *const *argv;
};

/* Do all of it. On failure *out says how far it came: `written` rows of the column are new, the
 * others as before. */
enum sp_rc simulate(const struct settings *settings,
                    const struct simulation_calls *calls,
                    struct simulation_report *out,
                    struct sp_err *err) SP_MUST_USE;
