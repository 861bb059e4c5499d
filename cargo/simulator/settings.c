/* SPDX-License-Identifier: BSD-3-Clause */
#include "simulator/settings.h"

#include "base/nearest.h"

#include "rime/workers.h"
#include "sky/quantity.h"

#include <math.h>

#define MIB          ((int64_t)1024 * 1024)
#define TILE_DEFAULT (16 * MIB) /* two of them in the cache of a large processor */
#define TILE_MAX     ((int64_t)16 * 1024 * MIB)
#define THREADS_MAX  1024

/* As it stands on the command line. */
struct args {
    const char *msname, *skymodel, *format, *column, *input_column, *mode;
    bool addnoise;
    double sefd, noise;
    int64_t seed;
    bool gains;
    double gain_min_error, gain_max_error;
    const char *gain_min_period, *gain_max_period;
    const char *phase_min_error, *phase_max_error, *phase_min_period, *phase_max_period;
    bool recentre;
    const char *field_centre;
    bool smearing;
    int64_t field, threads;
    const char *tile_size, *kernel;
    bool json, help, version;
};

#define TEXT(letter, name, field, metavar, help) \
    SP_OPT_TEXT(letter, name, struct args, field, metavar, help)
#define FLAG(letter, name, field, help) SP_OPT_FLAG(letter, name, struct args, field, help)
#define INT(letter, name, field, metavar, help) \
    SP_OPT_INT(letter, name, struct args, field, metavar, help)
#define FLOAT(letter, name, field, metavar, help) \
    SP_OPT_FLOAT(letter, name, struct args, field, metavar, help)

static const struct sp_option options[] = {
    SP_OPT_GROUP("Data"),
    TEXT(NULL, "msname", msname, "MS", "the Measurement Set; also as the only word"),
    TEXT(NULL, "column", column, "NAME", "column to write (DATA); added when it is missing"),
    TEXT(NULL,
         "input-column",
         input_column,
         "NAME",
         "column that the model is added to or subtracted from (the same as --column)"),
    TEXT(
        NULL,
        "mode",
        mode,
        "MODE",
        "sim: the column becomes the model; add, subtract: the input column plus, minus the model"),
    INT(NULL, "field-id", field, "N", "only this field (all)"),
    SP_OPT_GROUP("Sky"),
    TEXT("s", "skymodel", skymodel, "FILE", "the sources; without: noise only"),
    TEXT(NULL, "format", format, "NAME", "plain, tigger, lsm.html, wsclean, bbs or auto (auto)"),
    FLAG(NULL,
         "recenter",
         recentre,
         "move the model as a whole so that its centre comes to the phase centre"),
    TEXT(NULL,
         "field-center",
         field_centre,
         "DIRECTION",
         "the point of the model that --recenter moves, such as J2000,0h0m0s,-30d "
         "(the flux-weighted centre); implies --recenter"),
    FLAG(NULL, "smearing", smearing, "smearing by the integration time and the channel width"),
    SP_OPT_GROUP("Noise"),
    FLAG(NULL,
         "addnoise",
         addnoise,
         "add thermal noise; sets SIGMA and WEIGHT. Needs --sefd or --noise"),
    FLOAT(NULL, "sefd", sefd, "JY", "system equivalent flux density of an antenna"),
    FLOAT(NULL,
          "noise",
          noise,
          "JY",
          "standard deviation of the real and of the imaginary part, instead of --sefd"),
    INT(NULL, "seed", seed, "N", "of the noise and the gain errors (0)"),
    SP_OPT_GROUP("Gain errors"),
    FLAG(NULL,
         "Gjones",
         gains,
         "corrupt by gains that swing with time, drawn for each antenna and feed within:"),
    FLOAT(NULL,
          "gain-min-error",
          gain_min_error,
          "X",
          "relative error of the amplitude, least (0)"),
    FLOAT(NULL, "gain-max-error", gain_max_error, "X", "largest (0.1)"),
    TEXT(NULL, "gain-min-period", gain_min_period, "TIME", "shortest period (30min)"),
    TEXT(NULL, "gain-max-period", gain_max_period, "TIME", "longest (2h)"),
    TEXT(NULL, "phase-min-error", phase_min_error, "ANGLE", "error of the phase, least (0deg)"),
    TEXT(NULL, "phase-max-error", phase_max_error, "ANGLE", "largest (30deg)"),
    TEXT(NULL, "phase-min-period", phase_min_period, "TIME", "shortest period (30min)"),
    TEXT(NULL, "phase-max-period", phase_max_period, "TIME", "longest (2h)"),
    SP_OPT_GROUP("Running"),
    INT("j", "threads", threads, "N", "threads that compute (all processors)"),
    TEXT(NULL,
         "tile-size",
         tile_size,
         "SIZE",
         "rows, or bytes of visibilities (16MiB), that are in work at a time; two such tiles are "
         "in memory"),
    TEXT(NULL,
         "kernel",
         kernel,
         "NAME",
         "generic, avx2 or avx512; the fastest otherwise, or what RIME_KERNEL names"),
    FLAG(NULL, "json", json, "print the summary as JSON"),
    FLAG("h", "help", help, "show this help"),
    FLAG(NULL, "version", version, "show the version"),
    SP_OPT_END,
};

