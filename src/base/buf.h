/* SPDX-License-Identifier: BSD-3-Clause */
/* buf.h - text under construction.
 *
 * Always NUL-terminated, never longer than the maximum it was created with. Errors are sticky:
 * once an append did not fit, later ones do nothing, and sp_buf_ok() says so once at the end; the
 * content is then cut, never garbled.
 *
 *     sp_auto_buf struct sp_buf line = SP_BUF(SP_MAX_LINE);
 *     sp_buf_addf(&line, "%s: %d", name, count);
 *     sp_buf_add(&line, SP_STR(" done"));
 *     if (!sp_buf_ok(&line)) ...
 */
#pragma once

#include "base/err.h"
#include "base/str.h"

struct sp_buf {
    char *ptr; /* "" before the first append; owned */
    size_t len;
    size_t capacity;
    size_t max;
    bool overflowed;
};

#define SP_BUF(max_bytes) ((struct sp_buf){ .ptr = (char *)"", .max = (max_bytes) })

#define SP_BUF_SMALL ((size_t)64 * 1024)         /* messages, paths, command words */
#define SP_BUF_LARGE ((size_t)256 * 1024 * 1024) /* whole files and documents */

void sp_buf_add(struct sp_buf *buf, struct sp_str text);
void sp_buf_adds(struct sp_buf *buf, const char *text);
void sp_buf_addc(struct sp_buf *buf, char c);

/* `text` without what terminals take for commands: ESC sequences (colours, titles). */
void sp_buf_add_plain(struct sp_buf *buf, struct sp_str text);

void sp_buf_add_repeat(struct sp_buf *buf, char c, size_t count);
void sp_buf_addf(struct sp_buf *buf, const char *fmt, ...) SP_PRINTF(2, 3);
void sp_buf_addv(struct sp_buf *buf, const char *fmt, va_list args) SP_PRINTF(2, 0);

/* Keep the first `len` bytes. */
void sp_buf_truncate(struct sp_buf *buf, size_t len);

/* Contents gone, memory kept, error forgotten. */
void sp_buf_clear(struct sp_buf *buf);

bool sp_buf_ok(const struct sp_buf *buf);

/* View of the contents, valid until the next append. */
struct sp_str sp_buf_str(const struct sp_buf *buf);

/* Give the contents away as malloc'ed text; the buffer is empty afterwards. */
char *sp_buf_take(struct sp_buf *buf);

void sp_buf_fini(struct sp_buf *buf);
#define sp_auto_buf SP_CLEANUP(sp_buf_fini)
