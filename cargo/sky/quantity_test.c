/* SPDX-License-Identifier: BSD-3-Clause */
#include "sky/quantity.h"

#include "base/tap.h"

#include <math.h>

#define UNTOUCHED 12345.0
#define DEG       (M_PI / 180)
#define F         QUANTITY_FREQUENCY
#define A         QUANTITY_ANGLE
#define T         QUANTITY_TIME
#define L         QUANTITY_LENGTH

static const struct {
    const char *text;
    enum quantity_kind kind;
    const char *default_unit;
    double want;
    const char *why; /* part of the message, for failures */
} cases[] = {
    { "750MHz", F, NULL, 750e6, NULL },
    { "1.4 GHz", F, NULL, 1.4e9, NULL },
    { "  1.4GHz\t", F, NULL, 1.4e9, NULL },
    { "1e9Hz", F, NULL, 1e9, NULL },
    { "1.5E-3 GHz", F, NULL, 1.5e6, NULL },
    { "+3kHz", F, NULL, 3e3, NULL },
    { ".5kHz", F, NULL, 500, NULL },
    { "5.kHz", F, NULL, 5000, NULL },
    { "0Hz", F, NULL, 0, NULL },
    { "100", F, "MHz", 1e8, NULL },
    { "100kHz", F, "MHz", 1e5, NULL },
    { "90deg", A, NULL, 90 * DEG, NULL },
    { "-30d12m33s", A, NULL, -(30 + 12 / 60. + 33 / 3600.) * DEG, NULL },
    { "-0d30m0s", A, NULL, -0.5 * DEG, NULL },
    { "30d12m33.25s", A, NULL, (30 + 12 / 60. + 33.25 / 3600.) * DEG, NULL },
    { "30d12m", A, NULL, 30.2 * DEG, NULL },
    { "30d12m33", A, NULL, (30 + 12 / 60. + 33 / 3600.) * DEG, NULL },
    { "30d", A, NULL, 30 * DEG, NULL },
    { "1.5d", A, NULL, 1.5 * DEG, NULL },
    { "0h24m20s", A, NULL, (24 / 60. + 20 / 3600.) * 15 * DEG, NULL },
    { "2h", A, NULL, 30 * DEG, NULL },
    { "1.5arcmin", A, NULL, 1.5 / 60 * DEG, NULL },
    { "30arcsec", A, NULL, 30 / 3600. * DEG, NULL },
    { "30asec", A, NULL, 30 / 3600. * DEG, NULL },
    { "5'", A, NULL, 5 / 60. * DEG, NULL },
    { "0.2rad", A, NULL, 0.2, NULL },
    { "0.2", A, "rad", 0.2, NULL },
    { "10s", T, NULL, 10, NULL },
    { "10", T, "s", 10, NULL },
    { "1", T, "h", 3600, NULL },
    { "600s", T, "h", 600, NULL },
    { "1.5h", T, NULL, 5400, NULL },
    { "1h30m", T, NULL, 5400, NULL },
    { "1h30m10s", T, NULL, 5410, NULL },
    { "2min", T, NULL, 120, NULL },
    { "500ms", T, NULL, 0.5, NULL },
    { "13.5m", L, NULL, 13.5, NULL },
    { "1 km", L, NULL, 1000, NULL },

    { "", F, NULL, 0, "number with a unit" },
    { " ", F, NULL, 0, "number with a unit" },
    { "MHz", F, NULL, 0, "number with a unit" },
    { "-", F, NULL, 0, "number with a unit" },
    { ".MHz", F, NULL, 0, "number with a unit" },
    { "--1MHz", F, NULL, 0, "number with a unit" },
    { "nanHz", F, NULL, 0, "number with a unit" },
    { "infMHz", F, NULL, 0, "number with a unit" },
    { "750", F, NULL, 0, "a frequency needs one (Hz, kHz, MHz or GHz)" },
    { "750e6", F, NULL, 0, "has no unit" },
    { "90", A, NULL, 0, "an angle needs one" },
    { "750mhz", F, NULL, 0, "did you mean 'MHz'" },
    { "750parsec", F, NULL, 0, "use Hz, kHz, MHz or GHz" },
    { "750deg", F, NULL, 0, "is not a unit of a frequency" },
    { "1.2.3MHz", F, NULL, 0, "is not a unit of a frequency" },
    { "0x10Hz", F, NULL, 0, "is not a unit of a frequency" },
    { "1e400Hz", F, NULL, 0, "too large" },
    { "1e300THz", F, NULL, 0, "too large" },
    { "30d61m", A, NULL, 0, "is not a unit of an angle" },
    { "30d12m60s", A, NULL, 0, "is not a unit of an angle" },
    { "30d12m33s4", A, NULL, 0, "is not a unit of an angle" },
    { "30.5d12m", A, NULL, 0, "is not a unit of an angle" },
    { "12:34:56", A, NULL, 0, "is not a unit of an angle" },
    { "30m", A, NULL, 0, "is not a unit of an angle" },
    { "1d12m", T, NULL, 0, "is not a unit of a time" },
};

