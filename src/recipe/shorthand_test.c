/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "recipe/schema.h"

#define NONE "(none)"

/* The table of the specification, 2.2, and its edges. dtype NULL: refused. */
static const struct {
    const char *text, *dtype, *value, *info;
    bool required;
} cases[] = {
    { "int = 5", "int", "5", "", false },
    { "int=5", "int", "5", "", false },
    { "str = foo \"help\"", "str", "foo", "help", false },
    { "str = \"foo\"", "str", "", "foo", false },
    { "str = \"foo\" \"help\"", "str", "foo", "help", false },
    { "str = 'foo'", "str", "foo", "", false },
    { "str * \"help\"", "str", NONE, "help", true },
    { "bool *", "bool", NONE, "", true },
    { "bool*", "bool", NONE, "", true },
    { "str = \"foo\" * \"help\"", "str", "\"foo\" *", "help", false },
    { "List[int] = [1, 2]", "List[int]", "[1, 2]", "", false },
    { "str = =recipe.x", "str", "=recipe.x", "", false },
    { "str = x=y", "str", "x=y", "", false },
    { "  str  ", "str", NONE, "", false },
    { "str =", "str", "", "", false },
    { "str \"\"", "str", NONE, "", false },
    { "str = ''", "str", "", "", false },
    { "str = '", "str", "'", "", false },
    { "str = 'a\"", "str", "'a\"", "", false },
    { "Union[str, int] \"a = b\"", "Union[str, int]", NONE, "a = b", false },
    { "\"help\"", NULL, NULL, NULL, false },
    { "", NULL, NULL, NULL, false },
    { " \t", NULL, NULL, NULL, false },
    { "*", NULL, NULL, NULL, false },
    { "= 5", NULL, NULL, NULL, false },
    { "\"", "\"", NONE, "", false },
};

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_shorthand got = { .required = true, .has_default = true };
        bool ok = sp_shorthand_parse(sp_str_of(cases[i].text), &got);
        if (!cases[i].dtype) {
            tap_ok(!ok && got.required, "<%s> is refused, output untouched", cases[i].text);
            continue;
        }
        bool has_default = strcmp(cases[i].value, NONE) != 0;
        tap_ok(ok && sp_str_is(got.dtype, cases[i].dtype), "<%s>: dtype", cases[i].text);
        tap_ok(got.has_default == has_default &&
                   (!has_default || sp_str_is(got.default_text, cases[i].value)),
               "<%s>: default", cases[i].text);
        tap_ok(sp_str_is(got.info, cases[i].info) && got.required == cases[i].required,
               "<%s>: help and required", cases[i].text);
    }
    return tap_done();
}
