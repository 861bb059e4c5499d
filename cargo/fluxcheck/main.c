/* SPDX-License-Identifier: BSD-3-Clause */
/* fluxcheck - compare the sources in restored images with the catalogue they were simulated from.
 */
#include "draw/robust.h"
#include "fluxcheck/expect.h"
#include "fluxcheck/report.h"
#include "fluxcheck/weights.h"
#include "program/program.h"

#include <math.h>
#include <stdio.h>
#include <unistd.h>

#define ARCSEC (M_PI / 180 / 3600)

struct args {
    struct catalogue_wish catalogue;
    struct sp_words residuals;
    const char *ms, *output;
    struct expect_wish expect;
    bool free_shape, find_residuals, json, help, version;
    double max_flux_error, max_offset, max_noise_error, min_snr;
};

static const struct sp_option options[] = {
    SP_OPT_TEXT("c",
                "catalogue",
                struct args,
                catalogue.path,
                "FILE",
                "the sources that should be there: a sky model"),
    SP_OPT_TEXT(NULL,
                "format",
                struct args,
                catalogue.format,
                "NAME",
                "its format: plain, tigger, lsm.html, wsclean or bbs (default: guess)"),
    SP_OPT_FLAG(NULL,
                "recenter",
                struct args,
                catalogue.recenter,
                "move its flux-weighted centre to the reference point of the first image"),
    SP_OPT_TEXT(NULL,
                "recenter-from",
                struct args,
                catalogue.from,
                "J2000,RA,DEC",
                "move this point of it instead"),
    SP_OPT_TEXT(NULL,
                "field-center",
                struct args,
                catalogue.from,
                "J2000,RA,DEC",
                "the same, as the simulator calls it"),
    SP_OPT_TEXT(NULL,
                "recenter-to",
                struct args,
                catalogue.to,
                "J2000,RA,DEC",
                "move it there instead"),
    SP_OPT_FLAG(NULL,
                "free-shape",
                struct args,
                free_shape,
                "fit width and angle of each source too, not only flux and place"),
    SP_OPT_GROUP("Noise"),
    SP_OPT_WORDS(NULL,
                 "residual",
                 struct args,
                 residuals,
                 "FILE",
                 "residual image, once for each image in order (default: X-residual.fits for "
                 "X-image.fits, where it exists)"),
    SP_OPT_FLAG(NULL,
                "find-residuals",
                struct args,
                find_residuals,
                "look for residual images by their names (--no-find-residuals: not)"),
    SP_OPT_FLOAT(NULL,
                 "expected-noise",
                 struct args,
                 expect.noise,
                 "JY",
                 "expected noise with natural weights"),
    SP_OPT_FLOAT(NULL,
                 "sefd",
                 struct args,
                 expect.sefd,
                 "JY",
                 "or computed from this system equivalent flux density and the following"),
    SP_OPT_INT(NULL, "nant", struct args, expect.antennas, "N", "antennas, with all baselines"),
    SP_OPT_INT(NULL, "nbl", struct args, expect.baselines, "N", "or: baselines"),
    SP_OPT_TEXT(NULL, "time", struct args, expect.time, "TIME", "time on source: \"1h\""),
    SP_OPT_TEXT(NULL, "bandwidth", struct args, expect.bandwidth, "FREQ", "\"10MHz\""),
    SP_OPT_INT(NULL,
               "npol",
               struct args,
               expect.receptors,
               "N",
               "parallel hands in the image: 2 (default) or 1"),
    SP_OPT_TEXT(NULL,
                "ms",
                struct args,
                ms,
                "MS",
                "the Measurement Set: replaces --nant, --time and --bandwidth, and lets the "
                "expectation allow for the weighting of each image; without it, it is that of "
                "natural weights"),
    SP_OPT_GROUP("Assertions: exit status 1 if one does not hold"),
    SP_OPT_FLOAT(NULL,
                 "max-flux-error",
                 struct args,
                 max_flux_error,
                 "SHARE",
                 "largest relative error of a flux"),
    SP_OPT_FLOAT(NULL,
                 "max-offset",
                 struct args,
                 max_offset,
                 "ARCSEC",
                 "largest distance from the catalogue's position"),
    SP_OPT_FLOAT(NULL,
                 "max-noise-error",
                 struct args,
                 max_noise_error,
                 "SHARE",
                 "largest relative difference of measured and expected noise"),
    SP_OPT_FLOAT(NULL,
                 "min-snr",
                 struct args,
                 min_snr,
                 "RATIO",
                 "judge only sources of at least this signal to noise ratio (default 0: all)"),
    SP_OPT_GROUP("General"),
    SP_OPT_FLAG("j", "json", struct args, json, "print JSON"),
    SP_OPT_TEXT("o",
                "output",
                struct args,
                output,
                "FILE",
                "write the report to this file too, always as JSON"),
    SP_OPT_FLAG("h", "help", struct args, help, "show this help"),
    SP_OPT_FLAG(NULL, "version", struct args, version, "show the version"),
    SP_OPT_END,
};

