/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/encoding.h"

#include "value/utf8.h"

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
        size_t size;
        if ((c >= ' ' && c < 0x7F) || c == '\n') {
            at++;
            continue;
        }
        uint32_t code = sp_utf8_decode(text, at, &size);
        if (code == SP_UTF8_BAD)
            return fail(fault, at, 1, "the file is not UTF-8 text");
        if (!is_allowed(code))
            return fail(fault, at, size, "control character in the text");
        at += size;
    }
    return true;
}
