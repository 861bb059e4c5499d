/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_list.c - source lists of WSClean and of BBS (makesourcedb, DP3).
 *
 *   Format = Name, Type, Ra, Dec, I, SpectralIndex='[]', LogarithmicSI, ReferenceFrequency='1.4e9'
 *   # (Name, Type, Patch, Ra, Dec, I, Q, U, V) = format
 *
 * An empty item takes the default that the format gives. Spectra: with LogarithmicSI (the default)
 * S = I 10^(c0 L + c1 L^2 ...), L = log10(nu/nu0), else S = I + c0 (nu/nu0 - 1) + ... Axes are
 * arcseconds, the orientation degrees. A line without name and type defines a patch: skipped. */
#include "sky/sky_reader.h"

#define ITEMS_MAX 64

enum item {
    NAME,
    TYPE,
    PATCH,
    RA,
    DEC,
    I,
    Q,
    U,
    V,
    SPECTRUM,
    LOGARITHMIC,
    FREQUENCY,
    MAJOR,
    MINOR,
    ORIENTATION,
    ABSOLUTE,
    ROTATION,
    FRACTION,
    ITEMS,
    SKIP = ITEMS,
};

static const char *const item_names[ITEMS] = {
    [NAME] = "Name",
    [TYPE] = "Type",
    [PATCH] = "Patch",
    [RA] = "Ra",
    [DEC] = "Dec",
    [I] = "I",
    [Q] = "Q",
    [U] = "U",
    [V] = "V",
    [SPECTRUM] = "SpectralIndex",
    [LOGARITHMIC] = "LogarithmicSI",
    [FREQUENCY] = "ReferenceFrequency",
    [MAJOR] = "MajorAxis",
    [MINOR] = "MinorAxis",
    [ORIENTATION] = "Orientation",
    [ABSOLUTE] = "OrientationIsAbsolute",
    [ROTATION] = "RotationMeasure",
    [FRACTION] = "PolarizedFraction",
};

struct layout {
    enum item items[ITEMS_MAX];
    struct sp_str defaults[ITEMS_MAX];
    size_t len;
};

/* The items of a line by name; empty where there is nothing. */
struct row {
    struct sp_str text[ITEMS];
};

static struct sp_str unquote(struct sp_str s)
{
    if (s.len >= 2 && (s.ptr[0] == '\'' || s.ptr[0] == '"') && s.ptr[s.len - 1] == s.ptr[0])
        return sp_str_trim(sp_str_slice(s, 1, s.len - 1));
    return s;
}

static struct sp_str strip_comment_mark(struct sp_str line)
{
    struct sp_str rest = sp_str_trim(line);

    while (sp_str_starts(rest, "#"))
        rest = sp_str_trim(sp_str_slice(rest, 1, SIZE_MAX));
    return rest;
}

/* The list of items of a format line, in either form. */
static bool find_items(struct sp_str line, struct sp_str *items)
{
    struct sp_str rest = strip_comment_mark(line);
    size_t equal = sp_str_find(rest, '=');

    if (equal == SIZE_MAX)
        return false;
    if (sp_str_is_nocase(sp_str_trim(sp_str_slice(rest, 0, equal)), "format")) {
        *items = sp_str_trim(sp_str_slice(rest, equal + 1, SIZE_MAX));
        return true;
    }
    equal = sp_str_rfind(rest, '=');
    if (!sp_str_is_nocase(sp_str_trim(sp_str_slice(rest, equal + 1, SIZE_MAX)), "format"))
        return false;
    rest = sp_str_trim(sp_str_slice(rest, 0, equal));
    if (sp_str_starts(rest, "(") && sp_str_ends(rest, ")"))
        rest = sp_str_slice(rest, 1, rest.len - 1);
    *items = sp_str_trim(rest);
    return true;
}

static enum item find_item(struct sp_str name)
{
    for (int k = 0; k < ITEMS; k++)
        if (sp_str_is_nocase(name, item_names[k]))
            return (enum item)k;
    return SKIP;
}

static bool first_items(struct sp_str text, struct sp_str *items, struct sp_str *line)
{
    struct sp_str rest = text;

    while (rest.len > 0) {
        *line = sp_str_cut(&rest, '\n');
        if (find_items(*line, items))
            return true;
        if (sp_str_trim(*line).len > 0 && !sp_str_starts(sp_str_trim(*line), "#"))
            return false;
    }
    return false;
}

