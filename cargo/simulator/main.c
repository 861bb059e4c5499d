/* SPDX-License-Identifier: BSD-3-Clause */
/* main.c - the program `simulator`: command line, progress, summary, exit status. */
#include "base/clock.h"

#include "program/program.h"
#include "simulator/simulation.h"

#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#define PROGRESS_EVERY (SP_NSEC_PER_SEC / 10)

static volatile int stop_wanted;

static void on_signal(int number)
{
    (void)number;
    stop_wanted = 1;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = on_signal };

    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

struct progress {
    bool terminal;
    sp_nsec last;
};

static void show_progress(int64_t done, int64_t total, void *arg)
{
    struct progress *progress = arg;
    const sp_nsec now = sp_clock_monotonic();

    if (!progress->terminal || now - progress->last < PROGRESS_EVERY)
        return;
    progress->last = now;
    (void)fprintf(stderr, "\rsimulator: %3d%% (%lld of %lld rows)\033[K",
                  (int)(100 * done / SP_MAX(total, (int64_t)1)), (long long)done, (long long)total);
    (void)fflush(stderr);
}

static void clear_progress(const struct progress *progress)
{
    if (progress->terminal && progress->last != 0)
        (void)fprintf(stderr, "\r\033[K");
}

static double rate(const struct simulation_report *r)
{
    const double work = (double)r->predicted * r->nchan * (double)r->sources;

    return r->seconds_predict > 0 ? 1e-6 * work / r->seconds_predict : 0;
}

static void print_text(const struct settings *s, const struct simulation_report *r)
{
    if (s->sky)
        printf("%zu source%s from %s (%s)\n", r->sources, r->sources == 1 ? "" : "s", s->sky,
               r->format);
    printf("%lld of %lld rows, %d channel%s, %d correlation%s into %s of %s (%s%s)\n",
           (long long)r->predicted, (long long)r->rows, r->nchan, r->nchan == 1 ? "" : "s",
           r->ncorr, r->ncorr == 1 ? "" : "s", s->column, s->ms, mode_name(s->mode),
           r->added_column ? ", new column" : "");
    if (s->noise)
        printf("noise %.6g Jy per visibility (real and imaginary part), seed %llu\n", r->sigma,
               (unsigned long long)s->seed);
    printf("%.0f Mvis x sources/s with kernel %s on %d thread%s; predict %.3f s, noise %.3f s, "
           "I/O %.3f s, total %.3f s\n",
           rate(r), r->kernel, r->threads, r->threads == 1 ? "" : "s", r->seconds_predict,
           r->seconds_noise, r->seconds_io, r->seconds_total);
}

/* A JSON string; the texts here are paths and names. */
static void add_text(struct sp_buf *out, const char *name, const char *text)
{
    sp_buf_addf(out, "  \"%s\": \"", name);
    for (const char *p = text; *p; p++) {
        if ((unsigned char)*p < 0x20)
            sp_buf_addf(out, "\\u%04x", (unsigned)*p);
        else
            sp_buf_addf(out, "%s%c", *p == '"' || *p == '\\' ? "\\" : "", *p);
    }
    sp_buf_adds(out, "\",\n");
}

static void print_json(const struct settings *s, const struct simulation_report *r)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);

    sp_buf_adds(&out, "{\n");
    add_text(&out, "ms", s->ms);
    add_text(&out, "column", s->column);
    add_text(&out, "mode", mode_name(s->mode));
    if (s->sky) {
        add_text(&out, "skymodel", s->sky);
        add_text(&out, "format", r->format);
    }
    if (*r->warning)
        add_text(&out, "warning", r->warning);
    add_text(&out, "kernel", r->kernel);
    sp_buf_addf(&out,
                "  \"sources\": %zu,\n  \"rows\": %lld,\n  \"rows_predicted\": %lld,\n"
                "  \"channels\": %d,\n  \"correlations\": %d,\n  \"threads\": %d,\n"
                "  \"sigma_jy\": %.9g,\n  \"seed\": %llu,\n  \"mvis_sources_per_s\": %.1f,\n"
                "  \"seconds\": { \"predict\": %.6f, \"noise\": %.6f, \"io\": %.6f, "
                "\"total\": %.6f }\n}\n",
                r->sources, (long long)r->rows, (long long)r->predicted, r->nchan, r->ncorr,
                r->threads, r->sigma, (unsigned long long)s->seed, rate(r), r->seconds_predict,
                r->seconds_noise, r->seconds_io, r->seconds_total);
    (void)fputs(out.ptr, stdout);
}

/* What a run that did not finish has left behind. */
static void print_leftover(const struct settings *s, const struct simulation_report *r)
{
    if (r->written > 0 && r->written < r->rows)
        (void)fprintf(stderr,
                      "simulator: rows 0 to %lld of column %s in %s are new, rows %lld to %lld are "
                      "%s; the MS is closed and valid\n",
                      (long long)r->written - 1, s->column, s->ms, (long long)r->written,
                      (long long)r->rows - 1, r->added_column ? "zero" : "as before");
    else if (r->written == 0 && r->rows > 0)
        (void)fprintf(stderr, "simulator: %s %s\n", s->ms,
                      r->added_column ? "has the new column, which is zero" : "is as before");
}

static int run(const struct settings *settings, int argc, char **argv)
{
    struct sp_err err = SP_ERR_INIT;
    struct simulation_report report;
    struct progress progress = { .terminal = isatty(STDERR_FILENO) == 1 };
    const struct simulation_calls calls = {
        .progress = show_progress,
        .arg = &progress,
        .stop = &stop_wanted,
        .argc = argc,
        .argv = (const char *const *)argv,
    };

    catch_signals();
    if (!settings->noise && settings->sefd + settings->sigma > 0)
        (void)fprintf(stderr, "simulator: note: no noise is added; --addnoise would add it\n");
    enum sp_rc rc = simulate(settings, &calls, &report, &err);
    clear_progress(&progress);
    if (*report.warning)
        (void)fprintf(stderr, "simulator: warning: %s\n", report.warning);
    if (rc || report.interrupted) {
        (void)fprintf(stderr, "simulator: %s\n", rc ? err.text : "interrupted");
        print_leftover(settings, &report);
        return rc ? PROGRAM_FAILED : PROGRAM_INTERRUPTED;
    }
    if (settings->json)
        print_json(settings, &report);
    else
        print_text(settings, &report);
    return fflush(stdout) == 0 ? PROGRAM_DONE : PROGRAM_FAILED;
}

int main(int argc, char **argv)
{
    struct sp_err err = SP_ERR_INIT;
    struct settings settings;

    if (settings_read(argc, argv, &settings, &err)) {
        (void)fprintf(stderr, "simulator: %s\n(simulator --help shows all options)\n", err.text);
        return PROGRAM_USAGE;
    }
    if (settings.help)
        return program_help(&simulator_usage);
    if (settings.version)
        return program_version(&simulator_usage);
    if (!settings.kernel)
        settings.kernel = getenv("RIME_KERNEL");
    return run(&settings, argc, argv);
}
