/* SPDX-License-Identifier: BSD-3-Clause */
/* simms.c - make an empty Measurement Set. */
#include "base/arena.h"
#include "base/clock.h"

#include "program/program.h"
#include "simms/observation.h"

#include <ftw.h>
#include <inttypes.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

struct args {
    const char *msname, *observer;
    struct observation_args observation;
    bool overwrite, dry_run, json, list, help, version;
};

#define TEXT(letters, name, field, metavar, help) \
    SP_OPT_TEXT(letters, name, struct args, field, metavar, help)
#define FLAG(letters, name, field, help) SP_OPT_FLAG(letters, name, struct args, field, help)

static const struct sp_option options[] = {
    SP_OPT_GROUP("What to make"),
    TEXT("o", "msname", msname, "MS", "the Measurement Set to make; also as the only word"),
    FLAG(NULL, "overwrite", overwrite, "replace an MS that exists, in one step at the end"),
    FLAG("n", "dry-run", dry_run, "say what would be made, and make nothing"),
    SP_OPT_GROUP("Array"),
    TEXT("t",
         "telescope",
         observation.telescope,
         "NAME",
         "an array known by name; with --antenna-file the name to write into the MS"),
    FLAG(NULL, "list-telescopes", list, "show the arrays known by name"),
    TEXT(NULL,
         "antenna-file",
         observation.antenna_file,
         "FILE",
         "lines 'NAME X Y Z [DIAMETER [MOUNT]]' or 'X Y Z [DIAMETER [NAME [MOUNT]]]', metres"),
    TEXT(NULL,
         "coord-sys",
         observation.coord_sys,
         "SYSTEM",
         "coordinates of the antenna file: itrf (default), wgs84 (longitude and latitude in "
         "degrees, height) or enu (east, north, up of --lon-lat-elv)"),
    TEXT(NULL,
         "lon-lat-elv",
         observation.lon_lat_elv,
         "LON,LAT,ELV",
         "where ENU coordinates start, for instance 21.44deg,-30.71deg,1050m"),
    TEXT(NULL,
         "diameter",
         observation.diameter,
         "LENGTH",
         "of antennas whose line gives none (default 12m)"),
    SP_OPT_GROUP("Sky"),
    SP_OPT_WORDS("d",
                 "direction",
                 struct args,
                 observation.directions,
                 "J2000,RA,DEC",
                 "phase centre, for instance J2000,90deg,-45deg or J2000,0h24m20s,-30d12m33s; "
                 "repeat for more fields, which take turns, a scan each"),
    TEXT(NULL,
         "label",
         observation.label,
         "NAMES",
         "names of the fields, with commas between (default field0,field1,...)"),
    SP_OPT_GROUP("Time (a plain number is hours, for --dtime seconds)"),
    TEXT(NULL,
         "synthesis",
         observation.synthesis,
         "TIME",
         "on the sky, all scans together (default 1h)"),
    TEXT(NULL, "dtime", observation.dtime, "TIME", "one integration (default 10s)"),
    TEXT(NULL,
         "scan-length",
         observation.scan_length,
         "TIME",
         "one scan (default: one for a field)"),
    TEXT(NULL, "scan-lag", observation.scan_lag, "TIME", "pause between scans (default none)"),
    TEXT(NULL,
         "init-ha",
         observation.init_ha,
         "ANGLE",
         "hour angle of the first field at the start; a plain number is hours (default: transit "
         "in the middle)"),
    TEXT(NULL,
         "date",
         observation.date,
         "DATE",
         "day (UTC), for instance 2024-03-14 (default), or start: 2024-03-14T06:00:00"),
    SP_OPT_GROUP("Frequency (a unit is obligatory)"),
    TEXT(NULL, "freq0", observation.freq0, "FREQ", "centre of the first channel (default 1.4GHz)"),
    TEXT(NULL, "dfreq", observation.dfreq, "FREQ", "width of a channel (default 1MHz)"),
    SP_OPT_INT(NULL,
               "nchan",
               struct args,
               observation.nchan,
               "N",
               "number of channels (default 1)"),
    SP_OPT_GROUP("Data"),
    TEXT(
        NULL,
        "pol",
        observation.pol,
        "CORRS",
        "correlations: 1, 2 or 4 of XX XY YX YY or of RR RL LR LL (default: all four of the feed)"),
    TEXT(NULL, "feed", observation.feed, "FEED", "\"perfect X Y\" (default) or \"perfect R L\""),
    FLAG(NULL, "auto-correlations", observation.autocorr, "also each antenna with itself"),
    SP_OPT_FLOAT(NULL,
                 "sefd",
                 struct args,
                 observation.sefd,
                 "JY",
                 "system equivalent flux density: sets SIGMA and WEIGHT (default: both 1)"),
    FLAG(NULL, "weight-spectrum", observation.weight_spectrum, "also make WEIGHT_SPECTRUM"),
    TEXT(NULL, "observer", observer, "NAME", "who observed (default simms)"),
    SP_OPT_GROUP("Other"),
    FLAG(NULL, "json", json, "write the summary as JSON"),
    FLAG("h", "help", help, "this text"),
    FLAG("V", "version", version, "the version"),
    SP_OPT_END,
};

