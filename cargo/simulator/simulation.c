/* SPDX-License-Identifier: BSD-3-Clause */
#include "simulator/simulation.h"

#include "base/clock.h"
#include "base/nearest.h"

#include "rime/noise.h"
#include "rime/workers.h"
#include "simulator/tile.h"

#include <math.h>
#include <stdatomic.h>
#include <stdlib.h>

#define PIECE_BYTES    ((size_t)512 * 1024) /* visibilities of a piece: they stay in the cache */
#define PIECE_ROWS_MIN 16                   /* the widest kernel */
#define PIECE_ROWS_MAX 1024
#define FAR_AWAY       (10 * M_PI / 180) /* sources so far from the phase centre are suspicious */

struct simulation {
    const struct settings *settings;
    const struct simulation_calls *calls;
    struct simulation_report *report;
    struct sp_arena *arena;
    struct sky_model sky;
    struct ms *ms;
    const struct ms_info *info;
    const struct rime_variant *variant;
    struct rime_model **models; /* [nfield], made when a field turns up */
    struct rime_gains *gains;
    struct rime_noise noise;
    float *noise_scale; /* [nchan] */
    struct workers *workers;
    struct tile tiles[2];
    struct tile_columns columns;
    int64_t piece_rows;
    _Atomic int64_t predict_time, noise_time; /* nanoseconds of all threads */
};

/* --- computing ------------------------------------------------------------------------------ */

struct computation {
    struct simulation *sim;
    struct tile *tile;
};

/* vis = old + sign * vis */
static void combine(float *vis, const float *old, float sign, size_t count)
{
    for (size_t i = 0; i < count; i++)
        vis[i] = old[i] + sign * vis[i];
}

/* Rows [from, to) of a tile, all of one field. */
static void compute_run(struct simulation *sim, struct tile *tile, int64_t from, int64_t to)
{
    const struct settings *settings = sim->settings;
    const int64_t count = to - from;
    const size_t floats = (size_t)count * tile->row_floats;
    float *vis = tile->vis + (size_t)from * tile->row_floats;
    const sp_nsec start = sp_clock_monotonic();

    if (sim->models[tile->field[from]])
        rime_predict(
            sim->variant, sim->models[tile->field[from]],
            &(struct rime_rows){ count, tile->uvw + 3 * from, tile->interval + from, vis });
    else
        memset(vis, 0, floats * sizeof *vis);
    if (sim->gains)
        rime_gains_apply(sim->gains,
                         &(struct rime_gain_rows){ count, tile->time + from, tile->antenna1 + from,
                                                   tile->antenna2 + from, sim->info->nchan, vis });
    if (settings->mode != MODE_SIM)
        combine(vis, tile->old + (size_t)from * tile->row_floats,
                settings->mode == MODE_ADD ? 1.0F : -1.0F, floats);

    const sp_nsec middle = sp_clock_monotonic();
    atomic_fetch_add(&sim->predict_time, middle - start);
    if (!settings->noise)
        return;
    rime_noise_add(sim->variant, &sim->noise, tile->row + from, count,
                   settings->sefd > 0 ? tile->interval + from : NULL, vis);
    atomic_fetch_add(&sim->noise_time, sp_clock_monotonic() - middle);
}

static void compute_piece(int64_t piece, void *arg)
{
    const struct computation *computation = arg;
    struct simulation *sim = computation->sim;
    struct tile *tile = computation->tile;
    const int64_t first = piece * sim->piece_rows;
    const int64_t last = SP_MIN(first + sim->piece_rows, tile->count);

    for (int64_t from = first, to; from < last; from = to) {
        to = tile_run_end(tile, from, last);
        if (sim->settings->field < 0 || tile->field[from] == sim->settings->field)
            compute_run(sim, tile, from, to);
    }
}

/* --- preparing ------------------------------------------------------------------------------ */

