/* SPDX-License-Identifier: BSD-3-Clause */
/* text.h - values as text, the way Python writes them.
 *
 * Command lines of tools depend on it: floats in their shortest form that reads back exactly
 * ("1.0", "1e-07", "1e+20"), booleans "True", lists "[1, 'a']". A buffer that is full ends the
 * work: values are shared and may be far larger written than in memory.
 */
#pragma once

#include "base/buf.h"

#include "value/value.h"

/* Like str(): text as it is, everything else as repr(). What is not a value gives its reason. */
void sp_value_str(struct sp_value value, struct sp_buf *out);

/* Like repr(): text in quotes, escaped. */
void sp_value_repr(struct sp_value value, struct sp_buf *out);

/* str() as arena text. */
struct sp_str sp_value_text(struct sp_arena *arena, struct sp_value value);

/* One value for people in messages and logs: lists of more than ten shown as [a, b, ..., z],
 * texts over `max` bytes cut in the middle. */
void sp_value_brief(struct sp_value value, size_t max, struct sp_buf *out);

/* Apply a Python format specification (":03d", ":.2f", ":>6") as format(value, spec) does. */
enum sp_rc sp_value_format(struct sp_value value,
                           struct sp_str spec,
                           struct sp_buf *out,
                           struct sp_err *err) SP_MUST_USE;

/* Python literal syntax ([1, 'a'], (1, 2), {'k': None}, 1.5, "x"): SP_INVALID if it is not. */
enum sp_rc sp_value_parse_literal(struct sp_arena *arena,
                                  struct sp_str text,
                                  struct sp_value *out,
                                  struct sp_err *err) SP_MUST_USE;
