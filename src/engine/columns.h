/* SPDX-License-Identifier: BSD-3-Clause */
/* columns.h - has a tool kept to the columns that its cab declares (doc/design/store.md 4)?
 *
 * Judged by files: each column belongs to a storage manager, each of these has files of its own.
 * Where columns that are declared share one with others, that cannot be told; nor where a file is
 * so large that it was not read. */
#pragma once

#include "plan/role.h"
#include "store/tree.h"

/* What was changed besides role->writes, for people: "DATA (table.f2_TSM0)", or a file of a
 * subtable. Empty: nothing that can be told. HISTORY and QUALITY_* are nobody's columns. `dat`: the
 * table.dat of now. */
struct sp_str sp_columns_undeclared(struct sp_arena *arena,
                                    const struct sp_role *role,
                                    const struct sp_tree *before,
                                    const struct sp_tree *now,
                                    struct sp_str dat);
