/* SPDX-License-Identifier: BSD-3-Clause */
/* refs.h - references that can never be resolved, found before anything runs.
 *
 * Before a run many values are not known yet. What distinguishes a typing mistake from a value
 * that is still to come: the name is in no namespace. Namespaces are complete when a step is
 * reached, except that tools may yield values which no schema declares.
 */
#pragma once

#include "plan/validate.h"

/* Look at the parameters that stayed unresolved; returns the number of errors added. `faulty`:
 * others of the same set have errors already, and what depends on those is not a mistake of its
 * own. */
size_t sp_refs_check(struct sp_walk *walk,
                     struct sp_frame *frame,
                     const struct sp_validation *validation,
                     bool faulty);

/* Is it a formula with functions that make use of names which may not be there? */
bool sp_refs_is_guarded(struct sp_str text);

/* Before a run: values that depend on results which no schema declares are not known yet, though
 * there may be no such name at all. */
void sp_refs_postpone(struct sp_walk *walk, struct sp_frame *frame, struct sp_dict *params);

/* Before a run: does an expression that stays unknown refer to a name that is nowhere? Says so,
 * with `owner` ("top.image.skip"). Not for recipes that may never run. */
bool sp_refs_reject(struct sp_walk *walk,
                    struct sp_frame *frame,
                    struct sp_value value,
                    struct sp_str owner);
