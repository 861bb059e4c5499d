/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/diag.h"

#include "base/nearest.h"
#include "base/tap.h"

static const char file_text[] = "steps:\n"
                                "  one:\n"
                                "    telescop: meerkat\n"
                                "\ttabbed: value\n"
                                "grün: \"süß\" \x1b[31mred\r\n"
                                "last";

struct bench {
    struct sp_arena *arena;
    struct sp_origins *origins;
    struct sp_diags diags;
    uint32_t file;
};

static void open_bench(struct bench *bench)
{
    bench->arena = sp_arena_new();
    bench->origins = sp_origins_new();
    bench->file = sp_origins_add_file(bench->origins, SP_STR("recipe.yml"), sp_str_of(file_text));
    sp_diags_init(&bench->diags, bench->arena, bench->origins);
}

static void close_bench(struct bench *bench)
{
    sp_diags_fini(&bench->diags);
    sp_origins_free(bench->origins);
    sp_arena_free(bench->arena);
}

static uint32_t origin_of(struct bench *bench, const char *word)
{
    size_t at = sp_str_find_str(sp_str_of(file_text), sp_str_of(word));

    return sp_origins_add(bench->origins, bench->file, at, at + strlen(word));
}

static void check_golden(const struct bench *bench, bool colour, const char *name, const char *want)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    sp_diags_format(&bench->diags, colour, &got);
    if (!tap_ok(strcmp(got.ptr, want) == 0, "%s", name))
        printf("# want:\n%s# got:\n%s", want, got.ptr);
}

static void test_source_line(void)
{
    struct bench bench;
    struct sp_nearest nearest = SP_NEAREST(SP_STR("telescop"));

    open_bench(&bench);
    sp_diag_error(&bench.diags, SP_DIAG_UNKNOWN_KEY, origin_of(&bench, "telescop"),
                  "unknown parameter '%s' of cab 'simms'", "telescop");
    sp_nearest_offer(&nearest, SP_STR("telescope"));
    sp_diag_hint_nearest(&bench.diags, &nearest);
    check_golden(&bench, false, "source line, caret and hint",
                 "recipe.yml:3:5: error: unknown parameter 'telescop' of cab 'simms' [R0201]\n"
                 "    3 |     telescop: meerkat\n"
                 "      |     ^~~~~~~~\n"
                 "hint: did you mean 'telescope'?\n");
    check_golden(&bench, true, "in colour",
                 "\033[1mrecipe.yml:3:5:\033[0m \033[1;31merror:\033[0m unknown parameter "
                 "'telescop' of cab 'simms' [R0201]\n"
                 "    3 |     telescop: meerkat\n"
                 "      |     \033[1;32m^~~~~~~~\033[0m\n"
                 "hint: did you mean 'telescope'?\n");
    close_bench(&bench);
}

static void test_odd_lines(void)
{
    struct bench bench;

    open_bench(&bench);
    sp_diag_warning(&bench.diags, SP_DIAG_PITFALL, origin_of(&bench, "tabbed"), "tab");
    sp_diag_warning(&bench.diags, SP_DIAG_PITFALL, origin_of(&bench, "red"),
                    "characters\nand\tcontrol\x1b[0m");
    sp_diag_warning(&bench.diags, SP_DIAG_PITFALL, origin_of(&bench, "last"), "no line end");
    sp_diag_warning(&bench.diags, SP_DIAG_PITFALL, sp_origins_add(bench.origins, bench.file, 7, 30),
                    "several lines");
    check_golden(&bench, false, "tabs, characters, control characters and long marks",
                 "recipe.yml:4:2: warning: tab [R0701]\n"
                 "    4 | \ttabbed: value\n"
                 "      | \t^~~~~~\n"
                 "recipe.yml:5:18: warning: characters and control?[0m [R0701]\n"
                 "    5 | grün: \"süß\" ?[31mred\n"
                 "      |                  ^~~\n"
                 "recipe.yml:6:1: warning: no line end [R0701]\n"
                 "    6 | last\n"
                 "      | ^~~~\n"
                 "recipe.yml:2:1: warning: several lines [R0701]\n"
                 "    2 |   one:\n"
                 "      | ^~~~~~\n");
    close_bench(&bench);
}

