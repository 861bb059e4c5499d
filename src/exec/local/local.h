/* SPDX-License-Identifier: BSD-3-Clause */
/* local.h - the backend "native": jobs are child processes on this machine (exec/children.h).
 *
 * Each job is a process group of its own, with /dev/null as its input and two pipes as its output.
 * If the engine dies (even of SIGKILL) its jobs live on; their output goes nowhere, and they get
 * SIGPIPE when they write.
 */
#pragma once

#include "exec/backend.h"

extern const struct sp_backend_ops sp_local_backend;
