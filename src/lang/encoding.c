/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/encoding.h"

/* Length, smallest code point and payload bits of a first byte. */
static const struct {
    unsigned char mask, bits;
    size_t size;
    uint32_t least;
} forms[] = {
    { 0x80, 0x00, 1, 0 },
    { 0xE0, 0xC0, 2, 0x80 },
    { 0xF0, 0xE0, 3, 0x800 },
    { 0xF8, 0xF0, 4, 0x10000 },
};

/* Decode the character at `at`; its size, or 0 when it is malformed. */
static size_t decode(struct sp_str text, size_t at, uint32_t *out)
{
    unsigned char first = (unsigned char)text.ptr[at];

    for (size_t i = 0; i < SP_COUNT(forms); i++) {
        if ((first & forms[i].mask) != forms[i].bits)
            continue;
        uint32_t code = first & (unsigned char)~forms[i].mask;
        if (forms[i].size > text.len - at)
            return 0;
        for (size_t k = 1; k < forms[i].size; k++) {
            unsigned char next = (unsigned char)text.ptr[at + k];
            if ((next & 0xC0) != 0x80)
                return 0;
            code = code << 6 | (next & 0x3F);
        }
        *out = code;
        return code < forms[i].least ? 0 : forms[i].size;
    }
    return 0;
}

static bool is_allowed(uint32_t code)
{
    if (code < 0x20)
        return code == '\t' || code == '\n' || code == '\r';
    if (code < 0xA0)
        return code < 0x7F || code == 0x85;
    return code < 0xD800 || (code >= 0xE000 && code <= 0xFFFD) ||
           (code >= 0x10000 && code <= 0x10FFFF);
}

static bool fail(struct sp_encoding_fault *fault, size_t offset, size_t length, const char *message)
{
    *fault = (struct sp_encoding_fault){ offset, length, message };
    return false;
}

bool sp_encoding_check(struct sp_str text, struct sp_encoding_fault *fault)
{
    for (size_t at = 0; at < text.len;) {
        unsigned char c = (unsigned char)text.ptr[at];
        uint32_t code;
        if ((c >= ' ' && c < 0x7F) || c == '\n') {
            at++;
            continue;
        }
        size_t size = decode(text, at, &code);
        if (size == 0)
            return fail(fault, at, 1, "the file is not UTF-8 text");
        if (!is_allowed(code))
            return fail(fault, at, size, "control character in the text");
        at += size;
    }
    return true;
}
