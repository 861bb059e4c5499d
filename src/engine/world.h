/* SPDX-License-Identifier: BSD-3-Clause */
/* world.h - the real world behind lang/world.h: files through src/sys. */
#pragma once

#include "engine/place.h"
#include "lang/world.h"

/* `arena` and `places` outlive the world. */
void sp_world_real(struct sp_world *world, struct sp_arena *arena, const struct sp_places *places);
