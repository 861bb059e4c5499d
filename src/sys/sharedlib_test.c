/* SPDX-License-Identifier: BSD-3-Clause */
#include "sys/sharedlib.h"

#include "base/tap.h"

#include <math.h>

#define CALLS(X) X(floor) X(hypot)
static const char *const names[] = { CALLS(SP_SHAREDLIB_NAME) NULL };

struct calls {
    CALLS(SP_SHAREDLIB_MEMBER)
};

static void test_load(void)
{
    struct calls lib = { 0 };
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_sharedlib_load("libm.so.6", names, &lib, &err) == SP_OK, "a library");
    tap_ok(lib.floor(2.5) == 2 && lib.hypot(3, 4) == 5, "its functions can be called");
    tap_ok(sp_sharedlib_load("no such.so", names, &lib, &err) == SP_OK,
           "only the first time counts");
}

static void test_refusals(void)
{
    static const char *const strange[] = { "floor", "sp_cube_root", NULL };
    struct calls lib = { 0 };
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_sharedlib_load("libnone.so.9", names, &lib, &err) == SP_NOT_FOUND, "no such library");
    tap_ok(strstr(err.text, "libnone.so.9") != NULL, "is named: %s", err.text);
    tap_ok(sp_sharedlib_load("libm.so.6", strange, &lib, &err) == SP_NOT_FOUND, "no such function");
    tap_ok(strstr(err.text, "sp_cube_root") != NULL, "is named: %s", err.text);
    tap_ok(!lib.floor, "and the library does not count as loaded");
}

int main(void)
{
    test_load();
    test_refusals();
    return tap_done();
}