static const char description[] =
    "Fills a column with the visibilities of point and Gaussian sources, with thermal noise and "
    "gain errors if asked for. The result does not depend on the number of threads or the size "
    "of the tiles; noise depends on the seed alone.\n"
    "\n"
    "Sky models: plain text (ra_deg dec_deg I [Q U V [spi freq0 [emaj_asec emin_asec pa_deg "
    "[name]]]]), Tigger text (#format: ...), .lsm.html, and lists of WSClean and BBS. Spectra, "
    "with x = nu/nu0: plain and Tigger S0 x^(a + b ln x + ...); WSClean and BBS with "
    "LogarithmicSI=true (the default) S0 10^(a L + b L^2 + ...), L = log10 x; with false "
    "S0 + a (x - 1) + b (x - 1)^2 + ... Position angles go from north through east.\n"
    "\n"
    "V = sum B exp(+2 pi i (u l + v m + w (n - 1)) nu / c), XX = I + Q, XY = U + iV, RR = I + V, "
    "RL = Q + iU. The noise of a visibility is sefd / sqrt(2 width interval) in the real and in "
    "the imaginary part.";

const struct sp_usage simulator_usage = {
    .name = "simulator",
    .summary = "predict the visibilities of a sky model into a Measurement Set",
    .synopsis = "[OPTIONS] MS",
    .description = description,
    .options = options,
    .examples =
        "simulator obs.ms -s nvss-1deg.txt --field-center J2000,0deg,-30deg --addnoise --sefd 831\n"
        "    the NVSS field, moved to the pointing of obs.ms, with the noise of MeerKAT\n"
        "simulator obs.ms -s bright.lsm.html --column CORRECTED_DATA --mode subtract\n"
        "    take the bright sources out\n",
};

static const char *const mode_names[] = {
    [MODE_SIM] = "sim",
    [MODE_ADD] = "add",
    [MODE_SUBTRACT] = "subtract",
};

const char *mode_name(enum mode mode)
{
    return mode_names[mode];
}

static enum sp_rc read_mode(const char *name, enum mode *out, struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));

    for (size_t i = 0; i < SP_COUNT(mode_names); i++) {
        if (strcmp(name, mode_names[i]) == 0) {
            *out = (enum mode)i;
            return SP_OK;
        }
        sp_nearest_offer(&nearest, sp_str_of(mode_names[i]));
    }
    if (nearest.best.ptr)
        return sp_fail(err, SP_INVALID, "--mode '%s': did you mean '" SP_STR_FMT "'?", name,
                       SP_STR_ARG(nearest.best));
    return sp_fail(err, SP_INVALID, "--mode '%s': must be sim, add or subtract", name);
}

static enum sp_rc check_noise(const struct args *args, struct sp_err *err)
{
    if (args->sefd < 0 || args->noise < 0 || !isfinite(args->sefd) || !isfinite(args->noise))
        return sp_fail(err, SP_INVALID, "--sefd and --noise must not be negative");
    if (!args->addnoise)
        return SP_OK;
    if (args->sefd > 0 && args->noise > 0)
        return sp_fail(err, SP_INVALID, "--sefd and --noise exclude each other");
    if (args->sefd == 0 && args->noise == 0)
        return sp_fail(err, SP_INVALID,
                       "--addnoise needs --sefd (Jy, 420 for MeerKAT) or --noise (Jy)");
    return SP_OK;
}

static enum sp_rc read_gains(const struct args *args, struct settings *s, struct sp_err *err)
{
    const struct {
        const char *option, *text;
        enum quantity_kind kind;
        const char *unit;
        double *out;
    } rows[] = {
        { "gain-min-period", args->gain_min_period, QUANTITY_TIME, "s",
          &s->gain_limits.amplitude_period.min },
        { "gain-max-period", args->gain_max_period, QUANTITY_TIME, "s",
          &s->gain_limits.amplitude_period.max },
        { "phase-min-error", args->phase_min_error, QUANTITY_ANGLE, "deg",
          &s->gain_limits.phase.min },
        { "phase-max-error", args->phase_max_error, QUANTITY_ANGLE, "deg",
          &s->gain_limits.phase.max },
        { "phase-min-period", args->phase_min_period, QUANTITY_TIME, "s",
          &s->gain_limits.phase_period.min },
        { "phase-max-period", args->phase_max_period, QUANTITY_TIME, "s",
          &s->gain_limits.phase_period.max },
    };

