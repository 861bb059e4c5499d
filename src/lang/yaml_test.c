/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/yaml.h"

#include "base/tap.h"

#include "value/text.h"

struct bench {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
    struct sp_err err;
};

static void open_bench(struct bench *bench)
{
    *bench = (struct bench){ .arena = sp_arena_new(), .origins = sp_origins_new() };
    bench->err = SP_ERR_INIT;
    sp_diags_init(&bench->diags, bench->arena, bench->origins);
}

static void close_bench(struct bench *bench)
{
    sp_diags_fini(&bench->diags);
    sp_origins_free(bench->origins);
    sp_arena_free(bench->arena);
}

static enum sp_rc parse(struct bench *bench, struct sp_str text, struct sp_value *out)
{
    return sp_yaml_parse(bench->arena, bench->origins, SP_STR("f.yml"), text, SP_YAML_CONFIG,
                         &bench->diags, out, &bench->err);
}

/* --- values -------------------------------------------------------------------------------- */

static const struct {
    const char *text, *want;
} values[] = {
    { "", "{}" },
    { "# nothing\n", "{}" },
    { "---\n", "{}" },
    { "null\n", "{}" },
    { "#!/usr/bin/env -S stimela run\na: 1\n", "{'a': 1}" },
    { "\xEF\xBB\xBF"
      "a: 1\n",
      "{'a': 1}" },
    { "[1, x]\n", "[1, 'x']" },
    { "12\n", "12" },
    { "foo\n", "'foo'" },
    { "a: 1\r\nb: 2\r\n", "{'a': 1, 'b': 2}" },
    { "z: 1\na: 2\nm: 3\n", "{'z': 1, 'a': 2, 'm': 3}" },
    /* keys */
    { "3: a\ntrue: b\n0x10: c\n1.50: d\n", "{'3': 'a', 'True': 'b', '16': 'c', '1.50': 'd'}" },
    { "'3': a\n\"x y\": b\n? k\n: c\n", "{'3': 'a', 'x y': 'b', 'k': 'c'}" },
    { "=: a\n'<<': b\n", "{'=': 'a', '<<': 'b'}" },
    /* quoting decides what a text is */
    { "a: '12'\nb: \"yes\"\nc: !!str 12\nd: ! no\n",
      "{'a': '12', 'b': 'yes', 'c': '12', 'd': 'no'}" },
    { "a: !!float 3\nb: !!int '3'\nc: !!bool yes\nd: !!null ''\ne: !!seq []\nf: !!map {}\n",
      "{'a': 3.0, 'b': 3, 'c': True, 'd': None, 'e': [], 'f': {}}" },
    { "a:\nb: ~\nc: ''\n", "{'a': None, 'b': None, 'c': ''}" },
    /* blocks */
    { "a: |\n  x\n   y\n\n  z\n", "{'a': 'x\\n y\\n\\nz\\n'}" },
    { "a: |-\n  x\n", "{'a': 'x'}" },
    { "a:\n  - - |\n     x\n  - k: |\n\n     y\n    l: |2\n        z\n  - >\n   w\nb: 1\n",
      "{'a': [['x\\n'], {'k': '\\ny\\n', 'l': '  z\\n'}, 'w\\n'], 'b': 1}" },
    { "a: |\n", "{'a': ''}" }, /* libfyaml 0.7.12: a NUL */
    { "a:\n  - >-", "{'a': ['']}" },
    { "b: [-, 1]\na: |\n", "{'b': ['-', 1], 'a': ''}" },
    { "a: |+\n  x\n\n", "{'a': 'x\\n\\n'}" },
    { "a: >\n  x\n  y\n\n  z\n", "{'a': 'x y\\nz\\n'}" },
    { "a: x\n  y\n", "{'a': 'x y'}" },
    { "a: 'it''s'\nb: \"t\\tx\\u00e9\"\n", "{'a': \"it's\", 'b': 't\\txé'}" },
    { "a: \"one \\\n   two\"\n", "{'a': 'one two'}" },
    { "a: \"C:\\\\\\\n   q\"\n", "{'a': 'C:\\\\q'}" }, /* libfyaml 0.7.12 loses the q */
    { "a: \"x\\\n\n  y\n\n  z  \n  w \\\n  \\ v\\x41\\L\"\n", "{'a': 'x\\ny\\nz w  vA\\u2028'}" },
    { "a: ''''''''''''''''''''''''''''''''''''''\n", "{'a': \"''''''''''''''''''\"}" }, /* leaked */
    { "a: 'x\n\n  y\n  z '\n", "{'a': 'x\\ny z '}" },
    /* between brackets, as PyYAML reads it */
    { "a: {prefix: -, b: -}\nc: [-, x, -]\n",
      "{'a': {'prefix': '-', 'b': '-'}, 'c': ['-', 'x', '-']}" },
    { "a: {-: 1, b: [x, -,\n -]}\n", "{'a': {'-': 1, 'b': ['x', '-', '-']}}" },
    { "a: 'x, -, y'\nb: \"[-, z]\"\nc: x, -, y\nd: x, -,\n  y\n",
      "{'a': 'x, -, y', 'b': '[-, z]', 'c': 'x, -, y', 'd': 'x, -, y'}" },
    { "a: |\n  {x: -, y}\nb: >\n  {x: -,\n  y}\n", "{'a': '{x: -, y}\\n', 'b': '{x: -, y}\\n'}" },
    { "a:\n  b: [\n    1,\n    2\n  ]\n  c: {\n    d: 1\n  }\n",
      "{'a': {'b': [1, 2], 'c': {'d': 1}}}" },
    { "a: [1,\n2\n, 3\n]\nb: {x: 1,\ny: 2\n}\n", "{'a': [1, 2, 3], 'b': {'x': 1, 'y': 2}}" },
    /* anchors, aliases, merge keys */
    { "a: &x [1]\nb: *x\n", "{'a': [1], 'b': [1]}" },
    { "&k a: 1\nb: *k\n", "{'a': 1, 'b': 'a'}" },
    { "a: &k b\n*k : 1\n", "{'a': 'b', 'b': 1}" },
    { "a: &x 1\nb: &x 2\nc: *x\n", "{'a': 1, 'b': 2, 'c': 2}" },
    { "a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3, r: 4}\n",
      "{'a': {'p': 1, 'q': 2}, 'b': {'p': 1, 'q': 3, 'r': 4}}" },
    { "x: {q: 3, <<: {p: 1, q: 2}}\n", "{'x': {'p': 1, 'q': 3}}" },
    { "x: {<<: [{p: 1}, {p: 2, q: 2}]}\n", "{'x': {'p': 1, 'q': 2}}" },
    { "x:\n  <<: {p: 1}\n  <<: {p: 2}\n", "{'x': {'p': 2}}" },
    { "<<: {a: 1}\nb: 2\n", "{'a': 1, 'b': 2}" },
    { "a: {recipe.x}\n", "{'a': {'recipe.x': None}}" },
};

