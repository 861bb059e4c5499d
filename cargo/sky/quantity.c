/* SPDX-License-Identifier: BSD-3-Clause */
#include "sky/quantity.h"

#include "base/nearest.h"

#include <assert.h>
#include <math.h>

#define DEGREE (M_PI / 180)

struct unit {
    const char *name;
    double factor; /* to Hz, rad, s, m */
};

static const struct unit frequency_units[] = {
    { "Hz", 1 }, { "kHz", 1e3 }, { "MHz", 1e6 }, { "GHz", 1e9 }, { "THz", 1e12 }, { NULL, 0 },
};
static const struct unit angle_units[] = {
    { "deg", DEGREE },
    { "arcmin", DEGREE / 60 },
    { "arcsec", DEGREE / 3600 },
    { "mas", DEGREE / 3600e3 },
    { "rad", 1 },
    { "mrad", 1e-3 },
    { "d", DEGREE },
    { "h", 15 * DEGREE },
    { "amin", DEGREE / 60 },
    { "asec", DEGREE / 3600 },
    { "'", DEGREE / 60 },
    { "\"", DEGREE / 3600 },
    { NULL, 0 },
};
static const struct unit time_units[] = {
    { "s", 1 },     { "min", 60 }, { "h", 3600 },  { "d", 86400 },   { "ms", 1e-3 },
    { "us", 1e-6 }, { "sec", 1 },  { "hr", 3600 }, { "day", 86400 }, { NULL, 0 },
};
static const struct unit length_units[] = {
    { "m", 1 }, { "km", 1e3 }, { "cm", 1e-2 }, { "mm", 1e-3 }, { NULL, 0 },
};

static const struct unit angle_leads[] = { { "h", 15 * DEGREE }, { "d", DEGREE }, { NULL, 0 } };
static const struct unit time_leads[] = { { "h", 3600 }, { NULL, 0 } };
static const struct unit no_leads[] = { { NULL, 0 } };

static const struct kind {
    const char *noun;
    const struct unit *units;
    const char *usual;        /* for messages */
    const struct unit *leads; /* letters that "XmSs" may follow */
} kinds[] = {
    [QUANTITY_FREQUENCY] = { "a frequency", frequency_units, "Hz, kHz, MHz or GHz", no_leads },
    [QUANTITY_ANGLE] = { "an angle", angle_units, "deg, arcmin, arcsec, rad, 1h2m3s or 1d2m3s",
                         angle_leads },
    [QUANTITY_TIME] = { "a time", time_units, "s, min, h or d", time_leads },
    [QUANTITY_LENGTH] = { "a length", length_units, "m or km", no_leads },
};

static bool is_digit(struct sp_str s, size_t at)
{
    return at < s.len && s.ptr[at] >= '0' && s.ptr[at] <= '9';
}

/* Length of the unsigned number at the front: 12, 12.5, .5, 12., 1e6, 1.5E-3; 0 when none. */
static size_t number_length(struct sp_str s)
{
    size_t at = 0;
    size_t digits = 0;

    for (; is_digit(s, at); at++)
        digits++;
    if (at < s.len && s.ptr[at] == '.')
        for (at++; is_digit(s, at); at++)
            digits++;
    if (digits == 0)
        return 0;
    if (at < s.len && (s.ptr[at] == 'e' || s.ptr[at] == 'E')) {
        size_t sign = at + 1 < s.len && (s.ptr[at + 1] == '-' || s.ptr[at + 1] == '+');
        size_t end = at + 1 + sign;
        if (is_digit(s, end)) {
            while (is_digit(s, end))
                end++;
            at = end;
        }
    }
    return at;
}

/* Cut a number off the front of *rest. */
static bool cut_number(struct sp_str *rest, double *out)
{
    size_t len = number_length(*rest);

    if (len == 0 || !sp_str_float(sp_str_slice(*rest, 0, len), out))
        return false;
    *rest = sp_str_slice(*rest, len, rest->len);
    return true;
}

/* True for '-'; a sign in front is cut off. */
static bool cut_sign(struct sp_str *rest)
{
    bool negative = rest->len > 0 && rest->ptr[0] == '-';

    if (negative || (rest->len > 0 && rest->ptr[0] == '+'))
        *rest = sp_str_slice(*rest, 1, rest->len);
    return negative;
}

/* "30d12m33.5s", "30d12m", "30d12m33.5", with any three marks; the value in the unit of the first
 * part. Only the last part may have a fraction, the second and third are below 60. False when
 * `text` is not of this form. */
static bool parse_sexagesimal(struct sp_str text, const char marks[static 3], double *out)
{
    static const double weight[3] = { 1, 1.0 / 60, 1.0 / 3600 };
    double sum = 0;
    int parts = 0;

    for (; text.len > 0 && parts < 3; parts++) {
        bool is_last = parts == 2;
        size_t digits = 0;
        double number;

        while (is_digit(text, digits))
            digits++;
        /* In "dd.mm.ss" the point is the mark of the first two parts. */
        if (is_last && digits < text.len && text.ptr[digits] == '.')
            for (digits++; is_digit(text, digits);)
                digits++;
        if (!is_digit(text, 0) || !sp_str_float(sp_str_slice(text, 0, digits), &number) ||
            (parts > 0 && number >= 60))
            return false;
        text = sp_str_slice(text, digits, text.len);
        sum += number * weight[parts];
        if (text.len > 0 && text.ptr[0] == marks[parts])
            text = sp_str_slice(text, 1, text.len);
        else if (text.len > 0 || parts == 0)
            return false;
    }
    if (parts < 2 || text.len > 0)
        return false;
    *out = sum;
    return true;
}

static const struct unit *find_unit(const struct unit *units, struct sp_str name)
{
    for (; units->name; units++)
        if (sp_str_is(name, units->name))
            return units;
    return NULL;
}

