/* SPDX-License-Identifier: BSD-3-Clause */
/* dtype.h - the types of parameters, written as Python type expressions: "int",
 * "List[File]", "Union[str, Tuple[str, float]]" (spec stimela2.md 2.5). */
#pragma once

#include "base/buf.h"

#include "value/value.h"

struct sp_dtype; /* parsed type; immutable, in an arena */

/* SP_INVALID: not a valid dtype; the message names the part that is wrong and the nearest name. */
enum sp_rc sp_dtype_parse(struct sp_arena *arena,
                          struct sp_str text,
                          const struct sp_dtype **out,
                          struct sp_err *err) SP_MUST_USE;

/* Exactly File, Directory, MS or URI. */
bool sp_dtype_is_file(const struct sp_dtype *dtype);

/* Exactly List[File], List[Directory], List[MS] or List[URI]. */
bool sp_dtype_is_file_list(const struct sp_dtype *dtype);

/* One of these, at any depth. */
bool sp_dtype_has_file(const struct sp_dtype *dtype);

/* Exactly this simple type: "bool", "Directory" (for a file list: of its elements too). */
bool sp_dtype_is(const struct sp_dtype *dtype, const char *name);
bool sp_dtype_of_directories(const struct sp_dtype *dtype); /* (List of) Directory or MS */
bool sp_dtype_of_plain_files(const struct sp_dtype *dtype); /* (List of) File */
bool sp_dtype_is_list(const struct sp_dtype *dtype);        /* List[...] at the top */

/* Canonical spelling: "Union[str, List[int]]". */
void sp_dtype_format(const struct sp_dtype *dtype, struct sp_buf *out);

/* Convert `value` as the coercion table says; the origin is kept. SP_INVALID with a message for
 * people ("expects an int, got text 'abc'"). Values that are none (UNRESOLVED ...) pass. */
enum sp_rc sp_dtype_coerce(struct sp_arena *arena,
                           const struct sp_dtype *dtype,
                           struct sp_value value,
                           struct sp_value *out,
                           struct sp_err *err) SP_MUST_USE;
