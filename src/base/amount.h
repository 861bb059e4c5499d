/* SPDX-License-Identifier: BSD-3-Clause */
/* amount.h - sizes and durations as people write them: "50G", "1.5 TiB", "30d". */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Bytes: a number, then B, k, M, G, T or P (powers of 1000), or Ki, Mi ... (of 1024), with or
 * without a B; any case. SP_INVALID. */
enum sp_rc sp_amount_bytes(struct sp_str text, uint64_t *out, struct sp_err *err) SP_MUST_USE;

/* The same, or "20%": so much of `whole`. SP_INVALID. */
enum sp_rc sp_amount_share(struct sp_str text, uint64_t whole, uint64_t *out, struct sp_err *err)
    SP_MUST_USE;

/* "0 B", "512 B", "1.5 kB", "12 MB": two digits, or three, powers of 1000. */
struct sp_amount_text {
    char text[16];
};
struct sp_amount_text sp_amount_text(uint64_t bytes);

/* A number and s, min, h, d, w or y. SP_INVALID. */
enum sp_rc sp_amount_duration(struct sp_str text, sp_nsec *out, struct sp_err *err) SP_MUST_USE;