static enum sp_rc unknown_unit(struct sp_str text,
                               struct sp_str unit,
                               const struct kind *kind,
                               struct sp_err *err)
{
    struct sp_nearest nearest = SP_NEAREST(unit);

    for (const struct unit *u = kind->units; u->name; u++)
        sp_nearest_offer(&nearest, sp_str_of(u->name));
    if (nearest.best.ptr)
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "': '" SP_STR_FMT
                       "' is not a unit of %s; did you mean '" SP_STR_FMT "'?",
                       SP_STR_ARG(text), SP_STR_ARG(unit), kind->noun, SP_STR_ARG(nearest.best));
    return sp_fail(err, SP_INVALID,
                   "'" SP_STR_FMT "': '" SP_STR_FMT "' is not a unit of %s; use %s",
                   SP_STR_ARG(text), SP_STR_ARG(unit), kind->noun, kind->usual);
}

/* A number and a unit, without sign. */
static enum sp_rc parse_plain(struct sp_str text,
                              struct sp_str rest,
                              const struct kind *kind,
                              const char *default_unit,
                              double *out,
                              struct sp_err *err)
{
    double number;

    if (!cut_number(&rest, &number))
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "' is not %s: it must be a number with a unit (%s)",
                       SP_STR_ARG(text), kind->noun, kind->usual);
    struct sp_str name = sp_str_trim(rest);
    if (name.len == 0 && !default_unit)
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' has no unit: %s needs one (%s)",
                       SP_STR_ARG(text), kind->noun, kind->usual);
    const struct unit *unit = find_unit(kind->units, name.len ? name : sp_str_of(default_unit));
    assert(unit || name.len);
    if (!unit)
        return unknown_unit(text, name, kind, err);
    *out = number * unit->factor;
    return SP_OK;
}

enum sp_rc quantity_parse(struct sp_str text,
                          enum quantity_kind kind,
                          const char *default_unit,
                          double *out,
                          struct sp_err *err)
{
    const struct kind *k = &kinds[kind];
    struct sp_str rest = sp_str_trim(text);
    bool negative = cut_sign(&rest);
    double value = 0;
    bool found = false;

    for (const struct unit *lead = k->leads; lead->name && !found; lead++) {
        char marks[3] = { lead->name[0], 'm', 's' };
        found = parse_sexagesimal(rest, marks, &value);
        value *= lead->factor;
    }
    if (!found && parse_plain(text, rest, k, default_unit, &value, err))
        return err->code;
    if (!isfinite(value))
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is too large", SP_STR_ARG(text));
    *out = negative ? -value : value;
    return SP_OK;
}

/* --- directions --------------------------------------------------------------------------- */

/* An angle, or three numbers joined by `marks` in units of `scale`. */
static enum sp_rc parse_coordinate(struct sp_str text,
                                   const char *const *marks,
                                   double scale,
                                   double *out,
                                   struct sp_err *err)
{
    struct sp_str rest = sp_str_trim(text);
    bool negative = cut_sign(&rest);
    double value;

    for (; *marks; marks++) {
        /* Two marks at least: "30.5" is a number, not 30 degrees 5 minutes. */
        size_t first = sp_str_find(rest, **marks);
        if (first == SIZE_MAX || first == sp_str_rfind(rest, **marks))
            continue;
        if (parse_sexagesimal(rest, *marks, &value)) {
            *out = (negative ? -value : value) * scale;
            return SP_OK;
        }
    }
    return quantity_parse(text, QUANTITY_ANGLE, NULL, out, err);
}

enum sp_rc direction_parse(struct sp_str text, double *ra, double *dec, struct sp_err *err)
{
    static const char *const ra_marks[] = { "::s", NULL };
    static const char *const dec_marks[] = { "::s", "..s", NULL };
    struct sp_str parts[3];
    struct sp_str rest = text;
    size_t count = 0;
    double a = 0;
    double d = 0;

    while (rest.ptr && count < SP_COUNT(parts))
        parts[count++] = sp_str_trim(sp_str_cut(&rest, ','));
    if (rest.ptr || count < 2)
        return sp_fail(err, SP_INVALID,
                       "'" SP_STR_FMT "' is not a direction: write \"J2000,RA,DEC\", for instance "
                       "\"J2000,90deg,-45deg\"",
                       SP_STR_ARG(text));
    if (count == 3 && !sp_str_is_nocase(parts[0], "J2000"))
        return sp_fail(err, SP_INVALID,
                       "direction '" SP_STR_FMT "': the frame '" SP_STR_FMT
                       "' is not known here; give J2000 coordinates",
                       SP_STR_ARG(text), SP_STR_ARG(parts[0]));
    if (parse_coordinate(parts[count - 2], ra_marks, 15 * DEGREE, &a, err) ||
        parse_coordinate(parts[count - 1], dec_marks, DEGREE, &d, err))
        return sp_err_wrap(err, "direction '" SP_STR_FMT "'", SP_STR_ARG(text));
    if (fabs(a) > 2 * M_PI * (1 + 1e-12))
        return sp_fail(err, SP_INVALID,
                       "direction '" SP_STR_FMT "': right ascension is not within a full circle",
                       SP_STR_ARG(text));
    if (fabs(d) > M_PI / 2 * (1 + 1e-12))
        return sp_fail(err, SP_INVALID,
                       "direction '" SP_STR_FMT "': declination is not within -90 and 90 degrees",
                       SP_STR_ARG(text));
    a = a < 0 ? a + 2 * M_PI : a;
    *ra = a >= 2 * M_PI ? 0 : a;
    *dec = fmax(-M_PI / 2, fmin(M_PI / 2, d));
    return SP_OK;
}
