/* SPDX-License-Identifier: BSD-3-Clause */
/* chronicle.h - what happens in a run, told to everybody who has to know: the journal first, then
 * the watcher. What people say (LOG(...) in formulas, warnings) goes to a log file, too.
 */
#pragma once

#include "engine/logbook.h"
#include "engine/run.h"
#include "journal/journal.h"

struct sp_chronicle {
    const struct sp_run_options *options;
    struct sp_run_result *result;
    struct sp_journal *journal; /* owned; NULL until the run has a directory */
    size_t total;               /* tool runs, 0 when not known */

    /* private */
    struct sp_arena *arena;
    struct sp_map said; /* text of LOG(...): to repeat at the end, or not at all */
    bool has_run;       /* a step, in this run */
};

void sp_chronicle_init(struct sp_chronicle *chronicle,
                       const struct sp_run_options *options,
                       struct sp_run_result *result);
void sp_chronicle_fini(struct sp_chronicle *chronicle);

/* An event with what all events have; `action` may be NULL. */
struct sp_run_event sp_chronicle_event(const struct sp_chronicle *chronicle,
                                       enum sp_run_event_kind kind,
                                       const struct sp_action *action);

/* The watcher only. */
void sp_chronicle_tell(const struct sp_chronicle *chronicle, const struct sp_run_event *event);

/* The journal, then the watcher. On failure the fault lies with the workspace, which is noted in
 * the result. */
enum sp_rc sp_chronicle_write(struct sp_chronicle *chronicle,
                              struct sp_run_event *event,
                              const char *name,
                              const struct sp_dict *record,
                              struct sp_err *err) SP_MUST_USE;

/* The journal only. */
enum sp_rc sp_chronicle_add(struct sp_chronicle *chronicle,
                            const char *name,
                            const struct sp_dict *record,
                            enum sp_journal_sync sync,
                            struct sp_err *err) SP_MUST_USE;

/* A line for people: into the log, then to the watcher. */
void sp_chronicle_note(struct sp_chronicle *chronicle,
                       struct sp_logbook *book,
                       enum sp_log_level level,
                       struct sp_str text);

/* LOG(...) with its flags (spec stimela2.md 5.7), and at the end what wants to be repeated. */
void sp_chronicle_say(struct sp_chronicle *chronicle,
                      struct sp_logbook *book,
                      enum sp_log_level level,
                      struct sp_str text,
                      unsigned flags);
void sp_chronicle_repeat(struct sp_chronicle *chronicle, struct sp_logbook *book);