static bool guess_wsclean(const char *path, struct sp_str text)
{
    struct sp_str items, line;

    (void)path;
    return first_items(text, &items, &line);
}

/* BBS lists have patches, or the format at the end of a comment. */
static bool guess_bbs(const char *path, struct sp_str text)
{
    struct sp_str items, line, parts[ITEMS_MAX];

    (void)path;
    if (!first_items(text, &items, &line))
        return false;
    if (sp_str_starts(strip_comment_mark(line), "("))
        return true;
    size_t count = SP_MIN(sky_split_commas(items, parts, ITEMS_MAX), (size_t)ITEMS_MAX);
    for (size_t i = 0; i < count; i++)
        if (sp_str_is_nocase(parts[i], item_names[PATCH]))
            return true;
    return false;
}

static enum sp_rc parse_layout(struct sky_reader *reader,
                               struct sp_str text,
                               struct layout *layout,
                               struct sp_err *err)
{
    struct sp_str parts[ITEMS_MAX];
    bool has[ITEMS + 1] = { false };

    layout->len = sky_split_commas(text, parts, ITEMS_MAX);
    if (layout->len > ITEMS_MAX)
        return sky_fail(reader, text, err, "more than %d items", ITEMS_MAX);
    for (size_t i = 0; i < layout->len; i++) {
        size_t equal = sp_str_find(parts[i], '=');

        layout->items[i] = find_item(sp_str_trim(sp_str_slice(parts[i], 0, equal)));
        layout->defaults[i] =
            equal == SIZE_MAX ? (struct sp_str){ "", 0 }
                              : unquote(sp_str_trim(sp_str_slice(parts[i], equal + 1, SIZE_MAX)));
        if (has[layout->items[i]] && layout->items[i] != SKIP)
            return sky_fail(reader, parts[i], err, "item named twice");
        has[layout->items[i]] = true;
    }

    static const enum item needed[] = { NAME, TYPE, RA, DEC, I };

    for (size_t k = 0; k < SP_COUNT(needed); k++)
        if (!has[needed[k]])
            return sky_fail(reader, text, err, "the format has no %s", item_names[needed[k]]);
    return SP_OK;
}

static enum sp_rc parse_bool(const struct sky_reader *reader,
                             struct sp_str word,
                             bool missing,
                             bool *out,
                             struct sp_err *err)
{
    static const struct {
        const char *word;
        bool value;
    } words[] = {
        { "true", true },   { "t", true },  { "yes", true }, { "1", true },
        { "false", false }, { "f", false }, { "no", false }, { "0", false },
    };

    if (word.len == 0) {
        *out = missing;
        return SP_OK;
    }
    for (size_t i = 0; i < SP_COUNT(words); i++)
        if (sp_str_is_nocase(word, words[i].word)) {
            *out = words[i].value;
            return SP_OK;
        }
    return sky_fail(reader, word, err, "must be true or false");
}

static enum sp_rc parse_optional(const struct sky_reader *reader,
                                 const struct row *row,
                                 enum item item,
                                 double *out,
                                 struct sp_err *err)
{
    *out = 0;
    if (row->text[item].len == 0)
        return SP_OK;
    return sky_number(reader, row->text[item], item_names[item], out, err);
}

/* "[c0, c1]", "c0" or nothing. */
static enum sp_rc parse_spectrum(const struct sky_reader *reader,
                                 const struct row *row,
                                 struct sky_source *source,
                                 struct sp_err *err)
{
    struct sp_str parts[SKY_SPECTRUM_MAX];
    struct sp_str text = row->text[SPECTRUM];
    bool logarithmic;

    if (parse_bool(reader, row->text[LOGARITHMIC], true, &logarithmic, err))
        return err->code;
    if (sp_str_starts(text, "[") && sp_str_ends(text, "]") && text.len >= 2)
        text = sp_str_trim(sp_str_slice(text, 1, text.len - 1));
    if (text.len == 0)
        return SP_OK;
    const size_t count = sky_split_commas(text, parts, SKY_SPECTRUM_MAX);
    if (count > SKY_SPECTRUM_MAX)
        return sky_fail(reader, text, err, "more than %d spectral terms", SKY_SPECTRUM_MAX);
    for (size_t k = 0; k < count; k++) {
        enum sp_rc rc = sky_number(reader, parts[k], "spectral term", &source->coeff[k], err);
        if (rc)
            return rc;
        if (source->coeff[k] != 0)
            source->ncoeff = (int)k + 1;
    }
    if (source->ncoeff > 0)
        source->spectrum = logarithmic ? SKY_SPECTRUM_LOG10 : SKY_SPECTRUM_LINEAR;
    return SP_OK;
}

