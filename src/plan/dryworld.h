/* SPDX-License-Identifier: BSD-3-Clause */
/* dryworld.h - the world as it will be, before anything has run.
 *
 * Paths that steps have promised to make count as existing, whole directories included, and match
 * patterns. A pattern without any match sets walk->glob_was_empty: its value is not known yet.
 */
#pragma once

#include "plan/state.h"

/* Fill walk->world, which looks through to walk->outside. */
void sp_dryworld_init(struct sp_walk *walk);

/* Note everything that a step makes: the paths in its outputs and writable inputs. */
void sp_dryworld_promise(struct sp_walk *walk,
                         const struct sp_schema *schema,
                         const struct sp_dict *params);
