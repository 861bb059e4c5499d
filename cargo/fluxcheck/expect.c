/* SPDX-License-Identifier: BSD-3-Clause */
#include "fluxcheck/expect.h"

#include "sky/quantity.h"

#include <math.h>

static enum sp_rc count_baselines(const struct expect_wish *wish, double *out, struct sp_err *err)
{
    double antennas = (double)wish->antennas;

    *out = wish->baselines > 0 ? (double)wish->baselines : antennas * (antennas - 1) / 2;
    if (*out >= 1)
        return SP_OK;
    return sp_fail(err, SP_INVALID, "--sefd needs --ms, or --nant (two or more) or --nbl");
}

static enum sp_rc read_quantity(const char *option,
                                const char *text,
                                enum quantity_kind kind,
                                double *out,
                                struct sp_err *err)
{
    if (!text)
        return sp_fail(err, SP_INVALID, "--sefd needs %s", option);
    if (quantity_parse(sp_str_of(text), kind, NULL, out, err))
        return sp_err_wrap(err, "%s", option);
    if (!(*out > 0))
        return sp_fail(err, SP_INVALID, "%s %s is not above 0", option, text);
    return SP_OK;
}

/* N_bl t B of the options. */
static enum sp_rc count_exposure(const struct expect_wish *wish, double *out, struct sp_err *err)
{
    double baselines = 0;
    double time = 0;
    double bandwidth = 0;

    enum sp_rc rc = count_baselines(wish, &baselines, err);
    rc = rc ? rc : read_quantity("--time", wish->time, QUANTITY_TIME, &time, err);
    rc = rc ? rc
            : read_quantity("--bandwidth", wish->bandwidth, QUANTITY_FREQUENCY, &bandwidth, err);
    *out = baselines * time * bandwidth;
    return rc;
}

enum sp_rc expect_natural(const struct expect_wish *wish,
                          double exposure,
                          double *out,
                          struct sp_err *err)
{
    if (!isnan(wish->noise) || isnan(wish->sefd)) {
        *out = wish->noise;
        return SP_OK;
    }
    if (!(wish->sefd > 0))
        return sp_fail(err, SP_INVALID, "--sefd %g is not above 0", wish->sefd);
    if (wish->receptors < 1 || wish->receptors > 2)
        return sp_fail(err, SP_INVALID, "--npol is 1 or 2");
    if (wish->antennas > 0 || wish->baselines > 0 || !(exposure > 0)) {
        enum sp_rc rc = count_exposure(wish, &exposure, err);
        if (rc)
            return rc;
    }
    *out = wish->sefd / sqrt(2 * (double)wish->receptors * exposure);
    return SP_OK;
}