static const struct {
    const char *text;
    double ra, dec; /* degrees */
    const char *why;
} directions[] = {
    { "J2000,90deg,-45deg", 90, -45, NULL },
    { "90deg,-45deg", 90, -45, NULL },
    { " j2000 , 90deg , -45deg ", 90, -45, NULL },
    { "J2000,0h24m20s,-30d12m33s", (24 / 60. + 20 / 3600.) * 15, -(30 + 12 / 60. + 33 / 3600.),
      NULL },
    { "12:30:00,-30.12.36", 187.5, -30.21, NULL },
    { "12:30:00.0,-30:12:36.0", 187.5, -30.21, NULL },
    { "0deg,-00.30.00", 0, -0.5, NULL },
    { "-10deg,90deg", 350, 90, NULL },
    { "360deg,-90deg", 0, -90, NULL },
    { "0.5rad,0.5rad", 0.5 / DEG, 0.5 / DEG, NULL },

    { "", 0, 0, "write \"J2000,RA,DEC\"" },
    { "90deg", 0, 0, "write \"J2000,RA,DEC\"" },
    { "J2000,90deg,-45deg,1", 0, 0, "write \"J2000,RA,DEC\"" },
    { "B1950,90deg,-45deg", 0, 0, "frame 'B1950'" },
    { "J2000,90,-45", 0, 0, "has no unit" },
    { "J2000,90deg,30.5", 0, 0, "has no unit" },
    { "J2000,90deg,-91deg", 0, 0, "declination" },
    { "J2000,361deg,0deg", 0, 0, "right ascension" },
    { "J2000,12.30.00,0deg", 0, 0, "is not a unit" },
    { "J2000,,0deg", 0, 0, "number with a unit" },
};

static bool near(double got, double want)
{
    return fabs(got - want) <= 1e-14 * fmax(fabs(want), 1);
}

static void test_quantity(size_t i)
{
    struct sp_err err = SP_ERR_INIT;
    double got = UNTOUCHED;
    enum sp_rc rc =
        quantity_parse(sp_str_of(cases[i].text), cases[i].kind, cases[i].default_unit, &got, &err);
    bool passed = cases[i].why
                      ? rc == SP_INVALID && got == UNTOUCHED && strstr(err.text, cases[i].why)
                      : rc == SP_OK && fabs(got - cases[i].want) <= 1e-15 * fabs(cases[i].want);

    if (!tap_ok(passed, "quantity \"%s\"", cases[i].text))
        printf("# got %s, %.17g (want %.17g), \"%s\"\n", sp_rc_name(rc), got, cases[i].want,
               err.text);
}

static void test_direction(size_t i)
{
    struct sp_err err = SP_ERR_INIT;
    double ra = UNTOUCHED;
    double dec = UNTOUCHED;
    enum sp_rc rc = direction_parse(sp_str_of(directions[i].text), &ra, &dec, &err);
    const char *why = directions[i].why;
    bool passed =
        why ? rc == SP_INVALID && ra == UNTOUCHED && dec == UNTOUCHED && strstr(err.text, why)
            : rc == SP_OK && near(ra, directions[i].ra * DEG) && near(dec, directions[i].dec * DEG);

    if (!tap_ok(passed, "direction \"%s\"", directions[i].text))
        printf("# got %s, %.17g %.17g, \"%s\"\n", sp_rc_name(rc), ra / DEG, dec / DEG, err.text);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++)
        test_quantity(i);
    for (size_t i = 0; i < SP_COUNT(directions); i++)
        test_direction(i);

    /* The length is honoured: bytes behind it are not looked at. */
    struct sp_err err = SP_ERR_INIT;
    double got = UNTOUCHED;
    struct sp_str text = { "12kHzzzz", 5 };
    tap_ok(quantity_parse(text, F, NULL, &got, &err) == SP_OK && got == 12e3, "stops at len");
    return tap_done();
}
