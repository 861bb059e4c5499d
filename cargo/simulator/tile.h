/* SPDX-License-Identifier: BSD-3-Clause */
/* tile.h - a stretch of rows of a Measurement Set in memory.
 *
 * Rows that are not of a field to be simulated stay as they are: they are read but not computed
 * and not written.
 */
#pragma once

#include "msio/msio.h"

struct tile {
    int64_t capacity; /* rows */
    size_t row_floats;
    int64_t row, count; /* rows [row, row + count) of the MS */
    double *uvw;        /* [count][3] */
    double *time, *interval;
    int32_t *antenna1, *antenna2, *field;
    float *vis; /* [count][row_floats]: what is computed */
    float *old; /* what was in the input column; NULL when nobody asks */
};

/* What to read and write. */
struct tile_columns {
    struct ms *ms;
    const char *input; /* NULL: none */
    const char *output;
    int field; /* -1: all */
};

/* Room for `capacity` rows. SP_LIMIT when there is not enough memory. */
enum sp_rc tile_init(struct tile *tile,
                     int64_t capacity,
                     const struct ms_info *info,
                     bool with_old,
                     struct sp_err *err) SP_MUST_USE;

void tile_fini(struct tile *tile);

/* Rows [row, row + count), count at most the capacity. */
enum sp_rc tile_read(struct tile *tile,
                     const struct tile_columns *columns,
                     int64_t row,
                     int64_t count,
                     struct sp_err *err) SP_MUST_USE;

/* The rows that were computed. */
enum sp_rc tile_write(const struct tile *tile,
                      const struct tile_columns *columns,
                      struct sp_err *err) SP_MUST_USE;

/* End of the run of rows of one field that begins at `from` (both within the tile), at most `to`.
 */
int64_t tile_run_end(const struct tile *tile, int64_t from, int64_t to);
