/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "base/tap.h"

static const char *const known[] = { "telescope", "direction", "synthesis", "dtime",
                                     "nchan",     "freq0",     "ms",        "column" };

static void test_suggestions(void)
{
    static const struct {
        const char *wanted, *best; /* NULL: nothing near enough */
    } cases[] = {
        { "telescop", "telescope" },
        { "Telescope", "telescope" },
        { "driection", "direction" },
        { "nchans", "nchan" },
        { "freq1", "freq0" },
        { "sm", "ms" },
        { "colum", "column" },
        { "xyzzy", NULL },
        { "q", NULL },
        { "", NULL },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_nearest nearest = SP_NEAREST(sp_str_of(cases[i].wanted));
        for (size_t k = 0; k < SP_COUNT(known); k++)
            sp_nearest_offer(&nearest, sp_str_of(known[k]));
        bool passed = cases[i].best ? sp_str_is(nearest.best, cases[i].best) : !nearest.best.ptr;
        if (!tap_ok(passed, "'%s' is near %s", cases[i].wanted,
                    cases[i].best ? cases[i].best : "nothing"))
            printf("# got '" SP_STR_FMT "'\n", SP_STR_ARG(nearest.best));
    }
}

static void test_distance(void)
{
    tap_ok(sp_name_distance(SP_STR("a-b"), SP_STR("a_b")) == 1, "'-' for '_' is half an edit");
    tap_ok(sp_name_distance(SP_STR("ab"), SP_STR("ba")) == 2, "a swap is one edit");
    tap_ok(sp_name_distance(SP_STR(""), SP_STR("abc")) == 6, "insertions");
    tap_ok(sp_name_distance(SP_STR("same"), SP_STR("same")) == 0, "equal names");
}

static void test_failures(void)
{
    static const struct {
        const char *best, *otherwise, *text;
    } cases[] = {
        { "colour", "there are two", "no 'x'; did you mean 'colour'?" },
        { "colour", NULL, "no 'x'; did you mean 'colour'?" },
        { NULL, "there are two", "no 'x'; there are two" },
        { NULL, NULL, "no 'x'" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_nearest nearest = SP_NEAREST(SP_STR("x"));
        struct sp_err err = SP_ERR_INIT;
        if (cases[i].best)
            nearest.best = sp_str_of(cases[i].best);
        enum sp_rc rc =
            sp_nearest_fail(&nearest, cases[i].otherwise, &err, SP_NOT_FOUND, "no '%s'", "x");
        if (!tap_ok(rc == SP_NOT_FOUND && err.code == rc && strcmp(err.text, cases[i].text) == 0,
                    "%s", cases[i].text))
            printf("# got %s\n", err.text);
    }
}

int main(void)
{
    test_suggestions();
    test_failures();
    test_distance();
    return tap_done();
}
