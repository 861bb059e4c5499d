/* SPDX-License-Identifier: BSD-3-Clause */
/* errand.h - a program that does something for us and is soon done, waited for. */
#pragma once

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"

/* Run `argv` (NULL-terminated), looked up in the search path `path`. *status: as of waitpid(2);
 * what it prints goes to `out` (may be NULL), the last line of its complaints to *complaint
 * (arena). SP_NOT_FOUND: there is no such program. */
enum sp_rc sp_errand_run(struct sp_arena *arena,
                         const char *const *argv,
                         struct sp_str path,
                         struct sp_buf *out,
                         int *status,
                         struct sp_str *complaint,
                         struct sp_err *err) SP_MUST_USE;
