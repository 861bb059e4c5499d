/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "value/text.h"

static const struct {
    const char *text;
    const char *want; /* repr of the result; NULL: refused */
} cases[] = {
    { "1", "1" },
    { " 1 ", "1" },
    { "-1", "-1" },
    { "--1", "1" },
    { "+1", "1" },
    { "- 1", "-1" },
    { "0", "0" },
    { "00", "0" },
    { "01", NULL },
    { "0x1F", "31" },
    { "0X1f", "31" },
    { "0b101", "5" },
    { "0o17", "15" },
    { "0x", NULL },
    { "0b2", NULL },
    { "1_000", "1000" },
    { "1__0", NULL },
    { "_1", NULL },
    { "1_", NULL },
    { "9223372036854775807", "9223372036854775807" },
    { "9223372036854775808", NULL },
    { "-9223372036854775808", "-9223372036854775808" },
    { "-9223372036854775809", NULL },
    { "1.5", "1.5" },
    { ".5", "0.5" },
    { "5.", "5.0" },
    { "1e3", "1000.0" },
    { "1e-7", "1e-07" },
    { "1e999", "inf" },
    { "1e", NULL },
    { "1.2.3", NULL },
    { "1j", NULL },
    { "0x1p3", NULL },
    { "True", "True" },
    { "False", "False" },
    { "None", "None" },
    { "true", NULL },
    { "Nonesuch", NULL },
    { "foo", NULL },
    { "", NULL },
    { " ", NULL },
    { "'a'", "'a'" },
    { "\"a\"", "'a'" },
    { "'it\\'s'", "\"it's\"" },
    { "'a' 'b'", "'ab'" },
    { "'''a\nb'''", "'a\\nb'" },
    { "'a\nb'", NULL },
    { "'abc", NULL },
    { "'''abc'", NULL },
    { "'\\n\\t\\\\'", "'\\n\\t\\\\'" },
    { "'\\x41\\u00e9\\U0001F600'", "'A\xC3\xA9\xF0\x9F\x98\x80'" },
    { "'\\101'", "'A'" },
    { "'\\q'", "'\\\\q'" },
    { "'\\x4'", NULL },
    { "'\\U00110000'", NULL },
    { "r'\\n'", "'\\\\n'" },
    { "u'x'", "'x'" },
    { "b'x'", NULL },
    { "''", "''" },
    { "[]", "[]" },
    { "[1,2]", "[1, 2]" },
    { "[1, 2,]", "[1, 2]" },
    { "[1 2]", NULL },
    { "[,]", NULL },
    { "[1", NULL },
    { "[1]]", NULL },
    { "()", "()" },
    { "(1)", "1" },
    { "(1,)", "(1,)" },
    { "(1, 2)", "(1, 2)" },
    { "1,2", "(1, 2)" },
    { "1,", "(1,)" },
    { "1,,2", NULL },
    { ",", NULL },
    { "{}", "{}" },
    { "{'a': 1}", "{'a': 1}" },
    { "{1: 'x', None: 'y'}", "{'1': 'x', 'None': 'y'}" },
    { "{'a': 1, 'a': 2}", "{'a': 2}" },
    { "{'a'}", "['a']" },
    { "{1, 2}", "[1, 2]" },
    { "{1, 2: 3}", NULL },
    { "{1: 2, 3}", NULL },
    { "{[1]: 2}", NULL },
    { "{'a' 1}", NULL },
    { "[\n  1,\n  {'b': (2, 3)}\n]", "[1, {'b': (2, 3)}]" },
    { "['a', None, True]", "['a', None, True]" },
};

static void check_deep(struct sp_arena *arena)
{
    char text[401];
    struct sp_value value;
    struct sp_err err = SP_ERR_INIT;

    memset(text, '[', 200);
    memset(text + 200, ']', 200);
    tap_ok(sp_value_parse_literal(arena, (struct sp_str){ text, 400 }, &value, &err) != SP_OK &&
               strstr(err.text, "nested"),
           "too deep");
    tap_ok(sp_value_parse_literal(arena, (struct sp_str){ text + 101, 198 }, &value, &err) == SP_OK,
           "deep");
}

int main(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_value value = sp_int(77);
        struct sp_err err = SP_ERR_INIT;
        enum sp_rc rc = sp_value_parse_literal(arena, sp_str_of(cases[i].text), &value, &err);
        sp_value_repr(value, &got);
        bool same = cases[i].want ? rc == SP_OK && sp_str_is(sp_buf_str(&got), cases[i].want)
                                  : rc == SP_INVALID && err.text[0] && value.integer == 77;
        if (!tap_ok(same, "literal %s", cases[i].text))
            printf("# want %s, got %s %s\n", cases[i].want ? cases[i].want : "refusal", got.ptr,
                   err.text);
    }
    check_deep(arena);
    return tap_done();
}
