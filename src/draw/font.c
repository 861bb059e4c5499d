/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/font.h"

#include <math.h>

/* The letters' own units: base line at 0, capitals up to CAP, small letters to 14, tails to -6.
 *
 * Outlines are words of a small language: M x y lifts the pen and moves; L x y draws a line;
 * A cx cy rx ry from to draws an arc of an ellipse between two angles in degrees (counter-clockwise
 * if they rise), joined to the pen's place by a line when the pen is down; C x1 y1 x2 y2 x y draws
 * a cubic curve; N lifts the pen. */
#define CAP          20.0
#define USUAL_WEIGHT 0.115
#define TRACKING     0.5

struct glyph {
    uint32_t code;
    double advance;
    const char *outline;
};

static const struct glyph glyphs[] = {
    { ' ', 8.5, "" },
    { '!', 7, "M3.5 20 L3.5 6 N A3.5 0.5 0.5 0.5 0 360" },
    { '"', 10, "M3 20 L3 14.5 M7 20 L7 14.5" },
    { '#', 18, "M6 19 L4 1 M14 19 L12 1 M2 13 L16.5 13 M1.5 7 L16 7" },
    { '$', 16, "N A8 13.9 4.8 3.9 28 270 A8 6 5.2 4 90 -152 M8 21.5 L8 -1.5" },
    { '%', 22, "N A5.5 15.5 3.3 4.5 0 360 N A16.5 4.5 3.3 4.5 0 360 M17 20 L5 0" },
    { '&', 19,
      "M17 0 L5 13.5 C2.5 17 5 20.3 8 20.3 C12.5 20.3 13.5 15.5 9.5 12.5 L5 9.5 "
      "C0.5 6 2.5 -0.3 8 -0.3 C12.5 -0.3 15.5 3.5 16 9" },
    { '\'', 6, "M3 20 L3 14.5" },
    { '(', 8.5, "N A12 8.2 9 19.5 140 220" },
    { ')', 8.5, "N A-3.5 8.2 9 19.5 40 -40" },
    { '*', 12, "M6 20 L6 11 M2.1 17.8 L9.9 13.2 M9.9 17.8 L2.1 13.2" },
    { '+', 16, "M2.5 9 L13.5 9 M8 3.5 L8 14.5" },
    { ',', 6.5, "M3.5 0.6 L2.2 -3.6" },
    { '-', 11.5, "M2.5 8 L9 8" },
    { '.', 6.5, "N A3.25 0.5 0.5 0.5 0 360" },
    { '/', 11, "M1.5 -3 L9.5 21" },
    { '0', 16, "N A8 10 5.6 10.2 0 360" },
    { '1', 16, "M4.2 16.3 L9.4 20 L9.4 0" },
    { '2', 16, "N A8 14.7 5.4 5.6 168 -32 L2.8 0 L13.8 0" },
    { '3', 16, "N A7.7 15.2 4.9 5.1 148 -90 L6.5 10.1 M7.7 10.1 A7.7 4.9 5.6 5.2 90 -150" },
    { '4', 16, "M11 0 L11 20 L2.2 5.6 L14.2 5.6" },
    { '5', 16, "M12.8 20 L4.3 20 L3.6 11 A8 6.5 5.6 6.8 140 -150" },
    { '6', 16, "N A8.1 6.2 5.4 6.5 0 360 M11.3 20 C6.5 16.6 2.7 11.8 2.7 6.2" },
    { '7', 16, "M2.6 20 L13.5 20 L6.3 0" },
    { '8', 16, "N A8 15.2 4.8 5.1 0 360 N A8 4.9 5.6 5.2 0 360" },
    { '9', 16, "N A7.9 13.8 5.4 6.5 0 360 M4.7 0 C9.5 3.4 13.3 8.2 13.3 13.8" },
    { ':', 7, "N A3.5 1.5 0.5 0.5 0 360 N A3.5 11.5 0.5 0.5 0 360" },
    { ';', 7, "N A3.7 11.5 0.5 0.5 0 360 M3.7 1.6 L2.4 -2.6" },
    { '<', 16, "M13 15 L3 9 L13 3" },
    { '=', 16, "M2.5 12 L13.5 12 M2.5 6 L13.5 6" },
    { '>', 16, "M3 15 L13 9 L3 3" },
    { '?', 14, "N A7 15 4.6 5.2 165 -40 C8 9.3 7 8.5 7 6 N A7 0.5 0.5 0.5 0 360" },
    { '@', 26,
      "N A12.5 8.5 4 4.6 0 360 M17 13 L16.5 6.5 C16.5 3 22.5 3 22.5 9 "
      "A12.5 9 10 10.5 0 300" },
    { 'A', 18, "M1.5 0 L9 20 L16.5 0 M4 6.4 L14 6.4" },
    { 'B', 18,
      "M3 0 L3 20 L9.6 20 A9.6 15.35 4.65 4.65 90 -90 L3 10.7 "
      "M9.6 10.7 L10.2 10.7 A10.2 5.35 5.35 5.35 90 -90 L3 0" },
    { 'C', 19, "N A10.6 10 8 10.3 48 312" },
    { 'D', 19.5, "M3 0 L3 20 L8 20 A8 10 8.8 10 90 -90 L3 0" },
    { 'E', 16, "M14 20 L3 20 L3 0 L14 0 M3 10.5 L12.6 10.5" },
    { 'F', 15, "M13.6 20 L3 20 L3 0 M3 10.2 L12.2 10.2" },
    { 'G', 20.5, "N A10.6 10 8 10.3 48 350 L18.3 9.3 L12 9.3" },
    { 'H', 19.5, "M3 0 L3 20 M16.5 0 L16.5 20 M3 10.5 L16.5 10.5" },
    { 'I', 6.5, "M3.25 0 L3.25 20" },
    { 'J', 14, "M11 20 L11 5.5 A6.2 5.5 4.8 5.8 0 -160" },
    { 'K', 17, "M3 0 L3 20 M15 20 L3 7.6 M7.3 12 L15.6 0" },
    { 'L', 15, "M3 20 L3 0 L13.4 0" },
    { 'M', 22.5, "M3 0 L3 20 L11.25 4.5 L19.5 20 L19.5 0" },
    { 'N', 19.5, "M3 0 L3 20 L16.5 0 L16.5 20" },
    { 'O', 21, "N A10.5 10 8 10.3 0 360" },
    { 'P', 17, "M3 0 L3 20 L9.6 20 A9.6 14.5 5.5 5.5 90 -90 L3 9" },
    { 'Q', 21, "N A10.5 10 8 10.3 0 360 M12.5 5 L18.4 -1.6" },
    { 'R', 17.5, "M3 0 L3 20 L9.6 20 A9.6 14.6 5.4 5.4 90 -90 L3 9.2 M9.4 9.2 L15.6 0" },
    { 'S', 17, "N A8.5 15.1 5.5 5.2 28 250 L9.6 9.95 A8.4 4.85 6 5.15 70 -152" },
    { 'T', 16.5, "M1.5 20 L15 20 M8.25 20 L8.25 0" },
    { 'U', 19.5, "M3 20 L3 6.5 A9.75 6.5 6.75 6.8 180 360 L16.5 20" },
    { 'V', 18, "M1.5 20 L9 0 L16.5 20" },
    { 'W', 26, "M1.5 20 L7 0 L13 19 L19 0 L24.5 20" },
    { 'X', 17, "M2 20 L15 0 M15 20 L2 0" },
    { 'Y', 17, "M1.5 20 L8.5 9.5 L15.5 20 M8.5 9.5 L8.5 0" },
    { 'Z', 17, "M2.5 20 L14.5 20 L2 0 L15 0" },
    { '[', 8.5, "M7 21.5 L3 21.5 L3 -5 L7 -5" },
    { '\\', 11, "M1.5 21 L9.5 -3" },
    { ']', 8.5, "M1.5 21.5 L5.5 21.5 L5.5 -5 L1.5 -5" },
    { '^', 14, "M2.5 12 L7 20 L11.5 12" },
    { '_', 14, "M0 -4 L14 -4" },
    { '`', 8, "M2.5 20 L5.5 16.5" },
    { 'a', 15.5,
      "N A7.5 9.6 4.9 4.6 150 0 L12.4 0 M12.4 8.3 L7 8.3 A7 4.05 4.6 4.25 90 270 "
      "C9.6 -0.2 12.4 1.4 12.4 4.2" },
    { 'b', 16.5, "M3 20 L3 0 N A8.4 7 5.4 7.2 0 360" },
    { 'c', 14, "N A8 7 5.4 7.2 50 310" },
    { 'd', 16.5, "M13.5 20 L13.5 0 N A8.1 7 5.4 7.2 0 360" },
    { 'e', 15.6, "M2.9 7.3 L13.3 7.3 A8 7 5.4 7.2 2 312" },
    { 'f', 9.5, "M4.2 0 L4.2 16 A8 16 3.8 4.2 180 80 M1.2 14 L8.4 14" },
    { 'g', 16.5, "N A8.1 7 5.4 7.2 0 360 M13.5 14 L13.5 -0.8 A8.2 -0.8 5.3 5.4 0 -150" },
    { 'h', 16, "M3 20 L3 0 N A8 8.8 5 5.4 180 0 L13 0" },
    { 'i', 6.2, "M3.1 14 L3.1 0 N A3.1 18.8 0.5 0.5 0 360" },
    { 'j', 7, "M4.2 14 L4.2 -2.2 A0.8 -2.2 3.4 3.8 0 -75 N A4.2 18.8 0.5 0.5 0 360" },
    { 'k', 14, "M3 20 L3 0 M12 14 L3 5 M6.3 8.3 L12.7 0" },
    { 'l', 7.4, "M3 20 L3 2.9 A5.7 2.9 2.7 3 180 275" },
    { 'm', 23.4, "M3 14 L3 0 N A7.4 8.9 4.4 5.3 180 0 L11.8 0 N A16.1 8.9 4.3 5.3 180 0 L20.4 0" },
    { 'n', 16, "M3 14 L3 0 N A8 8.8 5 5.4 180 0 L13 0" },
    { 'o', 16.2, "N A8.1 7 5.5 7.2 0 360" },
    { 'p', 16.5, "M3 14 L3 -6 N A8.4 7 5.4 7.2 0 360" },
    { 'q', 16.5, "M13.5 14 L13.5 -6 N A8.1 7 5.4 7.2 0 360" },
    { 'r', 10.4, "M3 14 L3 0 N A8 8.6 5 5.6 180 75" },
    { 's', 13.4, "N A6.7 10.5 4 3.7 28 250 L7.5 6.9 A6.6 3.4 4.4 3.6 72 -150" },
    { 't', 10.6, "M4.8 18.5 L4.8 3.9 A8.5 3.9 3.7 4.1 180 285 M1.2 14 L9.2 14" },
    { 'u', 16, "M3 14 L3 5.2 A8 5.2 5 5.4 180 360 M13 14 L13 0" },
    { 'v', 14.4, "M1.5 14 L7.2 0 L12.9 14" },
    { 'w', 21, "M1.5 14 L6 0 L10.5 13 L15 0 L19.5 14" },
    { 'x', 14, "M1.8 14 L12.2 0 M12.2 14 L1.8 0" },
    { 'y', 14.4, "M1.5 14 L7.2 0 M12.9 14 L6 -3.2 C5.2 -5.2 4.2 -6 2.2 -6" },
    { 'z', 14, "M2 14 L12 14 L1.8 0 L12.3 0" },
    { '{', 9.5, "M7.5 21.5 C3 21.5 6.5 8.5 2 8.2 C6.5 8 3 -5 7.5 -5" },
    { '|', 7, "M3.5 22 L3.5 -5" },
    { '}', 9.5, "M2 21.5 C6.5 21.5 3 8.5 7.5 8.2 C3 8 6.5 -5 2 -5" },
    { '~', 16, "M2.5 7.5 C4 11.5 6.5 10.5 8 9 C9.5 7.5 12 6.5 13.5 10.5" },
    { 0x00B0, 9, "N A4.5 16.9 2.9 3.3 0 360" },                               /* degree */
    { 0x00B1, 16, "M2.5 11 L13.5 11 M8 5.5 L8 16.5 M2.5 1.5 L13.5 1.5" },     /* plus-minus */
    { 0x00B5, 16.4, "M3 14 L3 -6 M3 5.2 A8 5.2 5 5.4 180 360 M13 14 L13 0" }, /* micro */
    { 0x00B7, 7, "N A3.5 8.5 0.6 0.6 0 360" },                                /* middle dot */
    { 0x00D7, 15, "M3 4.5 L12 13.5 M3 13.5 L12 4.5" },                        /* times */
    { 0x03B1, 17,
      "M15 14 C13 5 11 -0.2 7.6 -0.2 C4.6 -0.2 2.6 2.8 2.6 7 C2.6 11.2 4.6 14.2 7.6 "
      "14.2 C12 14.2 12 1 15.4 0" }, /* alpha */
    { 0x03B4, 15.6,
      "N A7.8 6.2 5.3 6.4 0 360 M12 19 C9 21.5 3.5 20 5.5 16 C7 13.5 9.5 13.5 11 "
      "11.5" },                                                               /* delta */
    { 0x03BC, 16.4, "M3 14 L3 -6 M3 5.2 A8 5.2 5 5.4 180 360 M13 14 L13 0" }, /* mu */
    { 0x03C3, 17, "N A8 6.6 5.4 6.8 0 360 M8 13.8 L16 13.8" },                /* sigma */
    { 0x2013, 15, "M2 8 L13 8" },                                             /* en dash */
    { 0x2032, 6, "M4.6 20.3 L2.6 14.2" },                                     /* prime */
    { 0x2033, 10, "M4.6 20.3 L2.6 14.2 M8.8 20.3 L6.8 14.2" },                /* double prime */
    { 0x2212, 15, "M2.2 9 L12.8 9" },                                         /* minus */
};

