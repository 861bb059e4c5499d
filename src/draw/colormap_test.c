/* SPDX-License-Identifier: BSD-3-Clause */
#include "draw/colormap.h"

#include "base/tap.h"

#include <math.h>

static double to_linear(unsigned char byte)
{
    double v = byte / 255.0;

    return v <= 0.04045 ? v / 12.92 : pow((v + 0.055) / 1.055, 2.4);
}

static double lab_f(double t)
{
    return t > 216.0 / 24389 ? cbrt(t) : (24389.0 / 27 * t + 16) / 116;
}

/* CIE L*a*b* of an sRGB colour (D65). */
static void to_lab(struct sp_colour c, double lab[3])
{
    double r = to_linear(c.red);
    double g = to_linear(c.green);
    double b = to_linear(c.blue);
    double x = lab_f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
    double y = lab_f(0.2126729 * r + 0.7151522 * g + 0.0721750 * b);
    double z = lab_f((0.0193339 * r + 0.1191920 * g + 0.9503041 * b) / 1.08883);

    lab[0] = 116 * y - 16;
    lab[1] = 500 * (x - y);
    lab[2] = 200 * (y - z);
}

static double distance(struct sp_colour a, struct sp_colour b)
{
    double p[3];
    double q[3];

    to_lab(a, p);
    to_lab(b, q);
    return sqrt((p[0] - q[0]) * (p[0] - q[0]) + (p[1] - q[1]) * (p[1] - q[1]) +
                (p[2] - q[2]) * (p[2] - q[2]));
}

/* Equal steps in the data are equal steps for the eye: over sixteenths of the map. */
static void test_uniform(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_colormap map;
    double least = (double)INFINITY;
    double most = 0;

    if (!tap_ok(sp_colormap_get(SP_STR("dusk"), &map, &err) == SP_OK, "dusk"))
        return;
    for (int i = 0; i + 8 < SP_COLORMAP_SIZE; i += 8) {
        double step = distance(map.table[i], map.table[i + 8]);
        least = fmin(least, step);
        most = fmax(most, step);
    }
    tap_ok(most / least < 1.25, "dusk: steps in L*a*b* from %.2f to %.2f", least, most);
}

/* Lightness never falls, for every map. */
static void test_rising(void)
{
    for (size_t i = 0; sp_colormap_names[i]; i++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_colormap map;
        double before = -1;
        bool rising = sp_colormap_get(sp_str_of(sp_colormap_names[i]), &map, &err) == SP_OK;
        for (int k = 0; rising && k < SP_COLORMAP_SIZE; k++) {
            double lab[3];
            to_lab(map.table[k], lab);
            rising = lab[0] > before - 0.5; /* rounding to bytes */
            before = lab[0];
        }
        tap_ok(rising, "%s: lightness rises", sp_colormap_names[i]);
    }
}

static const struct {
    const char *name;
    double at;
    int red, green, blue;
} values[] = {
    { "grey", 0, 0, 0, 0 },         { "grey", 1, 255, 255, 255 },      { "grey", -5, 0, 0, 0 },
    { "grey", 7, 255, 255, 255 },   { "grey-r", 0, 255, 255, 255 },    { "heat", 0, 0, 0, 0 },
    { "heat", 1.0 / 3, 255, 0, 0 }, { "heat", 2.0 / 3, 255, 255, 0 },  { "heat", 1, 255, 255, 255 },
    { "cubehelix", 0, 0, 0, 0 },    { "cubehelix", 1, 255, 255, 255 },
};

static void test_values(void)
{
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        struct sp_err err = SP_ERR_INIT;
        struct sp_colormap map;
        bool there = sp_colormap_get(sp_str_of(values[i].name), &map, &err) == SP_OK;
        struct sp_colour c = { 0, 0, 0 };
        if (there)
            c = sp_colormap_at(&map, values[i].at);
        tap_ok(there && c.red == values[i].red && c.green == values[i].green &&
                   c.blue == values[i].blue,
               "%s at %g is %d %d %d", values[i].name, values[i].at, c.red, c.green, c.blue);
    }
}

static void test_unknown(void)
{
    struct sp_err err = SP_ERR_INIT;
    struct sp_colormap map;

    tap_ok(sp_colormap_get(SP_STR("cubehelx"), &map, &err) == SP_NOT_FOUND &&
               strstr(err.text, "did you mean 'cubehelix'"),
           "%s", err.text);
    tap_ok(sp_colormap_get(SP_STR("viridis"), &map, &err) == SP_NOT_FOUND &&
               strstr(err.text, "there are"),
           "%s", err.text);
    tap_ok(sp_colormap_get(SP_STR(""), &map, &err) == SP_NOT_FOUND, "no name");
    tap_ok(sp_colormap_get(SP_STR("-r"), &map, &err) == SP_NOT_FOUND, "only the suffix");
}

int main(void)
{
    test_values();
    test_rising();
    test_uniform();
    test_unknown();
    return tap_done();
}
