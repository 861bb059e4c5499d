/* SPDX-License-Identifier: BSD-3-Clause */
/* json.h - values as JSON, through jansson.
 *
 * Order of keys is kept, 64-bit integers are exact, duplicates are refused. A float that JSON
 * cannot hold (nan, inf) is written as a text, or as Python's json module reads it. What is not a
 * value is written as null.
 */
#pragma once

#include "base/buf.h"

#include "value/value.h"

enum sp_json_style {
    SP_JSON_COMPACT,
    SP_JSON_PRETTY,
    SP_JSON_PYTHON /* compact, with NaN and Infinity */
};

void sp_json_encode(struct sp_value value, enum sp_json_style style, struct sp_buf *out);

/* One document; SP_INVALID with line and column otherwise. */
enum sp_rc sp_json_decode(struct sp_arena *arena,
                          struct sp_str text,
                          struct sp_value *out,
                          struct sp_err *err) SP_MUST_USE;

/* Append `text` as a quoted JSON string. */
void sp_json_quote(struct sp_str text, struct sp_buf *out);