static enum sp_rc check_column(const struct simulation *sim, const char *column, struct sp_err *err)
{
    static const char *const usual[] = { "DATA", "MODEL_DATA", "CORRECTED_DATA" };
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(column));

    if (ms_has_column(sim->ms, column))
        return SP_OK;
    for (size_t i = 0; i < SP_COUNT(usual); i++)
        if (ms_has_column(sim->ms, usual[i]))
            sp_nearest_offer(&nearest, sp_str_of(usual[i]));
    return sp_nearest_fail(&nearest, NULL, err, SP_NOT_FOUND, "%s has no column '%s'",
                           sim->settings->ms, column);
}

/* casacore takes any name; those that TaQL cannot say are slips. */
static enum sp_rc check_new_column(const char *column, struct sp_err *err)
{
    static const char *const letters =
        "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz_0123456789";

    if (*column == '\0' || column[strspn(column, letters)] != '\0' ||
        (*column >= '0' && *column <= '9'))
        return sp_fail(err, SP_INVALID,
                       "--column '%s': a name consists of letters, digits and '_', such as "
                       "MODEL_DATA",
                       column);
    return SP_OK;
}

static enum sp_rc prepare_columns(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;

    sim->columns = (struct tile_columns){
        .ms = sim->ms,
        .input = settings->mode == MODE_SIM ? NULL : settings->input_column,
        .output = settings->column,
        .field = settings->field,
    };
    if (sim->columns.input && check_column(sim, sim->columns.input, err))
        return err->code;
    const bool missing = !ms_has_column(sim->ms, settings->column);
    if ((missing && check_new_column(settings->column, err)) ||
        ms_add_column(sim->ms, settings->column, err))
        return err->code;
    sim->report->added_column = missing;
    return SP_OK;
}

/* What --sefd needs of the MS; the deviation in the middle of the band, for the report. */
static enum sp_rc read_sigma(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;
    const struct ms_info *info = sim->info;
    double interval = 0;

    if (info->nrow == 0)
        return SP_OK;
    if (ms_read_keys(sim->ms, 0, 1, &(struct ms_keys){ .interval = &interval }, err))
        return err->code;
    if (!(interval > 0))
        return sp_fail(err, SP_INVALID, "%s: the INTERVAL of row 0 is %g s, which --sefd needs",
                       settings->ms, interval);
    for (int c = 0; c < info->nchan; c++)
        if (info->width[c] == 0)
            return sp_fail(err, SP_INVALID, "%s: channel %d has no width, which --sefd needs",
                           settings->ms, c);
    sim->report->sigma = rime_noise_sigma(settings->sefd, info->width[info->nchan / 2], interval);
    return SP_OK;
}

static enum sp_rc prepare_noise(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;
    const struct ms_info *info = sim->info;

    if (!settings->noise)
        return SP_OK;
    sim->noise_scale = sp_try_alloc((size_t)info->nchan, sizeof *sim->noise_scale);
    if (!sim->noise_scale)
        return sp_fail(err, SP_LIMIT, "no memory for %d channels", info->nchan);
    for (int c = 0; c < info->nchan; c++)
        sim->noise_scale[c] = settings->sefd > 0 ? rime_noise_scale(settings->sefd, info->width[c])
                                                 : (float)settings->sigma;
    sim->noise = (struct rime_noise){
        .seed = settings->seed,
        .nchan = info->nchan,
        .ncorr = info->ncorr,
        .scale = sim->noise_scale,
    };
    sim->report->sigma = settings->sigma;
    return settings->sefd > 0 ? read_sigma(sim, err) : SP_OK;
}

static enum sp_rc prepare_tiles(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;
    const size_t row_bytes =
        2 * sizeof(float) * (size_t)sim->info->nchan * (size_t)sim->info->ncorr;
    int64_t rows = settings->tile_rows > 0
                       ? settings->tile_rows
                       : SP_MAX(settings->tile_bytes / (int64_t)row_bytes, (int64_t)1);

    rows = SP_MAX(SP_MIN(rows, sim->info->nrow), (int64_t)1);
    const int64_t piece = (int64_t)(PIECE_BYTES / row_bytes) / PIECE_ROWS_MIN * PIECE_ROWS_MIN;
    sim->piece_rows = SP_MIN(SP_MAX(piece, (int64_t)PIECE_ROWS_MIN), (int64_t)PIECE_ROWS_MAX);
    for (int i = 0; i < 2; i++) {
        enum sp_rc rc = tile_init(&sim->tiles[i], rows, sim->info, settings->mode != MODE_SIM, err);
        if (rc)
            return rc;
    }
    return SP_OK;
}

