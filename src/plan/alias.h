/* SPDX-License-Identifier: BSD-3-Clause */
/* alias.h - parameters of a recipe that stand for parameters of its steps (spec stimela2.md 4.7).
 * Used while nodes are built; see node.h. */
#pragma once

#include "plan/node.h"

/* Join what `inputs`, `outputs` and `aliases` of the recipe say, then the required parameters of
 * steps that nothing sets. The steps of `node` are built already. */
void sp_alias_build(struct sp_nodes *nodes, struct sp_recipe_node *node);

/* What only steps need that never run (plan/skip.h) is not required any more, in `node` and in what
 * is nested in it; alias->relaxed says so. Once, after the steps were selected. */
void sp_alias_relax(struct sp_nodes *nodes, struct sp_recipe_node *node);

/* Make "label.param" a parameter of the recipe. `source` is the step's. NULL: it cannot be one,
 * because it has a value, is implicit, or is driven by another alias. */
struct sp_param *sp_alias_automatic(struct sp_nodes *nodes,
                                    struct sp_step_node *step,
                                    const struct sp_param *source);
