/* SPDX-License-Identifier: BSD-3-Clause */
/* measures.h - where casacore keeps what it knows about the Earth, the planets and observatories.
 *
 * Tools convert times, frames and positions with it, and it is updated every week: two runs a month
 * apart may differ. casacore looks into resource files ($CASARCFILES, else ~/.casarc, ~/.casa/rc,
 * ~/.aipsrc) for `measures.directory` and `measures.TABLE.directory`, then in the data directory of
 * $AIPSPATH, then where it was installed.
 */
#pragma once

#include "lang/world.h"
#include "value/value.h"

/* Append the resource files, also those that are not there, and the directories (texts). */
void sp_measures_paths(struct sp_arena *arena, const struct sp_world *world, struct sp_list *out);

/* Names of the variables that casacore looks at; NULL behind the last. */
const char *sp_measures_variable(size_t i);
