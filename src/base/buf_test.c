/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include "base/arena.h"
#include "base/tap.h"

#include <stdlib.h>

static void test_building(void)
{
    sp_auto_buf struct sp_buf buf = SP_BUF(100);

    tap_ok(strcmp(buf.ptr, "") == 0, "terminated before the first append");
    sp_buf_addf(&buf, "%d-%s", 7, "x");
    sp_buf_addc(&buf, '!');
    sp_buf_add_repeat(&buf, '.', 3);
    tap_ok(strcmp(buf.ptr, "7-x!...") == 0 && buf.len == 7, "appends");
    sp_buf_truncate(&buf, 3);
    tap_ok(strcmp(buf.ptr, "7-x") == 0, "truncate");
    sp_auto_free char *taken = sp_buf_take(&buf);
    tap_ok(strcmp(taken, "7-x") == 0 && buf.len == 0 && strcmp(buf.ptr, "") == 0, "take");
}

static void test_plain(void)
{
    static const struct {
        const char *text, *want;
    } rows[] = {
        { "", "" },
        { "no codes\t{}", "no codes\t{}" },
        { "a \033[31mred\033[0m b", "a red b" },
        { "\033[1;38;5;200mx\033[K", "x" },
        { "\033]0;title\ax\033]0;title\033\\y", "xy" },
        { "\033(Bx", "Bx" },
        { "x\033", "x" },
        { "x\033[31", "x" },
        { "x\033]title", "x" },
        { "\033\033[0mx", "[0mx" },
        { "h\303\251\033[0mllo", "h\303\251llo" },
    };

    for (size_t i = 0; i < SP_COUNT(rows); i++) {
        sp_auto_buf struct sp_buf buf = SP_BUF(100);
        sp_buf_add_plain(&buf, sp_str_of(rows[i].text));
        tap_ok(strcmp(buf.ptr, rows[i].want) == 0, "plain %zu: %s", i, rows[i].want);
    }
}

static void test_maximum(void)
{
    sp_auto_buf struct sp_buf buf = SP_BUF(5);

    sp_buf_adds(&buf, "12345");
    tap_ok(sp_buf_ok(&buf) && buf.len == 5, "the maximum fits");
    sp_buf_adds(&buf, "6");
    tap_ok(!sp_buf_ok(&buf) && strcmp(buf.ptr, "12345") == 0, "more does not, content stays");
    sp_buf_truncate(&buf, 1);
    sp_buf_adds(&buf, "x");
    tap_ok(!sp_buf_ok(&buf) && strcmp(buf.ptr, "1") == 0, "the error is sticky");
    sp_buf_clear(&buf);
    sp_buf_addf(&buf, "%s", "ok");
    tap_ok(sp_buf_ok(&buf) && strcmp(buf.ptr, "ok") == 0, "clear forgets it");
    sp_buf_addf(&buf, "%s", "too long");
    tap_ok(!sp_buf_ok(&buf) && strcmp(buf.ptr, "ok") == 0, "printf that does not fit adds nothing");
}

static void test_arena(void)
{
    sp_auto_arena struct sp_arena *arena = sp_arena_new();
    bool aligned = true;
    bool zeroed = true;

    for (size_t size = 1; size < 200000; size = size * 3 + 1) {
        char *ptr = sp_arena_alloc(arena, size);
        aligned = aligned && (uintptr_t)ptr % 16 == 0;
        zeroed = zeroed && ptr[0] == 0 && ptr[size - 1] == 0;
        memset(ptr, 0xAB, size);
    }
    tap_ok(aligned, "arena memory is aligned for any type");
    tap_ok(zeroed, "arena memory is zeroed");
    struct sp_str text = sp_arena_printf(arena, "%s=%d", "n", 12);
    tap_ok(sp_str_is(text, "n=12") && text.ptr[text.len] == '\0', "arena printf");
    tap_ok(*sp_arena_cstr(arena, (struct sp_str){ NULL, 0 }) == '\0', "copy of nothing is empty");
}

int main(void)
{
    test_building();
    test_plain();
    test_maximum();
    test_arena();
    return tap_done();
}
