/* SPDX-License-Identifier: BSD-3-Clause */
/* verified.h - what `spoor verify` has found out so far: .spoor/verified.jsonl.
 *
 * A journal (journal/journal.h) of events `verified`: `run`, `task`, `cab`, `program`, `key`,
 * `outcome` (bitwise, meaning, within, differs, failed), `relative`, `why`, `lines`.
 */
#pragma once

#include "engine/history.h"

enum sp_verify_outcome {
    SP_VERIFY_SAME,    /* bitwise, in meaning, or within the tolerance */
    SP_VERIFY_DIFFERS, /* or the tool has failed */
    SP_VERIFY_UNKNOWN  /* it could not be run, or not compared */
};

/* `outcome` of an event; "unknown", which is not kept, is one more. */
enum sp_verify_outcome sp_verified_outcome(const struct sp_dict *event);

/* "differs, by 0.001", "the same, byte by byte" */
struct sp_str sp_verified_text(struct sp_arena *arena, const struct sp_dict *event);

enum sp_rc sp_verified_add(const struct sp_workspace *workspace,
                           const struct sp_dict *event,
                           struct sp_err *err) SP_MUST_USE;

/* All of them, oldest first; none when nothing was verified. */
struct sp_list *sp_verified_read(const struct sp_workspace *workspace);

/* The newest about a step with the program that it had: of the same task, else of any task of the
 * same cab. NULL: there is none. */
const struct sp_dict *sp_verified_of(const struct sp_list *events,
                                     const struct sp_step_summary *step);
