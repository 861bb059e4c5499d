/* SPDX-License-Identifier: BSD-3-Clause */
/* rerun_internal.h - what the files of rerun share. */
#pragma once

#include "engine/rerun.h"

/* One more thing that is no longer the same. */
void sp_rerun_differ(struct sp_rerun *rerun,
                     const char *kind,
                     struct sp_str name,
                     const char *fmt,
                     ...) SP_PRINTF(4, 5);

/* Fill rerun->restores; what is lost is a difference. */
void sp_rerun_compare_inputs(struct sp_rerun *rerun, const struct sp_session *session);
