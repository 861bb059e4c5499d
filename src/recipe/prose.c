/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/prose.h"

#include <ctype.h>

#define NESTED_INDENT_MAX 12 /* of list items, however deep they are written */

/* --- width -------------------------------------------------------------------------------- */

size_t sp_prose_width(struct sp_str text)
{
    size_t width = 0;
    bool escape = false;

    for (size_t i = 0; i < text.len; i++) {
        unsigned char c = (unsigned char)text.ptr[i];
        if (escape)
            escape = c != 'm';
        else if (c == '\033')
            escape = true;
        else
            width += (c & 0xC0) != 0x80;
    }
    return width;
}

/* --- within a line ------------------------------------------------------------------------ */

static void add_safe(struct sp_buf *out, char c)
{
    unsigned char byte = (unsigned char)c;

    sp_buf_addc(out, byte == '\n' || byte == '\t' || byte == '\r' ? ' '
                     : byte < 0x20 || byte == 0x7F                ? '?'
                                                                  : c);
}

void sp_prose_plain(struct sp_str text, struct sp_buf *out)
{
    for (size_t i = 0; i < text.len; i++)
        add_safe(out, text.ptr[i]);
}

static const struct mark {
    const char *text;
    const char *on, *off; /* colours */
    bool literal;         /* nothing inside counts; the marks stay where there are no colours */
} marks[] = {
    { "`", "\033[36m", "\033[39m", true },
    { "**", "\033[1m", "\033[22m", false },
    { "*", "\033[3m", "\033[23m", false },
};

static bool is_word(char c)
{
    return isalnum((unsigned char)c) || (unsigned char)c >= 0x80;
}

/* End of what the mark at the start of `text` encloses, or SIZE_MAX. A star within words or
 * beside blanks is a star: "2*3*4", "a * b". */
static size_t find_end(const struct mark *mark, struct sp_str text)
{
    size_t len = strlen(mark->text);

    if (text.len <= 2 * len || isspace((unsigned char)text.ptr[len]))
        return SIZE_MAX;
    for (size_t i = len + 1; i + len <= text.len; i++) {
        struct sp_str rest = sp_str_slice(text, i, text.len);
        bool closes = sp_str_starts(rest, mark->text) && !isspace((unsigned char)text.ptr[i - 1]);
        if (closes && (mark->literal || rest.len == len || !is_word(rest.ptr[len])))
            return i;
    }
    return SIZE_MAX;
}

/* Bytes taken by a mark and what it encloses; 0: there is no mark. */
static size_t add_marked(struct sp_str text, bool boundary, bool colour, struct sp_buf *out)
{
    for (size_t i = 0; i < SP_COUNT(marks); i++) {
        const struct mark *mark = &marks[i];
        size_t len = strlen(mark->text);
        if (!sp_str_starts(text, mark->text) || (!mark->literal && !boundary))
            continue;
        size_t end = find_end(mark, text);
        if (end == SIZE_MAX)
            continue;
        struct sp_str inside = sp_str_slice(text, len, end);
        sp_buf_adds(out, colour ? mark->on : mark->literal ? mark->text : "");
        sp_prose_plain(inside, out);
        sp_buf_adds(out, colour ? mark->off : mark->literal ? mark->text : "");
        return end + len;
    }
    return 0;
}

/* [text](address) becomes "text (address)". */
static size_t add_link(struct sp_str text, struct sp_buf *out)
{
    struct sp_str rest = sp_str_slice(text, 1, text.len);
    struct sp_str name = sp_str_cut(&rest, ']');

    if (!rest.len || rest.ptr[0] != '(' || sp_str_find(rest, ')') == SIZE_MAX)
        return 0;
    size_t end = sp_str_find(rest, ')');
    sp_prose_plain(name, out);
    sp_buf_adds(out, " ");
    sp_prose_plain(sp_str_slice(rest, 0, end + 1), out);
    return 1 + name.len + 1 + end + 1;
}

void sp_prose_inline(struct sp_str text, bool colour, struct sp_buf *out)
{
    for (size_t i = 0; i < text.len;) {
        struct sp_str rest = sp_str_slice(text, i, text.len);
        bool boundary = i == 0 || !is_word(text.ptr[i - 1]);
        size_t taken = 0;
        if (rest.ptr[0] == '`' || rest.ptr[0] == '*')
            taken = add_marked(rest, boundary, colour, out);
        else if (rest.ptr[0] == '[')
            taken = add_link(rest, out);
        else if (rest.ptr[0] == '\\' && rest.len > 1 && strchr("\\`*_[]<>#", rest.ptr[1])) {
            sp_buf_addc(out, rest.ptr[1]);
            taken = 2;
        }
        if (!taken) {
            add_safe(out, rest.ptr[0]);
            taken = 1;
        }
        i += taken;
    }
}

/* --- filling ------------------------------------------------------------------------------ */

void sp_prose_fill(const struct sp_page *page, size_t column, size_t hang, struct sp_str text)
{
    bool first = true; /* on its line */

    while (text.len) {
        struct sp_str word = sp_str_cut(&text, ' ');
        size_t width = sp_prose_width(word);
        if (!word.len)
            continue;
        if (!first && column + 1 + width > page->width) {
            sp_buf_addc(page->out, '\n');
            sp_buf_add_repeat(page->out, ' ', hang);
            column = hang;
            first = true;
        }
        if (!first)
            sp_buf_addc(page->out, ' ');
        column += width + !first;
        sp_buf_add(page->out, word);
        first = false;
    }
    sp_buf_addc(page->out, '\n');
}

