/* SPDX-License-Identifier: BSD-3-Clause */
#include "sky/sky_reader.h"

#include "sky/quantity.h"

#include <math.h>

#define QUOTE_MAX 60 /* bytes of offending text in a message */

static void find_place(const struct sky_reader *reader, const char *at, int *line, int *column)
{
    const char *start = reader->text.ptr;

    *line = 1;
    for (const char *p = start; p < at; p++) {
        if (*p != '\n')
            continue;
        ++*line;
        start = p + 1;
    }
    *column = (int)(at - start) + 1;
}

enum sp_rc sky_fail(const struct sky_reader *reader,
                    struct sp_str at,
                    struct sp_err *err,
                    const char *fmt,
                    ...)
{
    va_list args;
    int line, column;
    struct sp_str shown = sp_str_slice(at, 0, QUOTE_MAX);

    va_start(args, fmt);
    (void)sp_failv(err, SP_INVALID, fmt, args);
    va_end(args);
    find_place(reader, at.ptr, &line, &column);
    if (shown.len == 0)
        return sp_err_wrap(err, "%s:%d:%d", reader->path, line, column);
    return sp_err_wrap(err, "%s:%d:%d: '" SP_STR_FMT "%s'", reader->path, line, column,
                       SP_STR_ARG(shown), shown.len < at.len ? "..." : "");
}

bool sky_next_line(struct sky_reader *reader)
{
    if (reader->rest.len == 0)
        return false;
    size_t end = sp_str_find(reader->rest, '\n');

    reader->line = sp_str_slice(reader->rest, 0, end);
    reader->rest = sp_str_slice(reader->rest, end == SIZE_MAX ? SIZE_MAX : end + 1, SIZE_MAX);
    reader->line_number++;
    return true;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

size_t sky_split_blanks(struct sp_str line, struct sp_str *words, size_t max)
{
    size_t count = 0;

    for (size_t i = 0; i < line.len;) {
        if (is_blank(line.ptr[i])) {
            i++;
            continue;
        }
        size_t start = i;
        while (i < line.len && !is_blank(line.ptr[i]))
            i++;
        if (count < max)
            words[count] = sp_str_slice(line, start, i);
        count++;
    }
    return count;
}

size_t sky_split_commas(struct sp_str line, struct sp_str *items, size_t max)
{
    size_t count = 0, start = 0;
    int depth = 0;
    char quote = '\0';

    for (size_t i = 0; i <= line.len; i++) {
        const char c = (char)(i < line.len ? line.ptr[i] : ',');
        const bool last = i == line.len;

        if (!last && quote) {
            quote = (char)(c == quote ? '\0' : quote);
        } else if (!last && (c == '\'' || c == '"')) {
            quote = c;
        } else if (!last && c == '[') {
            depth++;
        } else if (!last && c == ']') {
            depth -= depth > 0;
        } else if (last || (c == ',' && depth == 0)) {
            if (count < max)
                items[count] = sp_str_trim(sp_str_slice(line, start, i));
            count++;
            start = i + 1;
        }
    }
    return count;
}

enum sp_rc sky_number(const struct sky_reader *reader,
                      struct sp_str word,
                      const char *what,
                      double *out,
                      struct sp_err *err)
{
    double value;

    if (!sp_str_float(word, &value) || !isfinite(value))
        return sky_fail(reader, word, err, "%s must be a number", what);
    *out = value;
    return SP_OK;
}

/* Three parts between `sep` ("12:34:56.7", "12.34.56.7"); false when it is not that. */
static bool parse_parts(struct sp_str word, char sep, double *out)
{
    const bool negative = sp_str_starts(word, "-");
    struct sp_str rest =
        negative || sp_str_starts(word, "+") ? sp_str_slice(word, 1, SIZE_MAX) : word;
    const size_t first = sp_str_find(rest, sep);
    if (first == SIZE_MAX)
        return false;
    struct sp_str tail = sp_str_slice(rest, first + 1, SIZE_MAX);
    const size_t second = sp_str_find(tail, sep);
    if (second == SIZE_MAX)
        return false;

    int64_t whole, minutes;
    double seconds;
    if (!sp_str_int(sp_str_slice(rest, 0, first), &whole) ||
        !sp_str_int(sp_str_slice(tail, 0, second), &minutes) ||
        !sp_str_float(sp_str_slice(tail, second + 1, SIZE_MAX), &seconds))
        return false;
    if (whole < 0 || minutes < 0 || minutes > 59 || !(seconds >= 0 && seconds < 60.0001))
        return false;
    const double value = (double)whole + (double)minutes / 60 + seconds / 3600;
    *out = negative ? -value : value;
    return true;
}

enum sp_rc sky_angle(const struct sky_reader *reader,
                     struct sp_str word,
                     bool hours,
                     double *out,
                     struct sp_err *err)
{
    double value;

    if (parse_parts(word, ':', &value)) {
        *out = value * (hours ? 15 : 1) * SKY_DEGREE;
        return SP_OK;
    }
    if (parse_parts(word, '.', &value)) {
        *out = value * SKY_DEGREE;
        return SP_OK;
    }
    struct sp_err inner = SP_ERR_INIT;
    if (quantity_parse(word, QUANTITY_ANGLE, NULL, &value, &inner))
        return sky_fail(reader, word, err, "not an angle (%s)",
                        hours ? "like 12:34:56.7, 12h34m56.7s or 188.7deg"
                              : "like -30.12.33.5, -30d12m33.5s or -30.2deg");
    *out = value;
    return SP_OK;
}

static bool is_finite_source(const struct sky_source *s)
{
    bool finite = isfinite(s->ra) && isfinite(s->dec) && isfinite(s->freq0) && isfinite(s->major) &&
                  isfinite(s->minor) && isfinite(s->pa);

    for (int i = 0; i < 4; i++)
        finite = finite && isfinite(s->stokes[i]);
    for (int i = 0; i < s->ncoeff; i++)
        finite = finite && isfinite(s->coeff[i]);
    return finite;
}

enum sp_rc sky_add(struct sky_reader *reader,
                   const struct sky_source *source,
                   struct sp_str at,
                   struct sp_err *err)
{
    if (!is_finite_source(source))
        return sky_fail(reader, at, err, "a value of this source is not finite");
    if (fabs(source->dec) > 90.0000001 * SKY_DEGREE)
        return sky_fail(reader, at, err, "declination %.6g deg is beyond the poles",
                        source->dec / SKY_DEGREE);
    if (source->major < 0 || source->minor < 0)
        return sky_fail(reader, at, err, "a negative axis");
    if (source->spectrum != SKY_SPECTRUM_FLAT && !(source->freq0 > 0))
        return sky_fail(reader, at, err, "a spectrum needs a reference frequency above zero");
    if (source->spectrum == SKY_SPECTRUM_LINEAR && source->stokes[0] == 0)
        return sky_fail(reader, at, err, "a linear spectrum needs a flux in Stokes I");

    struct sky_source *kept = SP_VEC_ADD(&reader->sources);
    *kept = *source;
    kept->ra = fmod(source->ra, 360 * SKY_DEGREE);
    if (kept->ra < 0)
        kept->ra += 360 * SKY_DEGREE;
    if (kept->line == 0)
        kept->line = reader->line_number;
    kept->name = source->name.len > 0 ? sp_arena_str(reader->arena, source->name)
                                      : sp_arena_printf(reader->arena, "%zu", reader->sources.len);
    return SP_OK;
}
