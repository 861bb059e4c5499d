/* SPDX-License-Identifier: BSD-3-Clause */
/* testroot.h - the file system of a small image, for tests: busybox (Debian: busybox-static) under
 * all its names, in usr/bin, to which bin is a link; etc/passwd with root and "other" (1234). */
#pragma once

#include "base/err.h"

/* Make it at `dir`, which is not there yet. SP_NOT_FOUND: there is no busybox. */
enum sp_rc sp_testroot_make(const char *dir, struct sp_err *err) SP_MUST_USE;
