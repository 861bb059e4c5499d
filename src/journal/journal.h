/* SPDX-License-Identifier: BSD-3-Clause */
/* journal.h - the append-only list of events of one run: one JSON object a line.
 *
 *   {"v":1,"seq":1,"time":"2026-11-21T11:27:55.123Z","event":"run-start", ...}
 *
 * Format: doc/design/journal.md. Invariants:
 *   J1  a line is written with one write(2), whole or not at all; a torn or bad last line (crash,
 *       power cut, full disk) is ignored by readers and cut off before the next append;
 *   J2  lines are never changed; `seq` counts from 1 without gaps;
 *   J3  an event that others rely on (state changes) is on disk when append returns.
 */
#pragma once

#include "base/err.h"

#include "value/value.h"

#define SP_JOURNAL_VERSION  1
#define SP_JOURNAL_LINE_MAX ((size_t)16 * 1024 * 1024) /* bytes, with the line end */

struct sp_journal;

enum sp_journal_sync {
    SP_JOURNAL_LATER, /* kept back until the next line that is not, or until there are many */
    SP_JOURNAL_LAZY,  /* output, statistics: may be lost in a power cut */
    SP_JOURNAL_SYNC,  /* state changes */
};

/* Create `path` (its directory exists); SP_EXISTS if it is there. The first SP_JOURNAL_SYNC makes
 * its name durable, too. The caller owns *out. */
enum sp_rc sp_journal_create(const char *path, struct sp_journal **out, struct sp_err *err)
    SP_MUST_USE;

/* Open an existing journal for appending, after cutting off a torn last line. */
enum sp_rc sp_journal_open(const char *path, struct sp_journal **out, struct sp_err *err)
    SP_MUST_USE;

/* What was kept back is written, if that is possible. Accepts NULL. */
void sp_journal_close(struct sp_journal *journal);

/* Append one event with the fields of `fields` (a dictionary; may be NULL). On failure (full disk)
 * the file is cut back to its whole lines; what was kept back still is. SP_INVALID for a field
 * called like one of the envelope, SP_LIMIT for a line over SP_JOURNAL_LINE_MAX. */
enum sp_rc sp_journal_append(struct sp_journal *journal,
                             const char *event,
                             const struct sp_dict *fields,
                             enum sp_journal_sync sync,
                             struct sp_err *err) SP_MUST_USE;

/* Append the lines of the ended journal `path`, all but its first and its last, as they are: a
 * journal of which only the first event is there becomes like it. SP_INVALID: more is there.
 * SP_CORRUPT: `path` is no such journal. SP_LIMIT: one of its lines is too long. On failure some of
 * the lines may be there. */
enum sp_rc sp_journal_take_over(struct sp_journal *journal, const char *path, struct sp_err *err)
    SP_MUST_USE;

/* The last event alone, without reading what is before it. SP_NOT_FOUND: no file, or its last line
 * is torn, bad or very long; sp_journal_read knows more then. */
enum sp_rc sp_journal_last(const char *path,
                           struct sp_arena *arena,
                           const struct sp_dict **out,
                           struct sp_err *err) SP_MUST_USE;

/* Called for each event in order; false stops. `event` lives in the arena given to read; without
 * one (NULL), during the call. */
typedef bool (*sp_journal_fn)(const struct sp_dict *event, void *arg);

/* Read all whole lines. SP_NOT_FOUND, SP_CORRUPT (a bad line that is not the last; names it),
 * SP_INVALID (written by a newer version). */
enum sp_rc sp_journal_read(const char *path,
                           struct sp_arena *arena,
                           sp_journal_fn fn,
                           void *arg,
                           struct sp_err *err) SP_MUST_USE;

/* The same for events of some kinds only (names, ended by NULL), each valid during the call: the
 * others are not taken apart, which is most of the work. */
enum sp_rc sp_journal_scan(const char *path,
                           const char *const *wanted,
                           sp_journal_fn fn,
                           void *arg,
                           struct sp_err *err) SP_MUST_USE;

/* How far a journal has been read: whole lines only. { 0 } is its start. */
struct sp_journal_place {
    uint64_t seq;    /* of the last line */
    uint64_t offset; /* of the byte behind it */
};

/* The same from *place on, which moves with every line that is read; also when an error ends it, so
 * that what `fn` has seen is not seen again. SP_CORRUPT also when the journal has become another
 * one. */
enum sp_rc sp_journal_read_on(const char *path,
                              struct sp_journal_place *place,
                              struct sp_arena *arena,
                              sp_journal_fn fn,
                              void *arg,
                              struct sp_err *err) SP_MUST_USE;

/* Events that somebody has seen before, one by one, by where their lines stand. */
struct sp_journal_picker;
enum sp_rc sp_journal_picker_open(const char *path,
                                  struct sp_journal_picker **out,
                                  struct sp_err *err) SP_MUST_USE;

/* The line between two places of sp_journal_read_on; the event lives in `arena`. SP_CORRUPT: it is
 * no event any more. */
enum sp_rc sp_journal_picker_get(struct sp_journal_picker *picker,
                                 const struct sp_journal_place *from,
                                 const struct sp_journal_place *to,
                                 struct sp_arena *arena,
                                 const struct sp_dict **out,
                                 struct sp_err *err) SP_MUST_USE;

/* Accepts NULL. */
void sp_journal_picker_close(struct sp_journal_picker *picker);
