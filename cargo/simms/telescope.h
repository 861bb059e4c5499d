/* SPDX-License-Identifier: BSD-3-Clause */
/* telescope.h - where antennas stand: arrays known by name, and antenna files.
 *
 * An antenna file has one antenna a line, in either of two orders (the first word tells which):
 *
 *     NAME X Y Z [DIAMETER [MOUNT]]
 *     X Y Z [DIAMETER [NAME [MOUNT]]]
 *
 * '#' starts a comment. Coordinates are
 *     ITRF   geocentric x, y, z in metres
 *     WGS84  longitude and latitude in degrees, height in metres
 *     ENU    east, north, up in metres from a point that is given besides
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include "msio/msio.h"

#define TELESCOPE_MAX_ANTENNAS 4096

enum coord_sys {
    COORD_ITRF,
    COORD_WGS84,
    COORD_ENU
};

/* A point on the Earth: radians and metres above the WGS84 ellipsoid. */
struct geodetic {
    double lon, lat, height;
};

struct antenna_format {
    enum coord_sys coords;
    struct geodetic origin; /* of ENU */
    double diameter;        /* where a line gives none, metres */
};

struct telescope {
    const char *name; /* as OBSERVATION tells it: "MeerKAT" */
    struct ms_antenna *antennas;
    int nantenna;
};

/* The array called `name` (letter case does not matter); SP_NOT_FOUND with the nearest name.
 * Everything in *out lives in the arena. */
enum sp_rc telescope_get(struct sp_arena *arena,
                         const char *name,
                         struct telescope *out,
                         struct sp_err *err) SP_MUST_USE;

/* Name and one line about the `index`-th array that is known; NULL behind the last. */
const char *telescope_name(size_t index, const char **about);

/* "itrf", "wgs84" or "enu"; SP_INVALID for others. */
enum sp_rc coord_sys_parse(const char *text, enum coord_sys *out, struct sp_err *err) SP_MUST_USE;

/* Read an antenna file. SP_INVALID as "FILE:LINE:COLUMN: what is wrong". */
enum sp_rc telescope_read(struct sp_arena *arena,
                          const char *path,
                          const struct antenna_format *format,
                          struct telescope *out,
                          struct sp_err *err) SP_MUST_USE;

/* The same from memory; `path` is for messages. */
enum sp_rc telescope_parse(struct sp_arena *arena,
                           const char *path,
                           struct sp_str text,
                           const struct antenna_format *format,
                           struct telescope *out,
                           struct sp_err *err) SP_MUST_USE;

/* ITRF position of a geodetic one. */
void geodetic_to_itrf(const struct geodetic *from, double itrf[3]);
