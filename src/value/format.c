/* SPDX-License-Identifier: BSD-3-Clause */
/* format.c - Python's format specifications: [[fill]align][sign][z][#][0][width][,_][.prec][type].
 *
 * A specification is parsed once, checked against the kind of the value, turned into sign, prefix
 * and body, and then padded and grouped. Messages are those of Python where it has one. */
#include "value/number.h"
#include "value/text.h"
#include "value/utf8.h"

#include <math.h>

#define NUMBER_MAX 4096 /* largest width and precision: a tool's argument, not a document */

struct spec {
    struct sp_str whole;
    struct sp_str fill; /* one character */
    char align;         /* < > = ^, 0 when not given */
    char sign;          /* + - blank, 0 when not given */
    bool no_negative_zero;
    bool alternate;
    int width;     /* -1 when not given */
    char group;    /* , _ or 0 */
    int precision; /* -1 when not given */
    char type;     /* 0 when not given */
};

/* A formatted number before padding. */
struct pieces {
    struct sp_str prefix; /* sign, 0x */
    struct sp_str digits; /* what is grouped */
    struct sp_str rest;   /* decimals, exponent, % */
    unsigned group_size;
};

/* --- parsing ------------------------------------------------------------------------------ */

static bool take(struct sp_str *rest, char c)
{
    if (rest->len == 0 || rest->ptr[0] != c)
        return false;
    *rest = sp_str_slice(*rest, 1, rest->len);
    return true;
}

static char take_any(struct sp_str *rest, const char *choice)
{
    if (rest->len == 0 || rest->ptr[0] == '\0' || !strchr(choice, rest->ptr[0]))
        return 0;
    char c = rest->ptr[0];
    *rest = sp_str_slice(*rest, 1, rest->len);
    return c;
}

/* Decimal digits; -1 when there are none, -2 when the number is too large. */
static int take_number(struct sp_str *rest)
{
    int number = -1;

    for (char c; (c = take_any(rest, "0123456789"));) {
        number = SP_MAX(number, 0) * 10 + (c - '0');
        if (number > NUMBER_MAX)
            return -2;
    }
    return number;
}

static void take_alignment(struct sp_str *rest, struct spec *spec)
{
    size_t len = 1;

    if (rest->len)
        (void)sp_utf8_decode(*rest, 0, &len);
    if (rest->len > len && rest->ptr[len] && strchr("<>=^", rest->ptr[len])) {
        spec->fill = sp_str_slice(*rest, 0, len);
        spec->align = rest->ptr[len];
        *rest = sp_str_slice(*rest, len + 1, rest->len);
    } else {
        spec->align = take_any(rest, "<>=^");
    }
}

static enum sp_rc parse_spec(struct sp_str text, struct spec *spec, struct sp_err *err)
{
    struct sp_str rest = text;

    *spec = (struct spec){ .whole = text, .fill = SP_STR(" "), .width = -1, .precision = -1 };
    take_alignment(&rest, spec);
    spec->sign = take_any(&rest, "+- ");
    spec->no_negative_zero = take(&rest, 'z');
    spec->alternate = take(&rest, '#');
    if (rest.len && rest.ptr[0] == '0' && take(&rest, '0')) {
        if (sp_str_is(spec->fill, " "))
            spec->fill = SP_STR("0");
        if (!spec->align)
            spec->align = '0'; /* "=" for numbers, "<" for text: told apart later */
    }
    spec->width = take_number(&rest);
    spec->group = take_any(&rest, ",_");
    if (take(&rest, '.')) {
        spec->precision = take_number(&rest);
        if (spec->precision == -1)
            return sp_fail(err, SP_INVALID, "Format specifier missing precision");
    }
    if (spec->width == -2 || spec->precision == -2)
        return sp_fail(err, SP_LIMIT, "width and precision in '" SP_STR_FMT "' are limited to %d",
                       SP_STR_ARG(text), NUMBER_MAX);
    if (rest.len > 1)
        return sp_fail(err, SP_INVALID, "Invalid format specifier '" SP_STR_FMT "'",
                       SP_STR_ARG(text));
    if (rest.len)
        spec->type = rest.ptr[0];
    return SP_OK;
}

/* What was asked for, or else the usual. */
static char choice(char given, char usual)
{
    if (given)
        return given;
    return usual;
}

/* --- padding and grouping ----------------------------------------------------------------- */