static const struct sp_usage usage = {
    .name = "fluxcheck",
    .summary = "compare sources in images with the catalogue they should show",
    .synopsis = "--catalogue FILE [OPTIONS] IMAGE...",
    .description =
        "Fits the restoring beam at the place of each source and prints flux, ratio to the\n"
        "catalogue, signal to noise ratio and offset (in arcsec, and divided by its expected\n"
        "rms), then noise measured and expected of each image.",
    .options = options,
    .examples = "fluxcheck -c nvss.txt --recenter-from J2000,0deg,-30deg *-image.fits\n"
                "    the catalogue was simulated elsewhere on the sky\n"
                "fluxcheck -c nvss.txt --sefd 831 --nant 64 --time 1h --bandwidth 10MHz a.fits\n"
                "    with the noise of the radiometer equation\n",
};

/* --- noise -------------------------------------------------------------------------------- */

/* "X-image.fits" has the residual "X-residual.fits"; empty if there is none. */
static void find_residual(const struct args *args, const char *path, size_t at, struct sp_buf *out)
{
    struct sp_str name = sp_str_of(path);
    const char *end = "-image.fits";

    if (at < args->residuals.len) {
        sp_buf_adds(out, args->residuals.items[at]);
        return;
    }
    if (!args->find_residuals || args->residuals.len > 0 || !sp_str_ends(name, end))
        return;
    sp_buf_add(out, sp_str_slice(name, 0, name.len - strlen(end)));
    sp_buf_adds(out, "-residual.fits");
    if (access(out->ptr, R_OK) < 0)
        sp_buf_clear(out);
}

static enum sp_rc measure_residual(const char *path, double *out, struct sp_err *err)
{
    auto_fits_image struct fits_image image = { 0 };
    struct sp_robust stats;

    enum sp_rc rc = fits_image_read(path, &image, err);
    if (rc)
        return rc;
    if (sp_robust_measure(image.pixels, (size_t)(image.columns * image.rows), &stats, err))
        return sp_err_wrap(err, "%s", path);
    *out = stats.sigma;
    return SP_OK;
}

static enum sp_rc add_noises(const struct args *args,
                             size_t at,
                             struct image_result *result,
                             struct sp_err *err)
{
    sp_auto_buf struct sp_buf residual = SP_BUF(SP_BUF_SMALL);
    struct weights weights = { .factor = 1 };
    double natural = (double)NAN;

    find_residual(args, result->path, at, &residual);
    result->residual_noise = (double)NAN;
    enum sp_rc rc =
        residual.len > 0 ? measure_residual(residual.ptr, &result->residual_noise, err) : SP_OK;
    if (rc == SP_OK && args->ms)
        rc = weights_measure(args->ms, result->image, &weights, err);
    rc = rc ? rc : expect_natural(&args->expect, weights.exposure, &natural, err);
    result->expected_noise = natural * weights.factor;
    return rc;
}

/* --- assertions --------------------------------------------------------------------------- */

/* Say what does not hold about one source; true if all does. */
static bool judge_source(const struct args *args,
                         const struct report *r,
                         const struct image_result *image,
                         size_t i)
{
    const struct source_result *s = &image->sources[i];
    double wrong = fabs(s->flux / s->catalogue_flux - 1);
    struct sp_str name = r->model->sources[i].name;
    bool fine = true;

    if (s->state == SOURCE_OUTSIDE || (s->state == SOURCE_MEASURED && s->snr < args->min_snr))
        return true;
    if (s->state == SOURCE_LOST && !(isnan(args->max_flux_error) && isnan(args->max_offset))) {
        (void)fprintf(stderr, "fluxcheck: %s: source %zu (" SP_STR_FMT ") was not found\n",
                      image->path, i + 1, SP_STR_ARG(name));
        return false;
    }
    if (!isnan(args->max_flux_error) && !(wrong <= args->max_flux_error)) {
        (void)fprintf(stderr,
                      "fluxcheck: %s: flux of source %zu (" SP_STR_FMT
                      ") is wrong by %.4f, allowed are %g\n",
                      image->path, i + 1, SP_STR_ARG(name), wrong, args->max_flux_error);
        fine = false;
    }
    if (!isnan(args->max_offset) && !(s->offset / ARCSEC <= args->max_offset)) {
        (void)fprintf(stderr,
                      "fluxcheck: %s: source %zu (" SP_STR_FMT
                      ") is off by %.3f arcsec, allowed are %g\n",
                      image->path, i + 1, SP_STR_ARG(name), s->offset / ARCSEC, args->max_offset);
        fine = false;
    }
    return fine;
}

static bool judge_noise(const struct args *args, const struct image_result *image)
{
    double wrong = fabs(image->noise / image->expected_noise - 1);

    if (isnan(args->max_noise_error) || wrong <= args->max_noise_error)
        return true;
    (void)fprintf(stderr,
                  "fluxcheck: %s: noise differs from the expected by %.3f, allowed are %g\n",
                  image->path, wrong, args->max_noise_error);
    return false;
}

