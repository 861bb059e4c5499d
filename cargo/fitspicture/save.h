/* SPDX-License-Identifier: BSD-3-Clause */
/* save.h - put a picture where it belongs, whole or not at all. */
#pragma once

#include "draw/canvas.h"

/* Write a PNG under a temporary name in the same directory and rename it to `path`. On failure
 * nothing is left behind and a file that was there before is unharmed. */
enum sp_rc save_png(const struct sp_canvas *canvas,
                    const char *path,
                    const char *title,
                    struct sp_err *err) SP_MUST_USE;
