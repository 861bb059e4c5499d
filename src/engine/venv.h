/* SPDX-License-Identifier: BSD-3-Clause */
/* venv.h - Python's virtual environments around a tool.
 *
 * `bin/activate` as venv and virtualenv write it changes nothing for a tool but VIRTUAL_ENV, PATH
 * and PYTHONHOME: these are set directly, which saves a shell per step. A script that anybody has
 * added lines to, or that belongs to a directory which has been moved, is sourced by bash.
 */
#pragma once

#include "base/str.h"

#include <stdbool.h>

/* Is `script`, the text of DIR/bin/activate, one whose effect is known? */
bool sp_venv_is_plain(struct sp_str script, struct sp_str dir);