static void test_values(void)
{
    for (size_t i = 0; i < SP_COUNT(values); i++) {
        struct bench bench;
        struct sp_value value = sp_null();
        open_bench(&bench);
        enum sp_rc rc = parse(&bench, sp_str_of(values[i].text), &value);
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        sp_value_repr(value, &got);
        if (!tap_ok(rc == SP_OK && strcmp(got.ptr, values[i].want) == 0 && bench.diags.len == 0,
                    "value %zu: %s", i, values[i].want))
            printf("# got %s (%s)\n", got.ptr, bench.err.text);
        close_bench(&bench);
    }
}

/* --- faults -------------------------------------------------------------------------------- */

static const struct {
    const char *text;
    const char *want; /* "line:column+length text" */
    const char *hint; /* part of it, or NULL */
} faults[] = {
    { "a: [1, 2", "1:4+1 this bracket is not closed", "in quotes" },
    { "a:\n\tb: 1\n", "2:1+1 a tab is used as indentation", "blanks only" },
    { "a: 1\n\tb: 2\n", "2:1+1 a tab is used as indentation", "blanks only" },
    { "a:\n  b: |\n  c: 1\n", "3:3+1 the text block that begins on the line before has no lines",
      "indent its lines" },
    { "a:\n  - k: >-  # c\n    l: 1\n",
      "3:5+1 the text block that begins on the line before has no lines", "indent" },
    { "a:\n  - |\n  - b\n", "3:3+1 the text block that begins on the line before has no lines",
      "indent" },
    { "a:\n  b: 1\n\tc: 2\n", "3:1+1 a tab is used as indentation", "blanks only" },
    { "a: |\n\tx\n", "2:1+1 a tab is used as indentation", "blanks only" },
    { "a: b: c\n", "1:5+1 a second ': ' on the same line", "in quotes" },
    { "a: \"x\n", "1:4+1 this quoted text is not closed", NULL },
    { "a: 'x\n", "1:4+1 this quoted text is not closed", NULL },
    { "a: \"x\n b: 2\nc: 3\n", "1:4+1 this quoted text is not closed", NULL },
    { "a: \"ab\\q\"\n", "1:7+1 invalid escape 'q' in double-quoted string", "single quotes" },
    { "x: @bad\n", "1:4+1 plain scalar cannot start with '@'", "in quotes" },
    { "x: `bad\n", "1:4+1 plain scalar cannot start with '`'", "in quotes" },
    { "a: 1\n b: 2\n",
      "2:2+4 this line is indented deeper than the one before, which has a value already", NULL },
    { "key\nother: 1\n", "1:1+3 expected 'key: value'", "':' and a blank" },
    { "a: 1\nb\n", "2:1+1 expected 'key: value'", "':' and a blank" },
    { "a:\n  b: 1\n c: 2\n", "3:2+1 this indentation matches no section above", NULL },
    { "- a\nb: 1\n", "2:1+1 a list item is expected here, not a key", "'- '" },
    { "z: 1\n- a\n", "2:1+1 a key is expected here, not a list item", "'-'" },
    { "a: - b\n", "1:4+1 a list cannot begin on the line of its key", "next line" },
    { "a: {b: 1\nc: 2\n", "2:2+1 ',' or a closing bracket is missing", "in quotes" },
    { "x: {recipe.x}/foo\n", "1:14+4 there is more behind the closing bracket", "in quotes" },
    { "x: \"foo\" bar\n", "1:10+1 there is more behind the quoted text", "whole text" },
    { "x: [1,2]]\n", "1:9+1 there is no open bracket that this could close", NULL },
    { "a: [{b]\n", "1:7+1 this bracket closes another kind of bracket", NULL },
    { "x: *.ms\n", "1:4+4 no anchor '&.ms' stands before this alias", "in quotes" },
    { "x: &data 1\ny: *dta\n", "2:4+4 no anchor '&dta' stands before this alias",
      "did you mean 'data'?" },
    { "a: &a [*a]\n", "1:8+2 alias '*a' refers to the section that it stands in", NULL },
    { "a: &x [1]\n*x : 1\n", "2:1+2 this alias is no text and cannot be a key", NULL },
    { "x: !foo [1]\n", "1:9+1 unknown tag '!foo'", "in quotes" },
    { "x: !!int abc\n", "1:10+3 tag '!!int' does not fit here", NULL },
    { "x: !!seq {}\n", "1:10+1 tag '!!seq' does not fit here", NULL },
    { "a: 1\n---\nb: 2\n", "2:1+3 a second document begins here, but a file can have only one",
      NULL },
    { "a: 1\nb: 2\na: 3\n", "3:1+1 found duplicate key 'a'", "line 1" },
    { "3: x\n\"3\": y\n", "2:2+1 found duplicate key '3'", "line 1" },
    { "s:\n  x: 1\n  x: 1\n", "3:3+1 found duplicate key 'x'", "line 2" },
    { "é: 1\nü: {é: 1, é: 2}\n", "2:11+1 found duplicate key 'é'", "line 2" },
    { "q: <<\n", "1:4+2 '<<' alone is not a value", "in quotes" },
    { "q: =\n", "1:4+1 '=' alone is not a value", "in quotes" },
    { "a: {<<: 1}\n", "1:9+1 the value of '<<' must be a mapping or a list of mappings", NULL },
    { "a: {<<: [{}, 2]}\n", "1:14+1 the value of '<<' must be a mapping or a list of mappings",
      NULL },
    { "~: 1\n", "1:1+1 null cannot be a key", "in quotes" },
    { ": 1\n", "1:1+1 there is no key before this ':'", NULL },
    { "? [1, 2]\n: 3\n", "1:3+1 a list cannot be a key", "in quotes" },
    { "{a: b}: 1\n", "1:1+1 a mapping cannot be a key", "in quotes" },
    { "a: x\001y\n", "1:5+1 control character in the text", NULL },
    { "a: \xff\xfe\n", "1:4+1 the file is not UTF-8 text", NULL },
    { "a: \xed\xa0\x80\n", "1:4+3 the file is not UTF-8 text", NULL },
};

