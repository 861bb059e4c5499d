/* SPDX-License-Identifier: BSD-3-Clause */
#include "simms/telescope.h"

#include "base/tap.h"

#include <math.h>

#define DEG (M_PI / 180)

static const struct antenna_format itrf = { .coords = COORD_ITRF, .diameter = 12 };
static const struct antenna_format wgs84 = { .coords = COORD_WGS84, .diameter = 12 };
static const struct antenna_format enu = {
    .coords = COORD_ENU,
    .origin = { 21.44 * DEG, -30.71 * DEG, 1050 },
    .diameter = 12,
};

#define XYZ "5109271.4974 2006808.8930 -3239130.7361"

static const struct {
    const char *text;
    const struct antenna_format *format;
    int want;        /* antennas */
    const char *why; /* part of the message, for failures */
} cases[] = {
    { "M0 " XYZ "\n", &itrf, 1, NULL },
    { "M0 " XYZ, &itrf, 1, NULL },
    { "# head\n\n  M0 " XYZ " 13.5 # tail\nM1\t" XYZ " 13.5 EQUATORIAL\r\n", &itrf, 2, NULL },
    { XYZ "\n" XYZ " 25\n" XYZ " 25 W01\n" XYZ " 25 W02 ALT-AZ\n", &itrf, 4, NULL },
    { "M0, 5109271.4974, 2006808.8930, -3239130.7361", &itrf, 1, NULL },
    { "a 21.4 -30.7 1000\nb 21.5 -30.8 1000", &wgs84, 2, NULL },
    { "a 0 0 0\nb 100 -50.5 3", &enu, 2, NULL },

    { "", &itrf, 0, "f.txt: there is no antenna" },
    { "# only this\n", &itrf, 0, "there is no antenna" },
    { "M0 1 2\n", &itrf, 0, "f.txt:1:6: a line needs three" },
    { "1 2", &itrf, 0, "f.txt:1:3: a line needs three" },
    { "\nM0 x 2 3", &itrf, 0, "f.txt:2:4: x: 'x' is not a number" },
    { "M0 " XYZ " wide", &itrf, 0, "f.txt:1:44: diameter: 'wide'" },
    { "M0 " XYZ " -1", &itrf, 0, "f.txt:1:44: the diameter must be positive" },
    { "M0 " XYZ " 1 A B", &itrf, 0, "'B': too many words" },
    { "M0 inf 2 3", &itrf, 0, "'inf' is not a number" },
    { "M0 100 200 300", &itrf, 0, "f.txt:1:4: this antenna would stand 0.4 km" },
    { "M0 " XYZ "\nM1 " XYZ "\nM0 " XYZ, &itrf, 0, "f.txt:3:1: antenna 'M0' was given in line 1" },
    { "M\x01 " XYZ, &itrf, 0, "f.txt:1:2: the name has a control character" },
    { "a 21.4 -95 1000", &wgs84, 0, "f.txt:1:3: not a longitude and a latitude" },
    { "a 21.4 north 1000", &wgs84, 0, "f.txt:1:8: latitude: 'north'" },
    { "a 0 0 9e5", &enu, 0, "the centre of the Earth" },
    { "an-antenna-with-a-name-that-is-much-too-long-for-a-measurement-set-really " XYZ, &itrf, 0,
      "f.txt:1:1: the name is longer than 63 letters" },
};

static void test_parse(struct sp_arena *arena, size_t i)
{
    struct sp_err err = SP_ERR_INIT;
    struct telescope got = { .nantenna = -1 };
    enum sp_rc rc =
        telescope_parse(arena, "f.txt", sp_str_of(cases[i].text), cases[i].format, &got, &err);
    const char *why = cases[i].why;
    bool passed = why ? rc == SP_INVALID && got.nantenna == -1 && strstr(err.text, why)
                      : rc == SP_OK && got.nantenna == cases[i].want;

    if (!tap_ok(passed, "antenna file %zu: %s", i, why ? why : "fine"))
        printf("# got %s, %d antennas, \"%s\"\n", sp_rc_name(rc), got.nantenna, err.text);
}

