/* SPDX-License-Identifier: BSD-3-Clause */
/* figure.h - from an image with its header to a finished picture. */
#pragma once

#include "draw/picture.h"
#include "fits/catalogue.h"
#include "fitspicture/window.h"

struct figure_wish {
    const char *title; /* NULL: the file's name; "": none */
    struct sp_colormap map;
    struct sp_stretch_wish stretch;
    struct window_wish window;
    int width, height; /* height 0: as needed */
    unsigned flags;    /* enum sp_picture_flags */
    struct catalogue_wish marks;
    bool mark_names;
};

/* Read the image at `path` and draw it as wished. The caller owns *out. SP_INVALID with a clear
 * text for an image without a single finite pixel. */
enum sp_rc figure_draw(const char *path,
                       const struct figure_wish *wish,
                       struct sp_canvas *out,
                       struct sp_err *err) SP_MUST_USE;
