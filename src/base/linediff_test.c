/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/linediff.h"

#include "base/tap.h"

static void check(const char *name, const char *from, const char *to, const char *want)
{
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_LARGE);

    sp_linediff(sp_str_of(from), sp_str_of(to), &got);
    if (!tap_ok(strcmp(got.ptr, want) == 0, "%s", name))
        printf("# got:\n%s# want:\n%s", got.ptr, want);
}

static void test_table(void)
{
    static const struct {
        const char *name, *from, *to, *want;
    } cases[] = {
        { "nothing and nothing", "", "", "" },
        { "equal", "a\nb\n", "a\nb\n", "" },
        { "all new", "", "a\nb\n", "@@ -0,0 +1,2 @@\n+a\n+b\n" },
        { "all gone", "a\nb\n", "", "@@ -1,2 +0,0 @@\n-a\n-b\n" },
        { "one changed", "a\nb\nc\n", "a\nx\nc\n", "@@ -1,3 +1,3 @@\n a\n-b\n+x\n c\n" },
        { "one line", "a\n", "b\n", "@@ -1 +1 @@\n-a\n+b\n" },
        { "an empty line", "a\nb\n", "a\n\nb\n", "@@ -1,2 +1,3 @@\n a\n+\n b\n" },
        { "context is cut", "1\n2\n3\n4\n5\n6\n7\n8\n9\n", "1\n2\n3\n4\nx\n6\n7\n8\n9\n",
          "@@ -2,7 +2,7 @@\n 2\n 3\n 4\n-5\n+x\n 6\n 7\n 8\n" },
        { "two hunks", "a\n1\n2\n3\n4\n5\n6\n7\nb\n", "A\n1\n2\n3\n4\n5\n6\n7\nB\n",
          "@@ -1,4 +1,4 @@\n-a\n+A\n 1\n 2\n 3\n@@ -6,4 +6,4 @@\n 5\n 6\n 7\n-b\n+B\n" },
        { "near changes share a hunk", "a\n1\n2\n3\n4\n5\n6\nb\n", "A\n1\n2\n3\n4\n5\n6\nB\n",
          "@@ -1,8 +1,8 @@\n-a\n+A\n 1\n 2\n 3\n 4\n 5\n 6\n-b\n+B\n" },
        { "the shortest script", "a\nb\nc\na\nb\nb\na\n", "c\nb\na\nb\na\nc\n",
          "@@ -1,7 +1,6 @@\n-a\n-b\n c\n+b\n a\n b\n-b\n a\n+c\n" },
        { "the last line has lost its end", "a\nb\n", "a\nb",
          "@@ -1,2 +1,2 @@\n a\n-b\n+b\n\\ No newline at end of file\n" },
    };

    for (size_t i = 0; i < SP_COUNT(cases); i++)
        check(cases[i].name, cases[i].from, cases[i].to, cases[i].want);
}

/* More differences than are looked through: still a right answer, if not the shortest. */
static void test_large(void)
{
    sp_auto_buf struct sp_buf from = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf to = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_LARGE);

    for (int i = 0; i < 2000; i++) {
        sp_buf_addf(&from, "from %d\n", i);
        sp_buf_addf(&to, "to %d\n", i);
    }
    sp_linediff(sp_buf_str(&from), sp_buf_str(&to), &got);
    tap_ok(sp_str_starts(sp_buf_str(&got), "@@ -1,2000 +1,2000 @@\n-from 0\n"), "4000 differences");
    tap_ok(sp_str_ends(sp_buf_str(&got), "\n+to 1999\n"), "to the last");
}

int main(void)
{
    test_table();
    test_large();
    return tap_done();
}
