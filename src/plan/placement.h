/* SPDX-License-Identifier: BSD-3-Clause */
/* placement.h - where a task runs and what surrounds it there: the backend, a virtual environment,
 * variables, resource limits, Slurm (spec stimela2.md 7.1, 7.2, 7.4). */
#pragma once

#include "plan/state.h"

/* Read walk->task.backend: fill backend_name, virtual_env and limits. False: there are errors in
 * diags. */
bool sp_place(struct sp_walk *walk, struct sp_frame *frame);

/* The same for what goes into the command, once it is built: variables and Slurm. */
bool sp_place_command(struct sp_walk *walk, struct sp_frame *frame);
