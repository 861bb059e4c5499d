/* SPDX-License-Identifier: BSD-3-Clause */
/* checksum.h - XXH3-64 of text: guards lines of files against damage. Not a name of data: whoever
 * wants to can make two texts with one checksum (for names see blake3.h). */
#pragma once

#include "base/str.h"

#define SP_CHECKSUM_HEX 16

struct sp_checksum_text {
    char text[SP_CHECKSUM_HEX + 1]; /* lower-case hexadecimal, as `xxhsum -H3` prints it */
};

struct sp_checksum_text sp_checksum(struct sp_str data);
