/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/lines.h"

#include "value/utf8.h"

/* A word of eight bytes without one above 0x7f. */
#define HIGH_BITS UINT64_C(0x8080808080808080)
#define LOW_BITS  UINT64_C(0x0101010101010101)

#define REPLACEMENT SP_STR("\xef\xbf\xbd")

void sp_lines_init(struct sp_lines *lines, sp_line_fn fn, void *arg)
{
    *lines = (struct sp_lines){
        .pending = SP_BUF(2 * SP_LINE_MAX), /* proof: never above SP_LINE_MAX + 1, see add() */
        .fn = fn,
        .arg = arg,
    };
}

void sp_lines_fini(struct sp_lines *lines)
{
    sp_buf_fini(&lines->pending);
}

/* --- characters ---------------------------------------------------------------------------- */

/* Bytes that are no text: bad UTF-8, and NUL, which would end a C string in the middle. */
static bool is_bad(struct sp_str text, size_t at, size_t *len)
{
    return sp_utf8_decode(text, at, len) == SP_UTF8_BAD || text.ptr[at] == '\0';
}

static bool is_valid(struct sp_str text)
{
    size_t at = 0;

    while (at < text.len) {
        uint64_t word;
        size_t len;
        if (text.len - at >= sizeof word) {
            memcpy(&word, text.ptr + at, sizeof word);
            /* Neither a byte above 127 nor a NUL: the classic test for a zero byte in a word. */
            if ((word & HIGH_BITS) == 0 && ((word - LOW_BITS) & HIGH_BITS) == 0) {
                at += sizeof word;
                continue;
            }
        }
        if (is_bad(text, at, &len))
            return false;
        at += len;
    }
    return true;
}

/* Deliver text that is not valid UTF-8: it may grow threefold, hence the pieces. */
static void deliver_repaired(const struct sp_lines *lines, struct sp_str text, bool partial)
{
    sp_auto_buf struct sp_buf good = SP_BUF(SP_LINE_MAX);

    for (size_t at = 0, len; at < text.len; at += len) {
        bool bad = is_bad(text, at, &len);
        struct sp_str piece = bad ? REPLACEMENT : sp_str_slice(text, at, at + len);
        if (good.len + piece.len > SP_LINE_MAX) {
            lines->fn(lines->arg, sp_buf_str(&good), false);
            sp_buf_clear(&good);
        }
        sp_buf_add(&good, piece);
    }
    lines->fn(lines->arg, sp_buf_str(&good), partial);
}

static void deliver(const struct sp_lines *lines, struct sp_str text, bool partial)
{
    if (is_valid(text))
        lines->fn(lines->arg, text, partial);
    else
        deliver_repaired(lines, text, partial);
}

/* --- lines --------------------------------------------------------------------------------- */

/* Where to cut a line that is longer than SP_LINE_MAX: not inside a character. */
static size_t cut_position(struct sp_str text)
{
    for (size_t cut = SP_LINE_MAX; cut > SP_LINE_MAX - 4; cut--) {
        if (((uint8_t)text.ptr[cut] & 0xc0) != 0x80)
            return cut;
    }
    return SP_LINE_MAX; /* no character is that long: rubbish, cut anywhere */
}

/* Append to the unfinished line, delivering pieces as soon as it is too long. */
static void add(struct sp_lines *lines, struct sp_str text)
{
    struct sp_buf *pending = &lines->pending;

    while (text.len) {
        size_t room = SP_LINE_MAX + 1 - pending->len;
        size_t len = SP_MIN(room, text.len);
        sp_buf_add(pending, sp_str_slice(text, 0, len));
        text = sp_str_slice(text, len, text.len);
        if (pending->len <= SP_LINE_MAX)
            continue;
        size_t cut = cut_position(sp_buf_str(pending));
        size_t left = pending->len - cut;
        deliver(lines, sp_str_slice(sp_buf_str(pending), 0, cut), false);
        memmove(pending->ptr, pending->ptr + cut, left);
        sp_buf_truncate(pending, left);
    }
}

/* The line ends here: `text` is what is new of it. */
static void end_line(struct sp_lines *lines, struct sp_str text)
{
    if (lines->pending.len == 0 && text.len <= SP_LINE_MAX) {
        deliver(lines, text, false); /* the usual case, without a copy */
        return;
    }
    add(lines, text);
    deliver(lines, sp_buf_str(&lines->pending), false);
    sp_buf_clear(&lines->pending);
}

/* A carriage return: keep the text, in case a line end follows. */
static void return_carriage(struct sp_lines *lines, struct sp_str text)
{
    add(lines, text);
    if (lines->pending.len == 0)
        return;
    deliver(lines, sp_buf_str(&lines->pending), true);
    lines->returned = true;
}

/* The byte after a carriage return; true if it has been used up. */
static bool follow_return(struct sp_lines *lines, char next)
{
    if (next == '\r')
        return true;
    lines->returned = false;
    if (next == '\n')
        end_line(lines, SP_STR(""));
    else
        sp_buf_clear(&lines->pending);
    return next == '\n';
}

/* Position of the first '\n' or '\r', or the length. */
static size_t find_end(struct sp_str bytes)
{
    size_t at = 0;

    while (at < bytes.len && bytes.ptr[at] != '\n' && bytes.ptr[at] != '\r')
        at++;
    return at;
}

void sp_lines_feed(struct sp_lines *lines, struct sp_str bytes)
{
    while (bytes.len) {
        size_t used = 1;
        if (lines->returned && follow_return(lines, bytes.ptr[0])) {
            bytes = sp_str_slice(bytes, used, bytes.len);
            continue;
        }
        size_t end = find_end(bytes);
        struct sp_str text = sp_str_slice(bytes, 0, end);
        bool newline = end < bytes.len && bytes.ptr[end] == '\n';
        if (!newline && end + 1 < bytes.len && bytes.ptr[end + 1] == '\n') {
            newline = true;
            used = 2;
        }
        if (newline)
            end_line(lines, text);
        else if (end < bytes.len)
            return_carriage(lines, text);
        else
            add(lines, text);
        bytes = sp_str_slice(bytes, end + used, bytes.len);
    }
}

void sp_lines_end(struct sp_lines *lines)
{
    if (lines->pending.len)
        end_line(lines, SP_STR(""));
    lines->returned = false;
}