static double distance(const double a[3], const double b[3])
{
    return sqrt((a[0] - b[0]) * (a[0] - b[0]) + (a[1] - b[1]) * (a[1] - b[1]) +
                (a[2] - b[2]) * (a[2] - b[2]));
}

/* Geodetic values of known places: the poles and equator follow from the axes of WGS84. */
static void test_coordinates(void)
{
    static const struct {
        const char *name;
        struct geodetic from;
        double want[3];
    } places[] = {
        { "equator", { 0, 0, 0 }, { 6378137, 0, 0 } },
        { "90 E", { M_PI / 2, 0, 100 }, { 0, 6378237, 0 } },
        { "north pole", { 0, M_PI / 2, 0 }, { 0, 0, 6356752.314245 } },
        { "south pole", { 1, -M_PI / 2, -5 }, { 0, 0, -6356747.314245 } },
        { "45 N", { 0, M_PI / 4, 0 }, { 4517590.878849, 0, 4487348.408866 } },
    };

    for (size_t i = 0; i < SP_COUNT(places); i++) {
        double got[3];
        geodetic_to_itrf(&places[i].from, got);
        if (!tap_ok(distance(got, places[i].want) < 1e-5, "ITRF of %s", places[i].name))
            printf("# %.6f %.6f %.6f\n", got[0], got[1], got[2]);
    }
}

/* East, north and up by small steps in longitude, latitude and height. */
static void test_enu(struct sp_arena *arena)
{
    static const struct geodetic step = { 1e-6, 1e-6, 10 };
    struct sp_err err = SP_ERR_INIT;
    struct telescope t = { 0 };
    double base[3], east[3], north[3], up[3];
    struct geodetic o = enu.origin;

    geodetic_to_itrf(&o, base);
    geodetic_to_itrf(&(struct geodetic){ o.lon + step.lon, o.lat, o.height }, east);
    geodetic_to_itrf(&(struct geodetic){ o.lon, o.lat + step.lat, o.height }, north);
    geodetic_to_itrf(&(struct geodetic){ o.lon, o.lat, o.height + step.height }, up);
    char text[200];
    (void)snprintf(text, sizeof text, "e %.9f 0 0\nn 0 %.9f 0\nu 0 0 10\no 0 0 0",
                   distance(east, base), distance(north, base));
    tap_ok(telescope_parse(arena, "f", sp_str_of(text), &enu, &t, &err) == SP_OK, "ENU file");
    if (t.nantenna != 4)
        return;
    tap_ok(distance(t.antennas[0].position, east) < 1e-4, "east");
    tap_ok(distance(t.antennas[1].position, north) < 1e-4, "north");
    tap_ok(distance(t.antennas[2].position, up) < 1e-7, "up");
    tap_ok(distance(t.antennas[3].position, base) < 1e-7, "origin");
}

static void test_known(struct sp_arena *arena)
{
    struct sp_err err = SP_ERR_INIT;
    struct telescope t = { 0 };
    const char *about = NULL;

    tap_ok(telescope_get(arena, "MeerKAT", &t, &err) == SP_OK && t.nantenna == 64 &&
               strcmp(t.name, "MeerKAT") == 0,
           "MeerKAT is known");
    tap_ok(t.antennas[63].diameter == 13.5 && strcmp(t.antennas[63].name, "M063") == 0,
           "with its antennas");
    tap_ok(telescope_get(arena, "merkat", &t, &err) == SP_NOT_FOUND &&
               strstr(err.text, "did you mean 'meerkat'?"),
           "the nearest name");
    tap_ok(telescope_get(arena, "arecibo", &t, &err) == SP_NOT_FOUND &&
               strstr(err.text, "--antenna-file"),
           "no near name");
    for (size_t i = 0; telescope_name(i, &about); i++) {
        const char *name = telescope_name(i, &about);
        tap_ok(telescope_get(arena, name, &t, &err) == SP_OK && about[0], "%s can be read", name);
    }
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++)
        test_parse(arena, i);
    test_coordinates();
    test_enu(arena);
    test_known(arena);
    return tap_done();
}
