/* SPDX-License-Identifier: BSD-3-Clause */
/* pick.h - what people mean by a version of data, and keeping it: `spoor pin`. */
#pragma once

#include "engine/depot.h"

/* Index in the stock of the version that `word` means: its digits, or as many of the first as make
 * it the only one (four at least). SP_NOT_FOUND; SP_INVALID: several. */
enum sp_rc sp_pick_version(const struct sp_depot *depot,
                           struct sp_str word,
                           uint32_t *version,
                           struct sp_err *err) SP_MUST_USE;

/* gc lets the version alone from now on, and what it would be computed from if it is not stored. */
enum sp_rc sp_pick_pin(struct sp_depot *depot,
                       uint32_t version,
                       struct sp_str why,
                       struct sp_err *err) SP_MUST_USE;

/* What is pinned: a list of {version, why, stored, path, recipe, task, time}. */
enum sp_rc sp_pick_list(struct sp_depot *depot, struct sp_value *out, struct sp_err *err)
    SP_MUST_USE;
