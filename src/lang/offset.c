/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/offset.h"

/* One piece of the source: it takes `source` bytes there and makes `value` bytes of the value. */
struct piece {
    size_t source, value;
};

static bool is_blank(char c)
{
    return c == ' ' || c == '\t' || c == '\r';
}

static size_t skip_blanks(struct sp_str text, size_t at)
{
    while (at < text.len && is_blank(text.ptr[at]))
        at++;
    return at;
}

/* Blanks, line ends and indentation at `at`: one line end makes a blank, n make n - 1 newlines. */
static struct piece fold(struct sp_str text, size_t at)
{
    size_t end = skip_blanks(text, at);
    size_t lines = 0;

    while (end < text.len && text.ptr[end] == '\n') {
        lines++;
        end = skip_blanks(text, end + 1);
    }
    if (lines == 0)
        return (struct piece){ end - at, end - at };
    return (struct piece){ end - at, SP_MAX(lines - 1, (size_t)1) };
}

/* Bytes of a code point in UTF-8. */
static size_t encoded_size(struct sp_str digits)
{
    unsigned code = 0;

    for (size_t i = 0; i < digits.len; i++) {
        char c = digits.ptr[i];
        unsigned digit = c <= '9' ? (unsigned)(c - '0') : (unsigned)((c | 0x20) - 'a' + 10);
        code = code << 4 | (digit & 15);
    }
    if (code < 0x80)
        return 1;
    return code < 0x800 ? 2 : (code < 0x10000 ? 3 : 4);
}

/* An escape of a double-quoted text, at the backslash. */
static struct piece escape(struct sp_str text, size_t at)
{
    static const struct {
        char letter;
        size_t digits;
    } hexadecimal[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };

    int letter = at + 1 < text.len ? text.ptr[at + 1] : '\0';

    if (letter == '\n')
        return (struct piece){ skip_blanks(text, at + 2) - at, 0 };
    for (size_t i = 0; i < SP_COUNT(hexadecimal); i++)
        if (letter == hexadecimal[i].letter)
            return (struct piece){
                2 + hexadecimal[i].digits,
                encoded_size(sp_str_slice(text, at + 2, at + 2 + hexadecimal[i].digits)),
            };
    bool two_bytes = letter == 'N' || letter == '_'; /* next line, hard blank */
    bool three_bytes = letter == 'L' || letter == 'P';
    return (struct piece){ 2, three_bytes ? 3 : (two_bytes ? 2 : 1) };
}

static struct piece flow_piece(const struct sp_scalar_source *source, size_t at)
{
    char c = source->text.ptr[at];

    if (is_blank(c) || c == '\n')
        return fold(source->text, at);
    if (source->style == SP_SCALAR_DOUBLE && c == '\\')
        return escape(source->text, at);
    if (source->style == SP_SCALAR_SINGLE && c == '\'')
        return (struct piece){ 2, 1 };
    return (struct piece){ 1, 1 };
}

static size_t flow_offset(const struct sp_scalar_source *source, size_t offset)
{
    size_t at = 0;
    size_t made = 0;

    while (at < source->text.len) {
        struct piece piece = flow_piece(source, at);
        if (made + piece.value > offset) {
            /* Blanks within a line stand one for one. */
            bool even = piece.value == piece.source;
            return at + (even ? offset - made : 0);
        }
        at += piece.source;
        made += piece.value;
    }
    return source->text.len;
}

static size_t line_end(struct sp_str text, size_t at)
{
    while (at < text.len && text.ptr[at] != '\n')
        at++;
    return at;
}

/* Blanks that all lines have in front; lines of nothing but blanks do not count. */
static size_t block_indent(struct sp_str text)
{
    size_t least = SIZE_MAX;

    for (size_t at = 0; at < text.len; at = line_end(text, at) + 1) {
        size_t first = at;
        while (at < text.len && text.ptr[at] == ' ')
            at++;
        if (at < text.len && text.ptr[at] != '\n' && text.ptr[at] != '\r')
            least = SP_MIN(least, at - first);
    }
    return least == SIZE_MAX ? 0 : least;
}

static size_t block_offset(const struct sp_scalar_source *source, size_t offset)
{
    struct sp_str text = source->text;
    size_t indent = block_indent(text);
    size_t at = 0;
    size_t made = 0;

    while (at < text.len) {
        size_t end = line_end(text, at);
        size_t begin = SP_MIN(at + indent, end);
        if (made + (end - begin) >= offset)
            return SP_MIN(begin + (offset - made), text.len);
        made += end - begin + 1;
        at = end + 1;
        /* Folding: the first empty line between two takes the place of the blank. */
        if (source->style == SP_SCALAR_FOLDED && at < text.len && text.ptr[at] == '\n')
            at++;
    }
    return text.len;
}

size_t sp_scalar_offset(const struct sp_scalar_source *source, size_t offset)
{
    switch (source->style) {
    case SP_SCALAR_PLAIN:
    case SP_SCALAR_SINGLE:
    case SP_SCALAR_DOUBLE: return flow_offset(source, offset);
    case SP_SCALAR_LITERAL:
    case SP_SCALAR_FOLDED: return SP_MIN(block_offset(source, offset), source->text.len);
    case SP_SCALAR_EXACT: break;
    }
    return SP_MIN(offset, source->text.len);
}
