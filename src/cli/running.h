/* SPDX-License-Identifier: BSD-3-Clause */
/* running.h - a run as people watch it: of `run`, and of `rerun`. */
#pragma once

#include "engine/session.h"

struct sp_running_options {
    bool json;         /* the events, one a line, and nothing else */
    bool quiet;        /* not the output of the tools */
    bool verbose;      /* what goes to the logs, too */
    bool profile;      /* the table of times and sizes, also at its usual depth */
    bool fresh;        /* nothing is reused */
    bool on_top;       /* every file as it is now */
    const char *edits; /* refuse, adopt, restore; NULL: as configured */
    sp_nsec wait;      /* for another run in the workspace, so long at most; negative: for ever */
    const char *rerun; /* the run that this one repeats; NULL: none */
    const struct sp_repeat_request *request; /* engine/repeat.h; NULL: not to be known again */
};

/* The same before anything is loaded, when there is nothing to do as in the run before. False: run
 * it. */
bool sp_running_repeated(const struct sp_repeat_request *request);

/* Run what the session has picked and show it. Returns the exit status; findings and faults have
 * been shown. */
int sp_running(struct sp_session *session, const struct sp_running_options *options);
