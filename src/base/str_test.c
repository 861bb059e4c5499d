/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/str.h"

#include "base/tap.h"

static void test_match(void)
{
    static const struct {
        const char *pattern, *text;
        bool matches;
    } cases[] = {
        { "", "", true },
        { "", "a", false },
        { "*", "", true },
        { "*", "anything", true },
        { "?", "", false },
        { "?", "a", true },
        { "a*b", "ab", true },
        { "a*b", "axxb", true },
        { "a*b", "axxbc", false },
        { "*.ms", ".ms", true },
        { "*a*a*", "aa", true },
        { "*a*a*", "a", false },
        { "[abc]x", "bx", true },
        { "[!abc]x", "bx", false },
        { "[^abc]x", "dx", true },
        { "[a-c]", "b", true },
        { "[a-c]", "d", false },
        { "[]]", "]", true },
        { "[", "[", true },
        { "[a", "[a", true },
        { "a[0-9]*", "a1bc", true },
        { "image-*", "image-10", true },
        { "**", "x", true },
        { "a**b", "ab", true },
        { "*****************b", "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", false },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++)
        tap_ok(sp_str_match(sp_str_of(cases[i].pattern), sp_str_of(cases[i].text)) ==
                   cases[i].matches,
               "'%s' %s '%s'", cases[i].pattern, cases[i].matches ? "matches" : "does not match",
               cases[i].text);
}

static void test_numbers(void)
{
    static const struct {
        const char *text;
        bool is_int, is_float;
        int64_t integer;
        double real;
    } cases[] = {
        { "0", true, true, 0, 0 },
        { "-12", true, true, -12, -12 },
        { "9223372036854775807", true, true, INT64_MAX, 9223372036854775807.0 },
        { "9223372036854775808", false, true, 0, 9223372036854775808.0 },
        { "1.5", false, true, 0, 1.5 },
        { "1e3", false, true, 0, 1000 },
        { "", false, false, 0, 0 },
        { " 1", false, false, 0, 0 },
        { "1 ", false, false, 0, 0 },
        { "0x10", false, false, 0, 0 },
        { "1,5", false, false, 0, 0 },
        { "abc", false, false, 0, 0 },
        { "-", false, false, 0, 0 },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        int64_t integer = 0;
        double real = 0;
        bool is_int = sp_str_int(sp_str_of(cases[i].text), &integer);
        bool is_float = sp_str_float(sp_str_of(cases[i].text), &real);
        tap_ok(is_int == cases[i].is_int && is_float == cases[i].is_float &&
                   integer == cases[i].integer && real >= cases[i].real && real <= cases[i].real,
               "number '%s'", cases[i].text);
    }
    int64_t integer;
    tap_ok(!sp_str_int((struct sp_str){ "1\0002", 3 }, &integer), "a NUL inside is no number");
}

static void test_parts(void)
{
    struct sp_str rest = SP_STR("a,,b");

    tap_ok(sp_str_is(sp_str_cut(&rest, ','), "a"), "cut: first");
    tap_ok(sp_str_is(sp_str_cut(&rest, ','), ""), "cut: empty part");
    tap_ok(sp_str_is(sp_str_cut(&rest, ','), "b") && !rest.ptr, "cut: last part ends the loop");
    tap_ok(sp_str_is(sp_str_trim(SP_STR(" \t a b \r\n")), "a b"), "trim");
    tap_ok(sp_str_trim(SP_STR("  ")).len == 0, "trim of blanks is empty");
    tap_ok(sp_str_is(sp_str_slice(SP_STR("abc"), 1, 99), "bc"), "slice clamps its end");
    tap_ok(sp_str_slice(SP_STR("abc"), 5, 9).len == 0, "slice clamps its start");
    tap_ok(sp_str_find(SP_STR("abca"), 'a') == 0 && sp_str_rfind(SP_STR("abca"), 'a') == 3 &&
               sp_str_find(SP_STR("abc"), 'x') == SIZE_MAX,
           "find and rfind");
    tap_ok(sp_str_find_str(SP_STR("hello"), SP_STR("llo")) == 2 &&
               sp_str_find_str(SP_STR("hello"), SP_STR("lx")) == SIZE_MAX,
           "find a text");
    tap_ok(sp_str_cmp(SP_STR("a"), SP_STR("ab")) < 0 && sp_str_cmp(SP_STR("b"), SP_STR("ab")) > 0,
           "order");
    tap_ok(sp_str_starts(SP_STR("abc"), "ab") && sp_str_ends(SP_STR("abc"), "bc") &&
               !sp_str_ends(SP_STR("c"), "bc"),
           "starts and ends");
}

int main(void)
{
    test_match();
    test_numbers();
    test_parts();
    return tap_done();
}
