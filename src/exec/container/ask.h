/* SPDX-License-Identifier: BSD-3-Clause */
/* ask.h - run a program to its end, for what it prints: short questions to podman and its like. */
#pragma once

#include "base/buf.h"

/* Blocks, at most so long; then the program is killed. Both outputs are appended to `out` and
 * `said`. Its exit status, or -1: it could not be started, was killed, or took too long. */
int sp_ask(const char *const *argv, int timeout_ms, struct sp_buf *out, struct sp_buf *said);
