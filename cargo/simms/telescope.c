/* SPDX-License-Identifier: BSD-3-Clause */
#include "simms/telescope.h"

#include "base/buf.h"
#include "base/map.h"
#include "base/nearest.h"

#include "telescopes.h"

#include <fcntl.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_MAX ((size_t)16 << 20)
#define DEGREE   (M_PI / 180)

/* --- coordinates -------------------------------------------------------------------------- */

void geodetic_to_itrf(const struct geodetic *from, double itrf[3])
{
    static const double a = 6378137; /* WGS84 */
    static const double f = 1 / 298.257223563;
    const double e2 = f * (2 - f);
    double n = a / sqrt(1 - e2 * sin(from->lat) * sin(from->lat));

    itrf[0] = (n + from->height) * cos(from->lat) * cos(from->lon);
    itrf[1] = (n + from->height) * cos(from->lat) * sin(from->lon);
    itrf[2] = ((1 - e2) * n + from->height) * sin(from->lat);
}

static void enu_to_itrf(const struct geodetic *origin, const double enu[3], double itrf[3])
{
    double sin_lon = sin(origin->lon);
    double cos_lon = cos(origin->lon);
    double sin_lat = sin(origin->lat);
    double cos_lat = cos(origin->lat);
    double out = cos_lat * enu[2] - sin_lat * enu[1]; /* away from the Earth's axis */

    geodetic_to_itrf(origin, itrf);
    itrf[0] += cos_lon * out - sin_lon * enu[0];
    itrf[1] += sin_lon * out + cos_lon * enu[0];
    itrf[2] += cos_lat * enu[1] + sin_lat * enu[2];
}

enum sp_rc coord_sys_parse(const char *text, enum coord_sys *out, struct sp_err *err)
{
    static const char *const names[] = {
        [COORD_ITRF] = "itrf",
        [COORD_WGS84] = "wgs84",
        [COORD_ENU] = "enu",
    };

    for (size_t i = 0; i < SP_COUNT(names); i++)
        if (sp_str_is_nocase(sp_str_of(text), names[i])) {
            *out = (enum coord_sys)i;
            return SP_OK;
        }
    return sp_fail(err, SP_INVALID, "'%s' is not a coordinate system: itrf, wgs84 or enu", text);
}

/* --- antenna files ------------------------------------------------------------------------ */

struct word {
    struct sp_str text;
    int column; /* from 1 */
};

#define LINE_WORDS 6

struct reader {
    struct sp_arena *arena;
    const char *path;
    const struct antenna_format *format;
    int line;
    struct ms_antenna *antennas;
    size_t capacity;
    int count;
    struct sp_map names; /* to the antenna's line, for duplicates */
    struct sp_err *err;
};

static SP_PRINTF(3, 4) enum sp_rc fail_at(struct reader *r, int column, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    enum sp_rc rc = sp_failv(r->err, SP_INVALID, fmt, args);
    va_end(args);
    (void)sp_err_wrap(r->err, "%s:%d:%d", r->path, r->line, column);
    return rc;
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r' || c == ',';
}

/* Words of a line up to a comment; at most LINE_WORDS + 1, so that one too many is seen. */
static size_t split(struct sp_str line, struct word words[static LINE_WORDS + 1])
{
    size_t count = 0;

    for (size_t at = 0; at < line.len && line.ptr[at] != '#' && count <= LINE_WORDS;) {
        size_t from = at;
        while (at < line.len && !is_blank(line.ptr[at]) && line.ptr[at] != '#')
            at++;
        if (at > from)
            words[count++] = (struct word){ sp_str_slice(line, from, at), (int)from + 1 };
        else
            at++;
    }
    return count;
}

static bool is_number(struct sp_str text)
{
    double ignored;
    return sp_str_float(text, &ignored);
}

static enum sp_rc read_number(struct reader *r,
                              const struct word *word,
                              const char *what,
                              double *out)
{
    if (!sp_str_float(word->text, out) || !isfinite(*out))
        return fail_at(r, word->column, "%s: '" SP_STR_FMT "' is not a number", what,
                       SP_STR_ARG(word->text));
    return SP_OK;
}