/* A catalogue that misses the image altogether would let every assertion hold. */
static bool judge_place(const struct args *args,
                        const struct report *r,
                        const struct image_result *image)
{
    bool asserted = !isnan(args->max_flux_error) || !isnan(args->max_offset);

    for (size_t i = 0; i < r->model->len; i++)
        if (image->sources[i].state != SOURCE_OUTSIDE)
            return true;
    (void)fprintf(stderr,
                  "fluxcheck: %s%s: no source of %s lies within the image; --recenter would move "
                  "the catalogue there\n",
                  asserted ? "" : "warning: ", image->path, args->catalogue.path);
    return !asserted;
}

static bool judge(const struct args *args, const struct report *r)
{
    bool fine = true;

    for (size_t k = 0; k < r->count; k++) {
        fine &= judge_place(args, r, &r->images[k]);
        for (size_t i = 0; i < r->model->len; i++)
            fine &= judge_source(args, r, &r->images[k], i);
        fine &= judge_noise(args, &r->images[k]);
    }
    return fine;
}

/* --- the whole ---------------------------------------------------------------------------- */

static int print_report(const struct args *args, const struct report *r)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;

    if (args->output && report_save(r, args->output, &err))
        return program_complain(&usage, &err, PROGRAM_FAILED);
    if (args->json)
        report_json(r, &text);
    else
        report_table(r, &text);
    int status = program_print(&usage, &text);
    return status == PROGRAM_DONE && !judge(args, r) ? PROGRAM_FAILED : status;
}

static int check_images(const struct args *args,
                        const struct sp_words *paths,
                        struct fits_image *images,
                        struct image_result *results)
{
    struct sp_err err = SP_ERR_INIT;
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sky_model model;
    struct measure_wish wish = { args->free_shape ? GAUSS_SHAPE_FREE : GAUSS_SHAPE_FIXED };

    for (size_t k = 0; k < paths->len; k++)
        if (fits_image_read(paths->items[k], &images[k], &err))
            return program_complain(&usage, &err, PROGRAM_FAILED);
    if (catalogue_read(arena, &args->catalogue, &images[0], &model, &err))
        return program_complain(&usage, &err, PROGRAM_FAILED);
    for (size_t k = 0; k < paths->len; k++) {
        results[k].path = paths->items[k];
        results[k].image = &images[k];
        if (measure_image(arena, &model, &wish, &results[k], &err) ||
            add_noises(args, k, &results[k], &err))
            return program_complain(&usage, &err, PROGRAM_FAILED);
    }
    struct report report = { args->catalogue.path, &model, results, paths->len };
    return print_report(args, &report);
}

static int check_usage(const struct args *args, const struct sp_words *paths)
{
    struct sp_err err = SP_ERR_INIT;
    const char *problem = NULL;
    double noise = 0;
    double exposure = args->ms ? 1 : 0; /* will be known; here only whether */

    if (!args->catalogue.path)
        problem = "which catalogue? Give --catalogue FILE, see fluxcheck --help";
    else if (paths->len == 0)
        problem = "which image? See fluxcheck --help";
    else if (args->residuals.len > 0 && args->residuals.len != paths->len)
        problem = "--residual must be given once for each image, in the same order, or not at all";
    if (problem)
        return program_refuse(&usage, "%s", problem);
    if (expect_natural(&args->expect, exposure, &noise, &err))
        return program_complain(&usage, &err, PROGRAM_USAGE);
    if (!isnan(args->max_noise_error) && isnan(noise))
        return program_refuse(&usage, "--max-noise-error needs --sefd or --expected-noise");
    return PROGRAM_DONE;
}

static int check_all(const struct args *args, const struct sp_words *paths)
{
    int status = check_usage(args, paths);

    if (status)
        return status;
    struct fits_image *images = sp_alloc(paths->len * sizeof *images);
    struct image_result *results = sp_alloc(paths->len * sizeof *results);
    status = check_images(args, paths, images, results);
    for (size_t k = 0; k < paths->len; k++)
        fits_image_fini(&images[k]);
    free(images);
    free(results);
    return status;
}

int main(int argc, char **argv)
{
    struct args args = {
        .expect = { .noise = (double)NAN, .sefd = (double)NAN, .receptors = 2 },
        .find_residuals = true,
        .max_flux_error = (double)NAN,
        .max_offset = (double)NAN,
        .max_noise_error = (double)NAN,
    };
    sp_auto_words struct sp_words paths = { 0 };
    struct sp_err err = SP_ERR_INIT;
    int status = PROGRAM_DONE;

    if (sp_option_parse(options, argc, argv, &args, &paths, &err))
        status = program_complain(&usage, &err, PROGRAM_USAGE);
    else if (args.help)
        status = program_help(&usage);
    else if (args.version)
        status = program_version(&usage);
    else
        status = check_all(&args, &paths);
    sp_words_fini(&args.residuals);
    return status;
}
