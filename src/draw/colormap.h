/* SPDX-License-Identifier: BSD-3-Clause */
/* colormap.h - colours for numbers from 0 to 1.
 *
 *   dusk       the default: from near black through violet and orange to pale yellow. Its path
 *              through CIE L*a*b* is a formula (lightness rises evenly while the hue turns), walked
 *              at even speed, so that equal steps in the data look equally large
 *   cubehelix  D. A. Green 2011, Bull. Astr. Soc. India 39, 289: brightness rises evenly, prints
 *              well in black and white
 *   heat       black, red, yellow, white
 *   grey       black to white
 *
 * A name with "-r" behind it ("grey-r") is the same map backwards.
 */
#pragma once

#include "base/str.h"

#include "draw/canvas.h"

#define SP_COLORMAP_SIZE 256

struct sp_colormap {
    struct sp_colour table[SP_COLORMAP_SIZE];
};

/* SP_NOT_FOUND with the names that exist for an unknown name. */
enum sp_rc sp_colormap_get(struct sp_str name, struct sp_colormap *out, struct sp_err *err)
    SP_MUST_USE;

/* Colour of a value; below 0 and above 1 the end colours. Not for NaN. */
struct sp_colour sp_colormap_at(const struct sp_colormap *map, double value);

/* Names of the maps in order, NULL at the end. */
extern const char *const sp_colormap_names[];
