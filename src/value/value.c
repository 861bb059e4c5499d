/* SPDX-License-Identifier: BSD-3-Clause */
#include "value/value.h"

#include <stdarg.h>

#define INDEX_FROM 9 /* entries; below, a linear search is faster and needs no memory */

struct sp_value sp_no_value(struct sp_arena *arena, enum sp_kind kind, const char *fmt, ...)
{
    struct sp_value value = { .kind = kind };
    va_list args;

    va_start(args, fmt);
    value.text = sp_arena_vprintf(arena, fmt, args);
    va_end(args);
    return value;
}

const char *sp_kind_name(enum sp_kind kind)
{
    static const char *const names[] = {
        [SP_NULL] = "null",       [SP_BOOL] = "bool",       [SP_INT] = "int",
        [SP_FLOAT] = "float",     [SP_TEXT] = "text",       [SP_PATH] = "path",
        [SP_LIST] = "list",       [SP_TUPLE] = "tuple",     [SP_DICT] = "mapping",
        [SP_UNSET] = "UNSET",     [SP_MISSING] = "missing", [SP_UNRESOLVED] = "unresolved",
        [SP_SKIPPED] = "skipped", [SP_ERROR] = "error",
    };

    return (size_t)kind < SP_COUNT(names) ? names[kind] : "unknown";
}

bool sp_truth(struct sp_value value)
{
    switch (value.kind) {
    case SP_BOOL: return value.boolean;
    case SP_INT: return value.integer != 0;
    case SP_FLOAT: return value.real < 0 || value.real > 0 || value.real != value.real;
    case SP_TEXT:
    case SP_PATH: return value.text.len > 0;
    case SP_LIST:
    case SP_TUPLE: return value.list->len > 0;
    case SP_DICT: return value.dict->len > 0;
    case SP_NULL:
    case SP_UNSET:
    case SP_MISSING:
    case SP_UNRESOLVED:
    case SP_SKIPPED:
    case SP_ERROR: break;
    }
    return false;
}

static bool is_number(struct sp_value value)
{
    return value.kind == SP_BOOL || value.kind == SP_INT || value.kind == SP_FLOAT;
}

static double number_of(struct sp_value value)
{
    if (value.kind == SP_FLOAT)
        return value.real;
    return value.kind == SP_INT ? (double)value.integer : (double)value.boolean;
}

static bool numbers_eq(struct sp_value a, struct sp_value b)
{
    if (a.kind == SP_INT && b.kind == SP_INT)
        return a.integer == b.integer;
    double x = number_of(a);
    double y = number_of(b);
    return x <= y && x >= y;
}

static bool lists_eq(const struct sp_list *a, const struct sp_list *b)
{
    if (a->len != b->len)
        return false;
    for (size_t i = 0; i < a->len; i++)
        if (!sp_value_eq(a->items[i], b->items[i]))
            return false;
    return true;
}

static bool dicts_eq(const struct sp_dict *a, const struct sp_dict *b)
{
    if (a->len != b->len)
        return false;
    SP_DICT_EACH(entry, a)
    {
        const struct sp_value *other = sp_dict_find(b, entry->key);
        if (!other || !sp_value_eq(entry->value, *other))
            return false;
    }
    return true;
}

bool sp_value_eq(struct sp_value a, struct sp_value b)
{
    if (is_number(a) && is_number(b))
        return numbers_eq(a, b);
    if (sp_is_text(a) && sp_is_text(b))
        return sp_str_eq(a.text, b.text);
    if (a.kind != b.kind)
        return false;
    if (sp_is_list(a))
        return lists_eq(a.list, b.list);
    if (a.kind == SP_DICT)
        return dicts_eq(a.dict, b.dict);
    return a.kind == SP_NULL || a.kind == SP_UNSET;
}

struct sp_value sp_value_copy(struct sp_arena *arena, struct sp_value value)
{
    struct sp_value copy = value;

    if (sp_is_list(value)) {
        copy.list = sp_list_new(arena).list;
        SP_LIST_EACH(item, value.list)
        sp_list_add(arena, copy.list, sp_value_copy(arena, *item));
    } else if (value.kind == SP_DICT) {
        copy.dict = sp_dict_new(arena).dict;
        SP_DICT_EACH(entry, value.dict)
        sp_dict_set_at(arena, copy.dict, sp_arena_str(arena, entry->key), entry->origin,
                       sp_value_copy(arena, entry->value));
    } else if (sp_is_text(value) || value.kind > SP_UNSET) {
        copy.text = sp_arena_str(arena, value.text);
    }
    return copy;
}

/* --- lists -------------------------------------------------------------------------------- */

struct sp_value sp_list_new(struct sp_arena *arena)
{
    return (struct sp_value){ .kind = SP_LIST, .list = SP_ARENA_NEW(arena, struct sp_list, 1) };
}

void sp_list_add(struct sp_arena *arena, struct sp_list *list, struct sp_value value)
{
    if (list->len == list->capacity) {
        size_t capacity = SP_MAX(list->capacity * 2, (size_t)4);
        struct sp_value *items = SP_ARENA_NEW(arena, struct sp_value, capacity);
        if (list->len)
            memcpy(items, list->items, list->len * sizeof *items);
        list->items = items;
        list->capacity = capacity;
    }
    list->items[list->len++] = value;
}

/* --- dictionaries ------------------------------------------------------------------------- */

