/* SPDX-License-Identifier: BSD-3-Clause */
/* panel.h - the tools that run right now, shown at the foot of a terminal.
 *
 * One line a tool (step, loop position, elapsed time, CPU, memory, last progress bar), at most
 * SP_PANEL_LINES of them, and a line of totals when there are several. It is taken away before
 * anything else is printed and drawn again afterwards. What a quiet display holds back of a tool's
 * output is kept here, too.
 */
#pragma once

#include "base/buf.h"

#include "engine/run.h"

#define SP_PANEL_LINES 8

/* One tool that runs. */
struct sp_panel_tool {
    struct sp_buf task;     /* its name: "demo.2.image" */
    struct sp_buf title;    /* "[3/7] demo.image (2/3)  wsclean" */
    struct sp_buf progress; /* last partial line, or empty */
    struct sp_buf withheld; /* the newest lines, in case it fails */
    struct sp_usage_stats usage;
    sp_nsec started; /* monotonic */
};

struct sp_panel;

/* `colour`: shown inverted. */
struct sp_panel *sp_panel_new(bool colour);

/* Accepts NULL. */
void sp_panel_free(struct sp_panel *panel);

/* A tool starts; it is the panel's until it is removed. */
struct sp_panel_tool *sp_panel_add(struct sp_panel *panel, const struct sp_run_event *event);

/* The tool that the event is about; NULL when there is none. */
struct sp_panel_tool *sp_panel_find(struct sp_panel *panel, const struct sp_run_event *event);
void sp_panel_remove(struct sp_panel *panel, struct sp_panel_tool *tool);

void sp_panel_draw(struct sp_panel *panel);
void sp_panel_hide(struct sp_panel *panel);
