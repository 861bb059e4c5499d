/* SPDX-License-Identifier: BSD-3-Clause */
/* recorded.h - recipe and configuration files as they were when a run read them.
 *
 * The journal has their digests (`loaded` of run-start), `.spoor/recipes/SHA256` their contents:
 * there and not in the store, because they are the data of no step, and no gc has to know them.
 * Where one is lost, a file that still has that digest will do. */
#pragma once

#include "engine/workspace.h"
#include "value/value.h"

/* Keep a text under its digest, unless it is kept already. */
enum sp_rc sp_recorded_keep(const struct sp_workspace *workspace,
                            struct sp_str text,
                            struct sp_err *err) SP_MUST_USE;

/* Text of one entry of `loaded`, checked against its digest. SP_NOT_FOUND: it is neither kept nor
 * still there; err says why in words for people. */
enum sp_rc sp_recorded_text(const struct sp_workspace *workspace,
                            const struct sp_dict *file,
                            struct sp_str *out,
                            struct sp_err *err) SP_MUST_USE;