/* Letters made of another one, smaller and raised. */
static const struct {
    uint32_t code, base;
} raised[] = {
    { 0x02B0, 'h' }, { 0x1D50, 'm' }, { 0x02E2, 's' }, { 0x1D48, 'd' }, { 0x2070, '0' },
    { 0x00B9, '1' }, { 0x00B2, '2' }, { 0x00B3, '3' }, { 0x2074, '4' }, { 0x2075, '5' },
    { 0x2076, '6' }, { 0x2077, '7' }, { 0x2078, '8' }, { 0x2079, '9' }, { 0x207B, 0x2212 },
};

#define RAISED_SCALE 0.58
#define RAISED_BY    9.5

static const struct glyph unknown = { 0, 14, "M3 0 L11 0 L11 18 L3 18 L3 0" };

static const struct glyph *find_glyph(uint32_t code)
{
    for (size_t i = 0; i < SP_COUNT(glyphs); i++)
        if (glyphs[i].code == code)
            return &glyphs[i];
    return NULL;
}

/* A glyph with what is done to it. */
struct letter {
    const struct glyph *glyph;
    double scale, rise;
};

static struct letter find_letter(uint32_t code)
{
    struct letter letter = { find_glyph(code), 1.0, 0.0 };

    for (size_t i = 0; !letter.glyph && i < SP_COUNT(raised); i++)
        if (raised[i].code == code)
            letter = (struct letter){ find_glyph(raised[i].base), RAISED_SCALE, RAISED_BY };
    if (!letter.glyph)
        letter.glyph = &unknown;
    return letter;
}

