/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/nearest.h"

#include "lang/eval.h"
#include "recipe/pitfall_internal.h"
#include "value/text.h"

static bool is_formula(struct sp_value value)
{
    return sp_is_text(value) && sp_str_starts(value.text, "=") && !sp_str_starts(value.text, "==");
}

static bool is_known(const struct sp_pitfalls *p, enum sp_diag_code code, uint32_t origin)
{
    const struct sp_diags *diags = p->search->diags;

    for (size_t i = 0; i < diags->len; i++)
        if (diags->items[i].code == code && diags->items[i].origin == origin)
            return true;
    return false;
}

/* --- skip ------------------------------------------------------------------------------------- */

/* Whatever the values are: the text False is not the value False. The walk may have found that it
 * comes to this. */
static void look_at_skip(struct sp_pitfalls *p, const struct sp_step *step)
{
    struct sp_value skip = step->skip;

    sp_pitfall_value(p, skip);
    if (!sp_is_text(skip) || is_formula(skip) || sp_str_find(skip.text, '{') == SIZE_MAX ||
        is_known(p, SP_DIAG_SKIP_TEXT, skip.origin) ||
        !sp_pitfall(p, SP_DIAG_SKIP_TEXT, skip.origin,
                    "skip of step '" SP_STR_FMT "' is a text: in Stimela the text 'False' skips, "
                    "too",
                    SP_STR_ARG(step->label)))
        return;
    struct sp_str inner = sp_str_trim(skip.text);
    if (sp_str_starts(inner, "{") && sp_str_find(inner, '}') == inner.len - 1)
        sp_diag_hint(p->search->diags, "write a formula: skip: =" SP_STR_FMT "",
                     SP_STR_ARG(sp_str_slice(inner, 1, inner.len - 1)));
    else
        sp_diag_hint(p->search->diags, "write a formula: skip: =...");
}

/* --- parameters ------------------------------------------------------------------------------- */

static const struct sp_schema *schema_of(const struct sp_step *step)
{
    if (step->cab)
        return &step->cab->schema;
    return step->recipe ? &step->recipe->schema : NULL;
}

/* Does `name` come after entry `at` of the set, or among the defaults, as a formula? */
static bool is_later_formula(const struct sp_dict *set,
                             const struct sp_schema *schema,
                             struct sp_str name,
                             size_t at)
{
    const struct sp_dict_entry *entry = sp_dict_entry_of(set, name);
    const struct sp_param *param = sp_schema_find(schema, name);

    if (entry)
        return (size_t)(entry - set->entries) > at && is_formula(entry->value);
    return param && param->has_default && is_formula(param->default_value);
}

