/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/expect.h"

#include "base/tap.h"

#include "fluxcheck/weights.h"

#include <math.h>
#include <string.h>

#define NONE ((double)NAN) /* not given */

static const struct {
    const char *name;
    struct expect_wish wish;
    enum sp_rc rc;
    double noise;
    const char *why;
    double exposure;
} cases[] = {
    { "MeerKAT, 1 h, 10 MHz", { NONE, 831, 64, 0, "1h", "10MHz", 2 }, SP_OK, 48.77e-6, NULL },
    { "baselines", { NONE, 831, 0, 2016, "1h", "10MHz", 2 }, SP_OK, 48.77e-6, NULL },
    { "one receptor", { NONE, 831, 64, 0, "3600s", "10MHz", 1 }, SP_OK, 68.97e-6, NULL },
    { "given", { 5e-5, NONE, 0, 0, NULL, NULL, 2 }, SP_OK, 5e-5, NULL },
    { "nothing", { NONE, NONE, 0, 0, NULL, NULL, 2 }, SP_OK, NONE, NULL },
    { "exposure of an MS",
      { NONE, 831, 0, 0, NULL, NULL, 2 },
      SP_OK,
      48.77e-6,
      NULL,
      2016 * 3.6e10 },
    { "options before the MS", { NONE, 831, 64, 0, "1h", "10MHz", 2 }, SP_OK, 48.77e-6, NULL, 1 },
    { "SEFD of nothing", { NONE, 0, 64, 0, "1h", "10MHz", 2 }, SP_INVALID, 0, "--sefd" },
    { "no antennas", { NONE, 831, 0, 0, "1h", "10MHz", 2 }, SP_INVALID, 0, "--nant" },
    { "one antenna", { NONE, 831, 1, 0, "1h", "10MHz", 2 }, SP_INVALID, 0, "--nant" },
    { "no time", { NONE, 831, 64, 0, NULL, "10MHz", 2 }, SP_INVALID, 0, "--time" },
    { "time of no unit", { NONE, 831, 64, 0, "3600", "10MHz", 2 }, SP_INVALID, 0, "--time" },
    { "no bandwidth", { NONE, 831, 64, 0, "1h", NULL, 2 }, SP_INVALID, 0, "--bandwidth" },
    { "no bandwidth at all", { NONE, 831, 64, 0, "1h", "0MHz", 2 }, SP_INVALID, 0, "--bandwidth" },
    { "three receptors", { NONE, 831, 64, 0, "1h", "10MHz", 3 }, SP_INVALID, 0, "--npol" },
};

static const struct {
    const char *text;
    enum sp_rc rc;
    double robustness;
} weightings[] = {
    { "Briggs'(0)", SP_OK, 0 },
    { "Briggs'(-0.5)", SP_OK, -0.5 },
    { "natural", SP_OK, (double)INFINITY },
    { "uniform", SP_OK, -(double)INFINITY },
    { "Briggs'(x)", SP_INVALID, 77 },
    { "Briggs", SP_INVALID, 77 },
    { "", SP_INVALID, 77 },
    { "Briggs')0(", SP_INVALID, 77 },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_err err = SP_ERR_INIT;
        double got = 77;
        enum sp_rc rc = expect_natural(&cases[i].wish, cases[i].exposure, &got, &err);
        bool passed = rc == cases[i].rc;
        if (rc == SP_OK)
            passed = passed &&
                     (isnan(cases[i].noise) ? isnan(got) : fabs(got / cases[i].noise - 1) < 1e-3);
        else
            passed = passed && got == 77 && strstr(err.text, cases[i].why);
        if (!tap_ok(passed, "%s", cases[i].name))
            printf("# got %g %s\n", got, err.text);
    }
    for (size_t i = 0; i < SP_COUNT(weightings); i++) {
        struct sp_err err = SP_ERR_INIT;
        double got = 77;
        enum sp_rc rc = weights_parse(sp_str_of(weightings[i].text), &got, &err);
        tap_ok(rc == weightings[i].rc && got == weightings[i].robustness, "weighting '%s'",
               weightings[i].text);
    }
    return tap_done();
}