bool sp_font_has(uint32_t code)
{
    return find_letter(code).glyph != &unknown;
}

/* --- UTF-8 -------------------------------------------------------------------------------- */

/* Cut the first code point off; anything malformed counts as one byte without a letter. */
static uint32_t cut_code(struct sp_str *text)
{
    unsigned char first = (unsigned char)text->ptr[0];
    size_t more = first >= 0xF0 ? 3 : first >= 0xE0 ? 2 : first >= 0xC0 ? 1 : 0;
    uint32_t code = more == 0 ? first : first & (0x3FU >> more);

    if ((first >= 0x80 && first < 0xC0) || first >= 0xF8 || more >= text->len) {
        *text = sp_str_slice(*text, 1, text->len);
        return first < 0x80 ? first : 0xFFFD;
    }
    for (size_t i = 1; i <= more; i++)
        code = code << 6 | ((unsigned char)text->ptr[i] & 0x3FU);
    *text = sp_str_slice(*text, more + 1, text->len);
    return code;
}

double sp_text_width(struct sp_str text, double size)
{
    double width = 0;

    while (text.len > 0) {
        struct letter letter = find_letter(cut_code(&text));
        width += (letter.glyph->advance + TRACKING) * letter.scale;
    }
    return width * size / CAP;
}

/* --- outlines ----------------------------------------------------------------------------- */