static void look_at_order(struct sp_pitfalls *p,
                          const struct sp_dict *set,
                          const struct sp_schema *schema,
                          size_t at)
{
    struct sp_value value = set->entries[at].value;
    struct sp_list *refs = sp_list_new(p->arena).list;

    if (!sp_is_text(value) || sp_str_find_str(value.text, SP_STR("current")) == SIZE_MAX)
        return;
    sp_eval_references(p->arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    {
        struct sp_str name = ref->text;
        if (!sp_str_is(sp_str_cut(&name, '.'), "current") || !name.ptr ||
            !is_later_formula(set, schema, name, at))
            continue;
        if (sp_pitfall(p, SP_DIAG_ORDER, value.origin,
                       "'" SP_STR_FMT "' depends on the formula of '" SP_STR_FMT
                       "', which comes after it",
                       SP_STR_ARG(set->entries[at].key), SP_STR_ARG(name)))
            sp_diag_hint(p->search->diags,
                         "it works here; Stimela takes the text of the formula "
                         "for its value: put '" SP_STR_FMT "' first",
                         SP_STR_ARG(name));
        return;
    }
}

/* "a#b" is a#b here and a there, "a:b" a file here and a remote one there. */
static void look_at_file_name(struct sp_pitfalls *p, struct sp_value value)
{
    size_t hash = sp_str_find(value.text, '#');
    size_t colon = sp_str_find(value.text, ':');
    size_t slash = sp_str_find(value.text, '/');

    if (sp_str_find_str(value.text, SP_STR("://")) != SIZE_MAX ||
        sp_str_starts(value.text, "file:") || is_formula(value) ||
        sp_str_find(value.text, '{') != SIZE_MAX)
        return;
    if (hash != SIZE_MAX &&
        sp_pitfall(p, SP_DIAG_FILE_NAME, sp_pitfall_place(p, value, hash, 1),
                   "in Stimela a file name ends before '#': there this is '" SP_STR_FMT "'",
                   SP_STR_ARG(sp_str_slice(value.text, 0, hash))))
        sp_diag_hint(p->search->diags, "here it is part of the name");
    if (colon != SIZE_MAX && colon > 0 && (slash == SIZE_MAX || colon < slash) &&
        sp_pitfall(p, SP_DIAG_FILE_NAME, sp_pitfall_place(p, value, colon, 1),
                   "in Stimela '" SP_STR_FMT "' is a remote file, because of the colon",
                   SP_STR_ARG(value.text)))
        sp_diag_hint(p->search->diags, "here it is a local one; './' in front of it helps both");
}

static void look_at_params(struct sp_pitfalls *p, const struct sp_step *step)
{
    const struct sp_schema *schema = schema_of(step);

    if (!step->params || !schema)
        return;
    p->schema = schema;
    for (size_t i = 0; i < step->params->len; i++) {
        struct sp_value value = step->params->entries[i].value;
        const struct sp_param *param = sp_schema_find(schema, step->params->entries[i].key);
        sp_pitfall_value(p, value);
        look_at_order(p, step->params, schema, i);
        if (param && sp_is_text(value) && sp_dtype_is_file(param->dtype) &&
            !sp_dtype_is(param->dtype, "URI"))
            look_at_file_name(p, value);
    }
    p->schema = &p->recipe->schema;
}

/* --- assignments ------------------------------------------------------------------------------ */

static void look_at_target(struct sp_pitfalls *p, const struct sp_dict_entry *entry)
{
    struct sp_nearest nearest = SP_NEAREST(entry->key);

    if (sp_schema_find(&p->recipe->schema, entry->key))
        return;
    if (entry->value.kind == SP_DICT) {
        bool routed = sp_str_is(entry->key, "log") || sp_str_is(entry->key, "config") ||
                      sp_map_has(&p->labels, entry->key);
        if (routed && entry->value.dict->len &&
            sp_pitfall(p, SP_DIAG_NESTED_ASSIGN, entry->origin,
                       "Stimela ignores assignments to '" SP_STR_FMT "' that are nested like this",
                       SP_STR_ARG(entry->key)))
            sp_diag_hint(p->search->diags,
                         "it works here; " SP_STR_FMT "." SP_STR_FMT ": ... works there, too",
                         SP_STR_ARG(entry->key), SP_STR_ARG(entry->value.dict->entries[0].key));
        return;
    }
    if (sp_str_find(entry->key, '.') != SIZE_MAX || entry->key.len < 4 ||
        sp_map_has(&p->suspects, entry->key))
        return;
    SP_MAP_EACH (known, &p->recipe->schema.params)
        if (!((const struct sp_param *)known->value)->is_output)
            sp_nearest_offer(&nearest, known->key);
    if (!nearest.best.ptr || nearest.distance > 2)
        return;
    struct sp_pitfall_suspect *suspect = SP_ARENA_NEW(p->arena, struct sp_pitfall_suspect, 1);
    *suspect = (struct sp_pitfall_suspect){ entry->origin, nearest.best };
    sp_map_set(&p->suspects, entry->key, suspect);
}

static void look_at_targets(struct sp_pitfalls *p, const struct sp_dict *assign)
{
    if (assign)
        SP_DICT_EACH(entry, assign)
    look_at_target(p, entry);
    sp_pitfall_values(p, assign);
}

static void look_at_assignments(struct sp_pitfalls *p,
                                const struct sp_dict *assign,
                                const struct sp_dict *based_on)
{
    look_at_targets(p, assign);
    if (!based_on)
        return;
    SP_DICT_EACH(base, based_on)
    {
        struct sp_str rest = base->key;
        sp_map_set(&p->mentions, sp_str_cut(&rest, '.'), p);
        if (base->value.kind != SP_DICT)
            continue;
        SP_DICT_EACH(label, base->value.dict)
        if (label->value.kind == SP_DICT)
            look_at_targets(p, label->value.dict);
    }
}

/* --- defaults of a nested recipe -------------------------------------------------------------- */

/* The first name in `value` that both recipes have, as recipe.NAME; empty: none. */
static struct sp_str name_of_both(struct sp_pitfalls *p,
                                  const struct sp_recipe *nested,
                                  struct sp_value value)
{
    struct sp_list *refs = sp_list_new(p->arena).list;

    sp_eval_references(p->arena, value.text, refs);
    SP_LIST_EACH(ref, refs)
    {
        struct sp_str name = ref->text;
        if (sp_str_is(sp_str_cut(&name, '.'), "recipe") && name.ptr &&
            sp_schema_find(&nested->schema, name) && sp_map_has(&p->names, name))
            return name;
    }
    return SP_STR("");
}

/* Defaults are evaluated before the nested recipe is entered: `recipe` is still the caller. */
static void look_at_nested_defaults(struct sp_pitfalls *p, const struct sp_step *step)
{
    SP_MAP_EACH (entry, &step->recipe->schema.params) {
        const struct sp_param *param = entry->value;
        struct sp_value value = param->default_value;
        if (!param->has_default || !sp_is_text(value) ||
            (step->params && sp_dict_find(step->params, param->name)))
            continue;
        struct sp_str name = name_of_both(p, step->recipe, value);
        if (name.len && sp_pitfall(p, SP_DIAG_CALLER_SCOPE, value.origin,
                                   "in step '" SP_STR_FMT "', 'recipe." SP_STR_FMT
                                   "' of this default is that of recipe '" SP_STR_FMT
                                   "', which calls '" SP_STR_FMT "'",
                                   SP_STR_ARG(step->label), SP_STR_ARG(name),
                                   SP_STR_ARG(p->recipe->name), SP_STR_ARG(step->recipe->name)))
            sp_diag_hint(p->search->diags,
                         "write current." SP_STR_FMT ", or give '" SP_STR_FMT "' in the step",
                         SP_STR_ARG(name), SP_STR_ARG(param->name));
    }
}

void sp_pitfall_step(struct sp_pitfalls *p, const struct sp_step *step)
{
    look_at_skip(p, step);
    look_at_params(p, step);
    look_at_assignments(p, step->assign, step->assign_based_on);
    sp_pitfall_hooks(p, step->preamble, step->epilogue);
    sp_pitfall_value(p, step->backend);
    if (step->recipe)
        look_at_nested_defaults(p, step);
}

static const struct sp_dict_entry *find_explicit(const struct sp_pitfalls *p, struct sp_str target)
{
    for (size_t at = target.len; at-- > 1;) {
        if (target.ptr[at] != '.')
            continue;
        const struct sp_step *step = sp_map_find(&p->labels, sp_str_slice(target, 0, at));
        if (step)
            return step->params
                       ? sp_dict_entry_of(step->params, sp_str_slice(target, at + 1, target.len))
                       : NULL;
    }
    return NULL;
}

static struct sp_value default_of(const struct sp_pitfalls *p, const struct sp_param *param)
{
    const struct sp_value *value =
        p->recipe->defaults ? sp_dict_find(p->recipe->defaults, param->name) : NULL;

    if (value)
        return *value;
    return param->has_default ? param->default_value : sp_unset();
}

static void look_at_alias(struct sp_pitfalls *p, const struct sp_param *param)
{
    struct sp_value given = default_of(p, param);

    if (!param->aliases || given.kind == SP_UNSET)
        return;
    SP_LIST_EACH(target, param->aliases)
    {
        const struct sp_dict_entry *entry = find_explicit(p, target->text);
        if (!entry || sp_value_eq(entry->value, given) ||
            (sp_is_text(given) && !is_formula(given) &&
             sp_str_eq(given.text, sp_value_text(p->arena, entry->value))))
            continue;
        if (sp_pitfall(p, SP_DIAG_ALIAS_DEFAULT, entry->origin,
                       "this value is not used: '" SP_STR_FMT "' is an alias of it and has a "
                       "default",
                       SP_STR_ARG(param->name)))
            sp_diag_hint(p->search->diags,
                         "take the default of '" SP_STR_FMT "' away, or the value here",
                         SP_STR_ARG(param->name));
    }
}

void sp_pitfall_recipe(struct sp_pitfalls *p)
{
    const struct sp_recipe *recipe = p->recipe;

    SP_MAP_EACH (entry, &recipe->schema.params)
        look_at_alias(p, entry->value);
    if (recipe->loop.present && sp_is_text(recipe->loop.over))
        sp_map_set(&p->mentions, recipe->loop.over.text, p);
    sp_pitfall_values(p, recipe->defaults);
    sp_pitfall_values(p, recipe->loop.output_elements);
    sp_pitfall_hooks(p, recipe->preamble, recipe->epilogue);
    sp_pitfall_value(p, recipe->backend);
    look_at_assignments(p, recipe->assign, recipe->assign_based_on);
}
