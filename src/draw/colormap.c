/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/colormap.h"

#include "base/nearest.h"

#include <math.h>

#define REVERSED "-r"

static unsigned char to_byte(double value)
{
    return (unsigned char)lrint(255 * fmin(fmax(value, 0), 1));
}

/* --- cubehelix, heat, grey ---------------------------------------------------------------- */

/* Green's recommended start: blue-ish, one and a half turns towards red, saturation 1.2. */
static struct sp_colour cubehelix(double value)
{
    const double start = 0.5;
    const double rotations = -1.5;
    const double saturation = 1.2;
    double angle = 2 * M_PI * (start / 3 + 1 + rotations * value);
    double amplitude = saturation * value * (1 - value) / 2;
    double c = cos(angle);
    double s = sin(angle);

    return (struct sp_colour){
        to_byte(value + amplitude * (-0.14861 * c + 1.78277 * s)),
        to_byte(value + amplitude * (-0.29227 * c - 0.90649 * s)),
        to_byte(value + amplitude * (1.97294 * c)),
    };
}

static struct sp_colour heat(double value)
{
    return (struct sp_colour){ to_byte(3 * value), to_byte(3 * value - 1), to_byte(3 * value - 2) };
}

static struct sp_colour grey(double value)
{
    return (struct sp_colour){ to_byte(value), to_byte(value), to_byte(value) };
}

/* --- dusk --------------------------------------------------------------------------------- */

struct lab {
    double lightness, a, b;
};

static double lab_inverse(double t)
{
    return t > 6.0 / 29 ? t * t * t : 3 * (6.0 / 29) * (6.0 / 29) * (t - 4.0 / 29);
}

static double gamma_encode(double linear)
{
    return linear <= 0.0031308 ? 12.92 * linear : 1.055 * pow(linear, 1 / 2.4) - 0.055;
}

/* sRGB (D65, IEC 61966-2-1); channels outside 0..1 are colours that a screen cannot show. */
static void lab_to_rgb(struct lab lab, double rgb[3])
{
    double fy = (lab.lightness + 16) / 116;
    double x = 0.95047 * lab_inverse(fy + lab.a / 500);
    double y = lab_inverse(fy);
    double z = 1.08883 * lab_inverse(fy - lab.b / 200);

    rgb[0] = gamma_encode(3.2404542 * x - 1.5371385 * y - 0.4985314 * z);
    rgb[1] = gamma_encode(-0.9692660 * x + 1.8760108 * y + 0.0415560 * z);
    rgb[2] = gamma_encode(0.0556434 * x - 0.2040259 * y + 1.0572252 * z);
}

/* The path: lightness 3 to 97, hue from blue (-75 degrees) over red to yellow (100), chroma a
 * smooth hump that stays inside what sRGB can show. */
static struct lab dusk_path(double t)
{
    double hue = (-75 + 175 * pow(t, 0.9)) * M_PI / 180;
    double chroma = 64 * pow(sin(M_PI * pow(t, 0.85)), 0.8) + 22 * t * t * (1 - t) + 18 * t * t;

    return (struct lab){ 3 + 94 * t, chroma * cos(hue), chroma * sin(hue) };
}

static double lab_distance(struct lab p, struct lab q)
{
    double da = p.a - q.a;
    double db = p.b - q.b;

    return sqrt((p.lightness - q.lightness) * (p.lightness - q.lightness) + da * da + db * db);
}

/* Fill the table in steps of equal length along the path. */
static void fill_dusk(struct sp_colormap *map)
{
    enum {
        FINE = 16 * SP_COLORMAP_SIZE
    };

    double length = 0;
    double walked = 0;
    int next = 0;

    for (int i = 0; i < FINE; i++)
        length += lab_distance(dusk_path((double)i / FINE), dusk_path((i + 1.0) / FINE));
    for (int i = 0; i <= FINE && next < SP_COLORMAP_SIZE; i++) {
        while (next < SP_COLORMAP_SIZE && walked >= length * next / (SP_COLORMAP_SIZE - 1) - 1e-9) {
            double rgb[3];
            lab_to_rgb(dusk_path((double)i / FINE), rgb);
            map->table[next++] =
                (struct sp_colour){ to_byte(rgb[0]), to_byte(rgb[1]), to_byte(rgb[2]) };
        }
        walked += lab_distance(dusk_path((double)i / FINE), dusk_path((i + 1.0) / FINE));
    }
}

/* --- names -------------------------------------------------------------------------------- */

const char *const sp_colormap_names[] = { "dusk", "cubehelix", "heat", "grey", NULL };

/* In the order of the names; NULL: dusk, which is filled as a whole. */
static struct sp_colour (*const formulas[])(double value) = { NULL, cubehelix, heat, grey };

static void fill(struct sp_colormap *map, size_t number)
{
    if (!formulas[number])
        fill_dusk(map);
    for (int i = 0; formulas[number] && i < SP_COLORMAP_SIZE; i++)
        map->table[i] = formulas[number](i / (double)(SP_COLORMAP_SIZE - 1));
}

static void reverse(struct sp_colormap *map)
{
    for (int i = 0; i < SP_COLORMAP_SIZE / 2; i++) {
        struct sp_colour swapped = map->table[i];
        map->table[i] = map->table[SP_COLORMAP_SIZE - 1 - i];
        map->table[SP_COLORMAP_SIZE - 1 - i] = swapped;
    }
}

enum sp_rc sp_colormap_get(struct sp_str name, struct sp_colormap *out, struct sp_err *err)
{
    bool backwards = sp_str_ends(name, REVERSED);
    struct sp_str base = backwards ? sp_str_slice(name, 0, name.len - strlen(REVERSED)) : name;
    struct sp_nearest nearest = SP_NEAREST(base);

    for (size_t i = 0; sp_colormap_names[i]; i++) {
        sp_nearest_offer(&nearest, sp_str_of(sp_colormap_names[i]));
        if (!sp_str_is(base, sp_colormap_names[i]))
            continue;
        fill(out, i);
        if (backwards)
            reverse(out);
        return SP_OK;
    }
    return sp_nearest_fail(
        &nearest, "there are dusk, cubehelix, heat and grey, each also with -r for backwards", err,
        SP_NOT_FOUND, "no colour map '" SP_STR_FMT "'", SP_STR_ARG(name));
}

struct sp_colour sp_colormap_at(const struct sp_colormap *map, double value)
{
    double clamped = fmin(fmax(value, 0), 1);

    return map->table[lrint(clamped * (SP_COLORMAP_SIZE - 1))];
}