static const struct sp_usage usage = {
    .name = "simms",
    .summary = "make an empty Measurement Set",
    .synopsis = "[OPTIONS] MS",
    .description =
        "Makes the MS of an observation that did not take place: antennas, fields, channels, times\n"
        "and UVW as casacore computes them, with DATA zero. The same words make the same MS.",
    .options = options,
    .examples = "simms sim.ms -t meerkat -d J2000,90deg,-45deg --freq0 750MHz --nchan 10\n"
                "    one hour with MeerKAT, ten channels of 1 MHz\n",
};

/* --- what the world sees ------------------------------------------------------------------ */

static volatile sig_atomic_t interrupted;

static void note_signal(int signo)
{
    interrupted = signo;
}

static void catch_signals(void)
{
    struct sigaction action = { .sa_handler = note_signal, .sa_flags = SA_RESTART };
    static const int stopping[] = { SIGINT, SIGTERM, SIGHUP };

    for (size_t i = 0; i < SP_COUNT(stopping); i++)
        (void)sigaction(stopping[i], &action, NULL);
    /* A limit on the size of files is an error to report, not a reason to die. */
    (void)signal(SIGXFSZ, SIG_IGN);
}

static void show_progress(int64_t done, int64_t total, void *arg)
{
    bool *shown = arg;

    if (!isatty(STDERR_FILENO))
        return;
    (void)fprintf(stderr, "\rsimms: %3d %%  %" PRId64 " of %" PRId64 " rows ",
                  (int)(100 * done / total), done, total);
    *shown = true;
}

static int64_t size_sum;

static int add_size(const char *path, const struct stat *info, int type, struct FTW *where)
{
    (void)path, (void)where;
    if (type == FTW_F)
        size_sum += info->st_size;
    return 0;
}

static int64_t size_of_tree(const char *path)
{
    size_sum = 0;
    (void)nftw(path, add_size, 16, FTW_PHYS);
    return size_sum;
}

/* --- the summary -------------------------------------------------------------------------- */

struct summary {
    const char *msname;
    const struct observation *observation;
    bool made;
    int64_t bytes;
    double seconds;
};

static void add_json_text(struct sp_buf *out, const char *text)
{
    sp_buf_addc(out, '"');
    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;
        if (c == '"' || c == '\\')
            sp_buf_addc(out, '\\');
        if (c < 0x20)
            sp_buf_addf(out, "\\u%04x", c);
        else
            sp_buf_addc(out, *text);
    }
    sp_buf_addc(out, '"');
}

static void add_correlations(struct sp_buf *out, const struct ms_layout *layout, const char *quote)
{
    for (int i = 0; i < layout->ncorr; i++)
        sp_buf_addf(out, "%s%s%s%s",
                    i == 0     ? ""
                    : quote[0] ? ", "
                               : " ",
                    quote, correlation_name(layout->corr_type[i]), quote);
}

