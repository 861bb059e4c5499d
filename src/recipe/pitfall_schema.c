/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "recipe/pitfall_internal.h"

/* --- as written ------------------------------------------------------------------------------- */

/* The last two quotes of a shorthand hold its help (spec stimela2.md 2.2). */
static void look_at_shorthand(struct sp_pitfalls *p, const struct sp_dict_entry *entry)
{
    struct sp_shorthand found;

    if (!sp_shorthand_parse(entry->value.text, &found) || !found.has_default)
        return;
    struct sp_str given = found.default_text;
    if (!given.len && found.info.len) {
        if (sp_pitfall(p, SP_DIAG_QUOTED_DEFAULT, entry->value.origin,
                       "the default of '" SP_STR_FMT "' is empty: '" SP_STR_FMT
                       "' in double quotes is taken for its help",
                       SP_STR_ARG(entry->key), SP_STR_ARG(found.info)))
            sp_diag_hint(p->search->diags,
                         "write it without quotes, or in single quotes: " SP_STR_FMT
                         " = '" SP_STR_FMT "'",
                         SP_STR_ARG(found.dtype), SP_STR_ARG(found.info));
        return;
    }
    if (sp_str_starts(given, "=") || !sp_str_ends(given, "*") || given.len < 3)
        return;
    char before = given.ptr[given.len - 2];
    if ((before == ' ' || before == '"' || before == '\'') &&
        sp_pitfall(p, SP_DIAG_QUOTED_DEFAULT, entry->value.origin,
                   "the default of '" SP_STR_FMT "' is the text '" SP_STR_FMT
                   "', star and quotes included",
                   SP_STR_ARG(entry->key), SP_STR_ARG(given)))
        sp_diag_hint(p->search->diags,
                     "'*' makes a parameter required only where there is no default");
}

static bool is_type(struct sp_pitfalls *p, struct sp_str text)
{
    const struct sp_dtype *dtype;
    struct sp_err err = SP_ERR_INIT;
    struct sp_shorthand found;

    return sp_shorthand_parse(text, &found) &&
           sp_dtype_parse(p->arena, found.dtype, &dtype, &err) == SP_OK;
}

/* All keys are fields, and all that stands under them are types. */
static void look_at_fields(struct sp_pitfalls *p, const struct sp_dict_entry *entry)
{
    const struct sp_dict *dict = entry->value.dict;

    if (dict->len < 2 || sp_dict_get(dict, "dtype"))
        return;
    SP_DICT_EACH(field, dict)
    if (!sp_is_text(field->value) || !is_type(p, field->value.text))
        return;
    if (sp_pitfall(p, SP_DIAG_FIELD_NAMES, entry->origin,
                   "'" SP_STR_FMT "' is one parameter, because all keys under it are fields of "
                   "parameters ('" SP_STR_FMT "', '" SP_STR_FMT "' ...)",
                   SP_STR_ARG(entry->key), SP_STR_ARG(dict->entries[0].key),
                   SP_STR_ARG(dict->entries[1].key)))
        sp_diag_hint(
            p->search->diags,
            "if a section of parameters is meant, write their names with a dot: '" SP_STR_FMT
            "." SP_STR_FMT "'",
            SP_STR_ARG(entry->key), SP_STR_ARG(dict->entries[0].key));
}

static const char *const fields[] = {
    "info",          "dtype",    "default",         "required",      "implicit",
    "choices",       "aliases",  "writable",        "must_exist",    "mkdir",
    "nom_de_guerre", "policies", "element_choices", "path_policies", "category",
    "metadata",      "metavar",  "abbreviation",
};

static bool has_field(const struct sp_dict *dict)
{
    SP_DICT_EACH(field, dict)
    if (sp_schema_is_field(field->key))
        return true;
    return false;
}

/* A section, one of whose keys is a field and another nearly one. */
static void look_at_section(struct sp_pitfalls *p, const struct sp_dict_entry *entry)
{
    const struct sp_dict_entry *stray = NULL;
    struct sp_nearest nearest = { 0 };

    if (!has_field(entry->value.dict))
        return;
    SP_DICT_EACH(field, entry->value.dict)
    {
        if (stray || sp_schema_is_field(field->key))
            continue;
        nearest = SP_NEAREST(field->key);
        for (size_t i = 0; i < SP_COUNT(fields); i++)
            sp_nearest_offer(&nearest, sp_str_of(fields[i]));
        stray = nearest.best.ptr ? field : NULL;
    }
    if (stray && sp_pitfall(p, SP_DIAG_STRAY_KEY, stray->origin,
                            "'" SP_STR_FMT "' is no field, which makes '" SP_STR_FMT
                            "' a section of parameters",
                            SP_STR_ARG(stray->key), SP_STR_ARG(entry->key)))
        sp_diag_hint_nearest(p->search->diags, &nearest);
}

