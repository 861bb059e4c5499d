/* SPDX-License-Identifier: BSD-3-Clause */
/* quantity.h - numbers with units, as people write them.
 *
 * Frequencies "750MHz", "1.4 GHz"; angles "90deg", "-30d12m33s", "0h24m20s", "1.5arcmin",
 * "30arcsec", "0.2rad"; times "10s", "1.5h", "1h30m"; lengths "13.5m"; directions
 * "J2000,90deg,-45deg". A unit is obligatory except where the caller gives a default. Units are
 * case-sensitive: mHz is not MHz.
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

enum quantity_kind {
    QUANTITY_FREQUENCY,
    QUANTITY_ANGLE,
    QUANTITY_TIME,
    QUANTITY_LENGTH
};

/* Value in Hz, radians, seconds or metres; always finite. `default_unit` NULL: a bare number is
 * SP_INVALID and the message names the units that would do. */
enum sp_rc quantity_parse(struct sp_str text,
                          enum quantity_kind kind,
                          const char *default_unit,
                          double *out,
                          struct sp_err *err) SP_MUST_USE;

/* "J2000,RA,DEC"; the frame may be left out (J2000); RA in [0, 2 pi), DEC in [-pi/2, pi/2].
 * Besides angles: "hh:mm:ss" is hours for RA and degrees for DEC, "dd.mm.ss" degrees for DEC. */
enum sp_rc direction_parse(struct sp_str text, double *ra, double *dec, struct sp_err *err)
    SP_MUST_USE;
