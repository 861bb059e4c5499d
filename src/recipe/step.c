/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/step.h"

#include "base/nearest.h"

#include "recipe/fields.h"
#include "recipe/setting.h"
#include "recipe/words.h"
#include "value/text.h"

/* What the table reads besides the fields of struct sp_step itself. */
struct raw_step {
    struct sp_step step;
    struct sp_value cab, recipe, skip_if_outputs;
};

#define STEP(field) offsetof(struct raw_step, step.field)

static const struct sp_field fields[] = {
    { "cab", SP_FIELD_ANY, offsetof(struct raw_step, cab) },
    { "recipe", SP_FIELD_ANY, offsetof(struct raw_step, recipe) },
    { "params", SP_FIELD_MAPPING, STEP(params) },
    { "info", SP_FIELD_TEXT, STEP(info) },
    { "skip", SP_FIELD_ANY, STEP(skip) },
    { "skip_if_outputs", SP_FIELD_ANY, offsetof(struct raw_step, skip_if_outputs) },
    { "tags", SP_FIELD_TEXTS, STEP(tags) },
    { "assign", SP_FIELD_MAPPING, STEP(assign) },
    { "assign_based_on", SP_FIELD_MAPPING, STEP(assign_based_on) },
    { "backend", SP_FIELD_ANY, STEP(backend) },
    { "preamble", SP_FIELD_MAPPING, STEP(preamble) },
    { "epilogue", SP_FIELD_MAPPING, STEP(epilogue) },
    { "name", SP_FIELD_IGNORED, 0 },
    { "fqname", SP_FIELD_IGNORED, 0 },
};

static bool is_formula(struct sp_str text)
{
    return sp_str_starts(text, "=") || sp_str_find(text, '{') != SIZE_MAX;
}

bool sp_skip_if_parse(struct sp_str text, enum sp_skip_if *out)
{
    bool fresh = sp_str_is(text, "fresh");

    if (!fresh && !sp_str_is(text, "exist"))
        return false;
    *out = fresh ? SP_SKIP_FRESH : SP_SKIP_EXIST;
    return true;
}

static void read_skip_if(struct sp_config *config, struct raw_step *raw, const char *what)
{
    struct sp_value value = raw->skip_if_outputs;

    if (value.kind == SP_NULL)
        return;
    if (sp_is_text(value) && is_formula(value.text)) {
        raw->step.skip_if_outputs = SP_SKIP_ASK;
        raw->step.skip_if_formula = value;
        return;
    }
    if (sp_is_text(value) && sp_skip_if_parse(value.text, &raw->step.skip_if_outputs))
        return;
    struct sp_str text = sp_value_text(config->arena, value);
    struct sp_nearest nearest = SP_NEAREST(text);
    sp_diag_error(config->diags, SP_DIAG_STEP, value.origin,
                  "skip_if_outputs of %s must be 'exist' or 'fresh', not '" SP_STR_FMT "'", what,
                  SP_STR_ARG(text));
    sp_nearest_offer(&nearest, SP_STR("exist"));
    sp_nearest_offer(&nearest, SP_STR("fresh"));
    sp_diag_hint_nearest(config->diags, &nearest);
}

static void cab_not_found(struct sp_config *config, struct sp_value name)
{
    struct sp_nearest nearest = SP_NEAREST(name.text);
    const struct sp_value *cabs = sp_dict_get(config->root, "cabs");

    if (sp_dict_find(cabs->dict, name.text))
        return; /* it is there, and what is wrong with it has been said */
    SP_DICT_EACH(entry, cabs->dict)
    sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(config->diags, SP_DIAG_NOT_FOUND, name.origin, "unknown cab '" SP_STR_FMT "'",
                  SP_STR_ARG(name.text));
    if (nearest.best.ptr)
        sp_diag_hint_nearest(config->diags, &nearest);
    else if (!cabs->dict->len)
        sp_diag_hint(config->diags, "no cabs are loaded: is an _include missing?");
}

static void read_cab(struct sp_config *config, struct raw_step *raw, struct sp_str full)
{
    struct sp_step *step = &raw->step;

    if (raw->cab.kind == SP_DICT) {
        step->cab = sp_config_inline_cab(config, full, raw->cab);
        return;
    }
    step->target = raw->cab.text;
    step->cab = sp_config_cab(config, raw->cab.text);
    if (!step->cab)
        cab_not_found(config, raw->cab);
}

static bool is_loading(const struct sp_config *config, struct sp_value name)
{
    if (!sp_map_has(&config->loading, name.text))
        return false;
    sp_diag_error(config->diags, SP_DIAG_RECIPE, name.origin,
                  "recipe '" SP_STR_FMT "' contains itself", SP_STR_ARG(name.text));
    return true;
}

static void recipe_not_found(struct sp_config *config, struct sp_value name)
{
    struct sp_nearest nearest = SP_NEAREST(name.text);
    const struct sp_value *recipes = sp_dict_walk(config->root, SP_STR("lib.recipes"));

    if (recipes && recipes->kind == SP_DICT) {
        SP_DICT_EACH(entry, recipes->dict)
        sp_nearest_offer(&nearest, entry->key);
    }
    sp_diag_error(config->diags, SP_DIAG_NOT_FOUND, name.origin,
                  "recipe '" SP_STR_FMT "' not found in lib.recipes", SP_STR_ARG(name.text));
    sp_diag_hint_nearest(config->diags, &nearest);
}