static enum sp_rc copy_word(struct reader *r,
                            const struct word *word,
                            const char *what,
                            char out[MS_NAME_MAX])
{
    if (word->text.len >= MS_NAME_MAX)
        return fail_at(r, word->column, "the %s is longer than %d letters", what, MS_NAME_MAX - 1);
    for (size_t i = 0; i < word->text.len; i++)
        if ((unsigned char)word->text.ptr[i] < ' ' || word->text.ptr[i] == 0x7f)
            return fail_at(r, word->column + (int)i, "the %s has a control character in it", what);
    memcpy(out, word->text.ptr, word->text.len);
    out[word->text.len] = '\0';
    return SP_OK;
}

/* Three coordinates in the file's system, to ITRF. */
static enum sp_rc read_position(struct reader *r, const struct word *words, double itrf[3])
{
    static const char *const nouns[][3] = {
        [COORD_ITRF] = { "x", "y", "z" },
        [COORD_WGS84] = { "longitude", "latitude", "height" },
        [COORD_ENU] = { "east", "north", "up" },
    };
    enum coord_sys coords = r->format->coords;
    double p[3];

    for (size_t i = 0; i < 3; i++)
        if (read_number(r, &words[i], nouns[coords][i], &p[i]))
            return r->err->code;
    if (coords == COORD_ENU)
        enu_to_itrf(&r->format->origin, p, itrf);
    else if (coords == COORD_ITRF)
        memcpy(itrf, p, sizeof p);
    else if (fabs(p[0]) > 360 || fabs(p[1]) > 90)
        return fail_at(r, words[0].column, "not a longitude and a latitude in degrees");
    else
        geodetic_to_itrf(&(struct geodetic){ p[0] * DEGREE, p[1] * DEGREE, p[2] }, itrf);

    double radius = sqrt(itrf[0] * itrf[0] + itrf[1] * itrf[1] + itrf[2] * itrf[2]);
    if (radius < 6.3e6 || radius > 6.5e6)
        return fail_at(r, words[0].column,
                       "this antenna would stand %.1f km from the centre of the Earth; are these "
                       "coordinates of another kind (--coord-sys)?",
                       radius / 1000);
    return SP_OK;
}

static enum sp_rc check_name(struct reader *r, const struct word *word, const char *name)
{
    struct sp_str key = sp_arena_str(r->arena, sp_str_of(name));
    const int *before = sp_map_find(&r->names, key);

    if (before)
        return fail_at(r, word->column, "antenna '%s' was given in line %d already", name, *before);
    int *line = SP_ARENA_NEW(r->arena, int, 1);
    *line = r->line;
    sp_map_set(&r->names, key, line);
    return SP_OK;
}

/* Where the parts of a line stand; -1: absent. */
struct order {
    int name, position, diameter, mount;
};

static struct order order_of(const struct word *words, size_t count)
{
    if (!is_number(words[0].text))
        return (struct order){ 0, 1, count > 4 ? 4 : -1, count > 5 ? 5 : -1 };
    return (struct order){ count > 4 ? 4 : -1, 0, count > 3 ? 3 : -1, count > 5 ? 5 : -1 };
}

static enum sp_rc read_antenna(struct reader *r, const struct word *words, size_t count)
{
    struct order order = order_of(words, count);
    struct ms_antenna antenna = { .diameter = r->format->diameter, .mount = "ALT-AZ" };
    const struct word *name = &words[order.name < 0 ? 0 : order.name];

    if (count < (order.position ? 4 : 3))
        return fail_at(r, words[count - 1].column, "a line needs three coordinates");
    if (count > LINE_WORDS)
        return fail_at(r, words[LINE_WORDS].column,
                       "'" SP_STR_FMT "': too many words for an antenna",
                       SP_STR_ARG(words[LINE_WORDS].text));
    if (read_position(r, &words[order.position], antenna.position))
        return r->err->code;
    if (order.diameter >= 0 &&
        read_number(r, &words[order.diameter], "diameter", &antenna.diameter))
        return r->err->code;
    if (antenna.diameter <= 0)
        return fail_at(r, words[order.diameter < 0 ? 0 : order.diameter].column,
                       "the diameter must be positive");
    if (order.mount >= 0 && copy_word(r, &words[order.mount], "mount", antenna.mount))
        return r->err->code;
    if (order.name < 0)
        (void)snprintf(antenna.name, sizeof antenna.name, "A%03d", r->count);
    else if (copy_word(r, name, "name", antenna.name))
        return r->err->code;
    if (check_name(r, name, antenna.name))
        return r->err->code;
    if (r->count == TELESCOPE_MAX_ANTENNAS)
        return fail_at(r, 1, "more than %d antennas", TELESCOPE_MAX_ANTENNAS);
    r->antennas = sp_grow(r->antennas, &r->capacity, (size_t)r->count + 1, sizeof *r->antennas);
    r->antennas[r->count++] = antenna;
    return SP_OK;
}

