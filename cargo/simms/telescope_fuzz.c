/* SPDX-License-Identifier: BSD-3-Clause */
/* telescope_fuzz.c - fuzz target; also fed the saved corpus by the test suite. The first byte
 * picks the coordinate system. */
#include "simms/telescope.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_antenna(const struct ms_antenna *antenna)
{
    const double *p = antenna->position;
    double radius = sqrt(p[0] * p[0] + p[1] * p[1] + p[2] * p[2]);

    require(antenna->name[0] && strnlen(antenna->name, MS_NAME_MAX) < MS_NAME_MAX);
    require(strnlen(antenna->mount, MS_NAME_MAX) < MS_NAME_MAX);
    require(radius >= 6.3e6 && radius <= 6.5e6);
    require(antenna->diameter > 0 && isfinite(antenna->diameter));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct telescope got = { .nantenna = -1 };

    if (size == 0)
        return 0;
    struct antenna_format format = {
        .coords = (enum coord_sys)(data[0] % 3),
        .origin = { 0.37, -0.53, 1050 },
        .diameter = 12,
    };
    struct sp_str text = { (const char *)data + 1, size - 1 };
    enum sp_rc rc = telescope_parse(arena, "f", text, &format, &got, &err);
    require(rc ? got.nantenna == -1 && err.text[0] : got.nantenna > 0);
    for (int i = 0; i < got.nantenna; i++)
        check_antenna(&got.antennas[i]);
    return 0;
}
