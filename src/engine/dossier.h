/* SPDX-License-Identifier: BSD-3-Clause */
/* dossier.h - everything that is known of a run, in the shape in which people are told: what
 * `show`, `diff` and `export` work on. The schema is in doc/manual/provenance.md.
 *
 * `spoor status` tells how a run went; this tells what it was made of.
 */
#pragma once

#include "engine/history.h"

/* A mapping; shares texts with `run`, which has the events of its steps. */
struct sp_value sp_dossier_of(struct sp_arena *arena, const struct sp_run_summary *run);

/* The same for runs of many steps: its list of steps is empty, and an item of it, for a step that
 * has its events. */
struct sp_value sp_dossier_outline(struct sp_arena *arena, const struct sp_run_summary *run);
struct sp_value sp_dossier_step(struct sp_arena *arena,
                                const struct sp_run_summary *run,
                                const struct sp_step_summary *step);

/* Nested mappings as one: "log.dir" for {log: {dir: ...}}; empty mappings stay. */
struct sp_value sp_dossier_flat(struct sp_arena *arena, const struct sp_dict *dict);
