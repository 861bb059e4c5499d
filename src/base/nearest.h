/* SPDX-License-Identifier: BSD-3-Clause */
/* nearest.h - "did you mean ...?" */
#pragma once

#include "base/err.h"
#include "base/str.h"

/* Search for the name a person most likely meant. */
struct sp_nearest {
    struct sp_str wanted;
    struct sp_str best; /* ptr NULL while nothing is near enough */
    unsigned distance;
};

#define SP_NEAREST(wanted_name) ((struct sp_nearest){ .wanted = (wanted_name), .distance = 1000 })

/* Offer one valid name; borrowed. Near enough: at most a third of its letters wrong
 * (one of two or three), letter case
 * and the difference between '-', '_' and '.' hardly count, a neighbouring swap counts once. */
void sp_nearest_offer(struct sp_nearest *nearest, struct sp_str name);

/* Like sp_fail; behind the text comes "; did you mean 'best'?" or, when nothing is near, "; " and
 * `otherwise` (NULL: nothing). */
enum sp_rc sp_nearest_fail(const struct sp_nearest *nearest,
                           const char *otherwise,
                           struct sp_err *err,
                           enum sp_rc code,
                           const char *fmt,
                           ...) SP_PRINTF(5, 6);

#ifdef __clang_analyzer__
#    define sp_nearest_fail(nearest, otherwise, err, code, ...)                     \
        ((void)sp_nearest_fail((nearest), (otherwise), (err), (code), __VA_ARGS__), \
         (code)) /* see err.h */
#endif

/* Distance as used above, in half edits. */
unsigned sp_name_distance(struct sp_str a, struct sp_str b);
