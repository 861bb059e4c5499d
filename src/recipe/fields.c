/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/fields.h"

#include "base/nearest.h"

#include "recipe/schema.h"
#include "value/text.h"

bool sp_field_text(struct sp_arena *arena, struct sp_value value, struct sp_str *out)
{
    if (sp_is_text(value)) {
        *out = value.text;
        return true;
    }
    if (value.kind != SP_BOOL && value.kind != SP_INT && value.kind != SP_FLOAT)
        return false;
    *out = sp_value_text(arena, value);
    return true;
}

static bool read_texts(struct sp_arena *arena, struct sp_value value, const struct sp_list **out)
{
    if (!sp_is_list(value))
        return false;
    struct sp_list *texts = sp_list_new(arena).list;
    SP_LIST_EACH(item, value.list)
    {
        struct sp_str text;
        if (!sp_field_text(arena, *item, &text))
            return false;
        sp_list_add(arena, texts, sp_at(sp_text(text), item->origin));
    }
    *out = texts;
    return true;
}

static bool read_mapping(struct sp_value value, const struct sp_dict **out)
{
    if (value.kind != SP_DICT)
        return false;
    *out = value.dict;
    return true;
}

static const struct {
    const char *word;
    bool boolean;
} bool_words[] = {
    { "true", true }, { "yes", true }, { "on", true },     { "y", true },
    { "t", true },    { "1", true },   { "false", false }, { "no", false },
    { "off", false }, { "n", false },  { "f", false },     { "0", false },
};

static bool read_bool_word(struct sp_str text, bool *out)
{
    for (size_t i = 0; i < SP_COUNT(bool_words); i++)
        if (sp_str_is_nocase(text, bool_words[i].word)) {
            *out = bool_words[i].boolean;
            return true;
        }
    return false;
}

bool sp_field_bool(struct sp_value value, bool *out)
{
    if (sp_is_text(value))
        return read_bool_word(value.text, out);
    if (value.kind == SP_INT && (value.integer == 0 || value.integer == 1))
        *out = value.integer == 1;
    else if (value.kind == SP_BOOL)
        *out = value.boolean;
    else
        return false;
    return true;
}

static bool read_list(struct sp_value value, const struct sp_list **out)
{
    if (!sp_is_list(value))
        return false;
    *out = value.list;
    return true;
}

static bool read_tristate(struct sp_value value, enum sp_tristate *out)
{
    bool yes;

    if (!sp_field_bool(value, &yes))
        return false;
    *out = yes ? SP_YES : SP_NO;
    return true;
}

static const char *const expected[] = {
    [SP_FIELD_TEXT] = "a text",
    [SP_FIELD_MAPPING] = "a mapping",
    [SP_FIELD_TEXTS] = "a list of texts",
    [SP_FIELD_ANY] = "",
    [SP_FIELD_IGNORED] = "",
    [SP_FIELD_LIST] = "a list",
    [SP_FIELD_BOOL] = "true or false",
    [SP_FIELD_TRISTATE] = "true or false",
};

static bool read_field(struct sp_arena *arena,
                       const struct sp_field *field,
                       struct sp_value value,
                       void *out)
{
    void *slot = (char *)out + field->offset;

    if (field->kind == SP_FIELD_IGNORED || value.kind == SP_NULL)
        return true;
    if (field->kind == SP_FIELD_TEXT)
        return sp_field_text(arena, value, slot);
    if (field->kind == SP_FIELD_MAPPING)
        return read_mapping(value, slot);
    if (field->kind == SP_FIELD_TEXTS)
        return read_texts(arena, value, slot);
    if (field->kind == SP_FIELD_LIST)
        return read_list(value, slot);
    if (field->kind == SP_FIELD_BOOL)
        return sp_field_bool(value, slot);
    if (field->kind == SP_FIELD_TRISTATE)
        return read_tristate(value, slot);
    *(struct sp_value *)slot = value;
    return true;
}

static const struct sp_field *find_field(const struct sp_fields *fields, struct sp_str name)
{
    for (size_t i = 0; i < fields->len; i++)
        if (sp_str_is(name, fields->items[i].name))
            return &fields->items[i];
    return NULL;
}

static void unknown_field(const struct sp_fields *fields,
                          const struct sp_dict_entry *entry,
                          struct sp_diags *diags)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);

    for (size_t i = 0; i < fields->len; i++)
        sp_nearest_offer(&nearest, sp_str_of(fields->items[i].name));
    sp_diag_error(diags, SP_DIAG_UNKNOWN_KEY, entry->origin, "unknown key '" SP_STR_FMT "' in %s",
                  SP_STR_ARG(entry->key), fields->what);
    sp_diag_hint_nearest(diags, &nearest);
}

void sp_fields_read(struct sp_arena *arena,
                    const struct sp_fields *fields,
                    const struct sp_dict *dict,
                    void *out,
                    struct sp_diags *diags)
{
    SP_DICT_EACH(entry, dict)
    {
        const struct sp_field *field = find_field(fields, entry->key);
        if (!field) {
            unknown_field(fields, entry, diags);
            continue;
        }
        if (!read_field(arena, field, entry->value, out))
            sp_diag_error(diags, SP_DIAG_TYPE,
                          entry->value.origin ? entry->value.origin : entry->origin,
                          "'%s' in %s must be %s, not a %s", field->name, fields->what,
                          expected[field->kind], sp_kind_name(entry->value.kind));
    }
}