static void add_fill(struct sp_str fill, size_t count, struct sp_buf *out)
{
    while (count--)
        sp_buf_add(out, fill);
}

/* `text` of `width` characters into the field. */
static void add_padded(const struct spec *spec, struct sp_str text, char align, struct sp_buf *out)
{
    size_t have = sp_utf8_count(text);
    size_t want = spec->width > 0 ? (size_t)spec->width : 0;
    size_t gap = want > have ? want - have : 0;
    size_t left = align == '>' ? gap : align == '^' ? gap / 2 : 0;

    add_fill(spec->fill, left, out);
    sp_buf_add(out, text);
    add_fill(spec->fill, gap - left, out);
}

/* Digits with separators, zeros in front up to at least `min` characters: a separator never
 * comes first, which may make it one longer. */
static void add_grouped(const struct pieces *number, char group, size_t min, struct sp_buf *out)
{
    size_t count = number->digits.len;
    unsigned every = number->group_size;

    if (count == 0)
        group = 0; /* inf, nan, a character */
    while (count + (group ? (count - 1) / every : 0) < min)
        count++;
    for (size_t left = count; left > 0; left--) {
        if (group && left < count && left % every == 0)
            sp_buf_addc(out, group);
        if (left > number->digits.len)
            sp_buf_addc(out, '0');
        else
            sp_buf_addc(out, number->digits.ptr[number->digits.len - left]);
    }
}

static void add_number(const struct spec *spec, const struct pieces *number, struct sp_buf *out)
{
    bool inside = spec->align == '=' || spec->align == '0';
    size_t width = spec->width > 0 ? (size_t)spec->width : 0;
    size_t fixed = number->prefix.len + number->rest.len;
    bool zeros = inside && sp_str_is(spec->fill, "0");
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);

    add_grouped(number, spec->group, zeros && width > fixed ? width - fixed : 0, &body);
    sp_buf_add(&body, number->rest);
    if (inside) {
        size_t have = number->prefix.len + body.len;
        sp_buf_add(out, number->prefix);
        add_fill(spec->fill, width > have ? width - have : 0, out);
        sp_buf_add(out, sp_buf_str(&body));
        return;
    }
    sp_auto_buf struct sp_buf whole = SP_BUF(SP_BUF_SMALL);
    sp_buf_add(&whole, number->prefix);
    sp_buf_add(&whole, sp_buf_str(&body));
    add_padded(spec, sp_buf_str(&whole), choice(spec->align, '>'), out);
}

/* --- kinds -------------------------------------------------------------------------------- */

static enum sp_rc unknown_code(const struct spec *spec, const char *kind, struct sp_err *err)
{
    return sp_fail(err, SP_INVALID, "Unknown format code '%c' for object of type '%s'", spec->type,
                   kind);
}

static const char *sign_of(const struct spec *spec, bool negative)
{
    if (negative)
        return "-";
    return spec->sign == '+' ? "+" : spec->sign == ' ' ? " " : "";
}

static enum sp_rc format_text(const struct spec *spec,
                              struct sp_str text,
                              struct sp_buf *out,
                              struct sp_err *err)
{
    if (spec->type && spec->type != 's')
        return unknown_code(spec, "str", err);
    if (spec->sign)
        return sp_fail(err, SP_INVALID, "Sign not allowed in string format specifier");
    if (spec->no_negative_zero)
        return sp_fail(err, SP_INVALID,
                       "Negative zero coercion (z) not allowed in string format specifier");
    if (spec->alternate)
        return sp_fail(err, SP_INVALID,
                       "Alternate form (#) not allowed in string format specifier");
    if (spec->align == '=')
        return sp_fail(err, SP_INVALID, "'=' alignment not allowed in string format specifier");
    if (spec->group)
        return sp_fail(err, SP_INVALID, "Cannot specify '%c' with 's'.", spec->group);
    if (spec->precision >= 0)
        text = sp_str_slice(text, 0, sp_utf8_offset(text, (size_t)spec->precision));
    bool left = !spec->align || spec->align == '0';
    add_padded(spec, text, (char)(left ? '<' : spec->align), out);
    return SP_OK;
}

static size_t digits_in_base(uint64_t number, unsigned base, bool upper, char text[static 65])
{
    const char *symbols = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    size_t len = 0;

    do {
        text[64 - ++len] = symbols[number % base];
        number /= base;
    } while (number);
    memmove(text, text + 64 - len, len);
    return len;
}

