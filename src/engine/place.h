/* SPDX-License-Identifier: BSD-3-Clause */
/* place.h - where this installation keeps its own files.
 *
 * Installed: PREFIX/bin/ (spoor and the cargo programs), PREFIX/share/spoor/cabs/.
 * In a build tree: BUILD/spoor, BUILD/cargo/, and the source tree's cabs/.
 */
#pragma once

#include "base/arena.h"

struct sp_asked;
struct sp_packages;

struct sp_places {
    struct sp_str program;  /* the running executable */
    struct sp_str cargo;    /* directory of the cargo programs; put in front of every job's PATH */
    struct sp_str cabs;     /* the cab library: package "(spoor)" in includes */
    struct sp_str effects;  /* file: what programs do (library.h). Of today, also when the recipe
                             * files are those of an earlier run */
    struct sp_asked *asked; /* variables of the environment; NULL: not noted */
    struct sp_packages *packages; /* where Python keeps the others */
};

/* `first`: directories in which Python packages are looked for first; borrowed. */
void sp_places_find(struct sp_arena *arena,
                    const char *const *first,
                    size_t first_len,
                    struct sp_places *out);
