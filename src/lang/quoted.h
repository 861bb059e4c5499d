/* SPDX-License-Identifier: BSD-3-Clause */
/* quoted.h - the text of a quoted YAML scalar.
 *
 * libfyaml 0.7.12 loses a character where an escaped backslash stands right before an escaped line
 * end, and memory where a single-quoted text contains many quotes. So it finds the ends of quoted
 * texts, and they are decoded here.
 */
#pragma once

#include "base/arena.h"

/* Decode the source between the quotes, which must be valid. `single`: '', else backslashes. */
struct sp_str sp_quoted_decode(struct sp_arena *arena, struct sp_str source, bool single);
