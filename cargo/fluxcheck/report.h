/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - results as a table for people and as JSON. */
#pragma once

#include "base/buf.h"

#include "fluxcheck/measure.h"

struct report {
    const char *catalogue;
    const struct sky_model *model;
    const struct image_result *images;
    size_t count;
};

/* Tables, with at most three images side by side, and a line about each image. */
void report_table(const struct report *report, struct sp_buf *out);

/* One object: {"catalogue": .., "images": [{"path", "frequency", "beam": {..}, "noise", ..}],
 * "sources": [{"name", "ra", "dec", "images": [{"state", "flux", ..}]}]}. Angles in degrees,
 * offsets and beams in arcsec, fluxes in Jy; what is not known is null. */
void report_json(const struct report *report, struct sp_buf *out);

/* Write the JSON to `path`, whole or not at all. */
enum sp_rc report_save(const struct report *report, const char *path, struct sp_err *err)
    SP_MUST_USE;
