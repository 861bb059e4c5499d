/* SPDX-License-Identifier: BSD-3-Clause */
/* library.h - cabs that are found by name, without a file.
 *
 * They are in our own cab library, and in cult-cargo where that is installed. A file there may
 * define several cabs, of other names than its own; which cab is in which file is seen from the
 * lines directly under `cabs:`, without parsing. Each lookup reads the files anew (some dozens,
 * small).
 */
#pragma once

#include "engine/place.h"
#include "recipe/effects.h"
#include "value/value.h"

/* The file of the cab `name`; empty if there is none. Our own library goes first. */
struct sp_str sp_library_find(struct sp_arena *arena,
                              const struct sp_places *places,
                              struct sp_str name);

/* Names (texts) of the cabs of our own library, sorted. */
struct sp_list *sp_library_names(struct sp_arena *arena, const struct sp_places *places);

/* The same with those of cult-cargo behind them: for messages. */
struct sp_list *sp_library_all_names(struct sp_arena *arena, const struct sp_places *places);

/* Names of the cabs that this text defines, added to `out`. */
void sp_library_scan(struct sp_arena *arena, struct sp_str text, struct sp_list *out);

/* cabs/effects.yml of our library: what well-known programs do. Takes a fraction of a millisecond:
 * for when a step is about to run. Findings in it, and that it is not there, go to `diags`. */
void sp_library_effects(struct sp_arena *arena,
                        const struct sp_places *places,
                        struct sp_origins *origins,
                        struct sp_effects_library *out,
                        struct sp_diags *diags);