/* From the letters' units to the canvas. */
struct placing {
    double x, y; /* of the letter's origin */
    double c, s; /* units to pixels along the text, turned */
};

struct drawer {
    struct sp_path *path;
    struct placing at;
    double x, y; /* the pen, in letter units */
    bool down;
};

static void pen_to(struct drawer *d, double x, double y, bool draw)
{
    double px = d->at.x + x * d->at.c - y * d->at.s;
    double py = d->at.y - x * d->at.s - y * d->at.c;

    if (draw)
        sp_path_line(d->path, px, py);
    else
        sp_path_move(d->path, px, py);
    d->x = x;
    d->y = y;
    d->down = true;
}

static void arc(struct drawer *d, const double v[6])
{
    int steps = 2 + (int)(fabs(v[5] - v[4]) / 12);

    for (int i = 0; i <= steps; i++) {
        double angle = (v[4] + (v[5] - v[4]) * i / steps) * M_PI / 180;
        pen_to(d, v[0] + v[2] * cos(angle), v[1] + v[3] * sin(angle), i > 0 || d->down);
    }
}

static void curve(struct drawer *d, const double v[6])
{
    enum {
        STEPS = 12
    };

    double x = d->x;
    double y = d->y;

    for (int i = 1; i <= STEPS; i++) {
        double t = (double)i / STEPS;
        double u = 1 - t;
        double w[4] = { u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t };
        pen_to(d, w[0] * x + w[1] * v[0] + w[2] * v[2] + w[3] * v[4],
               w[0] * y + w[1] * v[1] + w[2] * v[3] + w[3] * v[5], true);
    }
}

