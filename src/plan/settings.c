/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/settings.h"

#include "base/nearest.h"

#include "lang/compose.h"
#include "value/text.h"

static void add(struct sp_walk *walk, struct sp_value *settings, struct sp_value overlay)
{
    if (overlay.kind == SP_DICT && overlay.dict->len)
        *settings = sp_merge(walk->arena, *settings, overlay, walk->diags);
}

static void add_recipes(struct sp_walk *walk,
                        const struct sp_frame *frame,
                        struct sp_value *settings)
{
    if (frame->outer) {
        add_recipes(walk, frame->outer, settings);
        add(walk, settings, frame->node->parent->step->backend);
    }
    add(walk, settings, frame->node->recipe->backend);
}

/* Names of registries, variables and options may be substituted too, not only what they are set
 * to. */
static struct sp_value eval_keys(struct sp_eval *eval, struct sp_value value)
{
    if (value.kind != SP_DICT)
        return value;
    struct sp_value out = sp_dict_new(eval->arena);
    SP_DICT_EACH(entry, value.dict)
    {
        struct sp_str key = entry->key;
        if (sp_str_find(key, '{') != SIZE_MAX) {
            struct sp_value name =
                sp_eval_subst(eval, sp_at(sp_text(key), entry->origin), eval->tolerant);
            if (!sp_is_value(name))
                return name;
            key = sp_value_text(eval->arena, name);
        }
        struct sp_value inner = eval_keys(eval, entry->value);
        if (!sp_is_value(inner) && sp_is_value(entry->value))
            return inner;
        sp_dict_set_at(eval->arena, out.dict, key, entry->origin, inner);
    }
    return out;
}

static bool has_open_key(struct sp_value value)
{
    if (value.kind != SP_DICT)
        return false;
    SP_DICT_EACH(entry, value.dict)
    if (sp_str_find(entry->key, '{') != SIZE_MAX || has_open_key(entry->value))
        return true;
    return false;
}

static bool add_variety(struct sp_walk *walk, struct sp_frame *frame, struct sp_value *settings)
{
    const struct sp_value *name = sp_dict_get(settings->dict, "variety");
    const struct sp_value *known = sp_config_option(walk->config, "backend_varieties");
    const struct sp_value *variety = NULL;

    if (!name || !sp_is_text(*name) || !name->text.len)
        return true;
    if (known && known->kind == SP_DICT)
        variety = sp_dict_find(known->dict, name->text);
    if (variety) {
        add(walk, settings, *variety);
        return true;
    }
    struct sp_nearest nearest = SP_NEAREST(name->text);
    if (known && known->kind == SP_DICT)
        SP_DICT_EACH(entry, known->dict)
    sp_nearest_offer(&nearest, entry->key);
    sp_diag_error(walk->diags, SP_DIAG_BACKEND, name->origin,
                  "step '" SP_STR_FMT "': backend variety '" SP_STR_FMT "' is not defined",
                  SP_STR_ARG(sp_frame_step(frame)->fqname), SP_STR_ARG(name->text));
    sp_diag_hint_nearest(walk->diags, &nearest);
    return false;
}

bool sp_settings(struct sp_walk *walk, struct sp_frame *frame, struct sp_value *out)
{
    const struct sp_step *step = sp_frame_step(frame)->step;
    const struct sp_value *base = sp_config_option(walk->config, "backend");
    struct sp_value settings = base && base->kind == SP_DICT ? *base : sp_dict_new(walk->arena);
    struct sp_eval eval = sp_frame_eval(walk, frame);

    add_recipes(walk, frame, &settings);
    if (step->cab)
        add(walk, &settings, step->cab->backend);
    add(walk, &settings, step->backend);
    if (settings.kind != SP_DICT || !add_variety(walk, frame, &settings))
        return false;
    if (sp_is_expression(settings))
        settings = sp_eval_value(&eval, settings);
    if (has_open_key(settings))
        settings = eval_keys(&eval, settings);
    if (sp_frame_reject(walk, settings, step->origin, "backend settings"))
        return false;
    *out = settings.kind == SP_DICT ? settings : sp_dict_new(walk->arena);
    return true;
}
