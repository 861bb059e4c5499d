/* SPDX-License-Identifier: BSD-3-Clause */
#include "recipe/yaml_value.h"

#include "lang/yaml.h"

void sp_value_set_origins(struct sp_value *value, uint32_t origin)
{
    value->origin = origin;
    if (sp_is_list(*value)) {
        SP_LIST_EACH(item, value->list)
        sp_value_set_origins(item, origin);
    } else if (value->kind == SP_DICT) {
        SP_DICT_EACH(entry, value->dict)
        {
            entry->origin = origin;
            sp_value_set_origins(&entry->value, origin);
        }
    }
}

/* Positions inside the text mean nothing to the reader of the recipe: they get a table of their
 * own, which is thrown away. */
bool sp_yaml_value(struct sp_arena *arena,
                   struct sp_str text,
                   uint32_t origin,
                   struct sp_value *out)
{
    struct sp_origins *origins = sp_origins_new();
    struct sp_diags diags;
    struct sp_err err = SP_ERR_INIT;

    sp_diags_init(&diags, arena, origins);
    bool ok = sp_yaml_parse(arena, origins, SP_STR("value"), text, SP_YAML_COMMAND_LINE, &diags,
                            out, &err) == SP_OK;
    sp_diags_fini(&diags);
    sp_origins_free(origins);
    if (ok)
        sp_value_set_origins(out, origin);
    return ok;
}
