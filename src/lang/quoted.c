/* SPDX-License-Identifier: BSD-3-Clause */
#include "lang/quoted.h"

#include "value/utf8.h"

/* Reading position and what was made so far. */
struct decoder {
    struct sp_str source;
    size_t at;
    struct sp_buf out;
};

static const struct {
    char letter;
    uint32_t code;
} escapes[] = {
    { '0', 0 },    { 'a', 7 },    { 'b', 8 },      { 't', 9 },      { '\t', 9 },
    { 'n', 10 },   { 'v', 11 },   { 'f', 12 },     { 'r', 13 },     { 'e', 27 },
    { 'N', 0x85 }, { '_', 0xA0 }, { 'L', 0x2028 }, { 'P', 0x2029 },
};

static const struct {
    char letter;
    unsigned digits;
} hexadecimal[] = { { 'x', 2 }, { 'u', 4 }, { 'U', 8 } };

static int peek(const struct decoder *decoder)
{
    return decoder->at < decoder->source.len ? decoder->source.ptr[decoder->at] : '\0';
}

static bool skip_line_end(struct decoder *decoder)
{
    size_t before = decoder->at;

    decoder->at += peek(decoder) == '\r';
    decoder->at += peek(decoder) == '\n';
    return decoder->at > before;
}

static void skip_blanks(struct decoder *decoder)
{
    while (peek(decoder) == ' ' || peek(decoder) == '\t')
        decoder->at++;
}

/* Indentation and empty lines behind a line end; each empty line is a newline. */
static size_t skip_empty_lines(struct decoder *decoder)
{
    size_t count = 0;

    for (skip_blanks(decoder); skip_line_end(decoder); skip_blanks(decoder))
        count++;
    return count;
}

static uint32_t take_digits(struct decoder *decoder, unsigned count)
{
    uint32_t code = 0;

    for (unsigned i = 0; i < count && decoder->at < decoder->source.len; i++) {
        char c = decoder->source.ptr[decoder->at++];
        uint32_t digit = c <= '9' ? (uint32_t)(c - '0') : (uint32_t)((c | 0x20) - 'a') + 10;
        code = code << 4 | (digit & 15);
    }
    return code;
}

/* Behind a backslash. */
static void decode_escape(struct decoder *decoder)
{
    if (skip_line_end(decoder)) {
        sp_buf_add_repeat(&decoder->out, '\n', skip_empty_lines(decoder));
        return;
    }
    int letter = peek(decoder);
    decoder->at++;
    for (size_t i = 0; i < SP_COUNT(hexadecimal); i++) {
        if (hexadecimal[i].letter == letter) {
            sp_utf8_encode(take_digits(decoder, hexadecimal[i].digits), &decoder->out);
            return;
        }
    }
    for (size_t i = 0; i < SP_COUNT(escapes); i++) {
        if (escapes[i].letter == letter) {
            sp_utf8_encode(escapes[i].code, &decoder->out);
            return;
        }
    }
    sp_buf_addc(&decoder->out, (char)letter); /* blank, quote, slash, backslash */
}

/* Blanks, kept within a line; at its end they go, and the line end becomes a blank. */
static void decode_blanks(struct decoder *decoder)
{
    size_t first = decoder->at;

    skip_blanks(decoder);
    size_t end = decoder->at;
    if (!skip_line_end(decoder)) {
        sp_buf_add(&decoder->out, sp_str_slice(decoder->source, first, end));
        return;
    }
    size_t empty = skip_empty_lines(decoder);
    if (empty)
        sp_buf_add_repeat(&decoder->out, '\n', empty);
    else
        sp_buf_addc(&decoder->out, ' ');
}

/* A text of one line without escapes is its own source. */
static bool is_simple(struct sp_str source, bool single)
{
    return sp_str_find(source, single ? '\'' : '\\') == SIZE_MAX &&
           sp_str_find(source, '\n') == SIZE_MAX && sp_str_find(source, '\r') == SIZE_MAX;
}

static void decode(struct decoder *decoder, bool single)
{
    while (decoder->at < decoder->source.len) {
        int c = peek(decoder);
        if (strchr(" \t\r\n", c)) {
            decode_blanks(decoder);
        } else if (c == '\\' && !single) {
            decoder->at++;
            decode_escape(decoder);
        } else {
            sp_buf_addc(&decoder->out, (char)c);
            decoder->at += c == '\'' && single ? 2 : 1;
        }
    }
}

struct sp_str sp_quoted_decode(struct sp_arena *arena, struct sp_str source, bool single)
{
    struct decoder decoder = {
        .source = source,
        .out = SP_BUF(source.len * 2 + 8), /* at most 3 bytes from 2: the line separators */
    };

    if (is_simple(source, single))
        return sp_arena_str(arena, source);
    decode(&decoder, single);
    struct sp_str text = sp_arena_str(arena, sp_buf_str(&decoder.out));
    sp_buf_fini(&decoder.out);
    return text;
}