static struct sp_str place_and_text(struct bench *bench, const struct sp_diag *diag)
{
    struct sp_origin at = { 0 };

    (void)sp_origins_get(bench->origins, diag->origin, &at);
    return sp_arena_printf(bench->arena, "%u:%u+%u %s", at.line, at.column, at.length, diag->text);
}

static void test_faults(void)
{
    for (size_t i = 0; i < SP_COUNT(faults); i++) {
        struct bench bench;
        struct sp_value value = sp_int(42);
        open_bench(&bench);
        enum sp_rc rc = parse(&bench, sp_str_of(faults[i].text), &value);
        struct sp_str got =
            bench.diags.len ? place_and_text(&bench, &bench.diags.items[0]) : SP_STR("nothing");
        const char *hint = bench.diags.len ? bench.diags.items[0].hint : NULL;
        bool hinted = !faults[i].hint || (hint && strstr(hint, faults[i].hint));
        if (!tap_ok(rc == SP_INVALID && sp_str_is(got, faults[i].want) && hinted &&
                        value.kind == SP_INT && strncmp(bench.err.text, "f.yml:", 6) == 0,
                    "fault %zu: %s", i, faults[i].want))
            printf("# got " SP_STR_FMT ", hint %s, err %s\n", SP_STR_ARG(got), hint ? hint : "none",
                   bench.err.text);
        close_bench(&bench);
    }
}

