/* SPDX-License-Identifier: BSD-3-Clause */
/* fstype.h - names of file systems, for people. */
#pragma once

/* "ext4", "xfs", "nfs" ... of the file system that holds `path`; "unknown". Never NULL. */
const char *sp_file_system_name(const char *path);
