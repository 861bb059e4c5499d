/* SPDX-License-Identifier: BSD-3-Clause */
/* logbook.h - the log files of a run, laid out as Stimela lays them out (spec stimela2.md 8.3).
 *
 * One file for the session, one for each recipe and step down to the nesting level `nest`; deeper
 * ones write into the nearest enclosing file. Name = dir/ + name + ext of the step's `opts.log`.
 * A file is made at its first line: made anew the first time in a session, appended to
 * afterwards. Beside a directory that had to be made for it, `symlink` is made to point there. A
 * record is "YYYY-MM-DD HH:MM:SS LOGGER LEVEL: message".
 *
 * Iterations side by side write into books of their own, forked from that of the loop. As long as
 * one book alone uses a file, its lines are there half a second later; where several share a file,
 * each keeps its lines until it leaves the file (or there is a MiB of them, or an error among them)
 * and then appends them in one piece. Within an iteration LOGGER is the task name, with counters.
 * No file stays open, so that many books need few descriptors.
 *
 * What an earlier session has left in a file is kept as NAME~, in place of what that held.
 *
 * A log that cannot be written does not stop the run: sp_logbook_error says so once.
 */
#pragma once

#include "lang/eval.h"
#include "plan/walk.h"

struct sp_logbook;

/* `logger`: first part of LOGGER in records, "SPOOR"; borrowed. */
struct sp_logbook *sp_logbook_new(const char *logger);

/* The same files, from here on apart: for what goes on beside others. Freed before `book`. */
struct sp_logbook *sp_logbook_fork(struct sp_logbook *book);

/* Writes what was kept back. Accepts NULL. */
void sp_logbook_free(struct sp_logbook *book);

/* Before anything else: the file of the session, as `log` (opts.log, evaluated) has it; `name` is
 * the name of the session. Without this call there is none. */
void sp_logbook_begin(struct sp_logbook *book, const struct sp_dict *log, struct sp_str name);

/* Lines go to the file of `position` from now on; positions of lesser or equal depth end. */
void sp_logbook_enter(struct sp_logbook *book, const struct sp_position *position);

/* The step at `position` has ended: lines go to the file of the recipe around it. */
void sp_logbook_leave(struct sp_logbook *book, const struct sp_position *position);

/* The step at `position` has nothing to say: what an earlier session has written to its file stays,
 * and lines go to the file of the recipe around it. Nothing happens when it has spoken already, or
 * has no file of its own. */
void sp_logbook_spare(struct sp_logbook *book, const struct sp_position *position);

/* All recipes have ended: lines go to the file of the session if there is one, and else stay where
 * they are. */
void sp_logbook_end(struct sp_logbook *book);

/* Who speaks: LOGGER of the next line. Valid until the next enter or leave. */
struct sp_str sp_logbook_logger(const struct sp_logbook *book);

/* One record, without the colour codes that tools print. Levels below the position's `log.level`
 * are left out. */
void sp_logbook_write(struct sp_logbook *book, enum sp_log_level level, struct sp_str text);

/* Lines are kept back for speed; give those of files that no other book uses to the kernel now.
 * Errors are written at once. */
void sp_logbook_flush(struct sp_logbook *book);

/* Path of the file in use; empty when logging is off; valid until the next enter. */
struct sp_str sp_logbook_path(const struct sp_logbook *book);

/* Directory of the first file of the session, "." if there was none; lives as long as `book`. */
struct sp_str sp_logbook_dir(const struct sp_logbook *book);

/* The first failure to open or write, or NULL. */
const char *sp_logbook_error(const struct sp_logbook *book);

/* "INFO" */
const char *sp_log_level_name(enum sp_log_level level);
