/* SPDX-License-Identifier: BSD-3-Clause */
/* pivot.h - the way into the file system of an image, and out of the host's. Called in the first
 * process; system calls only.
 *
 * The new root is a small file system in memory. What the image has at its top is bound there,
 * read-only; so is what is in each other directory (a shell) that needs room for something that the
 * image does not have. Nothing is written to the image.
 *
 * Between the first and the last call absolute paths mean the box, while what was opened before
 * still leads to the host.
 */
#pragma once

#include "exec/sandbox/init.h"

/* All three: NULL on success; else which step has failed (errno says why), *where the path. The
 * host's mounts are read-only already. */
const char *sp_pivot_enter(struct sp_box_image *image, const char **where);

/* The files of the box's own. */
const char *sp_pivot_write(const struct sp_box_image *image, const char **where);

/* From here on nothing leads to the host, and nothing can be made in a shell. */
const char *sp_pivot_leave(struct sp_box_image *image, const char **where);