static enum sp_rc read_lines(struct reader *r, struct sp_str text)
{
    while (text.ptr) {
        struct word words[LINE_WORDS + 1];
        size_t count = split(sp_str_cut(&text, '\n'), words);
        r->line++;
        if (count > 0 && read_antenna(r, words, count))
            return r->err->code;
    }
    if (r->count == 0)
        return sp_fail(r->err, SP_INVALID, "%s: there is no antenna in this file", r->path);
    return SP_OK;
}

enum sp_rc telescope_parse(struct sp_arena *arena,
                           const char *path,
                           struct sp_str text,
                           const struct antenna_format *format,
                           struct telescope *out,
                           struct sp_err *err)
{
    struct reader reader = { .arena = arena, .path = path, .format = format, .err = err };
    enum sp_rc rc = read_lines(&reader, text);

    if (!rc) {
        out->antennas = SP_ARENA_NEW(arena, struct ms_antenna, (size_t)reader.count);
        memcpy(out->antennas, reader.antennas, (size_t)reader.count * sizeof *out->antennas);
        out->nantenna = reader.count;
        out->name = "";
    }
    free(reader.antennas);
    sp_map_fini(&reader.names);
    return rc;
}

static enum sp_rc read_file(const char *path, char **out, size_t *out_len, struct sp_err *err)
{
    sp_auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC);
    struct stat info;

    if (fd < 0 || fstat(fd, &info) < 0)
        return sp_fail_errno(err, "antenna file '%s'", path);
    if (!S_ISREG(info.st_mode) || (size_t)info.st_size > FILE_MAX)
        return sp_fail(err, SP_INVALID, "antenna file '%s' is not a text file of a sane size",
                       path);
    size_t size = (size_t)info.st_size;
    sp_auto_free char *text = sp_try_alloc(size + 1, 1);
    if (!text)
        return sp_fail(err, SP_LIMIT, "antenna file '%s': out of memory", path);
    size_t len = 0;
    while (len < size) {
        ssize_t got = read(fd, text + len, size - len);
        if (got < 0 && errno != EINTR)
            return sp_fail_errno(err, "antenna file '%s'", path);
        if (got == 0)
            break;
        len += got > 0 ? (size_t)got : 0;
    }
    *out = SP_TAKE(text);
    *out_len = len;
    return SP_OK;
}

enum sp_rc telescope_read(struct sp_arena *arena,
                          const char *path,
                          const struct antenna_format *format,
                          struct telescope *out,
                          struct sp_err *err)
{
    sp_auto_free char *text = NULL;
    size_t len = 0;

    if (read_file(path, &text, &len, err))
        return err->code;
    return telescope_parse(arena, path, (struct sp_str){ text, len }, format, out, err);
}

/* --- by name ------------------------------------------------------------------------------ */

static const struct known {
    const char *name, *title, *about;
    const char *text; /* antenna file, ITRF */
    size_t len;
} known[] = {
    { "meerkat", "MeerKAT", "64 dishes of 13.5 m in the Karoo, South Africa (SARAO)",
      telescope_meerkat, sizeof telescope_meerkat },
};

const char *telescope_name(size_t index, const char **about)
{
    if (index >= SP_COUNT(known))
        return NULL;
    *about = known[index].about;
    return known[index].name;
}

enum sp_rc telescope_get(struct sp_arena *arena,
                         const char *name,
                         struct telescope *out,
                         struct sp_err *err)
{
    static const struct antenna_format itrf = { .coords = COORD_ITRF, .diameter = 1 };
    struct sp_nearest nearest = SP_NEAREST(sp_str_of(name));

    for (const struct known *k = known; k < known + SP_COUNT(known); k++) {
        if (sp_str_is_nocase(sp_str_of(name), k->name)) {
            struct sp_str text = { k->text, k->len };
            enum sp_rc rc = telescope_parse(arena, k->name, text, &itrf, out, err);
            if (!rc)
                out->name = k->title;
            return rc;
        }
        sp_nearest_offer(&nearest, sp_str_of(k->name));
    }
    return sp_nearest_fail(&nearest, "see --list-telescopes, or give --antenna-file", err,
                           SP_NOT_FOUND, "telescope '%s' is not known", name);
}
