/* SPDX-License-Identifier: BSD-3-Clause */
/* clone.h - copies that share their blocks until one side is written (btrfs, XFS, NFS 4.2 ...). */
#pragma once

#include "base/defs.h"

/* Make `to`, an empty file, a clone of `from`. False with errno; see sp_clone_refused. */
bool sp_clone_file(int from, int to);

/* Does this errno say that these two files cannot be cloned at all, while a copy may well work? */
bool sp_clone_refused(int number);
