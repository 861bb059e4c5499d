/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_tigger.c - Tigger's text format: the first line, "#format: name ra_h ra_m ...", names the
 * columns. Columns with other names are skipped, as Tigger does. Spectral terms are powers of the
 * natural logarithm of nu/freq0. */
#include "sky/sky_reader.h"

#include <math.h>

#define COLUMNS_MAX 64

/* Columns that mean something; the order is that of `columns`. */
enum field {
    NAME,
    RA_RAD,
    RA_D,
    RA_H,
    RA_M,
    RA_S,
    DEC_SIGN,
    DEC_RAD,
    DEC_D,
    DEC_M,
    DEC_S,
    I,
    Q,
    U,
    V,
    POL_FRAC,
    POL_PA_RAD,
    POL_PA_D,
    RM,
    SPI,
    SPI2,
    SPI3,
    SPI4,
    SPI5,
    SPI6,
    SPI7,
    SPI8,
    FREQ0,
    MAJOR_RAD,
    MAJOR_D,
    MAJOR_M,
    MAJOR_S,
    MINOR_RAD,
    MINOR_D,
    MINOR_M,
    MINOR_S,
    PA_RAD,
    PA_D,
    FIELDS,
    SKIP = FIELDS,
    REST, /* tags: this and all that follow */
};

static const char *const columns[FIELDS] = {
    [NAME] = "name",
    [RA_RAD] = "ra_rad",
    [RA_D] = "ra_d",
    [RA_H] = "ra_h",
    [RA_M] = "ra_m",
    [RA_S] = "ra_s",
    [DEC_SIGN] = "dec_sign",
    [DEC_RAD] = "dec_rad",
    [DEC_D] = "dec_d",
    [DEC_M] = "dec_m",
    [DEC_S] = "dec_s",
    [I] = "i",
    [Q] = "q",
    [U] = "u",
    [V] = "v",
    [POL_FRAC] = "pol_frac",
    [POL_PA_RAD] = "pol_pa_rad",
    [POL_PA_D] = "pol_pa_d",
    [RM] = "rm",
    [SPI] = "spi",
    [SPI2] = "spi2",
    [SPI3] = "spi3",
    [SPI4] = "spi4",
    [SPI5] = "spi5",
    [SPI6] = "spi6",
    [SPI7] = "spi7",
    [SPI8] = "spi8",
    [FREQ0] = "freq0",
    [MAJOR_RAD] = "emaj_rad",
    [MAJOR_D] = "emaj_d",
    [MAJOR_M] = "emaj_m",
    [MAJOR_S] = "emaj_s",
    [MINOR_RAD] = "emin_rad",
    [MINOR_D] = "emin_d",
    [MINOR_M] = "emin_m",
    [MINOR_S] = "emin_s",
    [PA_RAD] = "pa_rad",
    [PA_D] = "pa_d",
};

static const char default_format[] =
    "name ra_h ra_m ra_s dec_d dec_m dec_s i q u v spi rm emaj_s emin_s pa_d freq0 tags...";

struct layout {
    enum field fields[COLUMNS_MAX];
    size_t len;
    size_t needed; /* words that a line must have: up to the last column that is not tags */
};

struct row {
    struct sp_str word[FIELDS];
    double value[FIELDS];
    bool has[FIELDS];
};

static bool is_format_line(struct sp_str line, struct sp_str *fields)
{
    struct sp_str rest = sp_str_trim(line);

    if (!sp_str_starts(rest, "#"))
        return false;
    rest = sp_str_trim(sp_str_slice(rest, 1, SIZE_MAX));
    if (!sp_str_starts(rest, "format:"))
        return false;
    *fields = sp_str_slice(rest, strlen("format:"), SIZE_MAX);
    return true;
}

static bool guess(const char *path, struct sp_str text)
{
    struct sp_str rest = text, fields;

    (void)path;
    while (rest.len > 0) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        if (is_format_line(line, &fields))
            return true;
        if (sp_str_trim(line).len > 0 && !sp_str_starts(sp_str_trim(line), "#"))
            return false;
    }
    return false;
}

static enum field find_field(struct sp_str name)
{
    if (sp_str_is(name, "tags..."))
        return REST;
    for (int f = 0; f < FIELDS; f++)
        if (sp_str_is(name, columns[f]))
            return (enum field)f;
    return SKIP;
}

static bool has_field(const struct layout *layout, enum field field)
{
    for (size_t i = 0; i < layout->len; i++)
        if (layout->fields[i] == field)
            return true;
    return false;
}

static enum sp_rc parse_layout(struct sky_reader *reader,
                               struct sp_str text,
                               struct layout *layout,
                               struct sp_err *err)
{
    struct sp_str words[COLUMNS_MAX] = { { 0 } };

    layout->len = sky_split_blanks(text, words, COLUMNS_MAX);
    if (layout->len > COLUMNS_MAX)
        return sky_fail(reader, text, err, "more than %d columns", COLUMNS_MAX);
    for (size_t i = 0; i < layout->len; i++) {
        layout->fields[i] = find_field(words[i]);
        if (layout->fields[i] == REST) {
            layout->len = i;
            break;
        }
        for (size_t k = 0; k < i; k++)
            if (layout->fields[k] == layout->fields[i] && layout->fields[i] != SKIP)
                return sky_fail(reader, words[i], err, "column named twice");
    }
    layout->needed = layout->len;

    const bool ra = has_field(layout, RA_RAD) || has_field(layout, RA_D) || has_field(layout, RA_H);
    const bool dec = has_field(layout, DEC_RAD) || has_field(layout, DEC_D);
    if (!ra || !dec || !has_field(layout, I))
        return sky_fail(reader, sp_str_trim(text), err, "the format must have a column for %s",
                        !ra    ? "right ascension (ra_h, ra_d or ra_rad)"
                        : !dec ? "declination (dec_d or dec_rad)"
                               : "the flux (i)");
    return SP_OK;
}

