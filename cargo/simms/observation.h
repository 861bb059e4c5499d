/* SPDX-License-Identifier: BSD-3-Clause */
/* observation.h - from the words of a command line to the layout of an MS.
 *
 * The track. `synthesis` is the time on the sky, all scans together; `scan_lag` comes on top. The
 * fields take turns, a scan each; without `scan_length` every field is seen once. The start is
 * one of: a date with a time of day; an hour angle of the first field, on a day; nothing, then
 * the first field passes the meridian in the middle of the track, on a day. The day is fixed
 * unless given, so that the same words make the same MS.
 */
#pragma once

#include "base/arena.h"
#include "base/option.h"

#include "simms/telescope.h"

struct observation_args {
    const char *telescope, *antenna_file, *coord_sys, *lon_lat_elv, *diameter;
    struct sp_words directions;
    const char *label;
    const char *synthesis, *scan_length, *scan_lag, *dtime;
    const char *init_ha, *date;
    const char *freq0, *dfreq;
    int64_t nchan;
    const char *pol, *feed;
    double sefd; /* Jy; 0: SIGMA is 1 */
    bool autocorr, weight_spectrum;
};

struct observation {
    struct ms_layout layout; /* points into the arena */
    struct telescope telescope;
    double start, end;      /* of the whole track, as in msio.h */
    double lowest, highest; /* elevation, radians: the lowest of all fields; the highest of the
                               field that rises least */
};

/* SP_INVALID or SP_NOT_FOUND with a text that names the option. */
enum sp_rc observation_plan(struct sp_arena *arena,
                            const struct observation_args *args,
                            struct observation *out,
                            struct sp_err *err) SP_MUST_USE;

/* "XX", "RL" ... of a casacore Stokes code. */
const char *correlation_name(int code);

/* "2024-03-14T12:00:05Z" of a time as in msio.h. */
struct date_text {
    char text[32];
};
struct date_text date_format(double time);
