/* SPDX-License-Identifier: BSD-3-Clause */
/* display.h - a run on the console.
 *
 * On a terminal: lines scroll, and below them stands one status line (step, loop position,
 * elapsed time, CPU, memory). Elsewhere: plain lines only. At the end a table of all steps.
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

/* Accepts NULL. Removes the status line. */
void sp_display_free(struct sp_display *display);

/* A `sp_run_fn`; `arg` is the display. */
void sp_display_event(void *arg, const struct sp_run_event *event);
