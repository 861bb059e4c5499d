/* SPDX-License-Identifier: BSD-3-Clause */
/* escape.h - any bytes as one word of a line: those up to space, "%" and DEL as %XX. One text has
 * one escaped form, so that the digest of a text of such words names what they say.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"

void sp_escape_add(struct sp_buf *out, struct sp_str text);

/* False for what sp_escape_add would not have written, and for zero bytes. *out lives in `arena`.
 */
bool sp_escape_read(struct sp_str text, struct sp_arena *arena, struct sp_str *out);
