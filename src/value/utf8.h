/* SPDX-License-Identifier: BSD-3-Clause */
/* utf8.h - text as characters rather than bytes.
 *
 * Positions, lengths and widths that people and formulas see count characters (Unicode code
 * points). A byte that does not belong to valid UTF-8 counts as one character of its own.
 */
#pragma once

#include "base/buf.h"

#define SP_UTF8_BAD UINT32_MAX

/* The character at byte `at` (which must be inside) and in *len its length in bytes (1 to 4).
 * SP_UTF8_BAD and length 1 for a byte that is not valid UTF-8. */
uint32_t sp_utf8_decode(struct sp_str text, size_t at, size_t *len);

/* Append one character; nothing for what is not one (surrogates, over 0x10FFFF). */
void sp_utf8_encode(uint32_t code, struct sp_buf *out);

/* Number of characters. */
size_t sp_utf8_count(struct sp_str text);

/* Byte offset of character number `index`; the length of the text if it has fewer. */
size_t sp_utf8_offset(struct sp_str text, size_t index);

/* Does Python's repr() show this character as it is? */
bool sp_utf8_printable(uint32_t code);
