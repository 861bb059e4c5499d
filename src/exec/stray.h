/* SPDX-License-Identifier: BSD-3-Clause */
/* stray.h - new files of a job that nobody declared: what becomes of them (doc/design/boxes.md 3).
 *
 * Litter (box->litter) is left in the scratch directory, and so removed. Of all else
 * box->undeclared decides. Where the job fails because of them, they are moved to box->keep, or, on
 * another file system, to a directory KEEP_NAME in the directory that they were made in, which is
 * then listed in `elsewhere` of the former: nothing is copied, since it may be as large as any
 * result.
 */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

#include "exec/box.h"

#define SP_STRAY_HIDDEN    ".spoor-undeclared-" /* begins names of directories elsewhere */
#define SP_STRAY_ELSEWHERE "elsewhere"          /* lists them, one a line */

struct sp_child_end; /* exec/children.h */

struct sp_strays {
    struct sp_arena *arena;
    const struct sp_box *box;
    const char *cwd;
    struct sp_buf names, litter; /* "'a', 'b'": the first ones */
    size_t count, litter_count;
    size_t moved;
    const char *overlooked;               /* a directory, NULL: none */
    size_t files;                         /* in it */
    const char *place;                    /* where the last one was moved to */
    struct sp_buf fault, warning, remark; /* what sp_strays_tell says */
};

/* `box` and `cwd` are borrowed. */
struct sp_strays *sp_strays_new(const struct sp_box *box, const char *cwd);

/* Accepts NULL. */
void sp_strays_free(struct sp_strays *strays);

/* The job has made, or changed, or removed, the entry `to`; it is now at `from`, if it is not
 * removed. */
enum sp_rc sp_strays_add(struct sp_strays *strays,
                         const char *from,
                         const char *to,
                         struct sp_err *err) SP_MUST_USE;

/* Remove a directory of those that were `keep`, and what it lists. */
enum sp_rc sp_strays_remove(const char *keep, struct sp_err *err) SP_MUST_USE;

/* In a directory with so many files nobody looks for strays; sp_strays_tell says so. */
void sp_strays_overlook(struct sp_strays *strays, const char *dir, size_t files);

/* What there is to be said goes to `end`; the texts live as long as `strays`. A tool that has
 * failed anyway has failed of that. */
void sp_strays_tell(struct sp_strays *strays, struct sp_child_end *end);
