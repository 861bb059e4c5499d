/* SPDX-License-Identifier: BSD-3-Clause */
/* capture.h - listen to a short-lived child until it has ended.
 *
 *     sp_spawn(&what, &process, &err);
 *     if (!sp_capture(&process, 10 * SP_NSEC_PER_SEC, &out, &complaints, &status)) it took too long
 */
#pragma once

#include "base/buf.h"

struct sp_process;

#define SP_CAPTURE_FOR_EVER ((sp_nsec)0)

/* Append what the child prints to `out`, and its complaints to `errors` (each may be NULL: not
 * kept), reap it, and close its descriptors: `process` is used up. *status is as of waitpid(2).
 * After `patience`, counted from the call, the child is killed with its process group: false then.
 * What does not fit into a buffer is read all the same, so that the child does not wait for us. */
bool sp_capture(const struct sp_process *process,
                sp_nsec patience,
                struct sp_buf *out,
                struct sp_buf *errors,
                int *status);

/* Where programs say what went wrong: the last line that is not empty. */
struct sp_str sp_last_line(struct sp_str text);
