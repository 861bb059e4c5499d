/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/utf8.h"

static bool is_surrogate(uint32_t code)
{
    return code >= 0xD800 && code <= 0xDFFF;
}

uint32_t sp_utf8_decode(struct sp_str text, size_t at, size_t *len)
{
    static const uint32_t smallest[] = { 0, 0, 0x80, 0x800, 0x10000 };
    unsigned char first = (unsigned char)text.ptr[at];
    size_t wanted = first < 0x80 ? 1 : first < 0xC2 ? 0 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;

    *len = 1;
    if (wanted == 1)
        return first;
    if (wanted == 0 || first > 0xF4 || wanted > text.len - at)
        return SP_UTF8_BAD;
    uint32_t code = first & (0xFFU >> (wanted + 1));
    for (size_t i = 1; i < wanted; i++) {
        unsigned char next = (unsigned char)text.ptr[at + i];
        if ((next & 0xC0) != 0x80)
            return SP_UTF8_BAD;
        code = code << 6 | (next & 0x3F);
    }
    if (code < smallest[wanted] || code > 0x10FFFF || is_surrogate(code))
        return SP_UTF8_BAD;
    *len = wanted;
    return code;
}

void sp_utf8_encode(uint32_t code, struct sp_buf *out)
{
    char bytes[4];
    size_t len = code < 0x80 ? 1 : code < 0x800 ? 2 : code < 0x10000 ? 3 : 4;

    if (code > 0x10FFFF || is_surrogate(code))
        return;
    for (size_t i = len; i-- > 1;) {
        bytes[i] = (char)(0x80 | (code & 0x3F));
        code >>= 6;
    }
    bytes[0] = (char)(len == 1 ? code : (0xF00U >> len & 0xFF) | code);
    sp_buf_add(out, (struct sp_str){ bytes, len });
}

size_t sp_utf8_count(struct sp_str text)
{
    size_t count = 0;

    for (size_t at = 0, len; at < text.len; at += len, count++)
        (void)sp_utf8_decode(text, at, &len);
    return count;
}

size_t sp_utf8_offset(struct sp_str text, size_t index)
{
    size_t at = 0;

    for (size_t len; index && at < text.len; at += len, index--)
        (void)sp_utf8_decode(text, at, &len);
    return at;
}

bool sp_utf8_printable(uint32_t code)
{
    /* Unicode 14: controls, formats, separators other than the blank, surrogates, private use.
     * Unassigned characters are not listed: what they are changes with every edition. */
    static const struct {
        uint32_t first, last;
    } hidden[] = {
        { 0x0, 0x1F },        { 0x7F, 0xA0 },          { 0xAD, 0xAD },       { 0x600, 0x605 },
        { 0x61C, 0x61C },     { 0x6DD, 0x6DD },        { 0x70F, 0x70F },     { 0x890, 0x891 },
        { 0x8E2, 0x8E2 },     { 0x1680, 0x1680 },      { 0x180E, 0x180E },   { 0x2000, 0x200F },
        { 0x2028, 0x202F },   { 0x205F, 0x206F },      { 0x3000, 0x3000 },   { 0xD800, 0xF8FF },
        { 0xFEFF, 0xFEFF },   { 0xFFF0, 0xFFFB },      { 0xFFFE, 0xFFFF },   { 0x110BD, 0x110BD },
        { 0x110CD, 0x110CD }, { 0x13430, 0x13438 },    { 0x1BCA0, 0x1BCA3 }, { 0x1D173, 0x1D17A },
        { 0xE0001, 0xE007F }, { 0xF0000, UINT32_MAX },
    };

    for (size_t i = 0; i < SP_COUNT(hidden); i++)
        if (code >= hidden[i].first && code <= hidden[i].last)
            return false;
    return true;
}
