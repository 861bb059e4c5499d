/* SPDX-License-Identifier: BSD-3-Clause */
/* dynamic.h - cabs whose parameters depend on the values of their parameters.
 *
 * `dynamic_schema` of a cab names a Python function that is given parameter values and the static
 * schema, and gives back the schema to use (spec stimela2.md 2.9). The functions of cult-cargo are
 * built in (10.5); others are run by Python, through sp_world's `call`. An answer is a copy of the
 * cab with another schema, a *variant*; equal questions get the same variant.
 *
 * Rules
 *  1. A built-in function looks at a few parameters only, and only these make a question.
 *  2. A count that is not a number yet (a formula) counts as "more than one".
 */
#pragma once

#include "lang/world.h"
#include "recipe/cab.h"

struct sp_dynamic; /* the answers so far */

/* Both are borrowed. */
struct sp_dynamic *sp_dynamic_new(struct sp_arena *arena, const struct sp_world *world);

/* Accepts NULL. Variants are gone with it. */
void sp_dynamic_free(struct sp_dynamic *dynamic);

/* Does the function of this cab look at the parameter `name`? */
bool sp_dynamic_looks_at(const struct sp_cab *cab, struct sp_str name);

/* The cab for these parameter values (flattened; what is not a value is not passed on). A cab
 * without dynamic schema is its own variant. SP_INVALID: the function failed, its answer is not a
 * schema, or a file or Python that it needs is not there. */
enum sp_rc sp_dynamic_variant(struct sp_dynamic *dynamic,
                              const struct sp_cab *cab,
                              const struct sp_dict *params,
                              const struct sp_cab **out,
                              struct sp_err *err) SP_MUST_USE;