static double cut_number(const char **at)
{
    const char *p = *at;
    double value = 0;
    double unit = 1;

    p += strspn(p, " ");
    bool negative = *p == '-';
    p += negative;
    for (; *p >= '0' && *p <= '9'; p++)
        value = 10 * value + (*p - '0');
    if (*p == '.')
        for (p++; *p >= '0' && *p <= '9'; p++)
            value += (unit /= 10) * (*p - '0');
    *at = p;
    return negative ? -value : value;
}

static void draw_outline(struct drawer *d, const char *outline)
{
    static const char commands[] = "MLACN";
    static const int counts[] = { 2, 2, 6, 6, 0 };

    for (const char *at = outline; *at;) {
        double v[6] = { 0 };
        char command = *at++;
        const char *known = strchr(commands, command);
        for (int i = 0; known && i < counts[known - commands]; i++)
            v[i] = cut_number(&at);
        if (command == 'M' || command == 'L')
            pen_to(d, v[0], v[1], command == 'L');
        else if (command == 'A')
            arc(d, v);
        else if (command == 'C')
            curve(d, v);
        else if (command == 'N')
            d->down = false;
    }
}

static void text_path(struct sp_path *path,
                      const struct sp_text_style *style,
                      struct sp_str text,
                      double at[2])
{
    double unit = style->size / CAP;
    double c = cos(style->angle * M_PI / 180);
    double s = sin(style->angle * M_PI / 180);
    double back = style->across * sp_text_width(text, style->size);
    double low = style->up * style->size;
    double x = at[0] - back * c + low * s;
    double y = at[1] + back * s + low * c;

    while (text.len > 0) {
        struct letter letter = find_letter(cut_code(&text));
        double rise = letter.rise * unit;
        struct drawer drawer = {
            .path = path,
            .at = { x - rise * s, y - rise * c, unit * letter.scale * c, unit * letter.scale * s },
        };
        draw_outline(&drawer, letter.glyph->outline);
        x += (letter.glyph->advance + TRACKING) * letter.scale * unit * c;
        y -= (letter.glyph->advance + TRACKING) * letter.scale * unit * s;
    }
}

void sp_text_draw(struct sp_canvas *canvas,
                  const struct sp_text_style *style,
                  double x,
                  double y,
                  struct sp_str text)
{
    sp_auto_path struct sp_path path = { 0 };
    double width = style->size * (style->weight > 0 ? style->weight : USUAL_WEIGHT);

    text_path(&path, style, text, (double[2]){ x, y });
    if (style->halo > 0)
        sp_canvas_stroke(canvas, &path,
                         (struct sp_pen){ SP_COLOUR_WHITE, width + 2 * style->halo, 0.85 });
    sp_canvas_stroke(canvas, &path, (struct sp_pen){ style->colour, width, 1.0 });
}
