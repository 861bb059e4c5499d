/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/tap.h"

#include "recipe/command.h"

struct split_case {
    const char *text;
    const char *words[6]; /* NULL-terminated; first NULL and `fault` set: refused */
    const char *fault;
};

static const struct split_case splits[] = {
    { "", { NULL }, NULL },
    { "  \t\n ", { NULL }, NULL },
    { "a", { "a" }, NULL },
    { " a  b\tc\nd ", { "a", "b", "c", "d" }, NULL },
    { "'a b' \"c d\"", { "a b", "c d" }, NULL },
    { "a'b'\"c\"d", { "abcd" }, NULL },
    { "'' \"\" x", { "", "", "x" }, NULL },
    { "a\\ b \\'", { "a b", "'" }, NULL },
    { "'a\\b'", { "a\\b" }, NULL },
    { "\"a\\\"b\\\\c\\n\"", { "a\"b\\c\\n" }, NULL },
    { "\"\\$x\" $x `y` *", { "$x", "$x", "`y`", "*" }, NULL },
    { "a\\\nb", { "ab" }, NULL },
    { "# a", { "#", "a" }, NULL },
    { "taql update 'set A=1'", { "taql", "update", "set A=1" }, NULL },
    { "'a", { NULL }, "not closed" },
    { "a \"b' c", { NULL }, "not closed" },
    { "a\\", { NULL }, "escapes nothing" },
    { "\"a\\", { NULL }, "escapes nothing" },
};

static bool same_words(const struct sp_list *got, const char *const *want)
{
    size_t len = 0;

    for (; want[len]; len++)
        if (len >= got->len || !sp_str_is(got->items[len].text, want[len]))
            return false;
    return len == got->len;
}

static void check_split(const struct split_case *row)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    struct sp_err err = SP_ERR_INIT;
    struct sp_value words = sp_list_new(arena);
    enum sp_rc rc = sp_shell_split(arena, sp_str_of(row->text), words.list, &err);

    tap_ok(row->fault ? rc == SP_INVALID && strstr(err.text, row->fault) : rc == SP_OK,
           "split result of <%s>", row->text);
    tap_ok(same_words(words.list, row->words), "words of <%s>", row->text);
}

static const char *const quotes[][2] = {
    { "a", "a" },
    { "", "''" },
    { "a b", "'a b'" },
    { "a.b/c-d_e=f", "a.b/c-d_e=f" },
    { "it's", "'it'\"'\"'s'" },
    { "$x", "'$x'" },
    { "*", "'*'" },
    { "[1,2]", "'[1,2]'" },
    { "a\nb", "'a\nb'" },
    { "\xc3\xa9", "\xc3\xa9" },
    { "~", "'~'" },
    { "a;b", "'a;b'" },
};

static void check_quote(const char *word, const char *want)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value words = sp_list_new(arena);

    sp_shell_quote(sp_str_of(word), &out);
    tap_ok(strcmp(out.ptr, want) == 0, "quote <%s>: <%s>", word, out.ptr);
    tap_ok(sp_shell_split(arena, sp_buf_str(&out), words.list, &err) == SP_OK &&
               words.list->len == 1 && sp_str_is(words.list->items[0].text, word),
           "quoted <%s> splits into itself", word);
}

static const char *const joins[][2] = {
    { "", "" },
    { "''", "''" },
    { "'' ''", "'' ''" },
    { " a  'b' \"c d\"", "a b 'c d'" },
};

static void check_join(const char *words, const char *want)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
    struct sp_err err = SP_ERR_INIT;
    struct sp_value list = sp_list_new(arena);

    tap_ok(sp_shell_split(arena, sp_str_of(words), list.list, &err) == SP_OK, "split <%s>", words);
    sp_shell_join(list.list, &out);
    tap_ok(sp_str_is(sp_buf_str(&out), want), "joined: <" SP_STR_FMT ">, not <%s>",
           SP_STR_ARG(sp_buf_str(&out)), want);
}

int main(void)
{
    for (size_t i = 0; i < SP_COUNT(splits); i++)
        check_split(&splits[i]);
    for (size_t i = 0; i < SP_COUNT(joins); i++)
        check_join(joins[i][0], joins[i][1]);
    for (size_t i = 0; i < SP_COUNT(quotes); i++)
        check_quote(quotes[i][0], quotes[i][1]);
    return tap_done();
}
