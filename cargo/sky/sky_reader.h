/* SPDX-License-Identifier: BSD-3-Clause */
/* sky_reader.h - what the readers of the sky model formats share. Private to this folder. */
#pragma once

#include "base/vec.h"

#include "sky/skymodel.h"

struct sky_reader {
    struct sp_arena *arena;
    const char *path;   /* for messages */
    struct sp_str text; /* the whole file */
    struct sp_str rest; /* not yet read */
    struct sp_str line; /* the one that sky_next_line returned last, without its end */
    int line_number;
    SP_VEC(struct sky_source) sources;
};

/* One format. `guess` says whether a file looks like it; `parse` adds all its sources. */
struct sky_format {
    const char *name;
    bool (*guess)(const char *path, struct sp_str text);
    enum sp_rc (*parse)(struct sky_reader *reader, struct sp_err *err);
};

extern const struct sky_format sky_format_plain, sky_format_tigger, sky_format_lsm,
    sky_format_wsclean, sky_format_bbs;

/* SP_INVALID "path:line:column: message: 'at'"; `at` points into the text. */
enum sp_rc sky_fail(const struct sky_reader *reader,
                    struct sp_str at,
                    struct sp_err *err,
                    const char *fmt,
                    ...) SP_PRINTF(4, 5);

/* Move to the next line; false at the end. */
bool sky_next_line(struct sky_reader *reader);

/* Up to `max` words between blanks, into `words`; the number of all words. */
size_t sky_split_blanks(struct sp_str line, struct sp_str *words, size_t max);

/* Up to `max` items between commas that are not within '' "" or [], trimmed. */
size_t sky_split_commas(struct sp_str line, struct sp_str *items, size_t max);

/* A finite number. `what` names it in the message. */
enum sp_rc sky_number(const struct sky_reader *reader,
                      struct sp_str word,
                      const char *what,
                      double *out,
                      struct sp_err *err) SP_MUST_USE;

/* "12:34:56.7", "12.34.56.7", "12h34m56.7s", "12d34m56.7s", "12.5deg", "0.3rad": radians. Colons
 * are hours when `hours`, else degrees. The sign holds for all parts ("-00:00:12"). */
enum sp_rc sky_angle(const struct sky_reader *reader,
                     struct sp_str word,
                     bool hours,
                     double *out,
                     struct sp_err *err) SP_MUST_USE;

/* Check a source and keep it. `at` is what a message points at. RA is brought to [0, 2 pi). */
enum sp_rc sky_add(struct sky_reader *reader,
                   const struct sky_source *source,
                   struct sp_str at,
                   struct sp_err *err) SP_MUST_USE;

#define SKY_DEGREE (3.14159265358979323846 / 180)