static enum sp_rc open_ms(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;

    if (ms_open(settings->ms, MS_WRITE, &sim->ms, err))
        return err->code;
    sim->info = ms_info(sim->ms);
    sim->report->rows = sim->info->nrow;
    sim->report->nchan = sim->info->nchan;
    sim->report->ncorr = sim->info->ncorr;
    if (settings->field >= sim->info->nfield)
        return sp_fail(err, SP_INVALID, "--field-id %d: %s has %d field%s (0 to %d)",
                       settings->field, settings->ms, sim->info->nfield,
                       sim->info->nfield == 1 ? "" : "s", sim->info->nfield - 1);
    return SP_OK;
}

static enum sp_rc prepare_gains(struct simulation *sim, struct sp_err *err)
{
    const struct rime_gain_setup setup = {
        .limits = &sim->settings->gain_limits,
        .seed = sim->settings->seed,
        .nantenna = sim->info->nantenna,
        .corr_type = sim->info->corr_type,
        .ncorr = sim->info->ncorr,
    };

    return rime_gains_new(&setup, &sim->gains, err);
}

static enum sp_rc prepare(struct simulation *sim, struct sp_err *err)
{
    const struct settings *settings = sim->settings;
    enum sp_rc rc = rime_variant_find(settings->kernel, &sim->variant, err);

    if (rc)
        return sp_err_wrap(err, "--kernel");
    sim->report->kernel = sim->variant->name;
    sim->report->threads = settings->threads;
    if (settings->sky) {
        rc = sky_model_read(sim->arena, settings->sky, settings->format, &sim->sky, err);
        if (rc)
            return rc;
        sim->report->sources = sim->sky.len;
        sim->report->format = sim->sky.format;
    }
    if (open_ms(sim, err))
        return err->code;
    sim->models = sp_try_alloc(
        (size_t)SP_MAX(sim->info->nfield, 1),
        sizeof(struct rime_model *)); /* NOLINT(bugprone-sizeof-expression): pointers */
    if (!sim->models)
        return sp_fail(err, SP_LIMIT, "no memory for %d fields", sim->info->nfield);
    if (settings->gains && prepare_gains(sim, err))
        return err->code;
    if (prepare_noise(sim, err) || prepare_tiles(sim, err) ||
        workers_new(settings->threads, &sim->workers, err))
        return err->code;
    return prepare_columns(sim, err);
}

/* --- models of the fields -------------------------------------------------------------------- */

/* A copy of the sources, moved to the field if so asked. */
static struct sky_model sky_of_field(struct simulation *sim, const struct ms_field *field)
{
    const struct settings *settings = sim->settings;
    struct sky_model sky = sim->sky;
    double ra = settings->centre_ra, dec = settings->centre_dec;

    if (!settings->recentre)
        return sky;
    sky.sources = SP_ARENA_NEW(sim->arena, struct sky_source, sky.len);
    memcpy(sky.sources, sim->sky.sources, sky.len * sizeof *sky.sources);
    if (!settings->has_centre)
        sky_model_centre(&sky, &ra, &dec);
    sky_model_recentre(&sky, ra, dec, field->ra, field->dec);
    return sky;
}

/* Sources behind the sky are an error, sources that are all far away a warning. */
static enum sp_rc check_sky(struct simulation *sim,
                            const struct sky_model *sky,
                            const struct ms_field *field,
                            struct sp_err *err)
{
    double nearest = M_PI;

    for (size_t i = 0; i < sky->len; i++) {
        const struct sky_source *source = &sky->sources[i];
        double lmn[3];

        sky_lmn(source->ra, source->dec, field->ra, field->dec, lmn);
        const double distance = acos(fmax(-1, 1 + lmn[2]));
        nearest = fmin(nearest, distance);
        if (lmn[2] <= -1)
            return sp_fail(err, SP_INVALID,
                           "%s:%d: source '" SP_STR_FMT "' is %.1f deg from the phase centre of "
                           "field '%s', more than 90; --recenter moves the model there",
                           sim->settings->sky, source->line, SP_STR_ARG(source->name),
                           distance * 180 / M_PI, field->name);
    }
    if (nearest > FAR_AWAY)
        (void)snprintf(sim->report->warning, sizeof sim->report->warning,
                       "all sources are more than %.0f deg from the phase centre of field '%s'; "
                       "--recenter would move the model there",
                       floor(nearest * 180 / M_PI), field->name);
    return SP_OK;
}

