/* SPDX-License-Identifier: BSD-3-Clause */
/* font.h - text drawn with a pen.
 *
 * A stroke font: each letter is lines and arcs, so that it scales and turns freely and needs no
 * font files. Known are ASCII and the signs of the field: degree, prime and double prime, raised
 * h m s and digits, micro, minus, times, plus-minus, alpha, delta, sigma. Text is UTF-8; what is
 * not known appears as an empty box.
 */
#pragma once

#include "base/str.h"

#include "draw/canvas.h"

struct sp_text_style {
    double size;   /* height of capitals, pixels */
    double weight; /* width of the pen relative to the size; 0: the usual 0.115 */
    double angle;  /* degrees, counter-clockwise; 90 reads upwards */
    double across; /* which point of the text is placed: 0 left end, 0.5 middle, 1 right end */
    double up;     /* the same in height: 0 base line, 0.5 middle of the capitals, 1 their top */
    struct sp_colour colour;
    double halo; /* pixels of white around the letters, for text on pictures; 0: none */
};

/* Width in pixels at `size` of what the pen advances over. */
double sp_text_width(struct sp_str text, double size);

/* Draw one line of text placed at (x, y). */
void sp_text_draw(struct sp_canvas *canvas,
                  const struct sp_text_style *style,
                  double x,
                  double y,
                  struct sp_str text);

/* True if the font has a letter for this code point. For tests. */
bool sp_font_has(uint32_t code);