static enum sp_rc format_character(const struct spec *spec,
                                   int64_t code,
                                   struct sp_buf *out,
                                   struct sp_err *err)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    if (code < 0 || code > 0x10FFFF)
        return sp_fail(err, SP_INVALID, "%%c arg not in range(0x110000)");
    if (spec->sign)
        return sp_fail(err, SP_INVALID, "Sign not allowed with integer format specifier 'c'");
    if (spec->alternate)
        return sp_fail(err, SP_INVALID,
                       "Alternate form (#) not allowed with integer format specifier 'c'");
    sp_utf8_encode((uint32_t)code, &text);
    struct pieces number = { .digits = SP_STR(""), .rest = sp_buf_str(&text), .group_size = 3 };
    add_number(spec, &number, out);
    return SP_OK;
}

static enum sp_rc format_int(const struct spec *spec,
                             int64_t value,
                             struct sp_buf *out,
                             struct sp_err *err)
{
    static const struct {
        char type;
        unsigned base;
        const char *prefix;
    } bases[] = { { 'd', 10, "" },  { 'n', 10, "" },   { 'b', 2, "0b" },
                  { 'o', 8, "0o" }, { 'x', 16, "0x" }, { 'X', 16, "0X" } };

    char type = choice(spec->type, 'd');
    char text[65];
    size_t b = 0;

    if (spec->precision >= 0)
        return sp_fail(err, SP_INVALID, "Precision not allowed in integer format specifier");
    if (spec->no_negative_zero)
        return sp_fail(err, SP_INVALID,
                       "Negative zero coercion (z) not allowed in format specifier with integer "
                       "presentation type");
    if (spec->group && strchr(spec->group == ',' ? "nbcoxX" : "nc", type))
        return sp_fail(err, SP_INVALID, "Cannot specify '%c' with '%c'.", spec->group, type);
    if (type == 'c')
        return format_character(spec, value, out, err);
    while (b < SP_COUNT(bases) && bases[b].type != type)
        b++;
    if (b == SP_COUNT(bases))
        return unknown_code(spec, "int", err);
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
    size_t len = digits_in_base(size, bases[b].base, type == 'X', text);
    char prefix[4];
    (void)snprintf(prefix, sizeof prefix, "%s%s", sign_of(spec, value < 0),
                   spec->alternate ? bases[b].prefix : "");
    struct pieces number = {
        sp_str_of(prefix), { text, len }, SP_STR(""), bases[b].base == 10 ? 3 : 4
    };
    add_number(spec, &number, out);
    return SP_OK;
}

/* The size of a finite number by a C conversion ("%#.*g"). */
static void add_printf(const struct spec *spec,
                       char type,
                       int precision,
                       double size,
                       struct sp_buf *out)
{
    char format[8] = "%";

    (void)snprintf(format, sizeof format, "%%%s.*%c", spec->alternate ? "#" : "", type);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    sp_buf_addf(out, format, precision, size);
#pragma GCC diagnostic pop
}

/* The power of ten when rounded to `precision` digits. */
static int exponent_of(double size, int precision)
{
    char text[NUMBER_MAX + 16]; /* d.(precision - 1 digits)e-308 */

    (void)snprintf(text, sizeof text, "%.*e", precision - 1, size);
    return (int)strtol(strchr(text, 'e') + 1, NULL, 10);
}

/* 'g' that keeps trailing zeros. The C library's own "%#g" drops them where rounding carries into
 * a new digit (999999.5). */
static void add_alternate_general(const struct spec *spec,
                                  bool upper,
                                  double size,
                                  struct sp_buf *out)
{
    int precision = spec->precision < 0 ? 6 : SP_MAX(spec->precision, 1);
    int exponent = exponent_of(size, precision);

    if (exponent < -4 || exponent >= precision)
        add_printf(spec, upper ? 'E' : 'e', precision - 1, size, out);
    else
        add_printf(spec, 'f', precision - 1 - exponent, size, out);
}