struct sp_value sp_dict_new(struct sp_arena *arena)
{
    return (struct sp_value){ .kind = SP_DICT, .dict = SP_ARENA_NEW(arena, struct sp_dict, 1) };
}

static size_t position(const struct sp_dict *dict, struct sp_str key)
{
    if (dict->index.slot_count)
        return sp_index_find(dict->index, dict->entries, sizeof *dict->entries, key);
    for (size_t i = 0; i < dict->len; i++)
        if (sp_str_eq(dict->entries[i].key, key))
            return i;
    return SIZE_MAX;
}

static void rebuild_index(struct sp_arena *arena, struct sp_dict *dict)
{
    size_t slot_count = 32;

    while (slot_count < dict->capacity * 2)
        slot_count *= 2;
    dict->index.slots = SP_ARENA_NEW(arena, uint32_t, slot_count);
    dict->index.slot_count = slot_count;
    sp_index_fill(dict->index, dict->entries, sizeof *dict->entries, dict->len);
}

struct sp_dict_entry *sp_dict_entry_of(const struct sp_dict *dict, struct sp_str key)
{
    size_t at = position(dict, key);

    return at == SIZE_MAX ? NULL : &dict->entries[at];
}

struct sp_value *sp_dict_find(const struct sp_dict *dict, struct sp_str key)
{
    struct sp_dict_entry *entry = sp_dict_entry_of(dict, key);

    return entry ? &entry->value : NULL;
}

struct sp_value *sp_dict_get(const struct sp_dict *dict, const char *key)
{
    return sp_dict_find(dict, sp_str_of(key));
}

static void grow_entries(struct sp_arena *arena, struct sp_dict *dict)
{
    size_t capacity = SP_MAX(dict->capacity * 2, (size_t)4);
    struct sp_dict_entry *entries = SP_ARENA_NEW(arena, struct sp_dict_entry, capacity);

    if (dict->len)
        memcpy(entries, dict->entries, dict->len * sizeof *entries);
    dict->entries = entries;
    dict->capacity = capacity;
}

void sp_dict_set_at(struct sp_arena *arena,
                    struct sp_dict *dict,
                    struct sp_str key,
                    uint32_t key_origin,
                    struct sp_value value)
{
    size_t at = position(dict, key);

    if (at != SIZE_MAX) {
        dict->entries[at].value = value;
        if (key_origin)
            dict->entries[at].origin = key_origin;
        return;
    }
    bool grown = dict->len == dict->capacity;
    if (grown)
        grow_entries(arena, dict);
    dict->entries[dict->len] = (struct sp_dict_entry){ key, key_origin, value };
    dict->len++;
    if (dict->len < INDEX_FROM)
        return;
    if (grown || !dict->index.slot_count)
        rebuild_index(arena, dict);
    else
        sp_index_add(dict->index, key, dict->len - 1);
}

void sp_dict_set(struct sp_arena *arena,
                 struct sp_dict *dict,
                 struct sp_str key,
                 struct sp_value value)
{
    sp_dict_set_at(arena, dict, key, 0, value);
}

void sp_dict_put(struct sp_arena *arena,
                 struct sp_dict *dict,
                 const char *key,
                 struct sp_value value)
{
    sp_dict_set_at(arena, dict, sp_str_of(key), 0, value);
}

void sp_dict_put_text(struct sp_arena *arena,
                      struct sp_dict *dict,
                      const char *key,
                      struct sp_str text)
{
    if (text.len)
        sp_dict_put(arena, dict, key, sp_text(text));
}

struct sp_str sp_dict_text(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_is_text(*value) ? value->text : SP_STR("");
}

double sp_dict_number(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    if (!value)
        return 0;
    return value->kind == SP_FLOAT ? value->real
           : value->kind == SP_INT ? (double)value->integer
                                   : 0;
}

bool sp_dict_truth(const struct sp_dict *dict, const char *key)
{
    const struct sp_value *value = sp_dict_get(dict, key);

    return value && sp_truth(*value);
}

bool sp_dict_remove(struct sp_arena *arena, struct sp_dict *dict, struct sp_str key)
{
    size_t at = position(dict, key);

    if (at == SIZE_MAX)
        return false;
    memmove(&dict->entries[at], &dict->entries[at + 1],
            (dict->len - at - 1) * sizeof *dict->entries);
    dict->len--;
    dict->index = (struct sp_index){ 0 };
    if (dict->len >= INDEX_FROM)
        rebuild_index(arena, dict);
    return true;
}

struct sp_dict *sp_dict_clone(struct sp_arena *arena, const struct sp_dict *dict)
{
    struct sp_dict *clone = SP_ARENA_NEW(arena, struct sp_dict, 1);

    if (!dict->len)
        return clone;
    clone->capacity = dict->capacity;
    clone->entries = SP_ARENA_NEW(arena, struct sp_dict_entry, clone->capacity);
    clone->len = dict->len;
    memcpy(clone->entries, dict->entries, dict->len * sizeof *dict->entries);
    if (clone->len >= INDEX_FROM)
        rebuild_index(arena, clone);
    return clone;
}

struct sp_value *sp_dict_walk(const struct sp_dict *dict, struct sp_str path)
{
    for (struct sp_str rest = path;;) {
        struct sp_str key = sp_str_cut(&rest, '.');
        struct sp_value *value = sp_dict_find(dict, key);
        if (!value || !rest.ptr)
            return value;
        if (value->kind != SP_DICT)
            return NULL;
        dict = value->dict;
    }
}
