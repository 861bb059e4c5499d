/* SPDX-License-Identifier: BSD-3-Clause */
/* table.h - aligned columns for people. */
#pragma once

#include "base/amount.h"
#include "base/buf.h"

struct sp_column {
    const char *title;
    bool right; /* numbers */
};

struct sp_table;

struct sp_table *sp_table_new(const struct sp_column *columns, size_t count);
void sp_table_free(struct sp_table *table); /* accepts NULL */

/* Next cell of the current row; a row is full after `count` cells. */
void sp_table_add(struct sp_table *table, const char *fmt, ...) SP_PRINTF(2, 3);

/* Columns as wide as their longest cell, the last one cut at `width` (0: never). */
void sp_table_format(const struct sp_table *table, int width, bool colour, struct sp_buf *out);

static inline void sp_table_freep(struct sp_table **table)
{
    sp_table_free(*table);
}

#define sp_auto_table SP_CLEANUP(sp_table_freep)

/* sp_amount_text, "-" for nothing. */
struct sp_amount_text sp_size_text(uint64_t bytes);

/* CPU time as a share of the elapsed time, both in seconds: "187%"; "-" below 10 ms, where the
 * clocks of the kernel are too coarse. */
struct sp_amount_text sp_share_text(double cpu, double wall);
