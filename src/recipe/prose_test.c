/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/prose.h"

#include "base/tap.h"

static const struct {
    const char *markdown, *want, *coloured; /* NULL: the same as want */
} lines[] = {
    { "", "", NULL },
    { "plain text", "plain text", NULL },
    { "a **bold** word", "a bold word", "a \033[1mbold\033[22m word" },
    { "an *odd* word", "an odd word", "an \033[3modd\033[23m word" },
    { "2*3*4 and a * b * c", "2*3*4 and a * b * c", NULL },
    { "one * star", "one * star", NULL },
    { "**open", "**open", NULL },
    { "*", "*", NULL },
    { "**", "**", NULL },
    { "``", "``", NULL },
    { "use `-n 1`", "use `-n 1`", "use \033[36m-n 1\033[39m" },
    { "snake_case_name", "snake_case_name", NULL },
    { "see [the page](http://x.y/z).", "see the page (http://x.y/z).", NULL },
    { "a[0] and [1] (no)", "a[0] and [1] (no)", NULL },
    { "[open](x", "[open](x", NULL },
    { "\\*stars\\*", "*stars*", NULL },
    { "c:\\path", "c:\\path", NULL },
    { "steer \033[2J me\a", "steer ?[2J me?", NULL },
    { "two\nlines\tand a tab", "two lines and a tab", NULL },
};

static void test_lines(void)
{
    for (size_t i = 0; i < SP_COUNT(lines); i++)
        for (int colour = 0; colour < 2; colour++) {
            sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
            const char *want = colour && lines[i].coloured ? lines[i].coloured : lines[i].want;
            sp_prose_inline(sp_str_of(lines[i].markdown), colour, &out);
            if (!tap_ok(strcmp(out.ptr, want) == 0, "inline %zu, colours %d", i, colour))
                printf("# got %s\n", out.ptr);
        }
}

static const struct {
    const char *markdown;
    size_t indent, width;
    const char *want;
} blocks[] = {
    { "", 2, 20, "" },
    { "  \n ", 2, 20, "" },
    { "one two three four", 2, 12, "  one two\n  three four\n" },
    { "averylongwordthatdoesnotfit a", 2, 10, "  averylongwordthatdoesnotfit\n  a\n" },
    { "one\ntwo\n\nthree", 0, 20, "one two\n\nthree\n" },
    { "one\n\n\n\ntwo\n\n", 0, 20, "one\n\ntwo\n" },
    { "- first item of a list\n- second", 1, 14, " - first item\n   of a list\n - second\n" },
    { "list:\n* a\n  goes on\n  * b", 0, 20, "list:\n- a goes on\n  - b\n" },
    { "1. one\n12. twelve of them", 0, 12, "1. one\n12. twelve\n    of them\n" },
    { "- a\n\n  more of a\n\nnot a", 0, 20, "- a\n\n  more of a\n\nnot a\n" },
    { "see:\n```\ncode  here\n```\nend", 2, 20, "  see:\n  code  here\n  end\n" },
    { "x:\n\n    y  z\n", 0, 20, "x:\n\n    y  z\n" },
    { "| a | b |\n|---|---|", 0, 5, "| a | b |\n|---|---|\n" },
    { "# Title\ntext", 0, 20, "Title\ntext\n" },
    { "text\n## Title", 0, 20, "text\n\nTitle\n" },
    { "#1 is no heading", 0, 20, "#1 is no heading\n" },
    { "- **bold**: x", 0, 20, "- bold: x\n" },
    { "caf\xc3\xa9 caf\xc3\xa9", 0, 9, "caf\xc3\xa9 caf\xc3\xa9\n" },
};

static void test_blocks(void)
{
    for (size_t i = 0; i < SP_COUNT(blocks); i++) {
        sp_auto_buf struct sp_buf out = SP_BUF(SP_BUF_SMALL);
        struct sp_page page = { .out = &out, .width = blocks[i].width };
        sp_prose(&page, blocks[i].indent, sp_str_of(blocks[i].markdown));
        if (!tap_ok(strcmp(out.ptr, blocks[i].want) == 0, "%s", blocks[i].markdown))
            printf("# got:\n%s\n", out.ptr);
    }
}

int main(void)
{
    test_lines();
    test_blocks();
    tap_ok(sp_prose_width(SP_STR("\033[1mcaf\xc3\xa9\033[22m")) == 4, "colours have no width");
    return tap_done();
}