    s->gains = args->gains;
    s->gain_limits.amplitude = (struct rime_span){ args->gain_min_error, args->gain_max_error };
    for (size_t i = 0; i < SP_COUNT(rows); i++)
        if (quantity_parse(sp_str_of(rows[i].text), rows[i].kind, rows[i].unit, rows[i].out, err))
            return sp_err_wrap(err, "--%s", rows[i].option);
    return SP_OK;
}

/* "20000" is rows, "64MiB" bytes. */
static enum sp_rc read_tile_size(const char *text, struct settings *s, struct sp_err *err)
{
    static const struct {
        const char *suffix;
        int64_t bytes;
    } units[] = { { "KiB", 1024 }, { "MiB", MIB },    { "GiB", (int64_t)1024 * MIB },
                  { "kB", 1000 },  { "MB", 1000000 }, { "GB", 1000000000 } };
    struct sp_str word = sp_str_of(text);
    double count;

    if (sp_str_int(word, &s->tile_rows) && s->tile_rows > 0)
        return SP_OK;
    for (size_t i = 0; i < SP_COUNT(units); i++) {
        if (!sp_str_ends(word, units[i].suffix))
            continue;
        struct sp_str number =
            sp_str_trim(sp_str_slice(word, 0, word.len - strlen(units[i].suffix)));
        if (!sp_str_float(number, &count) || !(count > 0))
            break;
        if (count * (double)units[i].bytes > (double)TILE_MAX)
            return sp_fail(err, SP_INVALID, "--tile-size '%s': at most 16GiB", text);
        s->tile_bytes = (int64_t)(count * (double)units[i].bytes);
        return SP_OK;
    }
    return sp_fail(err, SP_INVALID, "--tile-size '%s': must be a number of rows, or like 64MiB",
                   text);
}

static enum sp_rc check_names(const struct args *args,
                              const struct sp_words *words,
                              struct sp_err *err)
{
    if (words->len > 1 || (words->len == 1 && args->msname))
        return sp_fail(err, SP_INVALID, "one Measurement Set at a time; '%s' is one too many",
                       words->items[words->len - 1]);
    if (words->len == 0 && !args->msname)
        return sp_fail(err, SP_INVALID, "which Measurement Set? (simulator [OPTIONS] MS)");
    if (!args->skymodel && !args->addnoise)
        return sp_fail(err, SP_INVALID, "nothing to do: --skymodel FILE or --addnoise is needed");
    if (args->threads < 0 || args->threads > THREADS_MAX)
        return sp_fail(err, SP_INVALID, "--threads %lld: must be 1 to %d", (long long)args->threads,
                       THREADS_MAX);
    if (args->field < -1 || args->field > INT32_MAX)
        return sp_fail(err, SP_INVALID, "--field-id %lld: must not be negative",
                       (long long)args->field);
    return SP_OK;
}

static enum sp_rc convert(const struct args *args,
                          const struct sp_words *words,
                          struct settings *s,
                          struct sp_err *err)
{
    if (check_names(args, words, err) || check_noise(args, err) ||
        read_mode(args->mode, &s->mode, err) || read_gains(args, s, err) ||
        read_tile_size(args->tile_size, s, err))
        return err->code;
    if (args->field_centre) {
        if (direction_parse(sp_str_of(args->field_centre), &s->centre_ra, &s->centre_dec, err))
            return sp_err_wrap(err, "--field-center");
        s->has_centre = true;
    }
    if (args->input_column && s->mode == MODE_SIM)
        return sp_fail(err, SP_INVALID,
                       "--input-column means something only with --mode add or subtract");
    s->ms = words->len > 0 ? words->items[0] : args->msname;
    s->sky = args->skymodel;
    s->format = args->format;
    s->column = args->column;
    s->input_column = args->input_column ? args->input_column : args->column;
    s->noise = args->addnoise;
    s->sefd = args->sefd;
    s->sigma = args->noise;
    s->seed = (uint64_t)args->seed;
    s->recentre = args->recentre || s->has_centre;
    s->smearing = args->smearing;
    s->field = (int)args->field;
    s->threads = args->threads > 0 ? (int)args->threads : workers_available();
    s->kernel = args->kernel;
    s->json = args->json;
    return SP_OK;
}

enum sp_rc settings_read(int argc, char **argv, struct settings *out, struct sp_err *err)
{
    struct args args = {
        .column = "DATA",
        .mode = "sim",
        .gain_max_error = 0.1,
        .gain_min_period = "30min",
        .gain_max_period = "2h",
        .phase_min_error = "0deg",
        .phase_max_error = "30deg",
        .phase_min_period = "30min",
        .phase_max_period = "2h",
        .field = -1,
        .tile_size = "16MiB",
    };
    sp_auto_words struct sp_words words = { 0 };
    struct settings settings = { .tile_bytes = TILE_DEFAULT };

    enum sp_rc rc = sp_option_parse(options, argc, argv, &args, &words, err);
    settings.help = args.help;
    settings.version = args.version;
    if (!rc && !args.help && !args.version)
        rc = convert(&args, &words, &settings, err);
    if (!rc)
        *out = settings;
    return rc;
}
