/* SPDX-License-Identifier: BSD-3-Clause */
#include "simms/observation.h"

#include "sky/quantity.h"

#include <assert.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <time.h>

#define HORIZON_STEP      1800 /* seconds between looks at the elevation */
#define HORIZON_STEPS_MAX 48   /* in a scan */
#define DEFAULT_DAY       "2024-03-14"
#define SIDEREAL_DAY      86164.0905
#define MAX_CHANNELS      1000000
#define MAX_TIMES         INT64_C(100000000)
#define MAX_SCANS         INT64_C(1000000)

struct plan {
    struct sp_arena *arena;
    const struct observation_args *args;
    struct observation *out;
    struct sp_err *err;
};

/* --- words to numbers --------------------------------------------------------------------- */

static enum sp_rc read_quantity(struct plan *p,
                                const char *option,
                                const char *text,
                                enum quantity_kind kind,
                                const char *default_unit,
                                double *out)
{
    if (quantity_parse(sp_str_of(text), kind, default_unit, out, p->err))
        return sp_err_wrap(p->err, "option --%s", option);
    return SP_OK;
}

static enum sp_rc positive(struct plan *p,
                           const char *option,
                           const char *text,
                           const char *unit,
                           double *out)
{
    enum quantity_kind kind = unit ? QUANTITY_TIME : QUANTITY_FREQUENCY;
    double value;

    if (read_quantity(p, option, text, kind, unit, &value))
        return p->err->code;
    if (value <= 0)
        return sp_fail(p->err, SP_INVALID, "option --%s: '%s' must be positive", option, text);
    *out = value;
    return SP_OK;
}

/* --- antennas ----------------------------------------------------------------------------- */

static enum sp_rc read_origin(struct plan *p, struct geodetic *out)
{
    const char *text = p->args->lon_lat_elv;
    struct sp_str rest = sp_str_of(text);
    struct sp_str parts[3] = { { 0 } };
    size_t count = 0;

    while (rest.ptr && count < SP_COUNT(parts))
        parts[count++] = sp_str_cut(&rest, ',');
    if (rest.ptr || count < SP_COUNT(parts))
        return sp_fail(p->err, SP_INVALID,
                       "option --lon-lat-elv: '%s' must be three values with commas between, for "
                       "instance \"21.44deg,-30.71deg,1050m\"",
                       text);
    if (quantity_parse(parts[0], QUANTITY_ANGLE, "deg", &out->lon, p->err) ||
        quantity_parse(parts[1], QUANTITY_ANGLE, "deg", &out->lat, p->err) ||
        quantity_parse(parts[2], QUANTITY_LENGTH, "m", &out->height, p->err))
        return sp_err_wrap(p->err, "option --lon-lat-elv");
    return SP_OK;
}

static enum sp_rc read_antenna_file(struct plan *p)
{
    const struct observation_args *args = p->args;
    struct antenna_format format = { .diameter = 12 };

    if (args->coord_sys && coord_sys_parse(args->coord_sys, &format.coords, p->err))
        return sp_err_wrap(p->err, "option --coord-sys");
    if (format.coords == COORD_ENU && !args->lon_lat_elv)
        return sp_fail(p->err, SP_INVALID,
                       "ENU coordinates start from a point on the Earth: give --lon-lat-elv");
    if (args->lon_lat_elv && format.coords != COORD_ENU)
        return sp_fail(p->err, SP_INVALID, "option --lon-lat-elv goes with --coord-sys enu only");
    if (args->lon_lat_elv && read_origin(p, &format.origin))
        return p->err->code;
    if (args->diameter &&
        read_quantity(p, "diameter", args->diameter, QUANTITY_LENGTH, "m", &format.diameter))
        return p->err->code;
    if (telescope_read(p->arena, args->antenna_file, &format, &p->out->telescope, p->err))
        return p->err->code;
    p->out->telescope.name = args->telescope ? args->telescope : "UNKNOWN";
    return SP_OK;
}

static enum sp_rc plan_antennas(struct plan *p)
{
    const struct observation_args *args = p->args;

    if (args->antenna_file) {
        if (read_antenna_file(p))
            return p->err->code;
    } else if (args->coord_sys || args->lon_lat_elv) {
        return sp_fail(p->err, SP_INVALID, "--coord-sys and --lon-lat-elv need --antenna-file");
    } else if (!args->telescope) {
        return sp_fail(p->err, SP_INVALID,
                       "give --telescope (see --list-telescopes) or --antenna-file");
    } else if (telescope_get(p->arena, args->telescope, &p->out->telescope, p->err)) {
        return p->err->code;
    }
    p->out->layout.telescope = p->out->telescope.name;
    p->out->layout.antennas = p->out->telescope.antennas;
    p->out->layout.nantenna = p->out->telescope.nantenna;
    if (p->out->layout.nantenna < 2 && !args->autocorr)
        return sp_fail(p->err, SP_INVALID, "one antenna makes no baseline");
    return SP_OK;
}

