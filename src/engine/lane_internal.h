/* SPDX-License-Identifier: BSD-3-Clause */
/* lane_internal.h - what the files of lane share. */
#pragma once

#include "engine/lane.h"

/* lane_retry.c: the tool of lane->last has ended, or could not be started. If it is to be tried
 * again, the lane is PAUSING. On failure the journal cannot be written, or the heads of its data.
 */
enum sp_rc sp_lane_try_again(struct sp_lane *lane, bool *again, struct sp_err *err) SP_MUST_USE;

/* Why it has failed, after all attempts: the message of the last tells of the others. */
const char *sp_lane_with_attempts(struct sp_lane *lane);
