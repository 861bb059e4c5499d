/* SPDX-License-Identifier: BSD-3-Clause */
/* rundiff.h - what differs between two runs: files, parameters, settings, programs, and step by
 * step command, parameters, key and versions. The schema is in doc/manual/provenance.md. */
#pragma once

#include "engine/history.h"

/* A mapping; sections without a difference are left out. `same` is true when nothing that makes
 * results differs. What one of the runs does not know (versions, of a reused step its command) is
 * no difference. The runs were read with SP_HISTORY_SPOTS; the result lives in the arena of the
 * workspace. */
enum sp_rc sp_rundiff(const struct sp_workspace *workspace,
                      const struct sp_run_summary *from,
                      const struct sp_run_summary *to,
                      struct sp_value *result,
                      struct sp_err *err) SP_MUST_USE;
