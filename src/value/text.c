/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/text.h"

#include "value/number.h"
#include "value/utf8.h"

#define BRIEF_LIST 10 /* longer lists are shown by their first two items and the last */

/* --- text in quotes ----------------------------------------------------------------------- */

static const char *short_escape(uint32_t code, char quote)
{
    switch (code) {
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    case '\'': return quote == '\'' ? "\\'" : NULL;
    default: return NULL;
    }
}

static void add_escape(uint32_t code, struct sp_buf *out)
{
    if (code < 0x100)
        sp_buf_addf(out, "\\x%02x", code);
    else if (code < 0x10000)
        sp_buf_addf(out, "\\u%04x", code);
    else
        sp_buf_addf(out, "\\U%08x", code);
}

static void add_quoted(struct sp_str text, struct sp_buf *out)
{
    bool single = sp_str_find(text, '\'') != SIZE_MAX;
    char quote = single && sp_str_find(text, '"') == SIZE_MAX ? '"' : '\'';

    sp_buf_addc(out, quote);
    for (size_t at = 0, len; at < text.len && sp_buf_ok(out); at += len) {
        uint32_t code = sp_utf8_decode(text, at, &len);
        const char *escape = short_escape(code, quote);
        if (escape)
            sp_buf_adds(out, escape);
        else if (code == SP_UTF8_BAD) /* as Python shows bytes of file names that are not text */
            sp_buf_addf(out, "\\udc%02x", (unsigned)(unsigned char)text.ptr[at]);
        else if (sp_utf8_printable(code))
            sp_buf_add(out, sp_str_slice(text, at, at + len));
        else
            add_escape(code, out);
    }
    sp_buf_addc(out, quote);
}

/* --- lists and dictionaries --------------------------------------------------------------- */

static void add_items(const struct sp_list *list, bool tuple, struct sp_buf *out)
{
    sp_buf_addc(out, tuple ? '(' : '[');
    for (size_t i = 0; i < list->len && sp_buf_ok(out); i++) {
        if (i)
            sp_buf_adds(out, ", ");
        sp_value_repr(list->items[i], out);
    }
    if (tuple && list->len == 1)
        sp_buf_addc(out, ',');
    sp_buf_addc(out, tuple ? ')' : ']');
}

static void add_dict(const struct sp_dict *dict, struct sp_buf *out)
{
    sp_buf_addc(out, '{');
    SP_DICT_EACH(entry, dict)
    {
        if (!sp_buf_ok(out))
            break;
        if (entry != dict->entries)
            sp_buf_adds(out, ", ");
        add_quoted(entry->key, out);
        sp_buf_adds(out, ": ");
        sp_value_repr(entry->value, out);
    }
    sp_buf_addc(out, '}');
}

void sp_value_repr(struct sp_value value, struct sp_buf *out)
{
    switch (value.kind) {
    case SP_NULL: sp_buf_adds(out, "None"); break;
    case SP_BOOL: sp_buf_adds(out, value.boolean ? "True" : "False"); break;
    case SP_INT: sp_buf_addf(out, "%lld", (long long)value.integer); break;
    case SP_FLOAT: sp_float_repr(value.real, out); break;
    case SP_TEXT:
    case SP_PATH: add_quoted(value.text, out); break;
    case SP_LIST:
    case SP_TUPLE: add_items(value.list, value.kind == SP_TUPLE, out); break;
    case SP_DICT: add_dict(value.dict, out); break;
    case SP_UNSET:
    case SP_MISSING:
    case SP_UNRESOLVED:
    case SP_SKIPPED:
    case SP_ERROR: sp_buf_add(out, value.text); break;
    }
}

void sp_value_str(struct sp_value value, struct sp_buf *out)
{
    if (sp_is_text(value))
        sp_buf_add(out, value.text);
    else
        sp_value_repr(value, out);
}

struct sp_str sp_value_text(struct sp_arena *arena, struct sp_value value)
{
    if (sp_is_text(value))
        return sp_arena_str(arena, value.text);

    sp_auto_buf struct sp_buf text = SP_BUF(SP_BUF_LARGE);
    sp_value_repr(value, &text);
    return sp_arena_str(arena, sp_buf_str(&text));
}

/* --- for people --------------------------------------------------------------------------- */

/* Start of a character at or before byte `at`. */
static size_t character_start(struct sp_str text, size_t at)
{
    while (at > 0 && at < text.len && ((unsigned char)text.ptr[at] & 0xC0) == 0x80)
        at--;
    return at;
}

static void add_cut(struct sp_str text, size_t max, struct sp_buf *out)
{
    if (text.len <= max || max < 5) {
        sp_buf_add(out, sp_str_slice(text, 0, SP_MAX(max, (size_t)5)));
        return;
    }
    size_t head = character_start(text, (max - 3) / 2);
    size_t tail = text.len - (max - 3 - head);
    while (tail < text.len && ((unsigned char)text.ptr[tail] & 0xC0) == 0x80)
        tail++;
    sp_buf_add(out, sp_str_slice(text, 0, head));
    sp_buf_adds(out, "...");
    sp_buf_add(out, sp_str_slice(text, tail, text.len));
}

static void add_brief_list(const struct sp_list *list, size_t max, struct sp_buf *out)
{
    sp_buf_addc(out, '[');
    for (size_t i = 0; i < 2; i++) {
        sp_value_brief(list->items[i], max, out);
        sp_buf_adds(out, ", ");
    }
    sp_buf_adds(out, "..., ");
    sp_value_brief(list->items[list->len - 1], max, out);
    sp_buf_addc(out, ']');
}

void sp_value_brief(struct sp_value value, size_t max, struct sp_buf *out)
{
    sp_auto_buf struct sp_buf whole = SP_BUF(SP_BUF_LARGE);

    if (sp_is_list(value) && value.list->len > BRIEF_LIST) {
        add_brief_list(value.list, max, out);
        return;
    }
    sp_value_str(value, &whole);
    add_cut(sp_buf_str(&whole), max, out);
}
