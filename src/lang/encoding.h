/* SPDX-License-Identifier: BSD-3-Clause */
/* encoding.h - is this text at all? UTF-8, and only the characters that YAML allows. */
#pragma once

#include "base/str.h"

struct sp_encoding_fault {
    size_t offset;
    size_t length;
    const char *message; /* static */
};

/* False and the first fault for malformed UTF-8, control characters and surrogates. */
bool sp_encoding_check(struct sp_str text, struct sp_encoding_fault *fault);