static enum sp_rc make_model(struct simulation *sim, int field, double time, struct sp_err *err)
{
    const struct ms_field *centre = &sim->info->fields[field];
    const struct sky_model sky = sky_of_field(sim, centre);
    const struct rime_setup setup = {
        .sky = &sky,
        .ra = centre->ra,
        .dec = centre->dec,
        .nchan = sim->info->nchan,
        .freq = sim->info->freq,
        .width = sim->info->width,
        .corr_type = sim->info->corr_type,
        .ncorr = sim->info->ncorr,
        .smearing = sim->settings->smearing,
        .time = time,
    };

    if (check_sky(sim, &sky, centre, err))
        return err->code;
    return rime_model_new(&setup, &sim->models[field], err);
}

/* The gains of an antenna are looked up by its number. */
static enum sp_rc check_antennas(const struct simulation *sim,
                                 const struct tile *tile,
                                 struct sp_err *err)
{
    const int count = sim->info->nantenna;

    for (int64_t i = 0; sim->gains && i < tile->count; i++) {
        const int one = tile->antenna1[i], two = tile->antenna2[i];

        if (one < 0 || one >= count || two < 0 || two >= count)
            return sp_fail(err, SP_CORRUPT, "%s: row %lld is of antennas %d and %d; there are %d",
                           sim->settings->ms, (long long)tile->row + i, one, two, count);
    }
    return SP_OK;
}

/* Models for the fields of a tile that have not been met before. */
static enum sp_rc make_models(struct simulation *sim, const struct tile *tile, struct sp_err *err)
{
    for (int64_t i = 0; i < tile->count; i = tile_run_end(tile, i, tile->count)) {
        const int field = tile->field[i];

        if (field < 0 || field >= sim->info->nfield)
            return sp_fail(err, SP_CORRUPT, "%s: row %lld is of field %d; there are %d",
                           sim->settings->ms, (long long)tile->row + i, field, sim->info->nfield);
        if (sim->settings->field >= 0 && field != sim->settings->field)
            continue;
        if (!sim->models[field] && sim->sky.len > 0 && make_model(sim, field, tile->time[i], err))
            return err->code;
    }
    return SP_OK;
}

/* --- the loop -------------------------------------------------------------------------------- */

static void note_io(struct simulation *sim, sp_nsec start)
{
    sim->report->seconds_io += 1e-9 * (double)(sp_clock_monotonic() - start);
}

static enum sp_rc read_tile(struct simulation *sim,
                            int64_t row,
                            struct tile *tile,
                            struct sp_err *err)
{
    const sp_nsec start = sp_clock_monotonic();
    const int64_t count = SP_MIN(tile->capacity, sim->info->nrow - row);
    enum sp_rc rc = tile_read(tile, &sim->columns, row, count, err);

    note_io(sim, start);
    if (rc || check_antennas(sim, tile, err))
        return err->code;
    return make_models(sim, tile, err);
}

static enum sp_rc write_tile(struct simulation *sim, const struct tile *tile, struct sp_err *err)
{
    const sp_nsec start = sp_clock_monotonic();
    enum sp_rc rc = tile_write(tile, &sim->columns, err);

    note_io(sim, start);
    if (rc)
        return rc;
    sim->report->written = tile->row + tile->count;
    for (int64_t i = 0; i < tile->count; i++)
        sim->report->predicted +=
            sim->settings->field < 0 || tile->field[i] == sim->settings->field;
    if (sim->calls->progress)
        sim->calls->progress(sim->report->written, sim->info->nrow, sim->calls->arg);
    return SP_OK;
}