/* --- places -------------------------------------------------------------------------------- */

static const char places_text[] = "a: 1\n"
                                  "list:\n"
                                  "  - x\n"
                                  "  - 'quoted {a}'\n"
                                  "é: {k: ü}\n"
                                  "lit: |\n"
                                  "\n"
                                  "  first\n"
                                  "   second {b}\n"
                                  "fold: >-\n"
                                  "    one\n"
                                  "    two\n"
                                  "\n"
                                  "    three\n"
                                  "dq: \"tab\\t\\u00e9 {c}\"\n"
                                  "sq: 'it''s {d}'\n"
                                  "two: one\n"
                                  "  more {e}\n"
                                  "empty:\n";

static const struct {
    const char *key;  /* of the value; "list.1" */
    const char *part; /* of its text, NULL: the whole */
    unsigned line, column, length;
} places[] = {
    { "a", NULL, 1, 4, 1 },        { "list", NULL, 3, 3, 1 },     { "list.0", NULL, 3, 5, 1 },
    { "list.1", NULL, 4, 6, 10 },  { "list.1", "{a}", 4, 13, 3 }, { "é", NULL, 5, 4, 1 },
    { "é.k", NULL, 5, 8, 1 },      { "lit", NULL, 8, 3, 5 },      { "lit", "second", 9, 4, 6 },
    { "lit", "{b}", 9, 11, 3 },    { "fold", NULL, 11, 5, 3 },    { "fold", "two", 12, 5, 3 },
    { "fold", "three", 14, 5, 5 }, { "dq", NULL, 15, 6, 15 },     { "dq", "{c}", 15, 18, 3 },
    { "sq", "{d}", 16, 12, 3 },    { "two", "one", 17, 6, 3 },    { "two", "{e}", 18, 8, 3 },
    { "empty", NULL, 19, 1, 5 },
};

static struct sp_value walk(struct sp_value value, const char *path)
{
    struct sp_str rest = sp_str_of(path);

    while (rest.ptr) {
        struct sp_str step = sp_str_cut(&rest, '.');
        int64_t index = 0;
        if (value.kind == SP_LIST && sp_str_int(step, &index))
            value = value.list->items[index];
        else
            value = *sp_dict_find(value.dict, step);
    }
    return value;
}

