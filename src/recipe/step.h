/* SPDX-License-Identifier: BSD-3-Clause */
/* step.h - one step and one loop of a recipe, read from their mappings. Used by recipe.c only. */
#pragma once

#include "recipe/config.h"

/* Read a step and, recursively, the cab or recipe that it names. Findings go to config->diags; a
 * step whose cab or recipe cannot be had has neither. `owner` is the recipe's name. */
void sp_step_load(struct sp_config *config,
                  struct sp_str owner,
                  const struct sp_dict_entry *entry,
                  struct sp_step *out);

/* Read `for_loop`. */
void sp_for_loop_load(struct sp_config *config,
                      const char *owner,
                      struct sp_value value,
                      struct sp_for_loop *out);
