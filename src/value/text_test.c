/* SPDX-License-Identifier: BSD-3-Clause */
/* text_test.c DIR - the tables in tests/values, which Python wrote (generate.py there), and what
 * Python has no table for. */
#include "value/text.h"

#include "base/tap.h"

#include "value/utf8.h"

#include <math.h>

/* One line of a table, cut at its tabs. */
struct row {
    struct sp_str cells[3];
};

static const char *hex_text(struct sp_str hex, struct sp_buf *out)
{
    for (size_t i = 0; i + 1 < hex.len; i += 2) {
        char pair[3] = { hex.ptr[i], hex.ptr[i + 1], '\0' };
        sp_buf_addc(out, (char)strtol(pair, NULL, 16));
    }
    return out->ptr;
}

static void check_float(struct sp_arena *arena, const struct row *row)
{
    const char *hex = sp_arena_cstr(arena, row->cells[0]);
    double number = strtod(hex, NULL);
    struct sp_str got = sp_value_text(arena, sp_float(number));

    if (!tap_ok(sp_str_eq(got, row->cells[1]), "float %s", hex))
        printf("# want " SP_STR_FMT ", got " SP_STR_FMT "\n", SP_STR_ARG(row->cells[1]),
               SP_STR_ARG(got));
}

static void check_text(struct sp_arena *arena, const struct row *row)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    (void)arena;
    (void)hex_text(row->cells[0], &text);
    sp_value_repr(sp_text(sp_buf_str(&text)), &got);
    if (!tap_ok(sp_str_eq(sp_buf_str(&got), row->cells[1]), "repr of " SP_STR_FMT,
                SP_STR_ARG(row->cells[0])))
        printf("# want " SP_STR_FMT ", got %s\n", SP_STR_ARG(row->cells[1]), got.ptr);
}

static struct sp_value literal(struct sp_arena *arena, struct sp_str text)
{
    struct sp_value value = sp_null();
    struct sp_err err = SP_ERR_INIT;
    double real;

    if (sp_value_parse_literal(arena, text, &value, &err) && sp_str_float(text, &real))
        value = sp_float(real); /* inf and nan are no literals */
    return value;
}

static void check_format(struct sp_arena *arena, const struct row *row)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value value = literal(arena, row->cells[0]);
    struct sp_str want = row->cells[2];
    enum sp_rc rc = sp_value_format(value, row->cells[1], &got, &err);

    bool refused = sp_str_is(want, "!");
    bool same = refused ? rc && err.text[0] && got.len == 0
                        : !rc && sp_str_eq(sp_str_slice(want, 1, want.len), sp_buf_str(&got));
    if (!tap_ok(same, "format(" SP_STR_FMT ", '" SP_STR_FMT "')", SP_STR_ARG(row->cells[0]),
                SP_STR_ARG(row->cells[1])))
        printf("# want " SP_STR_FMT ", got %s%s\n", SP_STR_ARG(want), got.ptr, err.text);
}

static void each_row(const char *folder,
                     const char *name,
                     void (*check)(struct sp_arena *arena, const struct row *row))
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf path = SP_BUF(SP_BUF_SMALL);
    sp_auto_free char *line = NULL;
    size_t room = 0;

    sp_buf_addf(&path, "%s/%s", folder, name);
    FILE *file = fopen(path.ptr, "re");
    if (!tap_ok(file != NULL, "open %s", name))
        return;
    for (ssize_t len; (len = getline(&line, &room, file)) > 0;) {
        struct sp_str rest = { line, (size_t)len - (line[len - 1] == '\n') };
        struct row row = { 0 };
        for (size_t i = 0; i < SP_COUNT(row.cells) && rest.ptr; i++)
            row.cells[i] = sp_str_cut(&rest, '\t');
        check(arena, &row);
    }
    (void)fclose(file);
}