static enum sp_rc parse_shape(const struct sky_reader *reader,
                              const struct row *row,
                              struct sky_source *source,
                              struct sp_err *err)
{
    bool absolute;

    if (sp_str_is_nocase(row->text[TYPE], "point"))
        return SP_OK;
    if (!sp_str_is_nocase(row->text[TYPE], "gaussian"))
        return sky_fail(reader, row->text[TYPE], err, "only POINT and GAUSSIAN are supported");
    if (parse_optional(reader, row, MAJOR, &source->major, err) ||
        parse_optional(reader, row, MINOR, &source->minor, err) ||
        parse_optional(reader, row, ORIENTATION, &source->pa, err) ||
        parse_bool(reader, row->text[ABSOLUTE], false, &absolute, err))
        return err->code;
    source->major *= SKY_DEGREE / 3600;
    source->minor *= SKY_DEGREE / 3600;
    source->pa *= SKY_DEGREE;
    source->pa_of_field = !absolute;
    return SP_OK;
}

static enum sp_rc parse_source(struct sky_reader *reader, const struct row *row, struct sp_err *err)
{
    struct sky_source source = { .name = row->text[NAME] };
    double refused;

    if (sky_angle(reader, row->text[RA], true, &source.ra, err) ||
        sky_angle(reader, row->text[DEC], false, &source.dec, err) ||
        sky_number(reader, row->text[I], "I", &source.stokes[0], err))
        return err->code;
    for (int k = 1; k < 4; k++)
        if (parse_optional(reader, row, (enum item)(I + k), &source.stokes[k], err))
            return err->code;
    for (enum item item = ROTATION; item <= FRACTION; item++) {
        if (parse_optional(reader, row, item, &refused, err))
            return err->code;
        if (refused != 0)
            return sky_fail(reader, row->text[item], err, "%s is not supported", item_names[item]);
    }
    if (parse_optional(reader, row, FREQUENCY, &source.freq0, err) ||
        parse_spectrum(reader, row, &source, err) || parse_shape(reader, row, &source, err))
        return err->code;
    return sky_add(reader, &source, sp_str_trim(reader->line), err);
}

static enum sp_rc parse_line(struct sky_reader *reader,
                             const struct layout *layout,
                             struct sp_err *err)
{
    struct sp_str parts[ITEMS_MAX];
    struct row row;
    struct sp_str line = sp_str_trim(reader->line);

    if (line.len == 0 || line.ptr[0] == '#')
        return SP_OK;
    if (layout->len == 0)
        return sky_fail(reader, line, err,
                        "before the first source there must be a line 'Format = Name, Type, ...'");
    /* What is missing points at the line, so that messages have a place. */
    for (int k = 0; k < ITEMS; k++)
        row.text[k] = (struct sp_str){ line.ptr, 0 };
    const size_t count = sky_split_commas(line, parts, ITEMS_MAX);
    if (count > layout->len)
        return sky_fail(reader, line, err, "%zu items, but the format names %zu", count,
                        layout->len);
    for (size_t i = 0; i < layout->len; i++) {
        if (layout->items[i] == SKIP)
            continue;
        struct sp_str part = i < count ? unquote(parts[i]) : (struct sp_str){ line.ptr, 0 };
        row.text[layout->items[i]] =
            part.len == 0 && layout->defaults[i].len > 0 ? layout->defaults[i] : part;
    }
    if (row.text[NAME].len == 0 && row.text[TYPE].len == 0)
        return SP_OK;
    return parse_source(reader, &row, err);
}

static enum sp_rc parse(struct sky_reader *reader, struct sp_err *err)
{
    struct layout layout = { .len = 0 };
    struct sp_str items;
    enum sp_rc rc = SP_OK;

    while (!rc && sky_next_line(reader)) {
        if (find_items(reader->line, &items))
            rc = parse_layout(reader, items, &layout, err);
        else
            rc = parse_line(reader, &layout, err);
    }
    return rc;
}

const struct sky_format sky_format_wsclean = { "wsclean", guess_wsclean, parse };
const struct sky_format sky_format_bbs = { "bbs", guess_bbs, parse };