static void test_places(void)
{
    struct bench bench;
    struct sp_value root = sp_null();

    open_bench(&bench);
    tap_ok(parse(&bench, sp_str_of(places_text), &root) == SP_OK, "parse for places");
    for (size_t i = 0; root.kind == SP_DICT && i < SP_COUNT(places); i++) {
        struct sp_value value = walk(root, places[i].key);
        uint32_t id = value.origin;
        struct sp_origin at = { 0 };
        if (places[i].part) {
            struct sp_str part = sp_str_of(places[i].part);
            id = sp_origins_part(bench.origins, id, sp_str_find_str(value.text, part), part.len);
        }
        (void)sp_origins_get(bench.origins, id, &at);
        if (!tap_ok(at.line == places[i].line && at.column == places[i].column &&
                        at.length == places[i].length,
                    "place of %s %s", places[i].key, places[i].part ? places[i].part : ""))
            printf("# got %u:%u+%u\n", at.line, at.column, at.length);
    }
    close_bench(&bench);
}

/* --- limits -------------------------------------------------------------------------------- */

static void add_levels(struct sp_buf *text, unsigned depth)
{
    sp_buf_add_repeat(text, '[', depth);
    sp_buf_add_repeat(text, ']', depth);
}

static void add_bomb(struct sp_buf *text)
{
    sp_buf_adds(text, "a0: &a0 [x]\n");
    for (int level = 1; level < 10; level++) {
        sp_buf_addf(text, "a%d: &a%d [", level, level);
        for (int i = 0; i < 10; i++)
            sp_buf_addf(text, "%s*a%d", i ? ", " : "", level - 1);
        sp_buf_adds(text, "]\n");
    }
}

static void add_deep_aliases(struct sp_buf *text)
{
    sp_buf_adds(text, "a0: &a0 [x]\n");
    for (int level = 1; level < 250; level++)
        sp_buf_addf(text, "a%d: &a%d [*a%d]\n", level, level, level - 1);
}

static void check_limit(const char *name, struct sp_buf *text, const char *want)
{
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench);
    enum sp_rc rc = parse(&bench, sp_buf_str(text), &value);
    if (!tap_ok(want ? rc == SP_INVALID && strstr(bench.err.text, want) : rc == SP_OK, "%s", name))
        printf("# got %s\n", bench.err.text);
    close_bench(&bench);
    sp_buf_clear(text);
}

static void test_limits(void)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);

    add_levels(&text, 200);
    check_limit("depth 200", &text, NULL);
    add_levels(&text, 201);
    check_limit("depth 201", &text, "f.yml:1:201: nested deeper than 200 levels");
    sp_buf_add_repeat(&text, '[', 100000);
    check_limit("endless depth", &text, "nested deeper");
    add_bomb(&text);
    check_limit("aliases of aliases", &text, "expands to more than 2000000 values");
    add_deep_aliases(&text);
    check_limit("depth through aliases", &text, "f.yml:200:14: nested deeper");
    for (int i = 0; i < 1000; i++)
        sp_buf_adds(&text, "a: 1\n");
    check_limit("endless duplicates", &text, "duplicate key");
}

static void test_command_line(void)
{
    struct bench bench;
    struct sp_value value = sp_int(1);

    open_bench(&bench);
    tap_ok(sp_yaml_parse(bench.arena, bench.origins, SP_STR("<command line>"), SP_STR("[1e3, x]"),
                         SP_YAML_COMMAND_LINE, &bench.diags, &value, &bench.err) == SP_OK &&
               value.kind == SP_LIST && value.list->items[0].kind == SP_TEXT,
           "the command line has its own numbers");
    tap_ok(sp_yaml_parse(bench.arena, bench.origins, SP_STR("<command line>"), SP_STR(""),
                         SP_YAML_COMMAND_LINE, &bench.diags, &value, &bench.err) == SP_OK &&
               value.kind == SP_NULL,
           "nothing is null on the command line");
    close_bench(&bench);
}

static void test_huge_integer(void)
{
    struct bench bench;
    struct sp_value value = sp_null();

    open_bench(&bench);
    tap_ok(parse(&bench, SP_STR("seed: 18446744073709551616\n"), &value) == SP_OK &&
               bench.diags.len == 1 && bench.diags.items[0].severity == SP_WARNING,
           "an integer over 64 bits is a warning");
    close_bench(&bench);
}

int main(void)
{
    test_values();
    test_faults();
    test_places();
    test_limits();
    test_command_line();
    test_huge_integer();
    return tap_done();
}
