/* SPDX-License-Identifier: BSD-3-Clause */
/* quoted.h - the text of a double-quoted YAML scalar.
 *
 * libfyaml 0.7.12 loses a character where an escaped backslash stands right before an escaped line
 * end ("C:\\\" and the rest on the next line). Such texts are decoded here instead.
 */
#pragma once

#include "base/arena.h"

/* Does the source contain an escaped line end? */
bool sp_quoted_has_continuation(struct sp_str source);

/* Decode the source between the quotes, which must be valid. */
struct sp_str sp_quoted_decode(struct sp_arena *arena, struct sp_str source);
