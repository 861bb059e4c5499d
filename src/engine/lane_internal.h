/* SPDX-License-Identifier: BSD-3-Clause */
/* lane_internal.h - what the files of lane share. */
#pragma once

#include "engine/lane.h"

/* lane_retry.c: the tool of lane->last has ended, or could not be started. If it is to be tried
 * again, the lane is PAUSING. On failure the journal cannot be written, or the heads of its data.
 */
enum sp_rc sp_lane_try_again(struct sp_lane *lane, bool *again, struct sp_err *err) SP_MUST_USE;

/* The walk starts over before the next attempt: those so far count in that walk, too. */
void sp_lane_postpone(struct sp_lane *lane);

/* A step begins: with what an earlier walk has postponed, or with nothing. */
void sp_lane_take_up(struct sp_lane *lane, const struct sp_position *position);

/* There is no next attempt after all, for this reason: the last failure is that of the step. */
void sp_lane_give_up(struct sp_lane *lane, const char *why);

/* Why it has failed, after all attempts: the message of the last tells of the others. */
const char *sp_lane_with_attempts(struct sp_lane *lane);
