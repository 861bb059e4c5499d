/* SPDX-License-Identifier: BSD-3-Clause */
/* attic.h - what lies about in a workspace beside its store: what was in the way (`.spoor/attic`, a
 * directory a run), what steps in boxes have left undeclared (`.spoor/undeclared`), and copies that
 * `spoor verify` has left (`.spoor/verify`). */
#pragma once

#include "base/err.h"

#include "value/value.h"

#define SP_ATTIC_DAYS 30 /* so long things stay in the attic, and what is undeclared */

struct sp_attic_options {
    const char *state; /* directory: ".spoor" */
    bool all;          /* also what has not been there for long */
    bool dry_run;
    sp_nsec now;
};

/* Remove what has been in the attic for long, and what no verification under way is using. *report:
 * `items`, a list of {path, bytes, days, goes}, and `freed`, their bytes that go. Killed in
 * between: the next time finds the rest. */
enum sp_rc sp_attic_clear(struct sp_arena *arena,
                          const struct sp_attic_options *options,
                          struct sp_value *report,
                          struct sp_err *err) SP_MUST_USE;
