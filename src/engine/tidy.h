/* SPDX-License-Identifier: BSD-3-Clause */
/* tidy.h - take out of a new Debian directory what depends on the machine or the moment: logs,
 * caches, lists, identities, and the mirrors that it came from. */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Links on the way are not followed. `suite` is for the sources.list that stays. */
enum sp_rc sp_tidy(const char *tree, struct sp_str suite, struct sp_err *err) SP_MUST_USE;