static void read_recipe(struct sp_config *config, struct raw_step *raw, struct sp_str full)
{
    struct sp_step *step = &raw->step;

    if (raw->recipe.kind == SP_DICT) {
        step->recipe = sp_recipe_load(config, full, raw->recipe);
        return;
    }
    step->target = raw->recipe.text;
    if (is_loading(config, raw->recipe))
        return;
    step->recipe = sp_config_recipe(config, raw->recipe.text);
    if (!step->recipe)
        recipe_not_found(config, raw->recipe);
}

static bool is_reference(struct sp_value value)
{
    return value.kind == SP_DICT || sp_is_text(value);
}

void sp_step_load(struct sp_config *config,
                  struct sp_str owner,
                  const struct sp_dict_entry *entry,
                  struct sp_step *out)
{
    struct sp_str full = sp_arena_join(config->arena, owner, ".", entry->key);
    struct sp_str what = sp_arena_printf(config->arena, "step '" SP_STR_FMT "'", SP_STR_ARG(full));
    struct raw_step raw = { .step = { .label = entry->key, .origin = entry->origin } };
    struct sp_fields table = { fields, SP_COUNT(fields), what.ptr };

    if (entry->value.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_STEP, entry->origin,
                      "%s must be a mapping with 'cab' or 'recipe', not a %s", what.ptr,
                      sp_kind_name(entry->value.kind));
        *out = raw.step;
        return;
    }
    sp_fields_read(config->arena, &table, entry->value.dict, &raw, config->diags);
    sp_setting_check_backend(config->diags, what.ptr, raw.step.backend);
    read_skip_if(config, &raw, what.ptr);
    if (is_reference(raw.cab) == is_reference(raw.recipe))
        sp_diag_error(config->diags, SP_DIAG_STEP, entry->origin,
                      "%s must have exactly one of 'cab' and 'recipe'", what.ptr);
    else if (is_reference(raw.cab))
        read_cab(config, &raw, full);
    else
        read_recipe(config, &raw, full);
    *out = raw.step;
}

/* --- for_loop -----------------------------------------------------------------------------------
 */

struct raw_loop {
    struct sp_for_loop loop;
    struct sp_value scatter;
};

static const struct sp_field loop_fields[] = {
    { "var", SP_FIELD_TEXT, offsetof(struct raw_loop, loop.var) },
    { "over", SP_FIELD_ANY, offsetof(struct raw_loop, loop.over) },
    { "scatter", SP_FIELD_ANY, offsetof(struct raw_loop, scatter) },
    { "display_status", SP_FIELD_TEXT, offsetof(struct raw_loop, loop.display_status) },
    { "output_elements", SP_FIELD_MAPPING, offsetof(struct raw_loop, loop.output_elements) },
};

static void check_loop(struct sp_config *config, const struct raw_loop *raw, const char *what)
{
    const struct sp_for_loop *loop = &raw->loop;
    struct sp_value over = loop->over;

    if (!loop->var.len)
        sp_diag_error(config->diags, SP_DIAG_LOOP, loop->origin, "%s needs 'var'", what);
    if (over.kind == SP_NULL)
        sp_diag_error(config->diags, SP_DIAG_LOOP, loop->origin, "%s needs 'over'", what);
    else if (sp_is_text(over) && is_formula(over.text))
        sp_diag_error(config->diags, SP_DIAG_LOOP, over.origin,
                      "'over' of %s must be a list or the name of an input, not a formula", what);
    else if (!sp_is_text(over) && !sp_is_list(over))
        sp_diag_error(config->diags, SP_DIAG_LOOP, over.origin,
                      "'over' of %s must be a list or the name of an input, not a %s", what,
                      sp_kind_name(over.kind));
    if (raw->scatter.kind != SP_NULL && raw->scatter.kind != SP_INT)
        sp_diag_error(config->diags, SP_DIAG_LOOP, raw->scatter.origin,
                      "'scatter' of %s must be a number, not a %s", what,
                      sp_kind_name(raw->scatter.kind));
}

void sp_for_loop_load(struct sp_config *config,
                      const char *owner,
                      struct sp_value value,
                      struct sp_for_loop *out)
{
    struct sp_str what = sp_arena_printf(config->arena, "for_loop of %s", owner);
    struct raw_loop raw = { .loop = { .present = true,
                                      .display_status = SP_STR("{index1}/{total}"),
                                      .origin = value.origin } };
    struct sp_fields table = { loop_fields, SP_COUNT(loop_fields), what.ptr };

    if (value.kind != SP_DICT) {
        sp_diag_error(config->diags, SP_DIAG_LOOP, value.origin, "%s must be a mapping, not a %s",
                      what.ptr, sp_kind_name(value.kind));
        return;
    }
    sp_fields_read(config->arena, &table, value.dict, &raw, config->diags);
    check_loop(config, &raw, what.ptr);
    if (raw.scatter.kind == SP_INT)
        raw.loop.scatter = raw.scatter.integer;
    *out = raw.loop;
}

const char *sp_step_field_name(size_t i)
{
    return i < SP_COUNT(fields) ? fields[i].name : NULL;
}

const char *sp_loop_field_name(size_t i)
{
    return i < SP_COUNT(loop_fields) ? loop_fields[i].name : NULL;
}
