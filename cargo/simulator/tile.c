/* SPDX-License-Identifier: BSD-3-Clause */
#include "simulator/tile.h"

#include <stdlib.h>

/* Aligned for the widest vectors, so that rows do not straddle cache lines needlessly. */
static void *allocate(int64_t rows, size_t row_size)
{
    return sp_try_alloc((size_t)rows, row_size);
}

enum sp_rc tile_init(struct tile *tile,
                     int64_t capacity,
                     const struct ms_info *info,
                     bool with_old,
                     struct sp_err *err)
{
    const size_t floats = 2 * (size_t)info->nchan * (size_t)info->ncorr;

    *tile = (struct tile){
        .capacity = capacity,
        .row_floats = floats,
        .uvw = allocate(capacity, 3 * sizeof(double)),
        .time = allocate(capacity, sizeof(double)),
        .interval = allocate(capacity, sizeof(double)),
        .antenna1 = allocate(capacity, sizeof(int32_t)),
        .antenna2 = allocate(capacity, sizeof(int32_t)),
        .field = allocate(capacity, sizeof(int32_t)),
        .vis = allocate(capacity, floats * sizeof(float)),
        .old = with_old ? allocate(capacity, floats * sizeof(float)) : NULL,
    };
    if (tile->uvw && tile->time && tile->interval && tile->antenna1 && tile->antenna2 &&
        tile->field && tile->vis && (tile->old || !with_old))
        return SP_OK;
    tile_fini(tile);
    return sp_fail(err, SP_LIMIT, "no memory for tiles of %lld rows; try a smaller --tile-size",
                   (long long)capacity);
}

void tile_fini(struct tile *tile)
{
    void *const parts[] = { tile->uvw,      tile->time,  tile->interval, tile->antenna1,
                            tile->antenna2, tile->field, tile->vis,      tile->old };

    for (size_t i = 0; i < SP_COUNT(parts); i++)
        free(parts[i]);
    *tile = (struct tile){ 0 };
}

enum sp_rc tile_read(struct tile *tile,
                     const struct tile_columns *columns,
                     int64_t row,
                     int64_t count,
                     struct sp_err *err)
{
    const struct ms_keys keys = {
        .time = tile->time,
        .interval = tile->interval,
        .antenna1 = tile->antenna1,
        .antenna2 = tile->antenna2,
        .field = tile->field,
    };

    tile->row = row;
    tile->count = count;
    if (ms_read_keys(columns->ms, row, count, &keys, err) ||
        ms_read_uvw(columns->ms, row, count, tile->uvw, err) ||
        (columns->input && ms_read_vis(columns->ms, columns->input, row, count, tile->old, err)))
        return sp_err_wrap(err, "read rows %lld to %lld", (long long)row,
                           (long long)(row + count - 1));
    return SP_OK;
}

int64_t tile_run_end(const struct tile *tile, int64_t from, int64_t to)
{
    int64_t end = from + 1;

    while (end < to && tile->field[end] == tile->field[from])
        end++;
    return end;
}

/* End of the stretch from `from` on whose rows are all wanted or all unwanted. */
static int64_t stretch_end(const struct tile *tile, int field, int64_t from)
{
    const bool wanted = field < 0 || tile->field[from] == field;
    int64_t end = from + 1;

    while (end < tile->count && (field < 0 || tile->field[end] == field) == wanted)
        end++;
    return end;
}

enum sp_rc tile_write(const struct tile *tile,
                      const struct tile_columns *columns,
                      struct sp_err *err)
{
    for (int64_t from = 0, end; from < tile->count; from = end) {
        end = stretch_end(tile, columns->field, from);
        if (columns->field >= 0 && tile->field[from] != columns->field)
            continue;
        const int64_t row = tile->row + from;
        if (ms_write_vis(columns->ms, columns->output, row, end - from,
                         tile->vis + (size_t)from * tile->row_floats, err))
            return sp_err_wrap(err, "write rows %lld to %lld of %s", (long long)row,
                               (long long)(row + end - from - 1), columns->output);
    }
    return SP_OK;
}
