/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/policy.h"

#include "base/nearest.h"

#include "recipe/fields.h"
#include "recipe/words.h"

enum policy_type {
    TYPE_BOOL,
    TYPE_TEXT,
    TYPE_WORD, /* a text, and nothing that YAML makes of one: "no" is false */
    TYPE_TEXTS,
    TYPE_MAPPING
};

static const struct {
    const char *name;
    enum policy_type type;
} policy_table[SP_POLICY_COUNT] = {
    [SP_POLICY_PREFIX] = { "prefix", TYPE_TEXT },
    [SP_POLICY_REPLACE] = { "replace", TYPE_MAPPING },
    [SP_POLICY_KEY_VALUE] = { "key_value", TYPE_BOOL },
    [SP_POLICY_POSITIONAL] = { "positional", TYPE_BOOL },
    [SP_POLICY_POSITIONAL_HEAD] = { "positional_head", TYPE_BOOL },
    [SP_POLICY_REPEAT] = { "repeat", TYPE_TEXT },
    [SP_POLICY_SKIP] = { "skip", TYPE_BOOL },
    [SP_POLICY_SKIP_IMPLICITS] = { "skip_implicits", TYPE_BOOL },
    [SP_POLICY_EXPLICIT_TRUE] = { "explicit_true", TYPE_TEXT },
    [SP_POLICY_EXPLICIT_FALSE] = { "explicit_false", TYPE_TEXT },
    [SP_POLICY_NEGATE] = { "negate", TYPE_WORD },
    [SP_POLICY_SPLIT] = { "split", TYPE_TEXT },
    [SP_POLICY_FORMAT] = { "format", TYPE_TEXT },
    [SP_POLICY_FORMAT_LIST] = { "format_list", TYPE_TEXTS },
    [SP_POLICY_FORMAT_LIST_SCALAR] = { "format_list_scalar", TYPE_TEXTS },
    [SP_POLICY_PASS_MISSING_AS_NONE] = { "pass_missing_as_none", TYPE_BOOL },
    [SP_POLICY_DISABLE_SUBSTITUTIONS] = { "disable_substitutions", TYPE_BOOL },
    [SP_POLICY_EXPLICIT_FLAG] = { "explicit_flag", TYPE_BOOL },
    [SP_POLICY_IS_FLAG] = { "is_flag", TYPE_BOOL },
};

static const char *const expected[] = {
    [TYPE_BOOL] = "true or false",         [TYPE_TEXT] = "a text",
    [TYPE_WORD] = "a text, such as 'no-'", [TYPE_TEXTS] = "a list of texts",
    [TYPE_MAPPING] = "a mapping of texts",
};

static bool is_scalar(struct sp_value value)
{
    return sp_is_text(value) || value.kind == SP_BOOL || value.kind == SP_INT ||
           value.kind == SP_FLOAT;
}

static bool has_type(struct sp_value value, enum policy_type type)
{
    bool boolean;

    if (type == TYPE_BOOL)
        return sp_field_bool(value, &boolean);
    if (type == TYPE_TEXT)
        return is_scalar(value);
    if (type == TYPE_WORD)
        return sp_is_text(value);
    if (type == TYPE_TEXTS ? !sp_is_list(value) : value.kind != SP_DICT)
        return false;
    if (type == TYPE_TEXTS) {
        SP_LIST_EACH(item, value.list)
        if (!is_scalar(*item))
            return false;
        return true;
    }
    SP_DICT_EACH(entry, value.dict)
    if (!is_scalar(entry->value))
        return false;
    return true;
}

static enum sp_policy_id find_policy(struct sp_str name)
{
    unsigned id = 0;

    while (id < SP_POLICY_COUNT && !sp_str_is(name, policy_table[id].name))
        id++;
    return id;
}

static void unknown_policy(const struct sp_dict_entry *entry, struct sp_diags *diags)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);

    for (unsigned id = 0; id < SP_POLICY_COUNT; id++)
        sp_nearest_offer(&nearest, sp_str_of(policy_table[id].name));
    sp_diag_error(diags, SP_DIAG_POLICY, entry->origin, "unknown policy '" SP_STR_FMT "'",
                  SP_STR_ARG(entry->key));
    sp_diag_hint_nearest(diags, &nearest);
}

void sp_policies_load(const struct sp_dict *dict, struct sp_policies *out, struct sp_diags *diags)
{
    *out = (struct sp_policies){ 0 };
    if (!dict)
        return;
    SP_DICT_EACH(entry, dict)
    {
        enum sp_policy_id id = find_policy(entry->key);
        if (id == SP_POLICY_COUNT) {
            unknown_policy(entry, diags);
            continue;
        }
        if (entry->value.kind == SP_NULL)
            continue;
        if (has_type(entry->value, policy_table[id].type))
            out->items[id] = entry->value;
        else
            sp_diag_error(diags, SP_DIAG_POLICY,
                          entry->value.origin ? entry->value.origin : entry->origin,
                          "policy '%s' must be %s, not %s", policy_table[id].name,
                          expected[policy_table[id].type], sp_kind_name(entry->value.kind));
    }
}

struct sp_value sp_policy(const struct sp_policies *own,
                          const struct sp_policies *cab,
                          enum sp_policy_id id)
{
    if (own && own->items[id].kind != SP_NULL)
        return own->items[id];
    return cab ? cab->items[id] : sp_null();
}

bool sp_policy_is_set(const struct sp_policies *own,
                      const struct sp_policies *cab,
                      enum sp_policy_id id)
{
    bool yes = false;

    return sp_field_bool(sp_policy(own, cab, id), &yes) && yes;
}

const char *sp_policy_name(size_t i)
{
    return i < SP_COUNT(policy_table) ? policy_table[i].name : NULL;
}
