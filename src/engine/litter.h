/* SPDX-License-Identifier: BSD-3-Clause */
/* litter.h - files that tools for radio astronomy leave about and nobody misses
 * (doc/design/boxes.md 3). */
#pragma once

#include "base/err.h"

#include "value/value.h"

/* Patterns of names, ending with NULL; those with '/' at the end mean directories. `setting` is
 * opts.backend.box.litter: a text or a list of texts, among which 'default' stands for the built-in
 * ones; NULL: these. SP_INVALID: it is something else. */
enum sp_rc sp_litter_patterns(struct sp_arena *arena,
                              const struct sp_value *setting,
                              const char *const **out,
                              struct sp_err *err) SP_MUST_USE;
