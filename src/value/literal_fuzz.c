/* SPDX-License-Identifier: BSD-3-Clause */
/* literal_fuzz.c - fuzz target; also fed the saved corpus by the test suite.
 * What was read is written by repr() and reads back as the same value. */
#include "value/text.h"

#include <math.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

/* inf comes from 1e999, but its repr is no literal; bytes that are not UTF-8 do not survive. */
static bool survives(struct sp_str repr)
{
    static const char *const lossy[] = { "inf", "\\udc" };

    for (size_t i = 0; i < SP_COUNT(lossy); i++)
        if (sp_str_find_str(repr, sp_str_of(lossy[i])) != SIZE_MAX)
            return false;
    return true;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf repr = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf again = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_int(42);
    enum sp_rc rc =
        sp_value_parse_literal(arena, (struct sp_str){ (const char *)data, size }, &value, &err);

    require(rc == err.code);
    if (rc) {
        require(err.text[0] && value.kind == SP_INT && value.integer == 42);
        return 0;
    }
    sp_value_repr(value, &repr);
    if (!survives(sp_buf_str(&repr)))
        return 0;
    require(sp_value_parse_literal(arena, sp_buf_str(&repr), &value, &err) == SP_OK);
    sp_value_repr(value, &again);
    require(sp_str_eq(sp_buf_str(&repr), sp_buf_str(&again)));
    return 0;
}
