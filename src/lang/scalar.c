/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/scalar.h"

#include <math.h>

/* --- matching ------------------------------------------------------------------------------
 * Small steps over the text; each returns the new position and leaves it where it was when
 * nothing matched. */

enum digits {
    BINARY = 1 << 0,
    OCTAL = 1 << 1,
    DECIMAL = 1 << 2,
    HEXADECIMAL = 1 << 3,
    UNDERSCORE = 1 << 4,
};

static bool is_digit(char c, unsigned kinds)
{
    if (c == '_')
        return kinds & UNDERSCORE;
    if (c == '0' || c == '1')
        return true;
    if (c >= '2' && c <= '7')
        return kinds & (OCTAL | DECIMAL | HEXADECIMAL);
    if (c == '8' || c == '9')
        return kinds & (DECIMAL | HEXADECIMAL);
    return (kinds & HEXADECIMAL) && ((c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F'));
}

static size_t skip_digits(struct sp_str text, size_t at, unsigned kinds)
{
    while (at < text.len && is_digit(text.ptr[at], kinds))
        at++;
    return at;
}

static size_t skip_sign(struct sp_str text, size_t at)
{
    return at < text.len && (text.ptr[at] == '-' || text.ptr[at] == '+') ? at + 1 : at;
}

static bool has(struct sp_str text, size_t at, char c)
{
    return at < text.len && text.ptr[at] == c;
}

/* (?:_[0-9]+)* behind digits: [0-9]+(?:_[0-9]+)* */
static size_t skip_grouped(struct sp_str text, size_t at)
{
    size_t end = skip_digits(text, at, DECIMAL);

    if (end == at)
        return at;
    while (has(text, end, '_')) {
        size_t next = skip_digits(text, end + 1, DECIMAL);
        if (next == end + 1)
            break;
        end = next;
    }
    return end;
}

/* (?::[0-5]?[0-9])+ */
static size_t skip_sixties(struct sp_str text, size_t at)
{
    while (has(text, at, ':')) {
        size_t end = skip_digits(text, at + 1, DECIMAL);
        size_t count = end - (at + 1);
        if (count == 0 || count > 2 || (count == 2 && text.ptr[at + 1] > '5'))
            break;
        at = end;
    }
    return at;
}

/* [eE][-+]?[0-9]+ ; the sign may be obligatory. */
static size_t skip_exponent(struct sp_str text, size_t at, bool need_sign)
{
    if (!has(text, at, 'e') && !has(text, at, 'E'))
        return at;
    size_t digits = skip_sign(text, at + 1);
    if (need_sign && digits == at + 1)
        return at;
    size_t end = skip_digits(text, digits, DECIMAL);
    return end == digits ? at : end;
}

/* --- floats -------------------------------------------------------------------------------- */

/* Digits, point, digits, exponent: PyYAML wants a sign in the exponent, OmegaConf does not. */
static bool is_pointed(struct sp_str text, size_t at, enum sp_yaml_dialect dialect)
{
    size_t point = skip_digits(text, at, DECIMAL | UNDERSCORE);

    if (point == at || text.ptr[at] == '_' || !has(text, point, '.'))
        return false;
    size_t end = skip_digits(text, point + 1, DECIMAL | UNDERSCORE);
    if (skip_exponent(text, end, true) == text.len)
        return true;
    return dialect == SP_YAML_CONFIG && skip_grouped(text, at) == point &&
           skip_exponent(text, end, false) == text.len;
}

/* 1e3 */
static bool is_exponential(struct sp_str text, size_t at)
{
    size_t end = skip_grouped(text, at);

    return end > at && end < text.len && skip_exponent(text, end, false) == text.len;
}

/* .5 : without a sign, and with one in the exponent. */
static bool is_bare_fraction(struct sp_str text)
{
    if (!has(text, 0, '.') || text.len < 2 || !is_digit(text.ptr[1], DECIMAL))
        return false;
    size_t end = skip_digits(text, 1, DECIMAL | UNDERSCORE);
    return skip_exponent(text, end, true) == text.len;
}

/* 1:30.5 */
static bool is_sixty_float(struct sp_str text, size_t at)
{
    size_t first = skip_digits(text, at, DECIMAL | UNDERSCORE);

    if (first == at || text.ptr[at] == '_')
        return false;
    size_t point = skip_sixties(text, first);
    return point > first && has(text, point, '.') &&
           skip_digits(text, point + 1, DECIMAL | UNDERSCORE) == text.len;
}

#define FLOAT_MAX_LEN 300 /* bytes; longer texts are no numbers that anybody means */

/* The text, of at most FLOAT_MAX_LEN bytes, without underscores as C reads it. */
static double plain_number(struct sp_str text)
{
    char copy[FLOAT_MAX_LEN];
    size_t len = 0;
    double number = 0;

    for (size_t i = 0; i < text.len; i++)
        if (text.ptr[i] != '_')
            copy[len++] = text.ptr[i];
    (void)sp_str_float((struct sp_str){ copy, len }, &number);
    return number;
}

static double sixty_number(struct sp_str text)
{
    double total = 0;

    while (text.ptr)
        total = total * 60 + plain_number(sp_str_cut(&text, ':'));
    return total;
}

static bool is_infinity(struct sp_str text)
{
    return sp_str_is(text, ".inf") || sp_str_is(text, ".Inf") || sp_str_is(text, ".INF");
}

static bool is_nan(struct sp_str text)
{
    return sp_str_is(text, ".nan") || sp_str_is(text, ".NaN") || sp_str_is(text, ".NAN");
}

static bool find_float(struct sp_str text, enum sp_yaml_dialect dialect, double *out)
{
    size_t at = skip_sign(text, 0);
    struct sp_str rest = sp_str_slice(text, at, text.len);
    double sign = at && text.ptr[0] == '-' ? -1 : 1;

    if (text.len > FLOAT_MAX_LEN)
        return false;
    if (is_nan(text))
        *out = (double)NAN;
    else if (is_infinity(rest))
        *out = sign * (double)INFINITY;
    else if (is_pointed(text, at, dialect) || is_bare_fraction(text) ||
             (dialect == SP_YAML_CONFIG && is_exponential(text, at)))
        *out = sign * plain_number(rest);
    else if (is_sixty_float(text, at))
        *out = sign * sixty_number(rest);
    else
        return false;
    return true;
}

/* --- integers ------------------------------------------------------------------------------ */

/* Value of digits in a base; false when it does not fit. */
static bool accumulate(struct sp_str digits, unsigned base, uint64_t *out)
{
    uint64_t total = 0;

    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        if (c == '_')
            continue;
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a') + 10;
        if (__builtin_mul_overflow(total, base, &total) ||
            __builtin_add_overflow(total, digit, &total))
            return false;
    }
    *out = total;
    return true;
}

static bool accumulate_sixties(struct sp_str text, uint64_t *out)
{
    uint64_t total = 0;

    while (text.ptr) {
        uint64_t part;
        if (!accumulate(sp_str_cut(&text, ':'), 10, &part) ||
            __builtin_mul_overflow(total, (uint64_t)60, &total) ||
            __builtin_add_overflow(total, part, &total))
            return false;
    }
    *out = total;
    return true;
}

enum integer {
    NO_INTEGER,
    HUGE_INTEGER,
    INTEGER
};

/* At least one digit, underscores besides, up to the end. */
static bool all_digits(struct sp_str text, unsigned kinds)
{
    bool any = false;

    for (size_t i = 0; i < text.len; i++) {
        if (!is_digit(text.ptr[i], kinds | UNDERSCORE))
            return false;
        any = any || text.ptr[i] != '_';
    }
    return any;
}

/* Magnitude of an unsigned integer in any notation. */
static enum integer find_magnitude(struct sp_str text, uint64_t *out)
{
    static const struct {
        const char *prefix;
        unsigned digits, base;
    } notations[] = {
        { "0b", BINARY, 2 },
        { "0x", HEXADECIMAL, 16 },
        { "0", OCTAL, 8 },
    };

    if (text.len == 0 || !is_digit(text.ptr[0], DECIMAL))
        return NO_INTEGER;
    for (size_t i = 0; i < SP_COUNT(notations); i++) {
        struct sp_str digits = sp_str_slice(text, strlen(notations[i].prefix), text.len);
        if (sp_str_starts(text, notations[i].prefix) && all_digits(digits, notations[i].digits))
            return accumulate(digits, notations[i].base, out) ? INTEGER : HUGE_INTEGER;
    }
    if (text.ptr[0] == '0' && text.len > 1) {
        *out = 0; /* 0_ is zero, 08 is text */
        return skip_digits(text, 1, UNDERSCORE) == text.len && text.ptr[1] == '_' ? INTEGER
                                                                                  : NO_INTEGER;
    }
    if (all_digits(text, DECIMAL))
        return accumulate(text, 10, out) ? INTEGER : HUGE_INTEGER;
    size_t first = skip_digits(text, 0, DECIMAL | UNDERSCORE);
    if (skip_sixties(text, first) == text.len)
        return accumulate_sixties(text, out) ? INTEGER : HUGE_INTEGER;
    return NO_INTEGER;
}

static enum integer find_integer(struct sp_str text, int64_t *out)
{
    size_t at = skip_sign(text, 0);
    bool negative = at && text.ptr[0] == '-';
    uint64_t magnitude = 0;
    enum integer found = find_magnitude(sp_str_slice(text, at, text.len), &magnitude);

    if (found != INTEGER)
        return found;
    if (magnitude > (uint64_t)INT64_MAX + negative)
        return HUGE_INTEGER;
    *out = negative ? (int64_t)(~magnitude + 1) : (int64_t)magnitude;
    return INTEGER;
}

/* --- words --------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    enum sp_kind kind;
    bool boolean;
} words[] = {
    { "", SP_NULL, false },      { "~", SP_NULL, false },     { "null", SP_NULL, false },
    { "Null", SP_NULL, false },  { "NULL", SP_NULL, false },  { "true", SP_BOOL, true },
    { "True", SP_BOOL, true },   { "TRUE", SP_BOOL, true },   { "yes", SP_BOOL, true },
    { "Yes", SP_BOOL, true },    { "YES", SP_BOOL, true },    { "on", SP_BOOL, true },
    { "On", SP_BOOL, true },     { "ON", SP_BOOL, true },     { "false", SP_BOOL, false },
    { "False", SP_BOOL, false }, { "FALSE", SP_BOOL, false }, { "no", SP_BOOL, false },
    { "No", SP_BOOL, false },    { "NO", SP_BOOL, false },    { "off", SP_BOOL, false },
    { "Off", SP_BOOL, false },   { "OFF", SP_BOOL, false },
};

/* Most texts are seen to be no word by these two. */
#define WORD_MAX    5 /* letters of the longest word */
#define WORD_STARTS "~nNtTfFyYoO"

static bool find_word(struct sp_str text, struct sp_value *out)
{
    if (text.len > WORD_MAX || (text.len && !strchr(WORD_STARTS, text.ptr[0])))
        return false;
    for (size_t i = 0; i < SP_COUNT(words); i++) {
        if (!sp_str_is(text, words[i].text))
            continue;
        *out = words[i].kind == SP_NULL ? sp_null() : sp_bool(words[i].boolean);
        return true;
    }
    return false;
}

/* A number starts with a sign, a digit or a point. */
static bool may_be_number(struct sp_str text)
{
    int c = text.len ? text.ptr[0] : '\0';

    return (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
}

bool sp_scalar_is_reserved(struct sp_str text)
{
    return text.len > 0 && text.len <= 2 && (sp_str_is(text, "<<") || sp_str_is(text, "="));
}

bool sp_scalar_is_huge(struct sp_str text)
{
    int64_t integer;

    return may_be_number(text) && find_integer(text, &integer) == HUGE_INTEGER;
}

struct sp_value sp_yaml_scalar(struct sp_arena *arena,
                               struct sp_str text,
                               enum sp_yaml_dialect dialect)
{
    struct sp_value word;
    int64_t integer;
    double real;

    if (may_be_number(text)) {
        if (find_integer(text, &integer) == INTEGER)
            return sp_int(integer);
        if (find_float(text, dialect, &real))
            return sp_float(real);
    } else if (find_word(text, &word)) {
        return word;
    }
    return sp_text(sp_arena_str(arena, text));
}
