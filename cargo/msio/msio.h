/* SPDX-License-Identifier: BSD-3-Clause */
/* msio.h - Measurement Sets (MS) from C.
 *
 * The only C++ of the project is behind this header: casacore. Exceptions stop at the border and
 * become `struct sp_err`; casacore's own log is silenced.
 *
 * Conventions
 *  1. Buffers are the caller's. Visibilities are complex64 as float pairs, C order
 *     [row][channel][correlation]; flags one byte each in the same order; UVW [row][3] in metres.
 *  2. UVW of a row is position(ANTENNA2) - position(ANTENNA1), rotated to the J2000 frame of the
 *     phase direction; V = sum S exp(+2 pi i (u l + v m + w (n-1)) nu / c).
 *  3. Angles are radians, frequencies Hz, positions ITRF metres, times UTC seconds since
 *     1858-11-17 (modified Julian day 0), the middle of the integration.
 *  4. An MS is an exclusive resource while open for writing. casacore is not thread-safe: all
 *     calls of one process come from one thread at a time.
 *  5. Only fixed-shape data of one spectral window and polarisation set-up can be read in bulk;
 *     ms_open refuses others and says so.
 */
#pragma once

#include "base/err.h"

#ifdef __cplusplus
extern "C" {
#endif

#define MS_NAME_MAX 64

struct ms;

struct ms_antenna {
    char name[MS_NAME_MAX];
    double position[3];      /* ITRF, metres */
    double diameter;         /* metres */
    char mount[MS_NAME_MAX]; /* "ALT-AZ", "EQUATORIAL" */
};

struct ms_field {
    char name[MS_NAME_MAX];
    double ra, dec; /* J2000, radians */
};

/* One uninterrupted track on one field. Rows: for each time stamp all baselines. */
struct ms_scan {
    int field;    /* index into fields */
    double start; /* begin of the first integration */
    int ntime;
};

/* What a new MS is to contain; everything borrowed. */
struct ms_layout {
    const char *telescope;
    const char *observer;
    const struct ms_antenna *antennas;
    int nantenna;
    const struct ms_field *fields;
    int nfield;
    const struct ms_scan *scans;
    int nscan;
    double interval;     /* seconds an integration */
    const double *freq;  /* channel centres */
    const double *width; /* channel widths */
    int nchan;
    const int
        *corr_type; /* casacore Stokes codes: RR RL LR LL = 5 6 7 8, XX XY YX YY = 9 10 11 12 */
    int ncorr;      /* 1, 2 or 4 */
    bool autocorr;
    bool weight_spectrum;     /* write a WEIGHT_SPECTRUM column too */
    double sigma;             /* SIGMA of every row, WEIGHT = 1/sigma^2; 0 means 1 */
    int tile_kib;             /* size of a tile of bulk data; 0 means 512 */
    bool overwrite;           /* replace an MS at `path` in one step, at the end */
    const char *program;      /* for HISTORY; NULL: "msio" */
    const char *command;      /* for HISTORY: the whole command line; NULL: none */
    const volatile int *stop; /* becomes non-zero (by a signal handler): give up; or NULL */
};

/* Borrowed from the MS; valid until ms_close. */
struct ms_info {
    int64_t nrow;
    int nchan, ncorr, nantenna, nfield;
    const double *freq, *width; /* nchan of each */
    const int *corr_type;
    const struct ms_antenna *antennas;
    const struct ms_field *fields; /* phase directions */
    const char *telescope;
};

/* Row keys of a stretch of rows; any pointer may be NULL. */
struct ms_keys {
    double *time;     /* middle of the integration */
    double *interval; /* seconds */
    int32_t *antenna1, *antenna2, *field, *scan;
    uint8_t *flag_row;
};

enum ms_mode {
    MS_READ,
    MS_WRITE
};

/* Progress of long work: done of total bytes or rows; may be NULL. */
typedef void (*ms_progress_fn)(int64_t done, int64_t total, void *arg);

/* Rows of the MS, and bytes that it will take on disk, to a few per cent. */
int64_t ms_layout_rows(const struct ms_layout *layout);
int64_t ms_layout_bytes(const struct ms_layout *layout);

/* Create the whole MS at `path`, closed again on return: all rows, keys, UVW, unit weights, no
 * flags, DATA zero, all subtables, a HISTORY entry (dated at the end of the observation, so that
 * the same layout gives the same bytes). It is built under a temporary name beside `path` and
 * renamed at the end; on failure nothing stays. SP_EXISTS when `path` exists; SP_IO with ENOSPC
 * in sys_errno when the disk is full or clearly too small, with EINTR when told to stop. */
enum sp_rc ms_create(const char *path,
                     const struct ms_layout *layout,
                     ms_progress_fn progress,
                     void *arg,
                     struct sp_err *err) SP_MUST_USE;

/* SP_NOT_FOUND, SP_INVALID (not an MS, or mixed shapes), SP_BUSY (another program writes it).
 * The caller owns *out. */
enum sp_rc ms_open(const char *path, enum ms_mode mode, struct ms **out, struct sp_err *err)
    SP_MUST_USE;

/* Flush and close; accepts NULL. After an error the MS is closed all the same. */
enum sp_rc ms_close(struct ms *ms, struct sp_err *err);

const struct ms_info *ms_info(const struct ms *ms);

bool ms_has_column(const struct ms *ms, const char *column);

/* Add a visibility column of the shape of DATA, tiled, in a storage manager of its own, filled
 * with zero. No-op when it exists with the right shape. */
enum sp_rc ms_add_column(struct ms *ms, const char *column, struct sp_err *err) SP_MUST_USE;

enum sp_rc ms_read_keys(struct ms *ms,
                        int64_t row,
                        int64_t count,
                        const struct ms_keys *out,
                        struct sp_err *err) SP_MUST_USE;
enum sp_rc ms_read_uvw(struct ms *ms, int64_t row, int64_t count, double *uvw, struct sp_err *err)
    SP_MUST_USE;

/* Visibilities of rows [row, row + count), all channels and correlations. */
enum sp_rc ms_read_vis(struct ms *ms,
                       const char *column,
                       int64_t row,
                       int64_t count,
                       float *vis,
                       struct sp_err *err) SP_MUST_USE;
enum sp_rc ms_write_vis(struct ms *ms,
                        const char *column,
                        int64_t row,
                        int64_t count,
                        const float *vis,
                        struct sp_err *err) SP_MUST_USE;

enum sp_rc ms_read_flags(struct ms *ms,
                         int64_t row,
                         int64_t count,
                         uint8_t *flags,
                         struct sp_err *err) SP_MUST_USE;

/* SIGMA of the rows of a field, or of all rows when it is negative: one value for each correlation,
 * the same in every row; WEIGHT and, where there is one, WEIGHT_SPECTRUM become 1/sigma^2. */
enum sp_rc ms_write_sigma(struct ms *ms, int field, const float *sigma, struct sp_err *err)
    SP_MUST_USE;

/* Append a line to HISTORY: which program did what with which words. */
enum sp_rc ms_add_history(struct ms *ms,
                          const char *program,
                          const char *message,
                          int argc,
                          const char *const *argv,
                          struct sp_err *err) SP_MUST_USE;

/* UVW in J2000 of `nantenna` antennas relative to the first, out[time][antenna][3] in metres
 * (casacore Measures: precession, nutation, aberration). */
enum sp_rc ms_uvw_j2000(const struct ms_antenna *antennas,
                        int nantenna,
                        const struct ms_field *field,
                        const double *times,
                        int ntime,
                        double *out,
                        struct sp_err *err) SP_MUST_USE;

/* Hour angle and elevation (radians) of a direction at a time, at the array's centre. */
enum sp_rc ms_hadec_el(const struct ms_antenna *antennas,
                       int nantenna,
                       const struct ms_field *field,
                       double time,
                       double *hour_angle,
                       double *elevation,
                       struct sp_err *err) SP_MUST_USE;

#ifdef __cplusplus
}
#endif
