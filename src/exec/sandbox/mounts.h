/* SPDX-License-Identifier: BSD-3-Clause */
/* mounts.h - what a box shows of the machine: everything, read-only, but for what the plan says; or
 * only what the plan says, in the file system of an image (pivot.h). Called in the first process;
 * system calls only. */
#pragma once

#include "exec/sandbox/init.h"

/* NULL on success; else which step has failed (errno says why), *where the path, or NULL. */
const char *sp_mounts_build(struct sp_box_plan *plan, const char **where);

/* The settings of the kernel in /proc belong to root, whoever that is: nothing in /proc can be
 * written any more. */
bool sp_mounts_seal(void);

/* mkdir -p, or an empty file, for what has to be put there. It may be there already; nothing is
 * made where nothing can be: the mount says so. */
void sp_mounts_hold(const char *path, bool is_dir);

/* Directories that are the box's own; what is below them is not to be seen. NULL-terminated. */
extern const char *const sp_mounts_private[];
