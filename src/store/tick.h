/* SPDX-License-Identifier: BSD-3-Clause */
/* tick.h - how fine the times of a file system are.
 *
 * A file changed twice within one tick of the kernel's clock (1 to 10 ms) had the same times after
 * both on all file systems up to 2024. Since Linux 6.13 some (ext4, XFS, btrfs, tmpfs) give a
 * change a time of its own when somebody has looked at the one before: then a look need not outlast
 * the tick to be told from what comes later.
 */
#pragma once

#include "base/defs.h"

#include <sys/types.h>

/* Do changes of files of the device `dev` that are looked at in between have different times?
 * Tried out once a device (and thread) in a nameless file in the directory `dir`, which is on it.
 * False also when that is not possible. */
bool sp_tick_is_fine(const char *dir, dev_t dev);
