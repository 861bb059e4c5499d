/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/buf.h"

#include "recipe/cab.h"
#include "value/text.h"

#define INDENT    ((size_t)4)
#define WIDTH_MIN 40
#define BRIEF_MAX 200 /* bytes of a default */

static const char *const category_titles[] = {
    [SP_REQUIRED] = "Required", [SP_OPTIONAL] = "Optional", [SP_IMPLICIT] = "Implicit",
    [SP_OBSCURE] = "Obscure",   [SP_HIDDEN] = "Hidden",
};

struct page {
    struct sp_buf *out;
    bool colour;
    size_t width;
    size_t column; /* where the line being filled ends */
    bool empty;    /* nothing was written so far */
};

/* --- text on the page --------------------------------------------------------------------- */

static void styled(const struct page *page, const char *style, struct sp_str text)
{
    if (page->colour)
        sp_buf_addf(page->out, "\033[%sm", style);
    sp_buf_add(page->out, text);
    if (page->colour)
        sp_buf_adds(page->out, "\033[0m");
}

/* Characters that a terminal shows for `text`, near enough: UTF-8 sequences count once. */
static size_t shown_width(struct sp_str text)
{
    size_t width = 0;

    for (size_t i = 0; i < text.len; i++)
        width += ((unsigned char)text.ptr[i] & 0xC0) != 0x80;
    return width;
}

static void add_word(struct page *page, struct sp_str word)
{
    size_t width = shown_width(word);

    if (page->column && page->column + 1 + width > page->width) {
        sp_buf_addc(page->out, '\n');
        page->column = 0;
    }
    if (page->column) {
        sp_buf_addc(page->out, ' ');
        page->column++;
    } else {
        sp_buf_add_repeat(page->out, ' ', INDENT * 2);
        page->column = INDENT * 2;
    }
    sp_buf_add(page->out, word);
    page->column += width;
}

/* Words of `text`, filled to the width. */
static void add_words(struct page *page, struct sp_str text)
{
    size_t at = 0;

    while (at < text.len) {
        size_t end = at;
        while (end < text.len && !strchr(" \t\r\n", text.ptr[end]))
            end++;
        if (end > at)
            add_word(page, sp_str_slice(text, at, end));
        at = end + 1;
    }
}

static void end_paragraph(struct page *page)
{
    if (page->column)
        sp_buf_addc(page->out, '\n');
    page->column = 0;
}

/* --- one parameter ------------------------------------------------------------------------ */

static void add_labelled(struct page *page, const char *label, struct sp_value value)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_addf(&text, "%s ", label);
    if (sp_is_text(value) && !sp_str_trim(value.text).len)
        sp_value_repr(value, &text);
    else
        sp_value_brief(value, BRIEF_MAX, &text);
    add_words(page, sp_buf_str(&text));
    end_paragraph(page);
}

static void add_choices(struct page *page, const char *label, const struct sp_list *choices)
{
    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_SMALL);

    sp_buf_adds(&text, label);
    for (size_t i = 0; i < choices->len; i++) {
        sp_buf_adds(&text, i ? ", " : " ");
        sp_value_str(choices->items[i], &text);
    }
    add_words(page, sp_buf_str(&text));
    end_paragraph(page);
}

static void describe_param(struct page *page, const struct sp_param *param)
{
    sp_buf_add_repeat(page->out, ' ', INDENT);
    styled(page, "1", param->name);
    sp_buf_adds(page->out, "  ");
    styled(page, "36", param->dtype_text);
    sp_buf_addc(page->out, '\n');
    add_words(page, param->info);
    end_paragraph(page);
    if (param->has_implicit)
        add_labelled(page, "always:", param->implicit);
    else if (param->has_default)
        add_labelled(page, "default:", param->default_value);
    if (param->choices)
        add_choices(page, "choices:", param->choices);
    if (param->element_choices)
        add_choices(page, "elements:", param->element_choices);
    if (param->writable) {
        add_words(page, SP_STR("is changed in place"));
        end_paragraph(page);
    }
}

/* --- groups ------------------------------------------------------------------------------- */

static size_t count_group(const struct sp_schema *schema, enum sp_category category, bool outputs)
{
    size_t count = 0;

    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        count += param->category == category && param->is_output == outputs;
    }
    return count;
}

static void describe_group(struct page *page,
                           const struct sp_schema *schema,
                           enum sp_category category,
                           bool outputs,
                           bool omit)
{
    size_t count = count_group(schema, category, outputs);
    sp_auto_buf struct sp_buf title = SP_BUF(SP_BUF_SMALL);

    if (!count)
        return;
    sp_buf_addf(&title, "%s %s:", category_titles[category], outputs ? "outputs" : "inputs");
    if (!page->empty)
        sp_buf_addc(page->out, '\n');
    page->empty = false;
    styled(page, "1;4", sp_buf_str(&title));
    if (omit) {
        sp_buf_addf(page->out, " omitting %zu\n", count);
        return;
    }
    sp_buf_addc(page->out, '\n');
    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        if (param->category == category && param->is_output == outputs)
            describe_param(page, param);
    }
}

void sp_schema_describe(const struct sp_schema *schema,
                        enum sp_category detail,
                        bool colour,
                        int width,
                        struct sp_buf *out)
{
    struct page page = {
        .out = out,
        .colour = colour,
        .width = width < WIDTH_MIN ? WIDTH_MIN : (size_t)width,
        .empty = true,
    };

    for (unsigned category = SP_REQUIRED; category < SP_COUNT(category_titles); category++) {
        bool omit = category > detail;
        if (category == SP_HIDDEN && omit)
            break; /* hidden means hidden */
        describe_group(&page, schema, category, false, omit);
        describe_group(&page, schema, category, true, omit);
    }
}
