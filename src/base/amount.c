/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/amount.h"

#include <stdio.h>

#define DAY (24.0 * 3600)

struct unit {
    const char *name;
    double factor;
};

static const struct unit sizes[] = {
    { "", 1 },        { "k", 1e3 },     { "M", 1e6 },     { "G", 1e9 },
    { "T", 1e12 },    { "P", 1e15 },    { "Ki", 0x1p10 }, { "Mi", 0x1p20 },
    { "Gi", 0x1p30 }, { "Ti", 0x1p40 }, { "Pi", 0x1p50 },
};

static const struct unit durations[] = {
    { "s", 1 }, { "min", 60 }, { "h", 3600 }, { "d", DAY }, { "w", 7 * DAY }, { "y", 365.25 * DAY },
};

static bool read_amount(struct sp_str text, const struct unit *units, size_t len, double *out)
{
    size_t digits = 0;
    double number;

    text = sp_str_trim(text);
    while (digits < text.len && strchr("0123456789.", text.ptr[digits]))
        digits++;
    struct sp_str name = sp_str_trim(sp_str_slice(text, digits, text.len));
    if (!sp_str_float(sp_str_slice(text, 0, digits), &number))
        return false;
    for (size_t i = 0; i < len; i++)
        if (sp_str_is_nocase(name, units[i].name)) {
            *out = number * units[i].factor;
            return true;
        }
    return false;
}

enum sp_rc sp_amount_bytes(struct sp_str text, uint64_t *out, struct sp_err *err)
{
    struct sp_str bare = sp_str_trim(text);
    double bytes;

    if (bare.len > 1 && (sp_str_ends(bare, "B") || sp_str_ends(bare, "b")))
        bare.len--;
    if (!read_amount(bare, sizes, SP_COUNT(sizes), &bytes) || !(bytes < 0x1p63))
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is no size: write 50G, 500M, 1.5TiB",
                       SP_STR_ARG(text));
    *out = (uint64_t)bytes;
    return SP_OK;
}

struct sp_amount_text sp_amount_text(uint64_t bytes)
{
    static const char *const units[] = { "B", "kB", "MB", "GB", "TB", "PB" };
    struct sp_amount_text out;
    double size = (double)bytes;
    size_t unit = 0;

    while (size >= 999.5 && unit + 1 < SP_COUNT(units)) {
        size /= 1000;
        unit++;
    }
    int digits = size < 9.95 && unit ? 1 : 0;
    (void)snprintf(out.text, sizeof out.text, "%.*f %s", digits, size, units[unit]);
    return out;
}

enum sp_rc sp_amount_duration(struct sp_str text, sp_nsec *out, struct sp_err *err)
{
    double seconds;

    if (!read_amount(text, durations, SP_COUNT(durations), &seconds) || !(seconds < 9e9))
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is no duration: write 30d, 12h, 2w",
                       SP_STR_ARG(text));
    *out = (sp_nsec)(seconds * 1e9);
    return SP_OK;
}

enum sp_rc sp_amount_share(struct sp_str text, uint64_t whole, uint64_t *out, struct sp_err *err)
{
    double percent;

    if (!sp_str_ends(text, "%"))
        return sp_amount_bytes(text, out, err);
    if (!sp_str_float(sp_str_trim(sp_str_slice(text, 0, text.len - 1)), &percent) ||
        !(percent >= 0 && percent <= 100))
        return sp_fail(err, SP_INVALID, "'" SP_STR_FMT "' is no share: write 10%%",
                       SP_STR_ARG(text));
    *out = (uint64_t)((double)whole * percent / 100);
    return SP_OK;
}
