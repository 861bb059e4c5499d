/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/number.h"

#include <float.h>
#include <math.h>

/* Split printf's "d.ddde+xx" into digits and the place of the point. */
static void split_scientific(const char *text, struct sp_digits *out)
{
    out->count = 0;
    for (; *text && *text != 'e'; text++)
        if (*text != '.')
            out->digits[out->count++] = *text;
    out->digits[out->count] = '\0';
    out->point = *text ? (int)strtol(text + 1, NULL, 10) + 1 : 1;
}

static double read_back(const struct sp_digits *digits)
{
    char text[64]; /* at most 17 digits, "0.", "e" and a short exponent */

    (void)snprintf(text, sizeof text, "0.%se%d", digits->digits, digits->point);
    return strtod(text, NULL);
}

/* The next larger decimal number of as many digits. */
static void add_one(struct sp_digits *digits)
{
    int at = digits->count - 1;

    while (at >= 0 && digits->digits[at] == '9')
        digits->digits[at--] = '0';
    if (at >= 0) {
        digits->digits[at]++;
        return;
    }
    digits->digits[0] = '1';
    digits->point++;
}

/* Is there a decimal of `precision` digits that reads back as `number`? The nearest one may miss
 * where the larger neighbour hits: at powers of two the doubles below lie closer together. */
static bool try_precision(double number, int precision, struct sp_digits *out)
{
    char text[64]; /* precision is at most 17 */

    (void)snprintf(text, sizeof text, "%.*e", precision - 1, number);
    split_scientific(text, out);
    double back = read_back(out);
    if (back < number) {
        add_one(out);
        back = read_back(out);
    }
    return back >= number && back <= number;
}

void sp_digits_shortest(double number, struct sp_digits *out)
{
    double size = fabs(number);

    if (size <= 0) {
        *out = (struct sp_digits){ .digits = "0", .count = 1, .point = 1 };
        return;
    }
    /* Any decimal of up to 15 digits survives being a normal double; stripping its zeros gives
     * the shortest. Subnormal numbers have less precision than that. */
    int precision = size < DBL_MIN ? 1 : DBL_DIG;
    while (!try_precision(size, precision, out) && precision < DBL_DECIMAL_DIG)
        precision++;
    while (out->count > 1 && out->digits[out->count - 1] == '0')
        out->digits[--out->count] = '\0';
}

static void add_fixed(const struct sp_digits *digits, struct sp_buf *out)
{
    struct sp_str all = { digits->digits, (size_t)digits->count };

    if (digits->point <= 0) {
        sp_buf_adds(out, "0.");
        sp_buf_add_repeat(out, '0', (size_t)-digits->point);
        sp_buf_add(out, all);
    } else if (digits->point >= digits->count) {
        sp_buf_add(out, all);
        sp_buf_add_repeat(out, '0', (size_t)(digits->point - digits->count));
        sp_buf_adds(out, ".0");
    } else {
        sp_buf_add(out, sp_str_slice(all, 0, (size_t)digits->point));
        sp_buf_addc(out, '.');
        sp_buf_add(out, sp_str_slice(all, (size_t)digits->point, all.len));
    }
}

static void add_scientific(const struct sp_digits *digits, struct sp_buf *out)
{
    int exponent = digits->point - 1;

    sp_buf_addc(out, digits->digits[0]);
    if (digits->count > 1) {
        sp_buf_addc(out, '.');
        sp_buf_adds(out, digits->digits + 1);
    }
    sp_buf_addf(out, "e%c%02d", exponent < 0 ? '-' : '+', abs(exponent));
}

void sp_float_repr(double number, struct sp_buf *out)
{
    struct sp_digits digits;

    if (isnan(number)) {
        sp_buf_adds(out, "nan");
        return;
    }
    if (signbit(number))
        sp_buf_addc(out, '-');
    if (isinf(number)) {
        sp_buf_adds(out, "inf");
        return;
    }
    sp_digits_shortest(number, &digits);
    if (digits.point > -4 && digits.point <= 16)
        add_fixed(&digits, out);
    else
        add_scientific(&digits, out);
}