static void start_tile(struct simulation *sim, struct computation *computation, struct tile *tile)
{
    *computation = (struct computation){ sim, tile };
    workers_start(sim->workers, &(struct workers_job){
                                    .pieces = (tile->count + sim->piece_rows - 1) / sim->piece_rows,
                                    .run = compute_piece,
                                    .arg = computation,
                                });
}

static bool stopped(const struct simulation *sim)
{
    return sim->calls->stop && *sim->calls->stop != 0;
}

/* While tile k is computed, tile k + 1 is read; while k + 1 is computed, k is written. */
static enum sp_rc run_tiles(struct simulation *sim, struct sp_err *err)
{
    struct computation computations[2];
    struct tile *now = &sim->tiles[0], *next = &sim->tiles[1];
    int which = 0;

    if (sim->info->nrow == 0)
        return SP_OK;
    enum sp_rc rc = read_tile(sim, 0, now, err);
    if (rc)
        return rc;
    start_tile(sim, &computations[which], now);
    for (;;) {
        const int64_t row = now->row + now->count;
        const bool more = row < sim->info->nrow && !stopped(sim);

        sim->report->interrupted = !more && row < sim->info->nrow;
        rc = more ? read_tile(sim, row, next, err) : SP_OK;
        workers_wait(sim->workers);
        if (rc)
            return rc;
        which = !which;
        if (more)
            start_tile(sim, &computations[which], next);
        rc = write_tile(sim, now, err);
        if (rc || !more)
            break;
        struct tile *swap = now;
        now = next;
        next = swap;
    }
    workers_wait(sim->workers);
    return rc;
}

/* What belongs to a finished column: weights and history. */
static enum sp_rc finish(struct simulation *sim, struct sp_err *err)
{
    const sp_nsec start = sp_clock_monotonic();
    enum sp_rc rc = SP_OK;

    if (sim->settings->noise && !sim->report->interrupted && sim->info->ncorr <= RIME_CORRS) {
        float sigma[RIME_CORRS];

        for (int k = 0; k < sim->info->ncorr; k++)
            sigma[k] = (float)sim->report->sigma;
        rc = ms_write_sigma(sim->ms, sim->settings->field, sigma, err);
    }
    if (!rc)
        rc = ms_add_history(sim->ms, "simulator",
                            sim->report->interrupted ? "interrupted" : "visibilities simulated",
                            sim->calls->argc, sim->calls->argv, err);
    note_io(sim, start);
    return rc;
}

static enum sp_rc close_ms(struct simulation *sim, enum sp_rc rc, struct sp_err *err)
{
    struct sp_err close_err = SP_ERR_INIT;
    const sp_nsec start = sp_clock_monotonic();

    if (ms_close(sim->ms, rc ? &close_err : err) && !rc)
        rc = err->code;
    note_io(sim, start);
    return rc;
}

static void fini(struct simulation *sim)
{
    workers_free(sim->workers);
    for (int i = 0; i < 2; i++)
        tile_fini(&sim->tiles[i]);
    rime_gains_free(sim->gains);
    free(sim->models);
    free(sim->noise_scale);
    sp_arena_free(sim->arena);
}

enum sp_rc simulate(const struct settings *settings,
                    const struct simulation_calls *calls,
                    struct simulation_report *out,
                    struct sp_err *err)
{
    *out = (struct simulation_report){ 0 };
    struct simulation sim = {
        .settings = settings, .calls = calls, .report = out, .arena = sp_arena_new()
    };
    const sp_nsec start = sp_clock_monotonic();

    enum sp_rc rc = prepare(&sim, err);
    if (!rc)
        rc = run_tiles(&sim, err);
    if (!rc)
        rc = finish(&sim, err);
    for (int i = 0; sim.models && i < sim.info->nfield; i++)
        rime_model_free(sim.models[i]);
    rc = close_ms(&sim, rc, err);
    fini(&sim);
    out->seconds_predict = 1e-9 * (double)sim.predict_time / SP_MAX(out->threads, 1);
    out->seconds_noise = 1e-9 * (double)sim.noise_time / SP_MAX(out->threads, 1);
    out->seconds_total = 1e-9 * (double)(sp_clock_monotonic() - start);
    return rc;
}
