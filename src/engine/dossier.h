/* SPDX-License-Identifier: BSD-3-Clause */
/* dossier.h - everything that is known of a run, in the shape in which people are told: what
 * `show`, `diff` and `export` work on. The schema is in doc/manual/provenance.md.
 *
 * `spoor status` tells how a run went; this tells what it was made of.
 */
#pragma once

#include "engine/history.h"

/* A mapping; shares texts with `run`. */
struct sp_value sp_dossier_of(struct sp_arena *arena, const struct sp_run_summary *run);

/* The programs of a dossier: a mapping from path to identity, as far as the journal knows them. */
struct sp_value sp_dossier_programs(struct sp_arena *arena, const struct sp_run_summary *run);

/* Nested mappings as one: "log.dir" for {log: {dir: ...}}; empty mappings stay. */
struct sp_value sp_dossier_flat(struct sp_arena *arena, const struct sp_dict *dict);
