/* SPDX-License-Identifier: BSD-3-Clause */
/* merge.h - merging into a mapping that one owns (see sp_merge in compose.h for the rule). */
#pragma once

#include "lang/compose.h"

/* Merge `overlay` over `own`, whose entries are changed; what they refer to is not. */
void sp_merge_into(struct sp_arena *arena,
                   struct sp_dict *own,
                   const struct sp_dict *overlay,
                   struct sp_diags *diags);