static void look_at_definitions(struct sp_pitfalls *p, const struct sp_dict *dict)
{
    SP_DICT_EACH(entry, dict)
    {
        bool section = false;
        if (sp_is_text(entry->value))
            look_at_shorthand(p, entry);
        if (entry->value.kind != SP_DICT)
            continue;
        SP_DICT_EACH(field, entry->value.dict)
        section = section || !sp_schema_is_field(field->key);
        if (!section)
            look_at_fields(p, entry);
        else if (!sp_map_has(&p->schema->params, entry->key))
            look_at_section(p, entry);
        if (section)
            look_at_definitions(p, entry->value.dict);
    }
}

/* --- as understood ---------------------------------------------------------------------------- */

static void look_at_policies(struct sp_pitfalls *p,
                             const struct sp_policies *policies,
                             uint32_t origin,
                             const char *whose)
{
    struct sp_value repeat = policies->items[SP_POLICY_REPEAT];
    struct sp_value disable = policies->items[SP_POLICY_DISABLE_SUBSTITUTIONS];

    if (repeat.kind == SP_BOOL &&
        sp_pitfall(p, SP_DIAG_REPEAT, repeat.origin ? repeat.origin : origin,
                   "the elements of lists are joined by the text '%s' (policy 'repeat' of %s)",
                   repeat.boolean ? "True" : "False", whose))
        sp_diag_hint(p->search->diags, "'repeat' is list, repeat, [] or a separator such as ','; "
                                       "leave it out for no lists");
    if (disable.kind != SP_NULL &&
        sp_pitfall(p, SP_DIAG_NO_EFFECT, disable.origin ? disable.origin : origin,
                   "policy 'disable_substitutions' of %s has no effect, neither here nor in "
                   "Stimela",
                   whose))
        sp_diag_hint(p->search->diags, "double the braces that are meant as they stand: {{ }}");
}

static void look_at_type(struct sp_pitfalls *p, const struct sp_param *param)
{
    if (!sp_dtype_has_file(param->dtype) || sp_param_is_file_type(param) ||
        (param->is_output && param->must_exist != SP_YES))
        return;
    if (sp_pitfall(p, SP_DIAG_FILE_INSIDE, param->origin,
                   "nobody checks that the files of '" SP_STR_FMT
                   "' exist: its type is '" SP_STR_FMT "'",
                   SP_STR_ARG(param->name), SP_STR_ARG(param->dtype_text)))
        sp_diag_hint(p->search->diags, "only File, Directory, MS, URI and lists of these are "
                                       "checked; a parameter is optional without Optional[]");
}

static void look_at_required(struct sp_pitfalls *p,
                             const struct sp_param *param,
                             const struct sp_policies *policies)
{
    struct sp_value skip = sp_policy(&param->policies, policies, SP_POLICY_SKIP);

    if (!p->binary || param->required != SP_YES || param->has_default || param->has_implicit)
        return;
    if (!param->is_output && sp_truth(skip) &&
        sp_pitfall(p, SP_DIAG_REQUIRED_SKIP, param->origin,
                   "'" SP_STR_FMT "' is required and is never passed to the tool (policy 'skip')",
                   SP_STR_ARG(param->name)))
        sp_diag_hint(p->search->diags, "it works here; Stimela cannot run such a tool");
    if (param->is_output && !sp_param_is_file_type(param) && !sp_dtype_has_file(param->dtype) &&
        sp_pitfall(p, SP_DIAG_REQUIRED_SKIP, param->origin,
                   "output '" SP_STR_FMT "' is required and is no file", SP_STR_ARG(param->name)))
        sp_diag_hint(p->search->diags, "it works here; Stimela cannot run such a tool");
}

static const struct sp_dict *section_of(const struct sp_dict *written, const char *name)
{
    const struct sp_value *value = sp_dict_get(written, name);

    return value && value->kind == SP_DICT ? value->dict : NULL;
}

void sp_pitfall_schema(struct sp_pitfalls *p,
                       const struct sp_dict *written,
                       const struct sp_schema *schema,
                       const struct sp_policies *policies)
{
    const struct sp_dict *inputs = section_of(written, "inputs");
    const struct sp_dict *outputs = section_of(written, "outputs");

    if (inputs)
        look_at_definitions(p, inputs);
    if (outputs)
        look_at_definitions(p, outputs);
    if (policies)
        look_at_policies(p, policies, 0, "the cab");
    SP_MAP_EACH (entry, &schema->params) {
        const struct sp_param *param = entry->value;
        look_at_policies(p, &param->policies, param->origin, "the parameter");
        look_at_type(p, param);
        look_at_required(p, param, policies);
        if (param->has_default)
            sp_pitfall_value(p, param->default_value);
        if (param->has_implicit)
            sp_pitfall_value(p, param->implicit);
    }
}
