/* SPDX-License-Identifier: BSD-3-Clause */
/* linediff.h - what differs between two texts, line by line, as `diff -u` shows it. */
#pragma once

#include "base/buf.h"

/* Append the hunks that turn `from` into `to`, with three lines of context, without the two lines
 * of names; nothing when they are equal. The shortest one (Myers, An O(ND) difference algorithm,
 * 1986), as long as at most a thousand or so lines differ: else all that lies between the first and
 * the last difference is replaced. */
void sp_linediff(struct sp_str from, struct sp_str to, struct sp_buf *out);
