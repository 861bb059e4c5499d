/* SPDX-License-Identifier: BSD-3-Clause */
/* sha256.h - SHA-256 (FIPS 180-4) of text in memory: names the content of small files in journals,
 * so that `sha256sum` can check them. */
#pragma once

#include "base/str.h"

struct sp_sha256_text {
    char text[65]; /* lower-case hexadecimal */
};

struct sp_sha256_text sp_sha256(struct sp_str data);
