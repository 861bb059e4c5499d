/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/weights.h"

#include "msio/msio.h"

#include <math.h>
#include <stdlib.h>

#define LIGHT_SPEED 299792458.0
#define BATCH_ROWS  4096
#define PADDING     1.2 /* wsclean grids weights for the padded image; this is its default */

/* The weighting grid: cells of the uv plane of half its extent (weights are symmetric). */
struct grid {
    int64_t width, height; /* cells of the whole plane */
    double cell_u, cell_v; /* wavelengths */
    float *density;        /* samples in each cell, v >= 0 */
};

/* One pass over all visibilities. */
struct pass {
    struct grid *grid;
    double briggs; /* f^2 */
    bool fill;     /* first pass: count samples in the cells */
    double samples, exposure;
    double weights, squares;
};

/* A stretch of rows. */
struct batch {
    double *uvw;
    double *interval;
    uint8_t *flags;
};

/* --- header ------------------------------------------------------------------------------- */

enum sp_rc weights_parse(struct sp_str text, double *robustness, struct sp_err *err)
{
    size_t open = sp_str_find(text, '(');
    size_t close = sp_str_rfind(text, ')');

    if (sp_str_is_nocase(text, "natural")) {
        *robustness = (double)INFINITY;
        return SP_OK;
    }
    if (sp_str_is_nocase(text, "uniform")) {
        *robustness = -(double)INFINITY;
        return SP_OK;
    }
    if (sp_str_starts(text, "Briggs") && open != SIZE_MAX && close != SIZE_MAX &&
        sp_str_float(sp_str_slice(text, open + 1, close), robustness))
        return SP_OK;
    return sp_fail(err, SP_INVALID,
                   "weighting '" SP_STR_FMT "' (WSCWEIGH of the image) is not known",
                   SP_STR_ARG(text));
}

/* --- grid --------------------------------------------------------------------------------- */

/* The cell of a sample, or NULL outside the grid. The plane is folded: -u, -v is the same. */
static float *find_cell(const struct grid *grid, double u, double v)
{
    double sign = v < 0 ? -1 : 1;
    int64_t x = llrint(floor(sign * u / grid->cell_u)) + grid->width / 2;
    int64_t y = llrint(floor(sign * v / grid->cell_v));

    if (x < 0 || x >= grid->width || y < 0 || y >= grid->height / 2)
        return NULL;
    return &grid->density[y * grid->width + x];
}

static void visit(struct pass *pass, double u, double v)
{
    float *cell = find_cell(pass->grid, u, v);

    if (!cell)
        return;
    if (pass->fill) {
        *cell += 1;
        pass->samples += 1;
        return;
    }
    double density = (double)*cell;
    double weight = isinf(pass->briggs) ? 1 / density : 1 / (1 + density * pass->briggs);
    pass->weights += weight;
    pass->squares += weight * weight;
}

static void visit_rows(struct pass *pass,
                       const struct ms_info *info,
                       const struct batch *batch,
                       int64_t count)
{
    for (int64_t i = 0; i < count * info->nchan; i++) {
        int64_t row = i / info->nchan;
        int64_t channel = i % info->nchan;
        double waves = info->freq[channel] / LIGHT_SPEED;
        if (batch->flags[i * info->ncorr])
            continue;
        pass->exposure += fabs(info->width[channel]) * batch->interval[row];
        visit(pass, batch->uvw[3 * row] * waves, batch->uvw[3 * row + 1] * waves);
    }
}

static enum sp_rc visit_all(struct ms *ms, struct pass *pass, struct sp_err *err)
{
    const struct ms_info *info = ms_info(ms);
    sp_auto_free double *uvw = sp_try_alloc(BATCH_ROWS, 3 * sizeof *uvw);
    sp_auto_free double *interval = sp_try_alloc(BATCH_ROWS, sizeof *interval);
    sp_auto_free uint8_t *flags =
        sp_try_alloc(BATCH_ROWS, (size_t)info->nchan * (size_t)info->ncorr);
    struct batch batch = { uvw, interval, flags };
    struct ms_keys keys = { .interval = interval };

