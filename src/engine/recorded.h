/* SPDX-License-Identifier: BSD-3-Clause */
/* recorded.h - recipe and configuration files as they were when a run read them.
 *
 * The journal has their digests (`loaded` of run-start), the store their contents. Where the store
 * has none, a file that still has that digest will do. */
#pragma once

#include "base/err.h"

#include "value/value.h"

/* Text of one entry of `loaded`, checked against its digest. SP_NOT_FOUND: it is neither kept nor
 * still there; err says why in words for people. */
enum sp_rc sp_recorded_text(struct sp_arena *arena,
                            const struct sp_dict *file,
                            struct sp_str *out,
                            struct sp_err *err) SP_MUST_USE;