/* --- fields ------------------------------------------------------------------------------- */

static enum sp_rc name_fields(struct plan *p, struct ms_field *fields, size_t count)
{
    struct sp_str rest = sp_str_of(p->args->label);

    for (size_t i = 0; i < count; i++) {
        struct sp_str name = rest.len ? sp_str_trim(sp_str_cut(&rest, ',')) : (struct sp_str){ 0 };
        if (name.len >= MS_NAME_MAX)
            return sp_fail(p->err, SP_INVALID,
                           "option --label: '" SP_STR_FMT "' is longer than %d letters",
                           SP_STR_ARG(name), MS_NAME_MAX - 1);
        if (name.len)
            memcpy(fields[i].name, name.ptr, name.len);
        else
            (void)snprintf(fields[i].name, sizeof fields[i].name, "field%zu", i);
    }
    if (rest.ptr && rest.len)
        return sp_fail(p->err, SP_INVALID, "option --label names more fields than there are");
    return SP_OK;
}

static enum sp_rc plan_fields(struct plan *p)
{
    const struct sp_words *words = &p->args->directions;

    if (words->len == 0)
        return sp_fail(p->err, SP_INVALID,
                       "give --direction, for instance --direction \"J2000,90deg,-45deg\"");
    struct ms_field *fields = SP_ARENA_NEW(p->arena, struct ms_field, words->len);
    for (size_t i = 0; i < words->len; i++)
        if (direction_parse(sp_str_of(words->items[i]), &fields[i].ra, &fields[i].dec, p->err))
            return sp_err_wrap(p->err, "option --direction");
    if (name_fields(p, fields, words->len))
        return p->err->code;
    p->out->layout.fields = fields;
    p->out->layout.nfield = (int)words->len;
    return SP_OK;
}

/* --- channels ----------------------------------------------------------------------------- */

static enum sp_rc plan_channels(struct plan *p)
{
    double freq0 = 0;
    double dfreq = 0;
    int64_t nchan = p->args->nchan;

    if (positive(p, "freq0", p->args->freq0, NULL, &freq0) ||
        positive(p, "dfreq", p->args->dfreq, NULL, &dfreq))
        return p->err->code;
    if (nchan < 1 || nchan > MAX_CHANNELS)
        return sp_fail(p->err, SP_INVALID, "option --nchan: %" PRId64 " is not from 1 to %d", nchan,
                       MAX_CHANNELS);
    double *freq = SP_ARENA_NEW(p->arena, double, (size_t)nchan);
    double *width = SP_ARENA_NEW(p->arena, double, (size_t)nchan);
    for (int64_t i = 0; i < nchan; i++) {
        freq[i] = freq0 + (double)i * dfreq;
        width[i] = dfreq;
    }
    p->out->layout.freq = freq;
    p->out->layout.width = width;
    p->out->layout.nchan = (int)nchan;
    return SP_OK;
}

/* --- correlations ------------------------------------------------------------------------- */

#define FIRST_CIRCULAR 5
#define FIRST_LINEAR   9

static const char *const correlations[] = {
    [5] = "RR", [6] = "RL",  [7] = "LR",  [8] = "LL",
    [9] = "XX", [10] = "XY", [11] = "YX", [12] = "YY",
};

const char *correlation_name(int code)
{
    return correlations[code];
}

static int correlation_code(struct sp_str name)
{
    for (int code = FIRST_CIRCULAR; code < (int)SP_COUNT(correlations); code++)
        if (sp_str_is_nocase(name, correlations[code]))
            return code;
    return 0;
}

/* First code of the feed's four correlations; 0: not said. */
static enum sp_rc read_feed(struct plan *p, int *first)
{
    static const struct {
        const char *words;
        int first;
    } feeds[] = {
        { "perfect X Y", FIRST_LINEAR }, { "perfect R L", FIRST_CIRCULAR },
        { "X Y", FIRST_LINEAR },         { "R L", FIRST_CIRCULAR },
        { "linear", FIRST_LINEAR },      { "circular", FIRST_CIRCULAR },
    };

