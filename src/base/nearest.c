/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#define NAME_MAX_LEN 64 /* longer names are compared by their first 64 bytes */

static bool is_joiner(char c)
{
    return c == '-' || c == '_' || c == '.';
}

static char lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c - 'A' + 'a') : c;
}

static unsigned replace_cost(char a, char b)
{
    if (a == b)
        return 0;
    if (lower(a) == lower(b) || (is_joiner(a) && is_joiner(b)))
        return 1;
    return 2;
}

/* Optimal string alignment, three rows. */
unsigned sp_name_distance(struct sp_str a, struct sp_str b)
{
    unsigned rows[3][NAME_MAX_LEN + 1];
    size_t rows_len = SP_MIN(a.len, (size_t)NAME_MAX_LEN);
    size_t cols_len = SP_MIN(b.len, (size_t)NAME_MAX_LEN);

    for (size_t col = 0; col <= cols_len; col++)
        rows[0][col] = (unsigned)col * 2;
    for (size_t row = 1; row <= rows_len; row++) {
        unsigned *now = rows[row % 3];
        const unsigned *last = rows[(row + 2) % 3];
        const unsigned *before = rows[(row + 1) % 3];
        now[0] = (unsigned)row * 2;
        for (size_t col = 1; col <= cols_len; col++) {
            unsigned cost = last[col - 1] + replace_cost(a.ptr[row - 1], b.ptr[col - 1]);
            cost = SP_MIN(cost, SP_MIN(last[col], now[col - 1]) + 2);
            if (row > 1 && col > 1 && a.ptr[row - 1] == b.ptr[col - 2] &&
                a.ptr[row - 2] == b.ptr[col - 1])
                cost = SP_MIN(cost, before[col - 2] + 2);
            now[col] = cost;
        }
    }
    return rows[rows_len % 3][cols_len];
}

void sp_nearest_offer(struct sp_nearest *nearest, struct sp_str name)
{
    size_t longest = SP_MAX(name.len, nearest->wanted.len);
    size_t surplus = longest - SP_MIN(name.len, nearest->wanted.len);
    unsigned allowed = longest < 2 ? 0 : (unsigned)SP_MAX(longest * 2 / 3, (size_t)2);

    /* Each surplus letter is an edit: most names need not be compared at all. (Very long ones
     * are compared in part.) */
    if (longest <= NAME_MAX_LEN && (2 * surplus > allowed || 2 * surplus >= nearest->distance))
        return;
    unsigned distance = sp_name_distance(nearest->wanted, name);
    if (distance < nearest->distance && distance <= allowed) {
        nearest->distance = distance;
        nearest->best = name;
    }
}

#undef sp_nearest_fail /* for the analyzer it is a macro */

enum sp_rc sp_nearest_fail(const struct sp_nearest *nearest,
                           const char *otherwise,
                           struct sp_err *err,
                           enum sp_rc code,
                           const char *fmt,
                           ...)
{
    struct sp_err plain;
    va_list args;

    va_start(args, fmt);
    (void)sp_failv(&plain, code, fmt, args);
    va_end(args);
    if (nearest->best.ptr)
        return sp_fail(err, code, "%s; did you mean '" SP_STR_FMT "'?", plain.text,
                       SP_STR_ARG(nearest->best));
    return sp_fail(err, code, "%s%s%s", plain.text, otherwise ? "; " : "",
                   otherwise ? otherwise : "");
}
