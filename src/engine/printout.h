/* SPDX-License-Identifier: BSD-3-Clause */
/* printout.h - what the tool of a step printed: of a step that was reused, when its result was
 * made. */
#pragma once

#include "engine/history.h"
#include "engine/session.h"

struct sp_store;

struct sp_printout {
    struct sp_str path;    /* of the file; empty: the tool said nothing, or it is lost */
    struct sp_str run;     /* in which it was printed; of a reused step another one */
    struct sp_str command; /* as people write it */
};

/* For a whole run: what is looked up is looked up once. */
struct sp_printouts {
    const struct sp_workspace *workspace;
    const struct sp_run_summary *run;

    /* private */
    struct sp_store *store;           /* NULL: there is none */
    struct sp_journal_picker *events; /* NULL: they cannot be had */
    struct sp_run_summary maker;      /* the run that was asked about last */
};

/* `session` is for opts.store. */
void sp_printouts_open(struct sp_session *session,
                       const struct sp_workspace *workspace,
                       const struct sp_run_summary *run,
                       struct sp_printouts *out);
void sp_printouts_close(struct sp_printouts *printouts);

/* Texts live in the arena of the workspace. `step` has its events, or their spots, if it was
 * reused. */
void sp_printouts_find(struct sp_printouts *printouts,
                       const struct sp_step_summary *step,
                       struct sp_printout *out);
