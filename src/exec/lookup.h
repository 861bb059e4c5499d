/* SPDX-License-Identifier: BSD-3-Clause */
/* lookup.h - programs in the root of an image, looked for from outside. */
#pragma once

#include "base/err.h"

#include "exec/job.h"

/* Would argv[0] of `job` be found, and could it be executed, in the root that its box names?
 * Links mean what they mean inside. What is not in the image may be on the machine, in what the
 * box shows of it. SP_NOT_FOUND says why not. */
enum sp_rc sp_lookup_program(const struct sp_job *job, struct sp_err *err) SP_MUST_USE;
