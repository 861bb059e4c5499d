/* SPDX-License-Identifier: BSD-3-Clause */
#include "store/escape.h"

static bool is_plain(unsigned char c)
{
    return c > ' ' && c != '%' && c != 0x7f;
}

void sp_escape_add(struct sp_buf *out, struct sp_str text)
{
    size_t from = 0;

    for (size_t i = 0; i <= text.len; i++) {
        if (i < text.len && is_plain((unsigned char)text.ptr[i]))
            continue;
        sp_buf_add(out, sp_str_slice(text, from, i));
        if (i < text.len)
            sp_buf_addf(out, "%%%02X", (unsigned char)text.ptr[i]);
        from = i + 1;
    }
}

static bool hex_value(char c, unsigned *out)
{
    if (c >= '0' && c <= '9')
        *out = (unsigned)(c - '0');
    else if (c >= 'A' && c <= 'F')
        *out = (unsigned)(c - 'A') + 10;
    else
        return false;
    return true;
}

bool sp_escape_read(struct sp_str text, struct sp_arena *arena, struct sp_str *out)
{
    char *copy = sp_arena_alloc(arena, text.len + 1);
    size_t len = 0;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (c == '%') {
            unsigned high;
            unsigned low;
            if (i + 2 >= text.len || !hex_value(text.ptr[i + 1], &high) ||
                !hex_value(text.ptr[i + 2], &low))
                return false;
            c = (unsigned char)(high * 16 + low);
            if (c == 0 || is_plain(c))
                return false;
            i += 2;
        } else if (!is_plain(c)) {
            return false;
        }
        copy[len++] = (char)c;
    }
    *out = (struct sp_str){ copy, len };
    return true;
}