static void test_no_line(void)
{
    struct bench bench;
    uint32_t empty;

    open_bench(&bench);
    empty = sp_origins_add_file(bench.origins, SP_STR("empty.yml"), SP_STR(""));
    sp_diag_error(&bench.diags, SP_DIAG_FILE, 0, "nowhere");
    sp_diag_error(&bench.diags, SP_DIAG_FILE, 4711, "not an origin");
    sp_diag_error(&bench.diags, SP_DIAG_FILE,
                  sp_origins_add(bench.origins, bench.file, SIZE_MAX, SIZE_MAX), "whole file");
    sp_diag_error(&bench.diags, SP_DIAG_FILE, sp_origins_add(bench.origins, empty, 5, 9),
                  "empty file");
    check_golden(&bench, false, "without a line",
                 "error: nowhere [R0002]\n"
                 "error: not an origin [R0002]\n"
                 "recipe.yml: error: whole file [R0002]\n"
                 "empty.yml:1:1: error: empty file [R0002]\n");
    close_bench(&bench);
}

/* A line of 300 characters is shown in part, the mark still below its place. */
static void test_long_line(void)
{
    struct bench bench;
    char text[301];
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);

    open_bench(&bench);
    memset(text, '.', 300);
    text[300] = '\0';
    text[200] = 'X';
    uint32_t file = sp_origins_add_file(bench.origins, SP_STR("long.yml"), sp_str_of(text));
    sp_diag_error(&bench.diags, SP_DIAG_FILE, sp_origins_add(bench.origins, file, 200, 300), "x");
    sp_diags_format(&bench.diags, false, &got);
    const char *line = strchr(got.ptr, '\n') + 1;
    const char *mark = strchr(line, '\n') + 1;
    ptrdiff_t x = strchr(line, 'X') - line;
    ptrdiff_t caret = strchr(mark, '^') - mark;
    tap_ok(x == caret, "the caret stands below its character");
    tap_ok(mark - line < 130 && strlen(mark) < 130, "no line is longer than 130 characters");
    close_bench(&bench);
}

static void test_list(void)
{
    struct bench bench;
    struct sp_err err = SP_ERR_INIT;

    open_bench(&bench);
    uint32_t at = origin_of(&bench, "one");
    sp_diag_hint(&bench.diags, "nobody asked");
    tap_ok(bench.diags.len == 0, "a hint without a finding");
    sp_diag_warning(&bench.diags, SP_DIAG_STEP, at, "w");
    sp_diag_error(&bench.diags, SP_DIAG_STEP, at, "e");
    sp_diag_warning(&bench.diags, SP_DIAG_STEP, at, "w");
    sp_diag_hint(&bench.diags, "of the warning");
    tap_ok(bench.diags.len == 2 && bench.diags.errors == 1, "the same finding is added once");
    tap_ok(bench.diags.items[0].hint && !bench.diags.items[1].hint,
           "a hint goes to the finding it was meant for");
    sp_diag_error(&bench.diags, SP_DIAG_STEP, 0, "e");
    sp_diag_error(&bench.diags, SP_DIAG_ALIAS, at, "e");
    tap_ok(bench.diags.len == 4, "another place or code is another finding");
    tap_ok(sp_diags_fail(&bench.diags, 0, &err) == SP_INVALID &&
               strcmp(err.text, "recipe.yml:2:3: e") == 0,
           "the first error as text");
    tap_ok(strcmp(sp_diag_code_text(SP_DIAG_YAML), "R0001") == 0 &&
               strcmp(sp_diag_code_title(SP_DIAG_PITFALL), "this does something surprising") == 0,
           "codes and titles");
    close_bench(&bench);
}

static void test_origins(void)
{
    struct bench bench;
    struct sp_origin at = { .line = 99 };

    open_bench(&bench);
    tap_ok(!sp_origins_get(bench.origins, 0, &at) && !sp_origins_get(bench.origins, 77, &at) &&
               at.line == 99,
           "nowhere, and ids that are not there");
    tap_ok(sp_origins_add(bench.origins, 12, 0, 1) == 0, "no origin in an unknown file");
    uint32_t part = sp_origins_part(bench.origins, origin_of(&bench, "meerkat"), 4, 3);
    tap_ok(sp_origins_get(bench.origins, part, &at) && at.column == 19 && at.length == 3,
           "a part of a text");
    part = sp_origins_part(bench.origins, origin_of(&bench, "meerkat"), 400, 30);
    tap_ok(sp_origins_get(bench.origins, part, &at) && at.column == 22 && at.length == 1,
           "a part behind the end stays within");
    tap_ok(sp_origins_part(bench.origins, 0, 1, 1) == 0, "a part of nowhere");
    part = sp_origins_part(bench.origins, origin_of(&bench, "süß"), 2, 1);
    tap_ok(sp_origins_get(bench.origins, part, &at) && at.column == 9 && at.length == 1,
           "a part within a character is the character");
    sp_origins_free(NULL);
    close_bench(&bench);
}

int main(void)
{
    test_source_line();
    test_odd_lines();
    test_no_line();
    test_long_line();
    test_list();
    test_origins();
    return tap_done();
}