static void add_json(struct sp_buf *out, const struct summary *s)
{
    const struct ms_layout *layout = &s->observation->layout;

    sp_buf_adds(out, "{\"msname\": ");
    add_json_text(out, s->msname);
    sp_buf_addf(out, ", \"made\": %s, \"telescope\": ", s->made ? "true" : "false");
    add_json_text(out, layout->telescope);
    sp_buf_addf(out, ", \"rows\": %" PRId64 ", \"antennas\": %d, \"channels\": %d, \"scans\": %d, ",
                ms_layout_rows(layout), layout->nantenna, layout->nchan, layout->nscan);
    sp_buf_adds(out, "\"correlations\": [");
    add_correlations(out, layout, "\"");
    sp_buf_adds(out, "], \"fields\": [");
    for (int i = 0; i < layout->nfield; i++) {
        sp_buf_adds(out, i ? ", {\"name\": " : "{\"name\": ");
        add_json_text(out, layout->fields[i].name);
        sp_buf_addf(out, ", \"ra_deg\": %.12g, \"dec_deg\": %.12g}",
                    layout->fields[i].ra * 180 / M_PI, layout->fields[i].dec * 180 / M_PI);
    }
    sp_buf_addf(out, "], \"start\": \"%s\", \"end\": \"%s\", \"interval_s\": %.12g, ",
                date_format(s->observation->start).text, date_format(s->observation->end).text,
                layout->interval);
    sp_buf_addf(out, "\"freq0_hz\": %.15g, \"dfreq_hz\": %.15g, \"sigma_jy\": %.9g, ",
                layout->freq[0], layout->width[0], layout->sigma > 0 ? layout->sigma : 1.0);
    sp_buf_addf(out, "\"bytes\": %" PRId64 ", \"seconds\": %.3f}\n", s->bytes, s->seconds);
}

static void add_text(struct sp_buf *out, const struct summary *s)
{
    const struct observation *o = s->observation;
    const struct ms_layout *layout = &o->layout;
    double mb = (double)s->bytes / 1e6;

    sp_buf_addf(out, "%s %s\n", s->made ? "made" : "would make", s->msname);
    sp_buf_addf(out, "  array    %s, %d antennas\n", layout->telescope, layout->nantenna);
    for (int i = 0; i < layout->nfield; i++)
        sp_buf_addf(out, "  field    %s at RA %.6f deg, Dec %.6f deg\n", layout->fields[i].name,
                    layout->fields[i].ra * 180 / M_PI, layout->fields[i].dec * 180 / M_PI);
    sp_buf_addf(out, "  time     %s to %s, %d scan%s of %g s integrations\n",
                date_format(o->start).text, date_format(o->end).text, layout->nscan,
                layout->nscan == 1 ? "" : "s", layout->interval);
    sp_buf_addf(out, "  data     %d channel%s from %.6g MHz by %.6g MHz, ", layout->nchan,
                layout->nchan == 1 ? "" : "s", layout->freq[0] / 1e6, layout->width[0] / 1e6);
    add_correlations(out, layout, "");
    sp_buf_addf(out, "\n  rows     %" PRId64 ", %.1f MB", ms_layout_rows(layout), mb);
    if (s->made)
        sp_buf_addf(out, " in %.2f s (%.0f MB/s)", s->seconds, mb / fmax(s->seconds, 1e-3));
    sp_buf_addc(out, '\n');
}

static int print_summary(const struct summary *summary, bool json)
{
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_LARGE);

    if (json)
        add_json(&out, summary);
    else
        add_text(&out, summary);
    return program_print(&usage, &out);
}

/* --- the work ----------------------------------------------------------------------------- */

static void warn_of_horizon(const struct observation *o)
{
    if (o->lowest < 0)
        (void)fprintf(stderr, "simms: note: a field is %s below the horizon (down to %.1f deg)\n",
                      o->highest < 0 ? "always" : "partly", o->lowest * 180 / M_PI);
}

