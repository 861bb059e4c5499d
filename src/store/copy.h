/* SPDX-License-Identifier: BSD-3-Clause */
/* copy.h - copy a file and learn its digest. */
#pragma once

#include "base/blake3.h"
#include "base/err.h"

/* All `size` bytes of `from` into the empty file `to`; holes stay holes. SP_BUSY: it is shorter by
 * now; SP_LIMIT: no room. */
enum sp_rc sp_copy_file(int from,
                        int to,
                        uint64_t size,
                        struct sp_digest *exact,
                        struct sp_err *err) SP_MUST_USE;

/* SP_LIMIT for errors that say "no room" (disk or quota), else the code of `err` as it is. */
enum sp_rc sp_room_error(struct sp_err *err);