    if (!uvw || !interval || !flags)
        return sp_fail(err, SP_LIMIT, "no memory to read visibility coordinates");
    for (int64_t row = 0; row < info->nrow; row += BATCH_ROWS) {
        int64_t count = SP_MIN(info->nrow - row, (int64_t)BATCH_ROWS);
        enum sp_rc rc = ms_read_uvw(ms, row, count, uvw, err);
        rc = rc ? rc : ms_read_keys(ms, row, count, &keys, err);
        rc = rc ? rc : ms_read_flags(ms, row, count, flags, err);
        if (rc)
            return rc;
        visit_rows(pass, info, &batch, count);
    }
    return SP_OK;
}

/* Density of the samples, then the sums over their weights. */
static enum sp_rc sum_weights(struct ms *ms,
                              struct grid *grid,
                              double robustness,
                              struct weights *out,
                              struct sp_err *err)
{
    struct pass count = { .grid = grid, .fill = true };
    struct pass weigh = { .grid = grid };

    enum sp_rc rc = visit_all(ms, &count, err);
    if (rc)
        return rc;
    if (count.samples < 1)
        return sp_fail(err, SP_INVALID, "no unflagged data");
    if (isinf(robustness) && robustness > 0) {
        *out = (struct weights){ 1, count.exposure };
        return SP_OK;
    }
    double squares = 0;
    for (int64_t i = 0; i < grid->width * grid->height / 2; i++)
        squares += (double)grid->density[i] * (double)grid->density[i];
    double scale = 5 * pow(10, -robustness);
    weigh.briggs = isinf(robustness) ? (double)INFINITY : scale * scale / (squares / count.samples);
    rc = visit_all(ms, &weigh, err);
    if (rc == SP_OK)
        *out =
            (struct weights){ sqrt(count.samples * weigh.squares) / weigh.weights, count.exposure };
    return rc;
}

/* Side of the padded image: an even number. */
static int64_t padded(int64_t side)
{
    int64_t larger = (int64_t)ceil((double)side * PADDING);

    return larger + larger % 2;
}

static enum sp_rc measure_open(struct ms *ms,
                               const struct fits_image *image,
                               double robustness,
                               struct weights *out,
                               struct sp_err *err)
{
    double pixel_x = hypot(image->wcs.to_plane[0], image->wcs.to_plane[2]);
    double pixel_y = hypot(image->wcs.to_plane[1], image->wcs.to_plane[3]);
    struct grid grid = { .width = padded(image->columns), .height = padded(image->rows) };

    grid.cell_u = 1 / ((double)grid.width * pixel_x);
    grid.cell_v = 1 / ((double)grid.height * pixel_y);
    sp_auto_free float *density =
        sp_try_alloc((size_t)(grid.width * (grid.height / 2 + 1)), sizeof *density);

    if (!density)
        return sp_fail(err, SP_LIMIT, "no memory for the weighting grid");
    grid.density = density;
    return sum_weights(ms, &grid, robustness, out, err);
}

enum sp_rc weights_measure(const char *path,
                           const struct fits_image *image,
                           struct weights *out,
                           struct sp_err *err)
{
    struct sp_err closing = SP_ERR_INIT;
    struct ms *ms = NULL;
    double robustness = 0;

    enum sp_rc rc = weights_parse(sp_str_of(image->weighting), &robustness, err);
    if (rc)
        return rc;
    rc = ms_open(path, MS_READ, &ms, err);
    if (rc)
        return rc;
    rc = measure_open(ms, image, robustness, out, err);
    (void)ms_close(ms, &closing);
    return rc ? sp_err_wrap(err, "weights of %s", path) : SP_OK;
}
