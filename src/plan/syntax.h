/* SPDX-License-Identifier: BSD-3-Clause */
/* syntax.h - texts that are evaluated only while a recipe runs, parsed before it does: skip,
 * preamble, epilogue, output_elements. Parameters and assignments are evaluated beforehand and
 * need no check of their own. */
#pragma once

#include "plan/state.h"

/* Findings go to diags. */
void sp_syntax_check(struct sp_walk *walk);
