/* SPDX-License-Identifier: BSD-3-Clause */
/* compare.h - is a result the same as another one, and if not, how far from it?
 *
 * Byte by byte, then by what the bytes mean (store/profile.h), then, of what differs, by value:
 * images, tables and texts within a tolerance, through the program datadiff of cargo/.
 */
#pragma once

#include "base/arena.h"
#include "base/err.h"

#include "value/value.h"

enum sp_sameness { /* the higher, the worse */
    SP_SAME_BITWISE,
    SP_SAME_MEANING, /* only time stamps, histories and the like differ */
    SP_SAME_WITHIN,  /* the tolerance */
    SP_SAME_DIFFERS
};

struct sp_tolerance {
    bool exact; /* the meaning has to be the same: `exact`, or nothing was said */
    double relative, absolute;
};

struct sp_comparison {
    enum sp_sameness outcome;
    double relative;       /* of WITHIN and DIFFERS: the tolerance that would do; infinity: none */
    struct sp_list *lines; /* texts: what differs, where, and how much */
};

/* "exact", "fits 1e-5", "casa 1e-6 1e-12" (relative, absolute), "text 1e-3", "1e-3". SP_INVALID. */
enum sp_rc sp_tolerance_parse(struct sp_str text, struct sp_tolerance *out, struct sp_err *err)
    SP_MUST_USE;

/* "bitwise", "meaning", "within", "differs" */
const char *sp_sameness_name(enum sp_sameness outcome);

/* The files or directories `before` and `after`. `path`: where datadiff is looked up; without it
 * what differs in meaning differs, and a line says that nobody could measure how much. */
enum sp_rc sp_compare(struct sp_arena *arena,
                      const char *before,
                      const char *after,
                      const struct sp_tolerance *tolerance,
                      struct sp_str path,
                      struct sp_comparison *out,
                      struct sp_err *err) SP_MUST_USE;
