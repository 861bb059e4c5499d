/* SPDX-License-Identifier: BSD-3-Clause */
/* json_fuzz.c - fuzz target; also fed the saved corpus by the test suite.
 * What was read is written in both styles and reads back as the same value. */
#include "value/json.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void require(bool holds)
{
    if (!holds)
        abort();
}

static void check_style(struct sp_arena *arena, struct sp_value value, enum sp_json_style style)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value again;

    sp_json_encode(value, style, &text);
    require(sp_json_decode(arena, sp_buf_str(&text), &again, &err) == SP_OK);
    require(sp_value_eq(value, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = sp_int(42);
    enum sp_rc rc =
        sp_json_decode(arena, (struct sp_str){ (const char *)data, size }, &value, &err);

    require(rc == err.code);
    if (rc) {
        require(err.text[0] && value.kind == SP_INT && value.integer == 42);
        return 0;
    }
    check_style(arena, value, SP_JSON_COMPACT);
    check_style(arena, value, SP_JSON_PRETTY);
    return 0;
}