    *first = 0;
    if (!p->args->feed)
        return SP_OK;
    for (size_t i = 0; i < SP_COUNT(feeds); i++)
        if (sp_str_is_nocase(sp_str_of(p->args->feed), feeds[i].words)) {
            *first = feeds[i].first;
            return SP_OK;
        }
    return sp_fail(p->err, SP_INVALID,
                   "option --feed: '%s' must be \"perfect X Y\" or \"perfect R L\"", p->args->feed);
}

static enum sp_rc add_correlation(struct plan *p, struct sp_str name, int *codes, int *count)
{
    const char *all = p->args->pol;
    int code = correlation_code(name);

    if (code == 0)
        return sp_fail(p->err, SP_INVALID,
                       "option --pol: '" SP_STR_FMT
                       "' is not a correlation: XX XY YX YY or RR RL LR LL",
                       SP_STR_ARG(name));
    for (int i = 0; i < *count; i++) {
        if (codes[i] == code)
            return sp_fail(p->err, SP_INVALID, "option --pol: '%s' has a correlation twice", all);
        if ((codes[i] < FIRST_LINEAR) != (code < FIRST_LINEAR))
            return sp_fail(p->err, SP_INVALID, "option --pol: '%s' mixes linear and circular feeds",
                           all);
    }
    codes[(*count)++] = code;
    return SP_OK;
}

static enum sp_rc plan_correlations(struct plan *p)
{
    int *codes = SP_ARENA_NEW(p->arena, int, 4);
    int count = 0;
    int first;

    if (read_feed(p, &first))
        return p->err->code;
    if (!p->args->pol) {
        for (; count < 4; count++)
            codes[count] = (first ? first : FIRST_LINEAR) + count;
    } else {
        char *words = sp_arena_cstr(p->arena, sp_str_of(p->args->pol));
        for (char *c = words; *c; c++)
            if (*c == ',')
                *c = ' ';
        struct sp_str rest = sp_str_of(words);
        while (rest.ptr) {
            struct sp_str name = sp_str_trim(sp_str_cut(&rest, ' '));
            if (name.len && add_correlation(p, name, codes, &count))
                return p->err->code;
        }
    }
    if (count != 1 && count != 2 && count != 4)
        return sp_fail(p->err, SP_INVALID, "option --pol: give 1, 2 or 4 correlations");
    if (first && (first < FIRST_LINEAR) != (codes[0] < FIRST_LINEAR))
        return sp_fail(p->err, SP_INVALID, "--feed and --pol speak of different feeds");
    p->out->layout.corr_type = codes;
    p->out->layout.ncorr = count;
    return SP_OK;
}

/* --- time --------------------------------------------------------------------------------- */

/* Days since 1858-11-17 of a date of the Gregorian calendar. */
static int64_t modified_julian_day(int64_t year, int64_t month, int64_t day)
{
    /* Years start in March, so that the leap day is the last. */
    int64_t y = month > 2 ? year : year - 1;
    int64_t m = month > 2 ? month - 3 : month + 9;

    return 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 678881;
}

struct date_text date_format(double time)
{
    struct date_text out;
    int64_t seconds = (int64_t)floor(time + 0.5);
    time_t unix_time = (time_t)(seconds - INT64_C(40587) * 86400);
    struct tm tm;

