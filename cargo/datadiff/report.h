/* SPDX-License-Identifier: BSD-3-Clause */
/* report.h - what was compared, and what came of it. C++ includes it as extern "C". */
#pragma once

#include "base/err.h"
#include "base/vec.h"

#include "datadiff/tally.h"

struct sp_arena;
struct sp_buf;

enum diff_outcome {
    DIFF_SAME,   /* not a value differs */
    DIFF_WITHIN, /* the tolerance */
    DIFF_DIFFERS
};

struct diff_part {
    const char *name; /* "HDU 1", "MAIN.DATA"; arena */
    struct tally tally;
    bool within;
};

struct diff_report {
    struct sp_arena *arena;
    double relative, absolute;      /* tolerances */
    const char *kind;               /* "FITS", "table", "text", "bytes" */
    SP_VEC(struct diff_part) parts; /* those that differ */
    SP_VEC(const char *) faults; /* what cannot be measured: another shape, a column that is gone */
};

void report_fini(struct diff_report *report);

/* Only what differs is kept. */
void report_part(struct diff_report *report, const struct tally *tally, const char *fmt, ...)
    SP_PRINTF(3, 4);
void report_fault(struct diff_report *report, const char *fmt, ...) SP_PRINTF(2, 3);

enum diff_outcome report_outcome(const struct diff_report *report);

/* For people, or as one JSON document. */
void report_write(const struct diff_report *report, bool json, struct sp_buf *out);

/* --- comparing: fits.c, table.cc, plain.c ----------------------------------------------------- */

/* Are these the first bytes of a FITS file? Is there a table in the directory? */
bool diff_is_fits(const char *path);
bool diff_is_table(const char *path);

/* SP_INVALID: one of them cannot be read. What differs is in the report. */
enum sp_rc diff_fits(const char *before,
                     const char *after,
                     struct diff_report *report,
                     struct sp_err *err) SP_MUST_USE;
enum sp_rc diff_tables(const char *before,
                       const char *after,
                       struct diff_report *report,
                       struct sp_err *err) SP_MUST_USE;
enum sp_rc diff_plain(const char *before,
                      const char *after,
                      struct diff_report *report,
                      struct sp_err *err) SP_MUST_USE;
