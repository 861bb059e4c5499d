/* SPDX-License-Identifier: BSD-3-Clause */
/* settings.h - what the simulator is asked to do, read and checked. */
#pragma once

#include "base/option.h"

#include "rime/gains.h"

enum mode {
    MODE_SIM,      /* column = model */
    MODE_ADD,      /* column = input column + model */
    MODE_SUBTRACT, /* column = input column - model */
};

struct settings {
    const char *ms;
    const char *sky;    /* NULL: noise only */
    const char *format; /* NULL: guess */
    const char *column;
    const char *input_column; /* add and subtract; may be the same */
    enum mode mode;
    bool noise;
    double sefd, sigma; /* Jy; one of them is above zero when there is noise */
    uint64_t seed;
    bool gains;
    struct rime_gain_limits gain_limits;
    bool recentre;
    bool has_centre; /* else the flux-weighted centre of the model is meant */
    double centre_ra, centre_dec;
    bool smearing;
    int field; /* -1: all */
    int threads;
    int64_t tile_rows;  /* 0: by tile_bytes */
    int64_t tile_bytes; /* of visibilities */
    const char *kernel;
    bool json, help, version;
};

extern const struct sp_usage simulator_usage;

const char *mode_name(enum mode mode);

/* Texts are borrowed from argv. SP_INVALID names the option and what is wrong with it; with
 * --help or --version nothing is checked. `out` is written only on success. */
enum sp_rc settings_read(int argc, char **argv, struct settings *out, struct sp_err *err)
    SP_MUST_USE;
