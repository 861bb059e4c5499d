/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/pitfall_internal.h"

#include <stdarg.h>

/* --- findings ------------------------------------------------------------------------------ */

/* Kinds that are notes (it works here), and kinds that spoil results without a word. All others
 * are warnings for `check`. */
static const enum sp_diag_code notes[] = {
    SP_DIAG_REQUIRED_SKIP, SP_DIAG_EMPTY,         SP_DIAG_CASES_UNSET, SP_DIAG_FILE_INSIDE,
    SP_DIAG_FILE_NAME,     SP_DIAG_NESTED_ASSIGN, SP_DIAG_ORDER,
};

static const enum sp_diag_code results[] = {
    SP_DIAG_SKIP_TEXT, SP_DIAG_BLANKS,        SP_DIAG_QUOTED_DEFAULT, SP_DIAG_ALIAS_DEFAULT,
    SP_DIAG_NEAR_NAME, SP_DIAG_COMPARE_CHAIN, SP_DIAG_LOGIC_MIX,      SP_DIAG_IF_WITHOUT_ELSE,
    SP_DIAG_BRACES,    SP_DIAG_CALLER_SCOPE,
};

static bool is_among(enum sp_diag_code code, const enum sp_diag_code *codes, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (codes[i] == code)
            return true;
    return false;
}

static bool is_in_file(const struct sp_pitfalls *p, uint32_t origin)
{
    struct sp_origin place;

    return sp_origins_get(p->search->origins, origin, &place) && sp_str_eq(place.file, p->file);
}

bool sp_pitfall(struct sp_pitfalls *p,
                enum sp_diag_code code,
                uint32_t origin,
                const char *fmt,
                ...)
{
    bool note = is_among(code, notes, SP_COUNT(notes));
    unsigned kind =
        is_among(code, results, SP_COUNT(results)) ? SP_PITFALLS_RESULTS : SP_PITFALLS_OTHER;
    va_list args;

    if (!(p->search->flags & kind) || (note && !is_in_file(p, origin)))
        return false;
    va_start(args, fmt);
    sp_diag_add(p->search->diags, note ? SP_NOTE : SP_WARNING, code, origin, fmt, args);
    va_end(args);
    return true;
}

uint32_t sp_pitfall_place(struct sp_pitfalls *p, struct sp_value text, size_t at, size_t length)
{
    return sp_origins_part(p->search->origins, text.origin, at, length);
}

/* --- what there is to look at ---------------------------------------------------------------- */

static bool is_new(struct sp_pitfalls *p, const void *object)
{
    struct sp_str address = { (const char *)&object, sizeof object };

    if (sp_map_has(&p->seen, address))
        return false;
    sp_map_set(&p->seen, sp_arena_str(p->arena, address), p);
    return true;
}

static const struct sp_dict *section(const struct sp_dict *dict, const char *name)
{
    const struct sp_value *value = dict ? sp_dict_get(dict, name) : NULL;

    return value && value->kind == SP_DICT ? value->dict : NULL;
}

static void look_at_command(struct sp_pitfalls *p, const struct sp_cab *cab)
{
    const struct sp_value *command = sp_dict_get(cab->written, "command");

    if (command && command->kind == SP_BOOL &&
        sp_pitfall(
            p, SP_DIAG_YAML_WORD, command->origin,
            "without quotes, YAML takes this word for a truth value: the command of cab '" SP_STR_FMT
            "' is '" SP_STR_FMT "'",
            SP_STR_ARG(cab->name), SP_STR_ARG(cab->command)))
        sp_diag_hint(p->search->diags, "write it in quotes");
}

static void look_at_cab(struct sp_pitfalls *p, const struct sp_cab *cab)
{
    const struct sp_dict *management = section(cab->written, "management");
    const struct sp_dict_entry *cleanup =
        management ? sp_dict_entry_of(management, SP_STR("cleanup")) : NULL;

    if (!is_new(p, cab))
        return;
    p->recipe = NULL;
    p->schema = &cab->schema;
    p->binary = cab->flavour == SP_FLAVOUR_BINARY;
    look_at_command(p, cab);
    if (cleanup && cleanup->value.kind != SP_NULL &&
        sp_pitfall(p, SP_DIAG_NO_EFFECT, cleanup->origin,
                   "'management.cleanup' has no effect, neither here nor in Stimela"))
        sp_diag_hint(p->search->diags, "let the tool write into a directory of its own, or remove "
                                       "the files in a step");
    sp_pitfall_schema(p, cab->written, &cab->schema, &cab->policies);
    sp_pitfall_values(p, cab->defaults);
    sp_pitfall_hooks(p, cab->preamble, cab->epilogue);
}

