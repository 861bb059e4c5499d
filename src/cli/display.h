/* SPDX-License-Identifier: BSD-3-Clause */
/* display.h - a run on the console.
 *
 * On a terminal: lines scroll, and below them stands one status line for each running tool
 * (panel.h). Elsewhere: plain lines only. Lines of scattered iterations begin with their counters.
 * At the end a table of the steps.
 * With `json`: one event of the journal a line on stdout, nothing else.
 */
#pragma once

#include "engine/run.h"

struct sp_display;

struct sp_display_options {
    bool json;
    bool quiet; /* without the output of the tools */
    bool plain; /* no status line on a terminal either */
};

struct sp_display *sp_display_new(const struct sp_display_options *options);

/* Accepts NULL. Removes the status lines. */
void sp_display_free(struct sp_display *display);

/* A `sp_run_fn`; `arg` is the display. */
void sp_display_event(void *arg, const struct sp_run_event *event);