static void check_repr(void)
{
    static const struct {
        const char *literal;
        const char *want; /* NULL: the same */
    } cases[] = {
        { "None", NULL },
        { "True", NULL },
        { "[]", NULL },
        { "[1, 'a', 2.5]", NULL },
        { "(1,)", NULL },
        { "()", NULL },
        { "(1, 2)", NULL },
        { "{'a': 1, 'b': [None, False]}", NULL },
        { "{}", NULL },
        { "[[1, 2], [3]]", NULL },
        { "-9223372036854775808", NULL },
        { "\"it's\"", NULL },
        { "{'k': 'v'}", NULL },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        sp_value_repr(literal(arena, sp_str_of(cases[i].literal)), &got);
        const char *want = cases[i].want ? cases[i].want : cases[i].literal;
        if (!tap_ok(sp_str_is(sp_buf_str(&got), want), "repr %s", want))
            printf("# got %s\n", got.ptr);
    }
}

static void check_str(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_value path = { .kind = SP_PATH, .text = SP_STR("a/b.ms") };

    tap_ok(sp_str_is(sp_value_text(arena, sp_text(SP_STR("it's"))), "it's"), "str of a text");
    tap_ok(sp_str_is(sp_value_text(arena, path), "a/b.ms"), "str of a path");
    tap_ok(sp_str_is(sp_value_text(arena, sp_unset()), "UNSET"), "str of UNSET");
    tap_ok(sp_str_is(sp_value_text(arena, sp_no_value(arena, SP_MISSING, "no %s", "x")), "no x"),
           "str of a missing value is its reason");
}

static void check_brief(void)
{
    static const struct {
        const char *literal;
        size_t max;
        const char *want;
    } cases[] = {
        { "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]", 80, "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]" },
        { "[1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]", 80, "[1, 2, ..., 11]" },
        { "'abcdefghij'", 10, "abcdefghij" },
        { "'abcdefghijk'", 10, "abc...hijk" },
        { "'abcdefghijk'", 5, "a...k" },
        { "'ééééééé'", 10, "é...éé" },
        { "''", 5, "" },
    };
    sp_auto_arena struct sp_arena *arena = sp_arena_new();

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        sp_value_brief(literal(arena, sp_str_of(cases[i].literal)), cases[i].max, &got);
        if (!tap_ok(sp_str_is(sp_buf_str(&got), cases[i].want), "brief %s", cases[i].literal))
            printf("# want %s, got %s\n", cases[i].want, got.ptr);
    }
}

static void check_utf8(void)
{
    static const struct {
        const char *text;
        size_t count;
        size_t offset_of_2;
    } cases[] = {
        { "", 0, 0 },
        { "ab", 2, 2 },
        { "a\xC3\xA9z", 3, 3 },
        { "\xE6\x97\xA5\xE6\x9C\xAC", 2, 6 },
        { "\xF0\x9F\x98\x80x", 2, 5 },
        { "\xFFz", 2, 2 },
        { "\xC3", 1, 1 },
        { "\xC0\x80", 2, 2 },
        { "\xED\xA0\x80", 3, 2 },
        { "\xF4\x90\x80\x80", 4, 2 },
        { "\xE6\x97", 2, 2 },
        { "\xF8\x88\x80\x80", 4, 2 },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_str text = sp_str_of(cases[i].text);
        tap_ok(sp_utf8_count(text) == cases[i].count &&
                   sp_utf8_offset(text, 2) == cases[i].offset_of_2,
               "characters, case %zu", i);
    }
}

static void check_limits(void)
{
    static const char *const specs[] = { "5000", ".5000f", "99999999999999999999" };

    for (size_t i = 0; i < SP_COUNT(specs); i++) {
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        struct sp_err err = SP_ERR_INIT;
        tap_ok(sp_value_format(sp_int(1), sp_str_of(specs[i]), &got, &err) == SP_LIMIT,
               "width or precision out of reason: %s", specs[i]);
    }
}

int main(int argc, char **argv)
{
    const char *folder = argc > 1 ? argv[1] : "tests/values";

    each_row(folder, "float.txt", check_float);
    each_row(folder, "text.txt", check_text);
    each_row(folder, "format.txt", check_format);
    check_repr();
    check_str();
    check_brief();
    check_utf8();
    check_limits();
    return tap_done();
}
