/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/json.h"

#include "base/tap.h"

#include <math.h>

static const struct {
    const char *text;
    const char *want; /* compact form of the result; NULL: refused */
} cases[] = {
    { "null", "null" },
    { "true", "true" },
    { "1", "1" },
    { "9007199254740993", "9007199254740993" },
    { "-9223372036854775808", "-9223372036854775808" },
    { "9223372036854775808", NULL },
    { "0.1", "0.1" },
    { "1.0", "1.0" },
    { "-0.0", "-0.0" },
    { "1e3", "1000.0" },
    { "1e22", "1e+22" },
    { "1e999", NULL },
    { "\"a\\u00e9\\n\\\"\\\\\"", "\"a\xC3\xA9\\n\\\"\\\\\"" },
    { "\"\\u0000x\"", "\"\\u0000x\"" },
    { "\"\\u001b\"", "\"\\u001b\"" },
    { "[]", "[]" },
    { "{}", "{}" },
    { "[1,[2,{\"b\":3,\"a\":4}]]", "[1, [2, {\"b\": 3, \"a\": 4}]]" },
    { "{\"z\": 1, \"a\": 2, \"m\": {\"y\": null}}", "{\"z\": 1, \"a\": 2, \"m\": {\"y\": null}}" },
    { "{\"a\": 1, \"a\": 2}", NULL },
    { "", NULL },
    { "[1", NULL },
    { "[1] x", NULL },
    { "[1,]", NULL },
    { "NaN", NULL },
    { "'a'", NULL },
    { "\"\xFF\"", NULL },
};

static void check_decode(struct sp_arena *arena)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_value value = sp_int(77);
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_json_decode(arena, sp_str_of(cases[i].text), &value, &err);
        sp_json_encode(value, SP_JSON_COMPACT, &got);
        bool same = cases[i].want
                        ? rc == SP_OK && sp_str_is(sp_buf_str(&got), cases[i].want)
                        : rc == SP_INVALID && strstr(err.text, "line") && value.integer == 77;
        if (!tap_ok(same, "json %s", cases[i].text))
            printf("# got %s %s\n", got.ptr, err.text);
    }
}

static void check_encode(struct sp_arena *arena)
{
    struct sp_value list = sp_list_new(arena);
    struct sp_value odd[] = {
        sp_float((double)NAN),
        sp_float((double)-INFINITY),
        { .kind = SP_PATH, .text = SP_STR("a/b") },
        sp_text(SP_STR("\xFFx")),
        sp_unset(),
        sp_no_value(arena, SP_ERROR, "bad"),
        { .kind = SP_TUPLE, .list = sp_list_new(arena).list },
    };
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    for (size_t i = 0; i < SP_COUNT(odd); i++)
        sp_list_add(arena, list.list, odd[i]);
    sp_json_encode(list, SP_JSON_COMPACT, &got);
    tap_ok(sp_str_is(sp_buf_str(&got),
                     "[\"nan\", \"-inf\", \"a/b\", \"\xEF\xBF\xBDx\", null, null, []]"),
           "what JSON cannot hold: %s", got.ptr);
}

static void check_pretty(struct sp_arena *arena)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    struct sp_value value;
    struct sp_err err = SP_ERR_INIT;

    tap_ok(sp_json_decode(arena, SP_STR("{\"a\": [1, {}], \"b\": []}"), &value, &err) == SP_OK,
           "decode");
    sp_json_encode(value, SP_JSON_PRETTY, &got);
    tap_ok(sp_str_is(sp_buf_str(&got), "{\n  \"a\": [\n    1,\n    {}\n  ],\n  \"b\": []\n}"),
           "pretty");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    check_decode(arena);
    check_encode(arena);
    check_pretty(arena);
    return tap_done();
}
