/* SPDX-License-Identifier: BSD-3-Clause */
/* profileview.h - the profile of a run as tables (spec stimela2.md 8.5). */
#pragma once

#include "engine/profile.h"

/* "averages & total I/O" and "peaks", rows down to `depth` levels: beside each other if `width`
 * columns are enough (0: as wide as need be), else one below the other. */
void sp_profile_show(const struct sp_profile *profile, int64_t depth, int width, bool colour);
