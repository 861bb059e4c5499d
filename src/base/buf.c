/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Make room for `extra` more bytes and the terminator; false when the maximum forbids it. */
static bool reserve(struct sp_buf *buf, size_t extra)
{
    if (buf->overflowed || extra > buf->max - buf->len) {
        buf->overflowed = true;
        return false;
    }
    char *old = buf->capacity ? buf->ptr : NULL;
    buf->ptr = sp_grow(old, &buf->capacity, buf->len + extra + 1, 1);
    return true;
}

void sp_buf_add(struct sp_buf *buf, struct sp_str text)
{
    if (!reserve(buf, text.len))
        return;
    if (text.len)
        memcpy(buf->ptr + buf->len, text.ptr, text.len);
    buf->len += text.len;
    buf->ptr[buf->len] = '\0';
}

void sp_buf_adds(struct sp_buf *buf, const char *text)
{
    sp_buf_add(buf, sp_str_of(text));
}

void sp_buf_addc(struct sp_buf *buf, char c)
{
    sp_buf_add(buf, (struct sp_str){ &c, 1 });
}

/* Length of the sequence that begins with the ESC at the start of `text`. */
static size_t escape_length(struct sp_str text)
{
    size_t at = 2;

    if (text.len < 2)
        return text.len;
    if (text.ptr[1] == '[') {
        while (at < text.len && (text.ptr[at] < '@' || text.ptr[at] > '~'))
            at++;
        return SP_MIN(at + 1, text.len);
    }
    if (text.ptr[1] != ']')
        return 2;
    /* A title ends with BEL or ESC \. */
    while (at < text.len && text.ptr[at] != '\a' && text.ptr[at] != '\033')
        at++;
    return SP_MIN(at + (at < text.len && text.ptr[at] == '\033' ? 2 : 1), text.len);
}

void sp_buf_add_plain(struct sp_buf *buf, struct sp_str text)
{
    while (text.len) {
        size_t at = SP_MIN(sp_str_find(text, '\033'), text.len);
        sp_buf_add(buf, sp_str_slice(text, 0, at));
        text = sp_str_slice(text, at, text.len);
        text = sp_str_slice(text, text.len ? escape_length(text) : 0, text.len);
    }
}

void sp_buf_add_repeat(struct sp_buf *buf, char c, size_t count)
{
    if (!reserve(buf, count))
        return;
    memset(buf->ptr + buf->len, c, count);
    buf->len += count;
    buf->ptr[buf->len] = '\0';
}

void sp_buf_addv(struct sp_buf *buf, const char *fmt, va_list args)
{
    va_list again;

    va_copy(again, args);
    int wanted = vsnprintf(NULL, 0, fmt, again);
    va_end(again);
    if (wanted < 0 || !reserve(buf, (size_t)wanted))
        return;
    (void)vsnprintf(buf->ptr + buf->len, (size_t)wanted + 1, fmt, args);
    buf->len += (size_t)wanted;
}

void sp_buf_addf(struct sp_buf *buf, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    sp_buf_addv(buf, fmt, args);
    va_end(args);
}

void sp_buf_truncate(struct sp_buf *buf, size_t len)
{
    if (len >= buf->len)
        return;
    buf->len = len;
    buf->ptr[len] = '\0';
}

void sp_buf_clear(struct sp_buf *buf)
{
    sp_buf_truncate(buf, 0);
    buf->overflowed = false;
}

bool sp_buf_ok(const struct sp_buf *buf)
{
    return !buf->overflowed;
}

struct sp_str sp_buf_str(const struct sp_buf *buf)
{
    return (struct sp_str){ buf->ptr, buf->len };
}

char *sp_buf_take(struct sp_buf *buf)
{
    char *text = buf->capacity ? buf->ptr : sp_strdup("");

    *buf = SP_BUF(buf->max);
    return text;
}

void sp_buf_fini(struct sp_buf *buf)
{
    if (buf->capacity)
        free(buf->ptr);
    *buf = SP_BUF(buf->max);
}
