/* SPDX-License-Identifier: BSD-3-Clause */
/* offset.h - where in the source of a YAML scalar a byte of its value was written.
 *
 * Messages about a part of a text (a formula, a reference) point to that part, also when the text
 * is quoted, escaped, folded or a block.
 */
#pragma once

#include "lang/origin.h"

struct sp_scalar_source {
    struct sp_str text; /* of the file, without quotes; of a block whole lines below its header */
    enum sp_scalar_style style;
};

/* Byte offset in the source of byte `offset` of the value; at most the length of the source. */
size_t sp_scalar_offset(const struct sp_scalar_source *source, size_t offset);
