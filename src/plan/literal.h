/* SPDX-License-Identifier: BSD-3-Clause */
/* literal.h - values written so that evaluation gives them back. */
#pragma once

#include "value/value.h"

/* Texts that look like expressions get their braces doubled and a second "="; lists likewise.
 * Everything else is returned as it is. */
struct sp_value sp_literal(struct sp_arena *arena, struct sp_value value);
