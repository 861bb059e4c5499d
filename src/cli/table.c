/* SPDX-License-Identifier: BSD-3-Clause */
#include "cli/table.h"

#include "base/vec.h"

#include <assert.h>
#include <stdio.h>

#define COLUMNS_MAX 16

struct sp_table {
    const struct sp_column *columns;
    size_t count;
    SP_VEC(char *) cells;
};

struct sp_table *sp_table_new(const struct sp_column *columns, size_t count)
{
    struct sp_table *table = sp_alloc(sizeof *table);

    assert(count > 0 && count <= COLUMNS_MAX);
    table->columns = columns;
    table->count = count;
    return table;
}

void sp_table_free(struct sp_table *table)
{
    if (!table)
        return;
    for (size_t i = 0; i < table->cells.len; i++)
        free(table->cells.items[i]);
    SP_VEC_FINI(&table->cells);
    free(table);
}

void sp_table_add(struct sp_table *table, const char *fmt, ...)
{
    struct sp_buf text = SP_BUF(SP_BUF_SMALL);
    va_list args;

    va_start(args, fmt);
    sp_buf_addv(&text, fmt, args);
    va_end(args);
    *SP_VEC_ADD(&table->cells) = sp_buf_take(&text);
}

/* Characters, not bytes: UTF-8 continuation bytes do not count. */
static int text_width(const char *text)
{
    int width = 0;

    for (; *text; text++)
        width += ((unsigned char)*text & 0xC0) != 0x80;
    return width;
}

static int column_width(const struct sp_table *table, size_t column)
{
    int width = text_width(table->columns[column].title);

    for (size_t i = column; i < table->cells.len; i += table->count)
        width = SP_MAX(width, text_width(table->cells.items[i]));
    return width;
}

static void add_cell(const struct sp_table *table,
                     size_t column,
                     const char *text,
                     int width,
                     struct sp_buf *out)
{
    size_t padding = (size_t)SP_MAX(width - text_width(text), 0);

    if (column > 0)
        sp_buf_adds(out, "  ");
    if (table->columns[column].right)
        sp_buf_add_repeat(out, ' ', padding);
    sp_buf_adds(out, text);
    if (!table->columns[column].right && column + 1 < table->count)
        sp_buf_add_repeat(out, ' ', padding);
}

static void end_row(size_t start, int width, struct sp_buf *out)
{
    size_t len = out->len;

    while (len > start && out->ptr[len - 1] == ' ')
        len--;
    sp_buf_truncate(out, len);
    if (width > 0 && out->len - start > (size_t)width) {
        size_t end = start + (size_t)width;
        while (end > start && ((unsigned char)out->ptr[end] & 0xC0) == 0x80)
            end--;
        sp_buf_truncate(out, end);
    }
    sp_buf_addc(out, '\n');
}

static void add_heading(const struct sp_table *table,
                        const int *widths,
                        bool colour,
                        struct sp_buf *out)
{
    if (colour)
        sp_buf_adds(out, "\033[1m");
    for (size_t column = 0; column < table->count; column++)
        add_cell(table, column, table->columns[column].title, widths[column], out);
    while (out->len && out->ptr[out->len - 1] == ' ')
        sp_buf_truncate(out, out->len - 1);
    sp_buf_adds(out, colour ? "\033[0m\n" : "\n");
}

void sp_table_format(const struct sp_table *table, int width, bool colour, struct sp_buf *out)
{
    int widths[COLUMNS_MAX];
    size_t start = out->len;

    for (size_t column = 0; column < table->count; column++)
        widths[column] = column_width(table, column);
    add_heading(table, widths, colour, out);
    assert(table->count > 0);
    for (size_t i = 0; i < table->cells.len; i++) {
        size_t column = i % table->count;
        if (column == 0)
            start = out->len;
        add_cell(table, column, table->cells.items[i], widths[column], out);
        if (column + 1 == table->count)
            end_row(start, width, out);
    }
}

struct sp_amount_text sp_size_text(uint64_t bytes)
{
    return bytes ? sp_amount_text(bytes) : (struct sp_amount_text){ "-" };
}

struct sp_amount_text sp_share_text(double cpu, double wall)
{
    struct sp_amount_text out = { "-" };

    if (wall >= 0.01)
        (void)snprintf(out.text, sizeof out.text, "%.0f%%", 100 * cpu / wall);
    return out;
}