    if (!gmtime_r(&unix_time, &tm) ||
        strftime(out.text, sizeof out.text, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
        (void)snprintf(out.text, sizeof out.text, "%.0f s", time);
    return out;
}

/* Cut a number of at most four digits off the front, and the mark behind it. */
static bool cut_digits(struct sp_str *rest, const char *marks, int64_t *out)
{
    size_t len = 0;

    while (len < rest->len && rest->ptr[len] >= '0' && rest->ptr[len] <= '9')
        len++;
    if (len == 0 || len > 4 || !sp_str_int(sp_str_slice(*rest, 0, len), out))
        return false;
    *rest = sp_str_slice(*rest, len, rest->len);
    if (rest->len == 0 || !strchr(marks, rest->ptr[0]))
        return rest->len == 0;
    *rest = sp_str_slice(*rest, 1, rest->len);
    return rest->len > 0;
}

/* "2024-03-14", "2024/03/14", either with "T12:30:00" or "/12:30" behind. */
static enum sp_rc read_date(struct plan *p, double *day, double *time_of_day, bool *has_time)
{
    static const int month_days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    const char *text = p->args->date ? p->args->date : DEFAULT_DAY;
    struct sp_str rest = sp_str_trim(sp_str_of(text));
    int64_t v[6] = { 0 };
    int count = 0;

    if (rest.len && rest.ptr[rest.len - 1] == 'Z')
        rest.len--;
    for (; count < 6 && rest.len &&
           cut_digits(&rest,
                      count < 2    ? "-/"
                      : count == 2 ? "T/ "
                                   : ":",
                      &v[count]);)
        count++;
    if (rest.len || count < 3 || count == 4 || v[0] < 1900 || v[1] < 1 || v[1] > 12 || v[2] < 1 ||
        v[2] > month_days[v[1] - 1] || v[3] > 23 || v[4] > 59 || v[5] > 59)
        return sp_fail(p->err, SP_INVALID,
                       "option --date: '%s' must be a date like 2024-03-14 or, with the time (UTC) "
                       "of the start, 2024-03-14T06:00:00",
                       text);
    *day = (double)modified_julian_day(v[0], v[1], v[2]) * 86400;
    *time_of_day = (double)(v[3] * 3600 + v[4] * 60 + v[5]);
    *has_time = count > 3;
    return SP_OK;
}

/* A time near `near` at which the field has the hour angle `wanted`, at most half a day away. */
static enum sp_rc time_of_hour_angle(struct plan *p,
                                     const struct ms_field *field,
                                     double wanted,
                                     double near,
                                     double *out)
{
    const struct ms_layout *layout = &p->out->layout;
    double time = near;

    /* The second step takes what precession and nutation change meanwhile: below a microsecond. */
    for (int i = 0; i < 3; i++) {
        double ha = 0;
        double elevation = 0;
        if (ms_hadec_el(layout->antennas, layout->nantenna, field, time, &ha, &elevation, p->err))
            return sp_err_wrap(p->err, "hour angle of field '%s'", field->name);
        time += remainder(wanted - ha, 2 * M_PI) / (2 * M_PI) * SIDEREAL_DAY;
    }
    *out = time;
    return SP_OK;
}

static enum sp_rc plan_start(struct plan *p, double length, double *start)
{
    const struct ms_field *field = &p->out->layout.fields[0];
    double day = 0;
    double time_of_day = 0;
    bool has_time = false;
    double ha = 0;

    if (read_date(p, &day, &time_of_day, &has_time))
        return p->err->code;
    if (p->args->init_ha && read_quantity(p, "init-ha", p->args->init_ha, QUANTITY_ANGLE, "h", &ha))
        return p->err->code;
    if (has_time && p->args->init_ha)
        return sp_fail(p->err, SP_INVALID,
                       "--init-ha and the time of day in --date both say when to start");
    if (has_time) {
        *start = day + time_of_day;
        return SP_OK;
    }
    double at = 0;
    if (time_of_hour_angle(p, field, ha, day + 43200, &at))
        return p->err->code;
    /* Whole milliseconds, so that time stamps are round numbers and do not hang on the last bits
     * of a conversion. */
    at = p->args->init_ha ? at : at - length / 2;
    *start = day + round((at - day) * 1e3) / 1e3;
    return SP_OK;
}

/* How many integrations a length of time is. */
static enum sp_rc integrations(struct plan *p,
                               const char *option,
                               const char *text,
                               double length,
                               int64_t *out)
{
    double count = length / p->out->layout.interval;

    if (count > (double)MAX_TIMES)
        return sp_fail(p->err, SP_LIMIT, "option --%s: '%s' is more than %" PRId64 " integrations",
                       option, text, MAX_TIMES);
    *out = (int64_t)floor(count + 1e-6);
    if (*out < 1)
        return sp_fail(p->err, SP_INVALID,
                       "option --%s: '%s' is shorter than one integration (%g s)", option, text,
                       p->out->layout.interval);
    return SP_OK;
}

/* Integrations of the whole track and of one scan, and the pause between scans. */
struct rhythm {
    int64_t total, scan;
    double lag;
};

static enum sp_rc read_rhythm(struct plan *p, struct rhythm *out)
{
    const struct observation_args *args = p->args;
    int64_t nfield = p->out->layout.nfield;
    double synthesis = 0;
    double scan = 0;

    if (positive(p, "dtime", args->dtime, "s", &p->out->layout.interval) ||
        positive(p, "synthesis", args->synthesis, "h", &synthesis) ||
        integrations(p, "synthesis", args->synthesis, synthesis, &out->total))
        return p->err->code;
    out->scan = (out->total + nfield - 1) / nfield;
    if (args->scan_length && (positive(p, "scan-length", args->scan_length, "h", &scan) ||
                              integrations(p, "scan-length", args->scan_length, scan, &out->scan)))
        return p->err->code;
    out->lag = 0;
    if (args->scan_lag &&
        read_quantity(p, "scan-lag", args->scan_lag, QUANTITY_TIME, "h", &out->lag))
        return p->err->code;
    if (out->lag < 0)
        return sp_fail(p->err, SP_INVALID, "option --scan-lag: a pause cannot be negative");
    if (out->total < nfield)
        return sp_fail(p->err, SP_INVALID, "option --synthesis: too short to see every field");
    if (out->total / out->scan > MAX_SCANS)
        return sp_fail(p->err, SP_LIMIT, "more than %" PRId64 " scans", MAX_SCANS);
    return SP_OK;
}

static enum sp_rc plan_track(struct plan *p)
{
    struct ms_layout *layout = &p->out->layout;
    struct rhythm rhythm = { 0 };
    double at = 0;

    if (read_rhythm(p, &rhythm))
        return p->err->code;
    assert(rhythm.scan > 0);
    int64_t nscan = (rhythm.total + rhythm.scan - 1) / rhythm.scan;
    double length = (double)rhythm.total * layout->interval + (double)(nscan - 1) * rhythm.lag;
    if (plan_start(p, length, &at))
        return p->err->code;

    struct ms_scan *scans = SP_ARENA_NEW(p->arena, struct ms_scan, (size_t)nscan);
    p->out->start = at;
    for (int64_t i = 0; i < nscan; i++) {
        int64_t ntime = SP_MIN(rhythm.scan, rhythm.total - i * rhythm.scan);
        scans[i] = (struct ms_scan){ (int)(i % layout->nfield), at, (int)ntime };
        at += (double)ntime * layout->interval + rhythm.lag;
    }
    p->out->end = at - rhythm.lag;
    layout->scans = scans;
    layout->nscan = (int)nscan;
    return SP_OK;
}

/* Widen the span of a field's elevations by those during a scan. */
static enum sp_rc look_at_scan(struct plan *p, const struct ms_scan *scan, double span[2])
{
    const struct ms_layout *layout = &p->out->layout;
    double length = scan->ntime * layout->interval;
    int steps = (int)fmin(fmax(ceil(length / HORIZON_STEP), 1), HORIZON_STEPS_MAX);

    for (int k = 0; k <= steps; k++) {
        double ha = 0;
        double elevation = 0;
        if (ms_hadec_el(layout->antennas, layout->nantenna, &layout->fields[scan->field],
                        scan->start + length * k / steps, &ha, &elevation, p->err))
            return sp_err_wrap(p->err, "elevation");
        span[0] = fmin(span[0], elevation);
        span[1] = fmax(span[1], elevation);
    }
    return SP_OK;
}

/* In the first and the last scan of each field: enough to notice a track below the horizon. */
static enum sp_rc plan_elevations(struct plan *p)
{
    const struct ms_layout *layout = &p->out->layout;

    p->out->lowest = M_PI;
    p->out->highest = M_PI;
    for (int i = 0; i < SP_MIN(layout->nscan, layout->nfield); i++) {
        int last = i + (layout->nscan - 1 - i) / layout->nfield * layout->nfield;
        double span[2] = { M_PI, -M_PI };
        if (look_at_scan(p, &layout->scans[i], span) ||
            (last != i && look_at_scan(p, &layout->scans[last], span)))
            return p->err->code;
        p->out->lowest = fmin(p->out->lowest, span[0]);
        p->out->highest = fmin(p->out->highest, span[1]);
    }
    return SP_OK;
}

enum sp_rc observation_plan(struct sp_arena *arena,
                            const struct observation_args *args,
                            struct observation *out,
                            struct sp_err *err)
{
    struct observation made = { 0 };
    struct plan plan = { arena, args, &made, err };
    struct ms_layout *layout = &made.layout;

    if (args->sefd < 0 || !isfinite(args->sefd))
        return sp_fail(err, SP_INVALID, "option --sefd: %g Jy must be positive", args->sefd);
    layout->autocorr = args->autocorr;
    layout->weight_spectrum = args->weight_spectrum;
    if (plan_antennas(&plan) || plan_fields(&plan) || plan_channels(&plan) ||
        plan_correlations(&plan) || plan_track(&plan) || plan_elevations(&plan))
        return err->code;
    /* Noise of the real and of the imaginary part of one visibility. */
    if (args->sefd > 0)
        layout->sigma = args->sefd / sqrt(2 * layout->width[0] * layout->interval);
    *out = made;
    return SP_OK;
}
