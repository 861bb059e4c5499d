/* SPDX-License-Identifier: BSD-3-Clause */
/* png.h - pictures as PNG files. */
#pragma once

#include "draw/canvas.h"

/* Write the canvas to `fd`, from its position on. `title` is stored in the file, NULL: none.
 * SP_IO with the reason when the file cannot be written; the file then holds a part. */
enum sp_rc sp_png_write(const struct sp_canvas *canvas,
                        int fd,
                        const char *title,
                        struct sp_err *err) SP_MUST_USE;
