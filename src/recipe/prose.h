/* SPDX-License-Identifier: BSD-3-Clause */
/* prose.h - text that people wrote into recipes and cabs, on a terminal or in a file.
 *
 * Such texts are Markdown, mostly plain sentences. Paragraphs are filled to the width; lists keep
 * their marks and hang; code and tables stay as they are. Where there are colours, **bold**,
 * *emphasis* and `code` are shown by them; without, bold and emphasis lose their stars and code
 * keeps its quotes. Control characters never get through: a text must not steer a terminal.
 */
#pragma once

#include "base/buf.h"

struct sp_page {
    struct sp_buf *out;
    size_t width; /* columns */
    bool colour;
};

/* Blocks of Markdown, every line indented. */
void sp_prose(const struct sp_page *page, size_t indent, struct sp_str markdown);

/* Markdown within a line: as it is shown, in one line, appended to `out`. */
void sp_prose_inline(struct sp_str text, bool colour, struct sp_buf *out);

/* Text that is not Markdown, with neither control characters nor line ends. */
void sp_prose_plain(struct sp_str text, struct sp_buf *out);

/* Fill words of a text that was made by the two above; the first line goes on at `column`, the
 * others start at `hang`. Ends the line. */
void sp_prose_fill(const struct sp_page *page, size_t column, size_t hang, struct sp_str text);

/* Columns that a text takes: UTF-8 sequences count once, colours not at all. */
size_t sp_prose_width(struct sp_str text);
