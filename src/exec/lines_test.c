/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/lines.h"

#include "base/tap.h"

#define BAD "\xef\xbf\xbd"

/* What is delivered, one after the other: "text|" for a whole line, "text~" for a partial one. */
static void collect(void *arg, struct sp_str text, bool partial)
{
    sp_buf_add(arg, text);
    sp_buf_addc(arg, partial ? '~' : '|');
}

/* The whole lines only. */
static void collect_whole(void *arg, struct sp_str text, bool partial)
{
    if (!partial)
        collect(arg, text, false);
}

static void split(struct sp_str bytes, size_t step, sp_line_fn fn, struct sp_buf *out)
{
    struct sp_lines lines;

    sp_lines_init(&lines, fn, out);
    for (size_t at = 0; at < bytes.len; at += step)
        sp_lines_feed(&lines, sp_str_slice(bytes, at, at + step));
    sp_lines_end(&lines);
    sp_lines_fini(&lines);
}

static const struct {
    const char *bytes;
    const char *lines;
} cases[] = {
    { "", "" },
    { "\n", "|" },
    { "\n\n", "||" },
    { "a", "a|" },
    { "a\n", "a|" },
    { "a\nb", "a|b|" },
    { "a\n\nb\n", "a||b|" },
    { "a\r\nb\r\n", "a|b|" },
    { "\r\n", "|" },
    { "a\r\r\nb", "a~a|b|" },
    { "\r", "" },
    { "\r\r10%", "10%|" },
    { "\r10%\r20%\rdone\n", "10%~20%~done|" },
    { "10%\r20%\r", "10%~20%~20%|" },
    { "50%\r\r\rdone\n", "50%~done|" },
    { " blanks \t \n", " blanks \t |" },
    { "caf\xc3\xa9\n", "caf\xc3\xa9|" },
    { "\xf0\x9f\x98\x80\n", "\xf0\x9f\x98\x80|" },
    { "\xff\n", BAD "|" },
    { "a\xc3\nb\n", "a" BAD "|b|" },
    { "a\xc3", "a" BAD "|" },
    { "\xc0\x80\n", BAD BAD "|" },
    { "\xed\xa0\x80 surrogate\n", BAD BAD BAD " surrogate|" },
    { "long enough to be looked at in words of eight\xfe\n",
      "long enough to be looked at in words of eight" BAD "|" },
};

static void test_cases(void)
{
    for (size_t i = 0; i < SP_COUNT(cases); i++) {
        struct sp_str bytes = sp_str_of(cases[i].bytes);
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf whole = SP_BUF(SP_BUF_SMALL);
        sp_auto_buf struct sp_buf again = SP_BUF(SP_BUF_SMALL);

        split(bytes, SIZE_MAX / 2, collect, &got);
        if (!tap_ok(strcmp(got.ptr, cases[i].lines) == 0, "case %zu in one read", i))
            printf("# got %s, want %s\n", got.ptr, cases[i].lines);
        split(bytes, SIZE_MAX / 2, collect_whole, &whole);
        split(bytes, 1, collect_whole, &again);
        if (!tap_ok(strcmp(whole.ptr, again.ptr) == 0, "case %zu byte by byte", i))
            printf("# got %s, want %s\n", again.ptr, whole.ptr);
    }
}

/* A NUL inside a line must not hide the rest of it, wherever it stands in a word of eight. */
static void test_nul(void)
{
    char bytes[] = "twenty-four bytes of it.\n";

    for (size_t at = 0; at < sizeof bytes - 2; at++) {
        char line[sizeof bytes];
        sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_SMALL);
        memcpy(line, bytes, sizeof line);
        line[at] = '\0';
        split((struct sp_str){ line, sizeof line - 1 }, SIZE_MAX / 2, collect, &got);
        bool passed = got.len == sizeof bytes - 1 - 1 + strlen(BAD) &&
                      memcmp(got.ptr + at, BAD, strlen(BAD)) == 0;
        if (!tap_ok(passed, "a NUL at %zu", at))
            printf("# got %s\n", got.ptr);
    }
}

/* Lengths of the pieces of a long line that is `unit` repeated up to `len` bytes. */
static void check_pieces(const char *unit, size_t len, const char *want)
{
    sp_auto_buf struct sp_buf block = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf bytes = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf got = SP_BUF(SP_BUF_LARGE);
    sp_auto_buf struct sp_buf lengths = SP_BUF(SP_BUF_SMALL);

    for (int i = 0; i < 10000; i++)
        sp_buf_adds(&block, unit);
    while (bytes.len < len)
        sp_buf_add(&bytes, sp_buf_str(&block));
    sp_buf_truncate(&bytes, len);
    sp_buf_addc(&bytes, '\n');
    split(sp_buf_str(&bytes), 1000, collect, &got);
    for (struct sp_str rest = sp_buf_str(&got); rest.len;)
        sp_buf_addf(&lengths, "%zu ", sp_str_cut(&rest, '|').len);
    if (!tap_ok(strcmp(lengths.ptr, want) == 0, "%zu bytes of '%s'", len, unit))
        printf("# got %s, want %s\n", lengths.ptr, want);
}

static void test_pieces(void)
{
    check_pieces("x", 65535, "65535 ");
    check_pieces("x", 16777216, "16777216 ");
    check_pieces("x", 16777217, "16777216 1 ");
    check_pieces("x", 50000000, "16777216 16777216 16445568 ");
    check_pieces("\xc3\xa9", 16777218, "16777216 2 ");
    check_pieces("\xe2\x82\xac", 16777218, "16777215 3 "); /* 16 MiB is not a multiple of three */
    check_pieces("\xff", 6000000, "16777215 1222785 ");    /* three bytes for each */
}

int main(void)
{
    test_cases();
    test_nul();
    test_pieces();
    return tap_done();
}