static int make(const struct args *args, struct observation *o, const char *command)
{
    struct sp_err err = SP_ERR_INIT;
    struct ms_layout *layout = &o->layout;
    sp_nsec start = sp_clock_monotonic();
    bool shown = false;

    layout->observer = args->observer;
    layout->overwrite = args->overwrite;
    layout->program = "simms " SPOOR_VERSION;
    layout->command = command;
    layout->stop = &interrupted;
    warn_of_horizon(o);
    struct summary summary = { .msname = args->msname, .observation = o };
    if (args->dry_run) {
        summary.bytes = ms_layout_bytes(layout);
        return print_summary(&summary, args->json);
    }
    enum sp_rc rc = ms_create(args->msname, layout, show_progress, &shown, &err);
    if (shown)
        (void)fputs("\r\033[K", stderr);
    if (rc) {
        int status =
            program_complain(&usage, &err, interrupted ? PROGRAM_INTERRUPTED : PROGRAM_FAILED);
        if (rc == SP_EXISTS && !args->overwrite)
            (void)fprintf(stderr, "simms: --overwrite would replace it\n");
        return status;
    }
    summary.made = true;
    summary.seconds = (double)(sp_clock_monotonic() - start) / 1e9;
    summary.bytes = size_of_tree(args->msname);
    return print_summary(&summary, args->json);
}

static int list_telescopes(void)
{
    const char *about = NULL;

    for (size_t i = 0; telescope_name(i, &about); i++)
        printf("%-10s %s\n", telescope_name(i, &about), about);
    return PROGRAM_DONE;
}

/* The one name, from --msname or as a word. */
static enum sp_rc find_msname(struct args *args, const struct sp_words *words, struct sp_err *err)
{
    if (words->len + (args->msname != NULL) > 1)
        return sp_fail(err, SP_INVALID, "one MS at a time: what is '%s'?",
                       words->items[args->msname ? 0 : 1]);
    if (!args->msname)
        args->msname = words->len ? words->items[0] : NULL;
    if (!args->msname)
        return sp_fail(err, SP_INVALID, "name the MS to make; see simms --help");
    return SP_OK;
}

static char *join(struct sp_arena *arena, int argc, char **argv)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_SMALL);

    sp_buf_adds(&line, "simms");
    for (int i = 1; i < argc; i++)
        sp_buf_addf(&line, strpbrk(argv[i], " \t\"'") ? " '%s'" : " %s", argv[i]);
    return sp_arena_cstr(arena, sp_buf_str(&line));
}

static int run(struct args *args, const struct sp_words *words, int argc, char **argv)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct observation observation;
    struct sp_err err = SP_ERR_INIT;

    if (find_msname(args, words, &err))
        return program_complain(&usage, &err, PROGRAM_USAGE);
    enum sp_rc rc = observation_plan(arena, &args->observation, &observation, &err);
    if (rc)
        return program_complain(
            &usage, &err, rc == SP_INVALID || rc == SP_NOT_FOUND ? PROGRAM_USAGE : PROGRAM_FAILED);
    catch_signals();
    return make(args, &observation, join(arena, argc, argv));
}

int main(int argc, char **argv)
{
    sp_auto_words struct sp_words words = { 0 };
    struct sp_err err = SP_ERR_INIT;
    struct args args = {
        .observer = "simms",
        .observation = { .synthesis = "1h",
                         .dtime = "10s",
                         .freq0 = "1.4GHz",
                         .dfreq = "1MHz",
                         .nchan = 1 },
    };
    int status;

    if (sp_option_parse(options, argc, argv, &args, &words, &err))
        status = program_complain(&usage, &err, PROGRAM_USAGE);
    else if (args.help)
        status = program_help(&usage);
    else if (args.version)
        status = program_version(&usage);
    else if (args.list)
        status = list_telescopes();
    else
        status = run(&args, &words, argc, argv);
    sp_words_fini(&args.observation.directions);
    return status;
}
