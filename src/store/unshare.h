/* SPDX-License-Identifier: BSD-3-Clause */
/* unshare.h - files that have other names, too (hard links), before somebody writes into them. */
#pragma once

#include "store/tree.h"

/* Which files of the tree at `path` have more than one name now; their number. */
size_t sp_tree_shared(const char *path, const struct sp_tree *tree);

/* Each of these becomes a file of its own, with the same data, mode, owner and time; the other
 * names keep the old one. SP_LIMIT: no room. Some may have been done when it fails. */
enum sp_rc sp_tree_unshare(const char *path, const struct sp_tree *tree, struct sp_err *err)
    SP_MUST_USE;
