/* SPDX-License-Identifier: BSD-3-Clause */
/* quantity_fuzz.c - fuzz target; also fed the saved corpus by the test suite. */
#include "sky/quantity.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sp_str text = { (const char *)data, size };
    struct sp_err err = SP_ERR_INIT;
    double value = 42;
    double ra = 42;
    double dec = 42;

    for (int kind = QUANTITY_FREQUENCY; kind <= QUANTITY_LENGTH; kind++) {
        enum sp_rc rc = quantity_parse(text, (enum quantity_kind)kind, NULL, &value, &err);
        require(rc == SP_OK ? isfinite(value) : value == 42 && err.code == rc && err.text[0]);
        value = 42;
    }
    enum sp_rc rc = direction_parse(text, &ra, &dec, &err);
    require(rc == SP_OK ? ra >= 0 && ra < 2 * M_PI && fabs(dec) <= M_PI / 2
                        : ra == 42 && dec == 42 && err.text[0]);
    return 0;
}