/* --- blocks ------------------------------------------------------------------------------- */

struct block {
    const struct sp_page *page;
    size_t indent;
    struct sp_buf text; /* paragraph so far */
    size_t start, hang; /* of its first line, of the others; beyond `indent` */
    bool in_list;
    bool gap;   /* an empty line is due before the next block */
    bool empty; /* nothing was written yet */
};

static void end_block(struct block *block)
{
    sp_auto_buf struct sp_buf line = SP_BUF(SP_BUF_LARGE);
    size_t column = block->indent + block->start;

    if (!block->text.len)
        return;
    sp_prose_inline(sp_buf_str(&block->text), block->page->colour, &line);
    sp_buf_add_repeat(block->page->out, ' ', column);
    sp_prose_fill(block->page, column, block->indent + block->hang, sp_buf_str(&line));
    sp_buf_clear(&block->text);
}

static void begin_block(struct block *block, size_t start, size_t hang)
{
    end_block(block);
    if (block->gap && !block->empty)
        sp_buf_addc(block->page->out, '\n');
    block->gap = false;
    block->empty = false;
    block->start = start;
    block->hang = hang;
}

static void add_literal(struct block *block, struct sp_str line)
{
    begin_block(block, 0, 0);
    sp_buf_add_repeat(block->page->out, ' ', block->indent);
    sp_prose_plain(line, block->page->out);
    sp_buf_addc(block->page->out, '\n');
}

static size_t leading_blanks(struct sp_str line)
{
    size_t count = 0;

    while (count < line.len && line.ptr[count] == ' ')
        count++;
    return count;
}

/* Bytes of "- ", "* ", "12. " at the start; 0: no list item. */
static size_t bullet_length(struct sp_str text)
{
    size_t digits = 0;

    if (text.len > 1 && strchr("-*+", text.ptr[0]) && text.ptr[1] == ' ')
        return 2;
    while (digits < text.len && isdigit((unsigned char)text.ptr[digits]))
        digits++;
    if (digits && digits < 4 && digits + 1 < text.len && strchr(".)", text.ptr[digits]) &&
        text.ptr[digits + 1] == ' ')
        return digits + 2;
    return 0;
}

static void add_heading(struct block *block, struct sp_str text)
{
    while (text.len && text.ptr[0] == '#')
        text = sp_str_slice(text, 1, text.len);
    block->gap = true;
    begin_block(block, 0, 0);
    sp_buf_addf(&block->text, "**" SP_STR_FMT "**", SP_STR_ARG(sp_str_trim(text)));
    end_block(block);
    block->in_list = false;
}

static void add_item(struct block *block, size_t blanks, size_t bullet, struct sp_str text)
{
    size_t start = SP_MIN(blanks, (size_t)NESTED_INDENT_MAX);

    begin_block(block, start, start + bullet);
    block->in_list = true;
    /* A star for a mark would be taken for emphasis. */
    if (text.ptr[0] == '*')
        sp_buf_addf(&block->text, "- " SP_STR_FMT,
                    SP_STR_ARG(sp_str_slice(text, bullet, text.len)));
    else
        sp_buf_add(&block->text, text);
}

static void add_line(struct block *block, struct sp_str line)
{
    size_t blanks = leading_blanks(line);
    struct sp_str text = sp_str_trim(line);
    size_t bullet = bullet_length(text);
    bool heading = text.len > 1 && text.ptr[0] == '#' && (text.ptr[1] == '#' || text.ptr[1] == ' ');

    if (!text.len) {
        end_block(block);
        block->gap = true;
        return;
    }
    if (bullet)
        add_item(block, blanks, bullet, text);
    else if (heading && !blanks)
        add_heading(block, text);
    else if (text.ptr[0] == '|' || (blanks >= 4 && !block->in_list && !block->text.len))
        add_literal(block, line);
    else if (block->text.len)
        sp_buf_addf(&block->text, " " SP_STR_FMT, SP_STR_ARG(text));
    else {
        block->in_list = block->in_list && blanks;
        begin_block(block, block->in_list ? block->hang : 0, block->in_list ? block->hang : 0);
        sp_buf_add(&block->text, text);
    }
}

void sp_prose(const struct sp_page *page, size_t indent, struct sp_str markdown)
{
    struct block block = {
        .page = page,
        .indent = indent,
        .text = SP_BUF(SP_BUF_LARGE),
        .empty = true,
    };
    bool fenced = false;

    for (struct sp_str rest = sp_str_trim(markdown); rest.ptr && markdown.len;) {
        struct sp_str line = sp_str_cut(&rest, '\n');
        if (sp_str_starts(sp_str_trim(line), "```")) {
            fenced = !fenced;
            end_block(&block);
        } else if (fenced) {
            add_literal(&block, line);
        } else {
            add_line(&block, line);
        }
    }
    end_block(&block);
    sp_buf_fini(&block.text);
}
