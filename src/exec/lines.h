/* SPDX-License-Identifier: BSD-3-Clause */
/* lines.h - a stream of output bytes cut into lines, for every backend alike.
 *
 * Implements what backend.h promises about observer->line. How the bytes are divided into reads
 * makes no difference to the whole lines, only to the partial ones in between:
 *   1. '\n' and "\r\n" end a line; the text is delivered whole, possibly empty;
 *   2. a lone '\r' delivers the text so far as `partial`; what comes next replaces it. If a line
 *      end or the end of the stream comes next, the same text is delivered again, whole;
 *   3. a line longer than SP_LINE_MAX is delivered in whole pieces of at most that many bytes,
 *      cut between characters;
 *   4. what is delivered is valid UTF-8 without '\n' and '\r': each byte that is not part of a
 *      character becomes U+FFFD;
 *   5. text without a line end at the end of the stream is a line.
 */
#pragma once

#include "base/buf.h"

/* Python cabs return catalogues in one line; what never ends a line is binary rubbish. */
#define SP_LINE_MAX ((size_t)16 * 1024 * 1024)

typedef void (*sp_line_fn)(void *arg, struct sp_str text, bool partial);

struct sp_lines {
    struct sp_buf pending; /* the unfinished line */
    bool returned;         /* it has been delivered as partial: the next byte decides */
    sp_line_fn fn;
    void *arg;
};

void sp_lines_init(struct sp_lines *lines, sp_line_fn fn, void *arg);

/* More bytes of the stream; calls fn for what is complete. */
void sp_lines_feed(struct sp_lines *lines, struct sp_str bytes);

/* The stream has ended: deliver what is left. */
void sp_lines_end(struct sp_lines *lines);

void sp_lines_fini(struct sp_lines *lines);
