/* SPDX-License-Identifier: BSD-3-Clause */
/* world.h - the real world behind lang/world.h: files through src/sys. */
#pragma once

#include "engine/place.h"
#include "lang/world.h"
#include "value/value.h"

/* Variables of the environment that somebody has asked for: what a run depends on besides its
 * files. */
struct sp_asked {
    struct sp_arena *arena;
    struct sp_dict *variables; /* name -> text, or null: it was not set */
};

/* `arena` and `places` outlive the world. */
void sp_world_real(struct sp_world *world, struct sp_arena *arena, const struct sp_places *places);
