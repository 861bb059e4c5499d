/* SPDX-License-Identifier: BSD-3-Clause */
/* template.h - Python's str.format() for the few places of a cab that use it: "{0}:FREQ",
 * "found {count:>5} in {name}". Substitution in recipes is lang/eval.h, which is far more. */
#pragma once

#include "base/buf.h"

#include "value/value.h"

/* The value of a field: `name` is empty for "{}", digits for "{0}". False: there is none. */
typedef bool (*sp_template_fn)(void *arg, struct sp_str name, struct sp_value *out);

/* Append `text` with its fields filled in; "{{" and "}}" are braces, "{x!r:>5}" converts and
 * pads. SP_INVALID: unknown field, bad format, unbalanced brace. */
enum sp_rc sp_template_format(struct sp_str text,
                              sp_template_fn find,
                              void *arg,
                              struct sp_buf *out,
                              struct sp_err *err) SP_MUST_USE;
