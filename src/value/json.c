/* SPDX-License-Identifier: BSD-3-Clause */
/* json.c - the only file that knows jansson. It reads; writing is ours, since jansson writes
 * 0.1 as 0.10000000000000001 and refuses texts that are not UTF-8. */
#include "value/json.h"

#include "value/number.h"
#include "value/utf8.h"

#include <jansson.h>
#include <math.h>

/* --- writing ------------------------------------------------------------------------------ */

static const char *short_escape(uint32_t code)
{
    switch (code) {
    case '"': return "\\\"";
    case '\\': return "\\\\";
    case '\n': return "\\n";
    case '\r': return "\\r";
    case '\t': return "\\t";
    default: return NULL;
    }
}

void sp_json_quote(struct sp_str text, struct sp_buf *out)
{
    sp_buf_addc(out, '"');
    for (size_t at = 0, len; at < text.len; at += len) {
        uint32_t code = sp_utf8_decode(text, at, &len);
        const char *escape = short_escape(code);
        if (escape)
            sp_buf_adds(out, escape);
        else if (code < 0x20 || code == 0x7F)
            sp_buf_addf(out, "\\u%04x", code);
        else if (code == SP_UTF8_BAD)
            sp_buf_adds(out, "\xEF\xBF\xBD"); /* U+FFFD: JSON has no way to hold other bytes */
        else
            sp_buf_add(out, sp_str_slice(text, at, at + len));
    }
    sp_buf_addc(out, '"');
}

struct writer {
    enum sp_json_style style;
    unsigned depth;
    struct sp_buf *out;
};

static void write_value(struct writer *writer, struct sp_value value);

static void start_item(struct writer *writer, bool first)
{
    if (!first)
        sp_buf_addc(writer->out, ',');
    if (writer->style == SP_JSON_PRETTY) {
        sp_buf_addc(writer->out, '\n');
        sp_buf_add_repeat(writer->out, ' ', (size_t)2 * writer->depth);
    } else if (!first) {
        sp_buf_addc(writer->out, ' ');
    }
}

static void end_items(struct writer *writer, bool empty, char close)
{
    writer->depth--;
    if (!empty && writer->style == SP_JSON_PRETTY) {
        sp_buf_addc(writer->out, '\n');
        sp_buf_add_repeat(writer->out, ' ', (size_t)2 * writer->depth);
    }
    sp_buf_addc(writer->out, close);
}

static void write_list(struct writer *writer, const struct sp_list *list)
{
    sp_buf_addc(writer->out, '[');
    writer->depth++;
    SP_LIST_EACH(item, list)
    {
        if (!sp_buf_ok(writer->out))
            break;
        start_item(writer, item == list->items);
        write_value(writer, *item);
    }
    end_items(writer, list->len == 0, ']');
}

static void write_dict(struct writer *writer, const struct sp_dict *dict)
{
    sp_buf_addc(writer->out, '{');
    writer->depth++;
    SP_DICT_EACH(entry, dict)
    {
        if (!sp_buf_ok(writer->out))
            break;
        start_item(writer, entry == dict->entries);
        sp_json_quote(entry->key, writer->out);
        sp_buf_adds(writer->out, ": ");
        write_value(writer, entry->value);
    }
    end_items(writer, dict->len == 0, '}');
}

static void write_float(const struct writer *writer, double real)
{
    struct sp_buf *out = writer->out;

    if (isfinite(real)) {
        sp_float_repr(real, out);
    } else if (writer->style == SP_JSON_PYTHON) {
        sp_buf_adds(out, isnan(real) ? "NaN" : real < 0 ? "-Infinity" : "Infinity");
    } else {
        sp_buf_addc(out, '"');
        sp_float_repr(real, out);
        sp_buf_addc(out, '"');
    }
}

static void write_value(struct writer *writer, struct sp_value value)
{
    switch (value.kind) {
    case SP_BOOL: sp_buf_adds(writer->out, value.boolean ? "true" : "false"); break;
    case SP_INT: sp_buf_addf(writer->out, "%lld", (long long)value.integer); break;
    case SP_FLOAT: write_float(writer, value.real); break;
    case SP_TEXT:
    case SP_PATH: sp_json_quote(value.text, writer->out); break;
    case SP_LIST:
    case SP_TUPLE: write_list(writer, value.list); break;
    case SP_DICT: write_dict(writer, value.dict); break;
    case SP_NULL:
    case SP_UNSET:
    case SP_MISSING:
    case SP_UNRESOLVED:
    case SP_SKIPPED:
    case SP_ERROR: sp_buf_adds(writer->out, "null"); break;
    }
}

void sp_json_encode(struct sp_value value, enum sp_json_style style, struct sp_buf *out)
{
    struct writer writer = { .style = style, .out = out };

    write_value(&writer, value);
}

/* --- reading ------------------------------------------------------------------------------ */

/* jansson nests at most 2048 levels (its JSON_PARSER_MAX_DEPTH), which bounds this recursion. */
static struct sp_value convert(struct sp_arena *arena, json_t *json)
{
    struct sp_value value = sp_null();
    const char *key;
    size_t index;
    json_t *item;

    switch (json_typeof(json)) {
    case JSON_TRUE: return sp_bool(true);
    case JSON_FALSE: return sp_bool(false);
    case JSON_INTEGER: return sp_int(json_integer_value(json));
    case JSON_REAL: return sp_float(json_real_value(json));
    case JSON_STRING:
        return sp_text(sp_arena_str(
            arena, (struct sp_str){ json_string_value(json), json_string_length(json) }));
    case JSON_ARRAY:
        value = sp_list_new(arena);
        json_array_foreach(json, index, item) sp_list_add(arena, value.list, convert(arena, item));
        return value;
    case JSON_OBJECT:
        value = sp_dict_new(arena);
        json_object_foreach(json, key, item) sp_dict_set(
            arena, value.dict, sp_arena_str(arena, sp_str_of(key)), convert(arena, item));
        return value;
    case JSON_NULL: break;
    }
    return value;
}

enum sp_rc sp_json_decode(struct sp_arena *arena,
                          struct sp_str text,
                          struct sp_value *out,
                          struct sp_err *err)
{
    const size_t flags = JSON_REJECT_DUPLICATES | JSON_DECODE_ANY | JSON_ALLOW_NUL;
    json_error_t fault;
    json_t *json = json_loadb(text.len ? text.ptr : "", text.len, flags, &fault);

    if (!json)
        return sp_fail(err, SP_INVALID, "line %d, column %d: %s", fault.line, fault.column,
                       fault.text);
    *out = convert(arena, json);
    json_decref(json);
    return SP_OK;
}