/* A fraction may be written as "10%". */
static struct sp_str without_percent(struct sp_str word, double *scale)
{
    if (!sp_str_ends(word, "%"))
        return word;
    *scale = 0.01;
    return sp_str_slice(word, 0, word.len - 1);
}

static enum sp_rc read_row(const struct sky_reader *reader,
                           const struct layout *layout,
                           const struct sp_str *words,
                           struct row *row,
                           struct sp_err *err)
{
    for (size_t i = 0; i < layout->len; i++) {
        const enum field f = layout->fields[i];
        double scale = 1;

        if (f == SKIP)
            continue;
        row->has[f] = true;
        row->word[f] = words[i];
        if (f == NAME || f == DEC_SIGN)
            continue;
        struct sp_str word = f == POL_FRAC ? without_percent(words[i], &scale) : words[i];
        enum sp_rc rc = sky_number(reader, word, columns[f], &row->value[f], err);
        if (rc)
            return rc;
        row->value[f] *= scale;
    }
    return SP_OK;
}

/* d, m and s under one sign. A minus may stand before a zero: "-00". */
static double join_parts(const struct row *row, enum field whole, enum field minutes, bool negative)
{
    const double sum = fabs(row->value[whole]) + fabs(row->value[minutes]) / 60 +
                       fabs(row->value[minutes + 1]) / 3600;

    return negative || sp_str_starts(row->word[whole], "-") ? -sum : sum;
}

static void set_position(const struct row *row, struct sky_source *source)
{
    const bool negative = row->has[DEC_SIGN] && sp_str_is(row->word[DEC_SIGN], "-");

    if (row->has[RA_RAD])
        source->ra = row->value[RA_RAD];
    else if (row->has[RA_D])
        source->ra = join_parts(row, RA_D, RA_M, false) * SKY_DEGREE;
    else
        source->ra = join_parts(row, RA_H, RA_M, false) * 15 * SKY_DEGREE;

    if (row->has[DEC_RAD])
        source->dec = negative ? -fabs(row->value[DEC_RAD]) : row->value[DEC_RAD];
    else
        source->dec = join_parts(row, DEC_D, DEC_M, negative) * SKY_DEGREE;
}

static void set_flux(const struct row *row, struct sky_source *source)
{
    for (int k = 0; k < 4; k++)
        source->stokes[k] = row->value[(int)I + k];
    if (row->has[POL_FRAC]) {
        const double angle =
            row->has[POL_PA_RAD] ? row->value[POL_PA_RAD] : row->value[POL_PA_D] * SKY_DEGREE;
        source->stokes[1] = source->stokes[0] * row->value[POL_FRAC] * cos(2 * angle);
        source->stokes[2] = source->stokes[0] * row->value[POL_FRAC] * sin(2 * angle);
    }
    source->freq0 = row->value[FREQ0];
    for (int k = 0; k < SKY_SPECTRUM_MAX; k++) {
        source->coeff[k] = row->value[(int)SPI + k];
        if (source->coeff[k] != 0)
            source->ncoeff = k + 1;
    }
    source->spectrum = source->ncoeff > 0 ? SKY_SPECTRUM_LN : SKY_SPECTRUM_FLAT;
}

/* The first of rad, d, m, s that is there. */
static double extent(const struct row *row, int rad)
{
    static const double units[] = { 1, SKY_DEGREE, SKY_DEGREE / 60, SKY_DEGREE / 3600 };

    for (int k = 0; k < 4; k++)
        if (row->has[rad + k])
            return row->value[rad + k] * units[k];
    return 0;
}

static enum sp_rc parse_line(struct sky_reader *reader,
                             const struct layout *layout,
                             struct sp_str line,
                             struct sp_err *err)
{
    struct sp_str words[COLUMNS_MAX] = { { 0 } };
    struct row row = { 0 };
    struct sky_source source = { 0 };
    const size_t count = sky_split_blanks(line, words, COLUMNS_MAX);

    if (count == 0)
        return SP_OK;
    if (count < layout->needed)
        return sky_fail(reader, sp_str_trim(line), err, "%zu columns, but the format names %zu",
                        count, layout->needed);
    enum sp_rc rc = read_row(reader, layout, words, &row, err);
    if (rc)
        return rc;
    if (row.value[RM] != 0)
        return sky_fail(reader, row.word[RM], err, "rotation measures are not supported");
    source.name = row.word[NAME];
    set_position(&row, &source);
    set_flux(&row, &source);
    source.major = extent(&row, MAJOR_RAD);
    source.minor = extent(&row, MINOR_RAD);
    source.pa = row.has[PA_RAD] ? row.value[PA_RAD] : row.value[PA_D] * SKY_DEGREE;
    return sky_add(reader, &source, sp_str_trim(line), err);
}

static enum sp_rc parse(struct sky_reader *reader, struct sp_err *err)
{
    struct layout layout = { 0 };
    struct sp_str fields;
    enum sp_rc rc = parse_layout(reader, sp_str_of(default_format), &layout, err);

    while (!rc && sky_next_line(reader)) {
        if (is_format_line(reader->line, &fields))
            rc = parse_layout(reader, fields, &layout, err);
        else
            rc = parse_line(reader, &layout,
                            sp_str_slice(reader->line, 0, sp_str_find(reader->line, '#')), err);
    }
    return rc;
}

const struct sky_format sky_format_tigger = { "tigger", guess, parse };
