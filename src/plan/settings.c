/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/settings.h"

#include "base/nearest.h"

#include "lang/compose.h"

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
    sp_diag_error(walk->diags, SP_DIAG_STEP, name->origin,
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
    if (sp_frame_reject(walk, settings, step->origin, "backend settings"))
        return false;
    *out = settings.kind == SP_DICT ? settings : sp_dict_new(walk->arena);
    return true;
}