/* No type: like 'g', but with at least one decimal, and scientific one power of ten earlier. */
static void add_general(const struct spec *spec, double size, struct sp_buf *out)
{
    if (spec->precision < 0) {
        sp_float_repr(size, out);
        return;
    }
    int precision = SP_MAX(spec->precision, 1);
    if (exponent_of(size, precision) == precision - 1) {
        sp_auto_buf struct sp_buf scientific = SP_BUF(SP_BUF_SMALL);
        sp_buf_addf(&scientific, "%.*e", precision - 1, size);
        struct sp_str text = sp_buf_str(&scientific);
        size_t e = sp_str_rfind(text, 'e');
        size_t end = e;
        while (sp_str_find(text, '.') != SIZE_MAX && text.ptr[end - 1] == '0')
            end--;
        end -= text.ptr[end - 1] == '.';
        sp_buf_add(out, sp_str_slice(text, 0, end));
        sp_buf_add(out, sp_str_slice(text, e, text.len));
        return;
    }
    size_t before = out->len;
    add_printf(spec, 'g', precision, size, out);
    struct sp_str text = sp_str_slice(sp_buf_str(out), before, out->len);
    if (sp_str_find(text, '.') == SIZE_MAX && sp_str_find(text, 'e') == SIZE_MAX)
        sp_buf_adds(out, ".0");
}

static void add_float_body(const struct spec *spec, double size, struct sp_buf *out)
{
    char type = spec->type;
    char c_type = type;
    int precision = spec->precision < 0 ? 6 : spec->precision;
    bool upper = type == 'E' || type == 'F' || type == 'G';

    if (type == '%')
        c_type = 'f';
    else if (type == 'n')
        c_type = 'g';

    if (!isfinite(size))
        sp_buf_adds(out, isnan(size) ? (upper ? "NAN" : "nan") : (upper ? "INF" : "inf"));
    else if (!type)
        add_general(spec, size, out);
    else if (spec->alternate && strchr("gGn", type))
        add_alternate_general(spec, upper, size, out);
    else
        add_printf(spec, c_type, precision, size, out);
    if (type == '%')
        sp_buf_addc(out, '%');
}

static bool all_zero(struct sp_str body)
{
    for (size_t i = 0; i < body.len && body.ptr[i] != 'e' && body.ptr[i] != 'E'; i++)
        if (body.ptr[i] >= '1' && body.ptr[i] <= '9')
            return false;
    return true;
}

static enum sp_rc format_float(const struct spec *spec,
                               double value,
                               struct sp_buf *out,
                               struct sp_err *err)
{
    sp_auto_buf struct sp_buf body = SP_BUF(SP_BUF_SMALL);

    if (spec->type && !strchr("eEfFgGn%", spec->type))
        return unknown_code(spec, "float", err);
    if (spec->group && spec->type == 'n')
        return sp_fail(err, SP_INVALID, "Cannot specify '%c' with 'n'.", spec->group);
    double scaled = spec->type == '%' ? value * 100 : value;
    add_float_body(spec, fabs(scaled), &body);
    struct sp_str text = sp_buf_str(&body);
    bool negative = signbit(scaled) && !isnan(scaled) &&
                    !(spec->no_negative_zero && isfinite(scaled) && all_zero(text));
    size_t whole = 0;
    while (whole < text.len && text.ptr[whole] >= '0' && text.ptr[whole] <= '9')
        whole++;
    struct pieces number = { sp_str_of(sign_of(spec, negative)), sp_str_slice(text, 0, whole),
                             sp_str_slice(text, whole, text.len), 3 };
    add_number(spec, &number, out);
    return SP_OK;
}

static bool is_float_type(char type)
{
    return type && strchr("eEfFgG%", type);
}

enum sp_rc sp_value_format(struct sp_value value,
                           struct sp_str spec,
                           struct sp_buf *out,
                           struct sp_err *err)
{
    static const char *const python_names[] = {
        [SP_NULL] = "NoneType", [SP_LIST] = "list", [SP_TUPLE] = "tuple", [SP_DICT] = "dict"
    };
    struct spec parsed;

    if (spec.len == 0 || !sp_is_value(value)) {
        sp_value_str(value, out);
        return SP_OK;
    }
    if (value.kind == SP_NULL || sp_is_list(value) || value.kind == SP_DICT)
        return sp_fail(err, SP_INVALID, "unsupported format string passed to %s.__format__",
                       python_names[value.kind]);
    enum sp_rc rc = parse_spec(spec, &parsed, err);
    if (rc)
        return rc;
    if (sp_is_text(value))
        return format_text(&parsed, value.text, out, err);
    if (value.kind == SP_FLOAT)
        return format_float(&parsed, value.real, out, err);
    int64_t integer = value.kind == SP_BOOL ? value.boolean : value.integer;
    if (is_float_type(parsed.type))
        return format_float(&parsed, (double)integer, out, err);
    return format_int(&parsed, integer, out, err);
}