static void note_names(struct sp_pitfalls *p, const struct sp_dict *dict)
{
    if (!dict)
        return;
    SP_DICT_EACH(entry, dict)
    {
        struct sp_str rest = entry->key;
        sp_map_set(&p->names, entry->key, p);
        sp_map_set(&p->names, sp_str_cut(&rest, '.'), p);
    }
}

static void note_cases(struct sp_pitfalls *p, const struct sp_dict *based_on)
{
    if (!based_on)
        return;
    SP_DICT_EACH(base, based_on)
    {
        if (base->value.kind != SP_DICT)
            continue;
        SP_DICT_EACH(label, base->value.dict)
        if (label->value.kind == SP_DICT)
            note_names(p, label->value.dict);
    }
}

static void collect_names(struct sp_pitfalls *p, const struct sp_recipe *recipe)
{
    SP_MAP_EACH (entry, &recipe->schema.params) {
        struct sp_str rest = entry->key;
        sp_map_set(&p->names, entry->key, p);
        sp_map_set(&p->names, sp_str_cut(&rest, '.'), p);
    }
    note_names(p, recipe->aliases);
    note_names(p, recipe->assign);
    note_cases(p, recipe->assign_based_on);
    sp_map_set(&p->names, SP_STR("steps"), p);
    sp_map_set(&p->names, SP_STR("log"), p);
    if (recipe->loop.present)
        sp_map_set(&p->names, recipe->loop.var, p);
    for (size_t i = 0; i < recipe->step_count; i++) {
        note_names(p, recipe->steps[i].assign);
        note_cases(p, recipe->steps[i].assign_based_on);
        sp_map_set(&p->names, recipe->steps[i].label, p);
        sp_map_set(&p->labels, recipe->steps[i].label, &recipe->steps[i]);
    }
}

static void look_at_recipe(struct sp_pitfalls *p, const struct sp_recipe *recipe)
{
    if (!is_new(p, recipe))
        return;
    for (size_t i = 0; i < recipe->step_count; i++) {
        if (recipe->steps[i].recipe)
            look_at_recipe(p, recipe->steps[i].recipe);
        if (recipe->steps[i].cab)
            look_at_cab(p, recipe->steps[i].cab);
    }
    p->recipe = recipe;
    p->schema = &recipe->schema;
    p->binary = false;
    collect_names(p, recipe);
    sp_pitfall_schema(p, recipe->written, &recipe->schema, NULL);
    sp_pitfall_recipe(p);
    for (size_t i = 0; i < recipe->step_count; i++)
        sp_pitfall_step(p, &recipe->steps[i]);
    sp_map_fini(&p->names);
    sp_map_fini(&p->labels);
}

/* A variable that something refers to is meant as one. */
static void report_suspects(struct sp_pitfalls *p)
{
    SP_MAP_EACH (entry, &p->suspects) {
        const struct sp_pitfall_suspect *suspect = entry->value;
        if (!sp_map_has(&p->mentions, entry->key) &&
            sp_pitfall(p, SP_DIAG_NEAR_NAME, suspect->origin,
                       "'" SP_STR_FMT "' is a new variable, which nothing uses",
                       SP_STR_ARG(entry->key)))
            sp_diag_hint(p->search->diags, "did you mean the input '" SP_STR_FMT "'?",
                         SP_STR_ARG(suspect->input));
    }
}

void sp_pitfalls_find(const struct sp_pitfall_search *search)
{
    struct sp_pitfalls p = { .search = search, .arena = search->arena };
    struct sp_origin place;
    uint32_t origin = search->recipe ? search->recipe->origin : search->cab->origin;

    if (sp_origins_get(search->origins, origin, &place))
        p.file = place.file;
    if (search->recipe)
        look_at_recipe(&p, search->recipe);
    else
        look_at_cab(&p, search->cab);
    p.recipe = NULL;
    p.schema = NULL;
    sp_pitfall_values(&p, search->params);
    sp_pitfall_values(&p, search->settings);
    report_suspects(&p);
    sp_map_fini(&p.seen);
    sp_map_fini(&p.mentions);
    sp_map_fini(&p.suspects);
}
