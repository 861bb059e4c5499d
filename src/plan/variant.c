/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/variant.h"

/* Values as far as they are known; before a run the others as they are written, so that "maybe
 * many" is taken for many. Implicit values follow from the schema, and so do defaults of parameters
 * that the cab has only for some values. */
static struct sp_dict *known_values(struct sp_walk *walk,
                                    const struct sp_cab *cab,
                                    const struct sp_validation *look,
                                    const struct sp_dict *params)
{
    struct sp_dict *known = sp_dict_new(walk->scratch).dict;

    SP_DICT_EACH(entry, params)
    {
        const struct sp_param *param = sp_schema_find(look->schema, entry->key);
        const struct sp_value *raw = sp_dict_find(look->raw, entry->key);
        if ((param && param->has_implicit) || (!raw && !sp_schema_find(&cab->schema, entry->key)))
            continue;
        if (sp_is_value(entry->value))
            sp_dict_set(walk->scratch, known, entry->key, entry->value);
        else if (raw && sp_is_value(*raw) && walk->mode != SP_MODE_RUN)
            sp_dict_set(walk->scratch, known, entry->key, *raw);
    }
    return known;
}

/* Sections that only the schema at hand knows are taken apart. */
static void flatten_raw(struct sp_walk *walk, struct sp_frame *frame, const struct sp_dict *raw)
{
    const struct sp_schema *schema = &frame->cab->schema;

    SP_DICT_EACH(entry, raw)
    {
        if (entry->value.kind != SP_DICT || sp_schema_find(schema, entry->key))
            continue;
        frame->states[frame->step].params = sp_schema_flatten(walk->arena, schema, raw);
        return;
    }
}

bool sp_variant_choose(struct sp_walk *walk, struct sp_frame *frame, struct sp_validation look)
{
    const struct sp_step_node *step = sp_frame_step(frame);
    const struct sp_cab *cab = step->step->cab;
    const struct sp_dict *values = look.raw;
    struct sp_err err = SP_ERR_INIT;
    bool quiet = look.loose;

    if (!cab || !cab->dynamic_schema.len)
        return true;
    (void)sp_walk_scratch(walk);
    if (sp_step_node_is_vague(step, look.raw)) {
        look.loose = true;
        look.make_dirs = NULL;
        (void)sp_validate_before(walk, frame, &look);
        values = known_values(walk, cab, &look, look.params);
    }
    enum sp_rc rc = sp_dynamic_variant(walk->nodes->dynamic, cab, values, &frame->cab, &err);
    if (rc == SP_OK)
        flatten_raw(walk, frame, look.raw);
    if (rc && !quiet)
        sp_diag_error(walk->diags, SP_DIAG_DYNAMIC, step->step->origin, "step '" SP_STR_FMT "': %s",
                      SP_STR_ARG(step->fqname), err.text);
    return rc == SP_OK || quiet;
}
